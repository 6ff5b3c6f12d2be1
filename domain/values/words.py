"""The words of pages and letters, in the language of whoever reads them.

Every text that people read on a page goes through `gettext` or `ngettext`. Placeholders stand in braces and are filled
in afterwards: `gettext("Signed in as {name}").format(name=name)`. How a language is added: docs/translating.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, Protocol


class Catalogue(Protocol):
    """The texts of a language, as the standard library's gettext has them."""

    def gettext(self, message: str, /) -> str:
        """A text in the language."""

    def ngettext(self, msgid1: str, msgid2: str, n: int, /) -> str:
        """A text about a number of things, in the language."""


class AsWritten:
    """The texts as the code has them, in English."""

    def gettext(self, message: str, /) -> str:
        """See `Catalogue`."""
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int, /) -> str:
        """See `Catalogue`."""
        return msgid1 if n == 1 else msgid2


class Language(NamedTuple):
    """A language that the service speaks.

    Args:
        code: as browsers name it, such as "en" or "gd".
        words: its texts.
    """

    code: str
    words: Catalogue


ENGLISH = Language("en", AsWritten())
_SPOKEN: ContextVar[Language] = ContextVar("language", default=ENGLISH)


def spoken() -> Language:
    """The language of whoever reads what is written now."""
    return _SPOKEN.get()


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Everything that is written until the block ends is in a language. Other requests keep theirs."""
    before = _SPOKEN.set(language)
    try:
        yield
    finally:
        _SPOKEN.reset(before)


def gettext(text: str) -> str:
    """A text in the reader's language; the text itself if the catalogue has none."""
    return _SPOKEN.get().words.gettext(text)


def ngettext(one: str, many: str, number: int) -> str:
    """A text about a number of things, in the reader's language.

    Args:
        one: the text for one thing.
        many: the text for several, or none.
        number: how many.
    """
    return _SPOKEN.get().words.ngettext(one, many, number)
