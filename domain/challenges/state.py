"""All that is known of one challenge while it runs, as one value.

A `State` never changes. The rules in `selection`, `change`, `deadlines` and the like make the next state from it,
together with the announcement of what happened. So a workflow can stop at any wait and go on from the state alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field
from whenever import Instant

from domain.announcements.announcement import Status, Window
from domain.identity.proof import Way
from domain.permissions import Action, Role, check_may
from domain.programmes.programme import Programme, Stage
from domain.programmes.round import Challenge
from domain.values.calendar import spoken
from domain.values.model import Value
from domain.values.wording import listed

from .stage_run import FurtherWindow, OpenEvidence, StageRun, open_evidence_of


class Phase(StrEnum):
    """The phase that a challenge is in."""

    WINDOW = "window"
    DECIDING = "deciding"
    RUNNING = "running"
    ENDED = "ended"


class Outcome(StrEnum):
    """How a challenge ended."""

    COMPLETED = "completed"
    NO_AWARD = "no award"
    DISCONTINUED = "discontinued"
    CANCELLED = "cancelled"


class OrderState(StrEnum):
    """The state of a payment that the challenge has ordered."""

    UNDER_WAY = "under way"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class Hold(Value):
    """A hold: since when the challenge's clock has stood still."""

    since: Instant
    by: str
    reason: str


class Happened(Value):
    """A line of the story that staff read on the run's page."""

    at: Instant
    text: str


class Answer(Value):
    """The answer to a decision, and a hash of what the decision said."""

    text: str
    content: str


STORY_LINES = 60
"""How many lines of the story a run's page keeps. The record keeps all of them."""


DECISIONS_KEPT = 1000
"""How many decision ids a challenge remembers, so that a repeated decision gets its first answer."""


@lru_cache(maxsize=64)
def _shared(programme: Programme) -> Programme:
    """The same object for equal programmes. A worker holds thousands of challenges, and only a few programmes."""
    return programme


