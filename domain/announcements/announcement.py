"""What is written down and told when something happens to a challenge.

An announcement is one line of the record, the challenge's new status, and the notices that go out: all three are
written in one transaction under one key, so that announcing again repeats nothing.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from whenever import Instant

from domain.values.model import Value

from .occasions import FACTS, Facts, Occasion


class ToTeams(Value):
    """Notice to named applicants."""

    to: Literal["teams"] = "teams"
    teams: tuple[str, ...]


class ToPeople(Value):
    """Notice to people of the round, by id."""

    to: Literal["people"] = "people"
    people: tuple[str, ...]


class ToApplicants(Value):
    """Notice to everybody who applied and has not withdrawn, without those named.

    However many they are, this stays as short as it is: it is expanded where the notices are written.
    """

    to: Literal["applicants"] = "applicants"
    without: tuple[str, ...] = ()


class ToSpokenOf(Value):
    """Notice to everybody of whom something is kept that they were not told yet: what the sponsor said on a stage.

    Each gets their own words, which are put in where the notices are written: Temporal never has them.

    Args:
        stage: name of the stage.
        without: ids of those who were taken into it, to whom the words do not apply any more.
    """

    to: Literal["spoken-of"] = "spoken-of"
    stage: str
    without: tuple[str, ...] = ()


class OutgoingNotice(Value):
    """One occasion told to some people.

    Args:
        occasion: what it is about.
        whom: who is told.
        facts: exactly those of the occasion, but for what every occasion has.
        lapses: whether it is sent only as long as the challenge waits for what it waits for now.
        payment: key of a payment; then it is sent only as long as that is as it is now.
    """

    occasion: Occasion
    whom: Annotated[ToTeams | ToPeople | ToApplicants | ToSpokenOf, Field(discriminator="to")]
    facts: Facts = Field(default_factory=dict)
    lapses: bool = False
    payment: str = ""

    @model_validator(mode="after")
    def _has_its_facts(self) -> Self:
        if self.facts.keys() != FACTS[self.occasion]:
            raise ValueError(
                f"{self.occasion} has the facts {sorted(self.facts)}: it has {sorted(FACTS[self.occasion])}"
            )
        return self


class Entry(Value):
    """One line of the record.

    Args:
        at: when it happened, by Temporal's clock; for what comes by itself the deadline that it came by.
        by: id of the person who acted; "service" for the service itself.
        role: in what role: sponsor, operator, releaser, team, service, unknown.
        action: what was done, one of a few words such as "select".
        stage: the stage that it belongs to, or nothing.
        text: one line for people.
        reason: as given.
        refused: whether it was refused; then `text` says why.
    """

    at: Instant
    by: str
    role: str
    action: str
    stage: str = ""
    text: str
    reason: str = ""
    refused: bool = False


class Status(Value):
    """Where a challenge stands, for lists: a copy, written by the workflow and never read back by it.

    Args:
        stage: the stage under way, or being filled, or "window".
        waits_for: what it waits for, in words.
        until: the deadline of that, if it has one.
        outcome: how it ended, or nothing while it goes on.
        reason: why it ended so.
    """

    stage: str
    waits_for: str
    until: Instant | None
    outcome: str = ""
    reason: str = ""


class Window(Value):
    """When applications are taken.

    Args:
        opens: the first instant at which one is taken.
        closes: the first instant at which none is taken any more.
        held: whether none is taken because the challenge is on hold.
        sealed: whether none will ever be taken again.
    """

    opens: Instant
    closes: Instant
    held: bool = False
    sealed: bool = False


class Attention(Value):
    """That something of a challenge has to be mended by a person, or was.

    Args:
        text: what, in a line; the same one calls for a person and says that it is mended.
        mended: whether it is.
        of: id of the workflow in which it is: a payment's key, or the challenge's own, also if left empty.
        unresolved: all that stands still in that workflow from then on.
    """

    text: str
    mended: bool = False
    of: str = ""
    unresolved: str = ""

    @property
    def left(self) -> str:
        """What needs a person in that workflow now; nothing if all goes on."""
        return self.unresolved or ("" if self.mended else self.text)


class Announcement(Value):
    """What happened, in one piece.

    Args:
        key: its business key: announcing twice under one key repeats nothing.
        challenge: id of the challenge.
        entry: the line of the record.
        status: where the challenge stands after it; None if that does not change (a refusal).
        window: the window as it stands after it; None if it does not change.
        notices: the notices that go out.
        attention: what needs a person from now on, or needs none any more; None if that does not change.
        applications: ids that must be applications to this challenge and not withdrawn, or all of it is refused.
        withdrawn: id of an application that is withdrawn with it.
    """

    key: str
    challenge: str
    entry: Entry
    status: Status | None = None
    window: Window | None = None
    notices: tuple[OutgoingNotice, ...] = ()
    attention: Attention | None = None
    applications: tuple[str, ...] = ()
    withdrawn: str = ""


def to_people(people: tuple[str, ...], occasion: Occasion, facts: Facts) -> OutgoingNotice:
    """A notice to people of the round."""
    return OutgoingNotice(occasion=occasion, whom=ToPeople(people=people), facts=facts)


def to_teams(teams: tuple[str, ...], occasion: Occasion, facts: Facts) -> OutgoingNotice:
    """A notice to named applicants."""
    return OutgoingNotice(occasion=occasion, whom=ToTeams(teams=teams), facts=facts)


def while_so(notice: OutgoingNotice) -> OutgoingNotice:
    """The same, sent only as long as the challenge waits for what it waits for once this is announced."""
    return notice.model_copy(update={"lapses": True})
