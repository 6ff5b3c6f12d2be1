"""Moderation: what readers agree on where their marks differ, recorded with a reason by somebody who decides."""

from __future__ import annotations

from fractions import Fraction
from statistics import median

from whenever import Instant

from domain.announcements.announcement import Announcement, Entry
from domain.values.model import Value
from domain.values.wording import counted

from .ranking import shown
from .scorecard import Criterion


class Spread(Value):
    """The marks that count for one criterion of an application, from the lowest to the highest."""

    criterion: str
    marks: tuple[int, ...]

    @property
    def in_words(self) -> str:
        """The marks in a line: "merit: 2 to 5, median 3.50 of 4 marks (2, 3, 4, 5)"."""
        if not self.marks:
            return f"{self.criterion}: no mark"
        middle = shown(median(map(Fraction, self.marks)))
        each = ", ".join(map(str, self.marks))
        number = counted(len(self.marks), "mark")
        return f"{self.criterion}: {self.marks[0]} to {self.marks[-1]}, median {middle} of {number} ({each})"


class Agreed(Value):
    """A mark that was agreed, with its reason. The last for a criterion counts.

    Args:
        application, stage, criterion, mark, reason: as of a reader's mark.
        version: how often something was agreed on it, counted from 1.
        by: id of the person who recorded it.
        at: when.
    """

    application: str
    stage: str
    criterion: str
    version: int
    mark: int
    reason: str
    by: str
    at: Instant


def agreed_announcement(
    challenge: str, stage: str, title: str, application: str, criterion: Criterion, by: str, version: int, at: Instant
) -> Announcement:
    """Records that a mark was agreed. Neither the mark nor its reason is in the record.

    Args:
        challenge: id of the challenge.
        stage, title: name and title of the stage.
        application: id of the application.
        criterion: the criterion.
        by: who records it.
        version: how often something was agreed on it.
        at: when.
    """
    return Announcement(
        key=f"{challenge}/moderate/{stage}/{application}/{criterion.id}/{version}",
        challenge=challenge,
        entry=Entry(
            at=at,
            by=by,
            role="sponsor",
            action="moderate",
            stage=stage,
            text=f"Agreed mark for {criterion.title} of {application} in {title}",
        ),
    )