class State(Value):
    """One challenge as it stands.

    Args:
        challenge: people and dates, frozen at the start; its `closes` is when the window was first to close.
        programme: the rules, frozen at the start.
        phase: the present phase.
        opened: whether the opening of the applications' window was announced.
        opens, closes: the applications' window as it stands now.
        applications: how many were taken, once that window is sealed.
        further: the windows of the further proposals that stages have asked for so far, in order.
        stage: index of the stage that is filled or running; while its proposals are taken, of the stage that asks.
        decide_by: when the selection is due, while deciding.
        runs: the stages filled so far, in order; skipped ones are missing.
        held: the hold, while the challenge is on hold.
        outcome, outcome_reason: how and why the challenge ended, once it has.
        payments: keys of the payments ordered so far, and the state of each.
        decisions: the answer to each decision id, oldest first.
        reminded: reminders due up to this instant are dealt with.
        story: the last lines of what happened.
        ended: when the challenge ended, once it has.
        stood_still: what needed a person when an earlier run ended.
        not_proven: how many decisions were done that came without a proof.
    """

    challenge: Challenge
    programme: Annotated[Programme, AfterValidator(_shared)]
    opens: Instant
    closes: Instant
    phase: Phase = Phase.WINDOW
    opened: bool = False
    applications: int | None = None
    further: tuple[FurtherWindow, ...] = ()
    stage: int = 0
    decide_by: Instant | None = None
    runs: tuple[StageRun, ...] = ()
    held: Hold | None = None
    outcome: Outcome | None = None
    outcome_reason: str = ""
    payments: Mapping[str, OrderState] = Field(default_factory=dict)
    decisions: Mapping[str, Answer] = Field(default_factory=dict)
    reminded: Instant
    story: tuple[Happened, ...] = ()
    ended: Instant | None = None
    stood_still: str = ""
    not_proven: int = 0

    @classmethod
    def of(cls, challenge: Challenge, programme: Programme) -> Self:
        """The state in which a challenge starts."""
        frozen = programme.rules.model_copy(update={"holidays": programme.holidays.around(challenge.opens)})
        return cls(
            challenge=challenge,
            programme=frozen,
            opens=challenge.opens,
            closes=challenge.closes,
            reminded=challenge.opens,
        )

    def having(self, **changes: Any) -> Self:
        """This state with some fields changed."""
        return self.model_copy(update=changes)

    def having_run(self, **changes: Any) -> Self:
        """This state with fields of its last stage run changed."""
        return self.having(runs=(*self.runs[:-1], self.runs[-1].model_copy(update=changes)))

    def telling(self, at: Instant, text: str) -> Self:
        """This state with one more line in its story."""
        return self.having(story=(*self.story, Happened(at=at, text=text))[-STORY_LINES:])

    def telling_once(self, at: Instant, text: str) -> Self:
        """As `telling`, unless the story has the line already."""
        return self if any(line.text == text for line in self.story) else self.telling(at, text)

    def without_proof(self) -> Self:
        """This state after a decision that came without a proof: the last line of its story says so."""
        *before, last = self.story
        marked = last.model_copy(update={"text": f"{last.text} ({Way.NONE})"})
        return self.having(story=(*before, marked), not_proven=self.not_proven + 1)

    def answering(self, decision_id: str, text: str, content: str) -> Self:
        """This state remembering what was answered to a decision."""
        kept = [*self.decisions.items(), (decision_id, Answer(text=text, content=content))][-DECISIONS_KEPT:]
        return self.having(decisions=dict(kept))

    def ordering(self, keys: Iterable[str]) -> Self:
        """This state with more payments under way."""
        return self.having(payments={**self.payments, **dict.fromkeys(keys, OrderState.UNDER_WAY)})

    @property
    def zone(self) -> str:
        """The programme's time zone."""
        return self.programme.time_zone

    @property
    def in_charge(self) -> tuple[str, ...]:
        """Ids of the people who are told of everything: those who decide, and the operators."""
        return (*self.challenge.deciders, *self.challenge.operators)

    @property
    def filling(self) -> Stage:
        """The stage that is being filled, or running."""
        return self.programme.stages[self.stage]

    @property
    def run(self) -> StageRun:
        """The last stage that was filled."""
        return self.runs[-1]

    @property
    def field(self) -> tuple[str, ...]:
        """Teams that the next stage can take; empty before the first stage, which selects from the applications."""
        out = {team for each in self.further for team in each.out}
        return tuple(team for team in self.run.active if team not in out) if self.runs else ()

    @property
    def asked(self) -> FurtherWindow | None:
        """The window of further proposals that is not sealed yet. It can be open while the stage before still runs."""
        last = self.further[-1] if self.further else None
        return None if last is None or last.sealed or self.phase is Phase.ENDED else last

    @property
    def takes_applications(self) -> bool:
        """Whether the window of the applications is not sealed yet."""
        return self.phase is Phase.WINDOW and not self.stage

    @property
    def unpaid(self) -> tuple[str, ...]:
        """Keys of payments that were ordered and are neither settled nor cancelled."""
        return tuple(key for key, how in self.payments.items() if how is OrderState.UNDER_WAY)

    @property
    def open_evidence(self) -> tuple[OpenEvidence, ...]:
        """The instalments on evidence that may still fall due; empty if the challenge was cancelled."""
        if self.outcome is Outcome.CANCELLED:
            return ()
        stages = {stage.name: stage for stage in self.programme.stages}
        return tuple(
            each
            for run in self.runs
            for team in run.teams
            if run.stayed(team)
            for each in open_evidence_of(stages[run.stage], run, team)
        )

    @property
    def is_open(self) -> bool:
        """Whether a payment is still to be made or may still fall due."""
        return bool(self.unpaid or self.open_evidence)

    @property
    def deadline(self) -> Instant | None:
        """The instant that the challenge waits for now; None while it is on hold or has ended."""
        if self.held or self.phase is Phase.ENDED:
            return None
        if self.takes_applications:
            return self.closes if self.opened else self.opens
        if self.phase is Phase.WINDOW:
            return self.further[-1].closes
        return self.decide_by if self.phase is Phase.DECIDING else self.run.next_end

    @property
    def waits_for(self) -> str:
        """What the challenge waits for, as lists show it and people search it: with the name of the stage."""
        return self._waits_for(self.filling.name)

    @property
    def waiting(self) -> str:
        """What the challenge waits for, as notices say it: with the title of the stage."""
        return self._waits_for(self.filling.title)

    def _waits_for(self, stage: str) -> str:
        if self.held:
            return "release of the hold"
        match self.phase:
            case Phase.WINDOW if self.stage:
                return f"proposals for {stage}"
            case Phase.WINDOW:
                return "applications" if self.opened else "opening"
            case Phase.DECIDING:
                return f"selection for {stage}"
            case Phase.RUNNING:
                return f"end of {stage}"
            case Phase.ENDED:
                open_ = {"evidence": self.open_evidence, "payments": self.unpaid}
                return " and ".join(what for what, left in open_.items() if left) or "nothing"

    @property
    def situation(self) -> str:
        """The present situation of the challenge. The same message in another situation is another decision."""
        return f"{self.waits_for} {self.deadline} {self.held}"

    @property
    def next_turn(self) -> str:
        """What happens at the deadline, as a clause: "the window closes"."""
        match self.phase:
            case Phase.WINDOW if self.stage:
                return f"the window for {self.filling.title} closes"
            case Phase.WINDOW:
                return "the window closes" if self.opened else "the window opens"
            case Phase.DECIDING:
                return f"the selection for {self.filling.title} is due"
            case Phase.RUNNING:
                first = [team.id for team in self.run.working if self.run.ends_for(team) == self.run.next_end]
                whose = "" if len(first) == len(self.run.working) else f" for {listed(first)}"
                return f"{self.filling.title} ends{whose}"
            case Phase.ENDED:
                return "nothing more happens"

    @property
    def stage_name(self) -> str:
        """The stage under way or being filled; "window" before the first."""
        if self.takes_applications or (self.phase is Phase.ENDED and not self.runs and not self.applications):
            return "window"
        return self.filling.name

    @property
    def status(self) -> Status:
        """The row that lists show."""
        return Status(
            stage=self.stage_name,
            waits_for=self.waits_for,
            until=self.deadline,
            outcome=self.outcome or "",
            reason=self.outcome_reason,
        )

    @property
    def window(self) -> Window | None:
        """The window that is not sealed yet, as the database has to hold it; None if there is none."""
        if self.takes_applications:
            return Window(opens=self.opens, closes=self.closes, held=self.held is not None)
        if self.asked is None:
            return None
        opens, closes = self.asked.opens, self.asked.closes
        # A window that had closed before the hold stays closed.
        held = self.held is not None and self.held.since < closes
        return Window(opens=opens, closes=closes, held=held, stage=self.asked.stage, teams=self.field)

    @property
    def ends(self) -> str:
        """When the stage under way ends, as people read it; with the teams, if it ends at several times."""
        ends = sorted({self.run.ends_for(team) for team in self.run.working})
        if len(ends) < 2:
            return self.at(self.run.next_end)
        whose = ([team.id for team in self.run.working if self.run.ends_for(team) == end] for end in ends)
        return "; ".join(f"{self.at(end)} for {listed(teams)}" for end, teams in zip(ends, whose, strict=True))

    def title_of(self, stage: str) -> str:
        """The title of a stage of the programme, by its name."""
        return next(each.title for each in self.programme.stages if each.name == stage)

    def at(self, instant: Instant, *, begins: bool = False) -> str:
        """An instant as people of this programme read it; `begins` as in `spoken`."""
        return spoken(instant, self.zone, begins=begins)

    @property
    def turns_at(self) -> str:
        """The deadline as people read it; empty if there is none."""
        opens = self.takes_applications and not self.opened
        return self.at(self.deadline, begins=opens) if self.deadline else ""

    def check_may(self, action: Action, person: str) -> None:
        """Checks that a person may do something here, by the table of `domain.permissions`.

        Raises:
            NotAllowed: the person may not. The message says who may.
        """
        people = {
            Role.TEAM: ("its teams",),
            Role.SPONSOR: self.challenge.deciders,
            Role.OPERATOR: self.challenge.operators,
            Role.RELEASER: self.challenge.releasers,
        }
        check_may(action, person, self.role_of(person), self.challenge.id, people)

    def role_of(self, person: str) -> str:
        """The role in which someone acts here: sponsor, operator, releaser, team, or unknown."""
        if person in self.challenge.deciders:
            return "sponsor"
        if person in self.challenge.operators:
            return "operator"
        if person in self.challenge.releasers:
            return "releaser"
        if any(person == team.id or person in run.reserve for run in self.runs for team in run.teams):
            return "team"
        return "unknown"


class Result(Value):
    """How a challenge ended, and which payments were settled."""

    outcome: Outcome
    reason: str
    paid: tuple[str, ...]

    @classmethod
    def of(cls, state: State) -> Self:
        """The result of a challenge that has ended."""
        assert state.outcome is not None, "only a challenge that has ended has a result"
        paid = tuple(key for key, how in state.payments.items() if how is OrderState.SETTLED)
        return cls(outcome=state.outcome, reason=state.outcome_reason, paid=paid)
