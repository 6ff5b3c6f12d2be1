"""The board of operators: where each challenge stands, and how much it needs a person."""

from __future__ import annotations

from enum import IntEnum

from pydantic import Field
from whenever import Instant, TimeDelta

from domain.values.model import Value


class Need(IntEnum):
    """How much a challenge needs a person, in the order of the board."""

    NOW = 0
    """Something went wrong, or a decision waits for the person whom it names."""
    PERSON = 1
    """It goes on when a person decides."""
    TIME = 2
    """It goes on by itself when its time has come."""
    NOBODY = 3
    """It has ended, and nothing is left to do."""


class View(Value):
    """Which challenges somebody wants to see on the board.

    Args:
        round, stage: only those of this round, or in this stage; empty for all.
        needs_somebody: only those that need a person, or are late.
        search: a part of the name of an organisation, a person, a challenge or a payment; or the whole id of an
            application or a person, or an address. Empty for all.
    """

    round: str = Field(default="", max_length=200)
    stage: str = Field(default="", max_length=200)
    needs_somebody: bool = False
    search: str = Field(default="", max_length=200)


class BoardRow(Value):
    """A challenge on the board.

    Args:
        id, round, slug, question, sponsor_name, time_zone: which challenge.
        stage, waits_for, until, outcome: where it stands; `until` is None if it waits without a date.
        since: since when it has stood there, as its workflow has last reported; None before that.
        attention: what a person has to deal with; empty if nothing.
        unconfirmed: how many decisions wait for the people whom they name.
        applications: how many count; before the seal, how many have come in so far.
        is_sealed: whether the window is sealed.
        need: how much it needs a person.
    """

    id: str
    round: str
    slug: str
    question: str
    sponsor_name: str
    time_zone: str
    stage: str
    waits_for: str
    until: Instant | None
    outcome: str
    since: Instant | None
    attention: str
    unconfirmed: int
    applications: int
    is_sealed: bool
    need: Need

    def late(self, now: Instant) -> TimeDelta | None:
        """By how much it is late; None if it is in time.

        Args:
            now: the present.
        """
        if self.until is None or self.until >= now:
            return None
        return now - self.until
