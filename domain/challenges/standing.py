"""Where an application stands, as its own people see it: from the public copy and its own rows, not from Temporal."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from whenever import Instant

from domain.programmes.pay import Due, Instalment
from domain.publishing.posed import Posed, StagePosed
from domain.publishing.snapshot import Snapshot, StageSnapshot, TeamIn
from domain.values.model import Value
from domain.values.words import gettext

from .state import Phase


class Where(StrEnum):
    """Where an application stands."""

    DRAFT = "draft"
    """Not sent, and can be sent."""
    UNSENT = "unsent"
    """Not sent, and too late."""
    SENT = "sent"
    """Counts, and can still be changed."""
    DECIDING = "deciding"
    RESERVE = "reserve"
    WORKING = "working"
    """Selected for a stage that goes on."""
    NOT_SELECTED = "not selected"
    WITHDRAWN = "withdrawn"
    LEFT = "left"
    FINISHED = "finished"
    """Came through the last stage."""
    OVER = "over"
    """The challenge ended before this application was decided on."""


class Own(Value):
    """An application, or a draft, as the database has it for its own people. Personal data.

    Args:
        application: its id.
        challenge, question, sponsor_name, contact: what it answers, who asks, and whom one can ask.
        time_zone, currency: of the challenge.
        organisation: who applies.
        received: when it was first sent; None if it was not.
        version: counts how often it was sent.
        withdrawn: when it was withdrawn, or left, if it was.
        opens, closes: the window, as it is enforced.
        is_sealed, is_held: whether the window is closed for good, and whether the challenge is on hold.
        in_reserve: whether it was told that it is in reserve.
        invited: names of the stages for which it may send a further proposal.
        posed, snapshot: what the public sees of the challenge; None for a challenge without a public copy.
    """

    application: str
    challenge: str
    question: str
    sponsor_name: str
    contact: str
    time_zone: str
    currency: str
    organisation: str
    received: Instant | None = None
    version: int = 0
    withdrawn: Instant | None = None
    opens: Instant
    closes: Instant
    is_sealed: bool = False
    is_held: bool = False
    in_reserve: bool = False
    invited: tuple[str, ...] = ()
    posed: Posed | None = None
    snapshot: Snapshot | None = None

    @property
    def stages(self) -> tuple[tuple[StageSnapshot, TeamIn], ...]:
        """The stages that it came into, in order."""
        of_all = self.snapshot.stages if self.snapshot else ()
        return tuple((stage, team) for stage in of_all for team in stage.teams if team.id == self.application)

    def title_of(self, stage: str) -> str:
        """The title of a stage."""
        return next((each.title for each in self._posed() if each.name == stage), stage)

    def evidence_of(self, stage: str) -> tuple[tuple[int, Instalment], ...]:
        """The instalments of a stage that are paid on evidence, with their numbers from 1."""
        pay = next((each.pay for each in self._posed() if each.name == stage), None)
        parts = enumerate(pay.instalments if pay else (), start=1)
        return tuple((number, part) for number, part in parts if part.due is Due.EVIDENCE)

    def _posed(self) -> tuple[StagePosed, ...]:
        return self.posed.stages if self.posed else ()


class Deadline(Value):
    """A moment that concerns an application.

    Args:
        key: names it among those of the application, the same for ever.
        title: in words.
        at: when.
        is_own: whether its own people have to do something until then; otherwise others have.
    """

    key: str
    title: str
    at: Instant
    is_own: bool = True


def where(own: Own, now: Instant) -> Where:
    """Where an application stands at a moment."""
    if own.received is None:
        return Where.DRAFT if now < own.closes and not own.is_sealed and not _outcome(own) else Where.UNSENT
    if own.withdrawn is not None:
        return Where.LEFT if own.stages else Where.WITHDRAWN
    snapshot = own.snapshot
    if snapshot is None or (snapshot.phase == Phase.WINDOW and not own.is_sealed and now < own.closes):
        return Where.SENT
    if own.stages:
        return _of_team(own, snapshot)
    if snapshot.stages:
        return Where.RESERVE if own.in_reserve and not snapshot.outcome else Where.NOT_SELECTED
    return Where.OVER if snapshot.outcome else Where.DECIDING


def _of_team(own: Own, snapshot: Snapshot) -> Where:
    """Where a team stands: only the last stage that was filled counts."""
    stage, team = own.stages[-1]
    if team.left is not None and team.left < team.ends:
        return Where.LEFT
    if stage.stage != snapshot.stages[-1].stage:
        return Where.NOT_SELECTED
    if snapshot.outcome:
        return Where.FINISHED if own.application in snapshot.came_through else Where.OVER
    return Where.WORKING if snapshot.phase == Phase.RUNNING else Where.DECIDING


def _outcome(own: Own) -> str:
    return own.snapshot.outcome if own.snapshot else ""


def deadlines(own: Own, now: Instant) -> tuple[Deadline, ...]:
    """What comes next for an application, the earliest first."""
    return tuple(sorted((each for each in _deadlines(own, now) if each.at > now), key=lambda each: (each.at, each.key)))


def _deadlines(own: Own, now: Instant) -> Iterator[Deadline]:
    stands, snapshot = where(own, now), own.snapshot
    if stands is Where.DRAFT:
        yield Deadline(key="closes", title=gettext("The application has to be sent before"), at=own.closes)
    if stands is Where.SENT:
        yield Deadline(key="closes", title=gettext("The application can be changed until"), at=own.closes)
    if snapshot is None:
        return
    if stands in (Where.DECIDING, Where.SENT, Where.RESERVE) and snapshot.decide_by and own.is_sealed:
        yield Deadline(key="decision", title=gettext("The sponsor decides by"), at=snapshot.decide_by, is_own=False)
    if stands is Where.WORKING:
        stage, team = own.stages[-1]
        title = gettext("{stage} ends").format(stage=own.title_of(stage.stage))
        yield Deadline(key=f"stage/{stage.stage}", title=title, at=team.ends)
    if stands in (Where.DECIDING, Where.WORKING, Where.RESERVE):
        for each in snapshot.windows:
            if each.stage in own.invited and not each.sealed:
                title = gettext("The proposal for {stage} has to be sent before").format(stage=own.title_of(each.stage))
                yield Deadline(key=f"proposal/{each.stage}", title=title, at=each.closes)
