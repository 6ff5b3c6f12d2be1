"""How far readers are with their marks."""

from __future__ import annotations

from domain.values.model import Value
from domain.values.wording import counted


class ReaderProgress(Value):
    """How far one reader is.

    Args:
        person: id of the reader.
        applications: how many they are to mark.
        left: how many of them lack one of their marks.
    """

    person: str
    applications: int
    left: int


class Progress(Value):
    """How far the readers of a stage are. It says nothing about marks."""

    stage: str
    readers: tuple[ReaderProgress, ...]

    @property
    def done(self) -> int:
        """How many readers are done."""
        return sum(1 for each in self.readers if not each.left)

    def in_words(self, person: str = "") -> str:
        """How far they are, in a line: "2 of 4 readers done; yours: 5 left".

        Args:
            person: who reads the line; their own part is added if they are a reader.
        """
        text = f"{self.done} of {counted(len(self.readers), 'reader')} done"
        own = next((each for each in self.readers if each.person == person), None)
        if own is None:
            return text
        return f"{text}; yours: {f'{own.left} left' if own.left else 'done'}"
