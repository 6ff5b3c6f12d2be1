"""Deciding on a stage: from whom to choose, what a decision will do, and the decision for what was seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from itertools import groupby

from pydantic import Field
from whenever import Instant, TimeDelta

from domain.challenges.application import Application
from domain.challenges.awards import payments_due
from domain.challenges.decisions import Decision, Select
from domain.challenges.feedback import feedback_given
from domain.challenges.messages import already_answered, decide, make
from domain.challenges.publishing import with_snapshot
from domain.challenges.stage_run import parts_of
from domain.challenges.state import Phase, State
from domain.payments.payment import payment_to_make
from domain.permissions import Action, Actor, Grant
from domain.programmes.pay import Due
from domain.values.model import Value
from domain.values.money import Amount
from domain.values.paging import all_of
from domain.values.refusals import AnotherDecision, Problem, Refused, UnknownTeam
from store.challenges.rounds import ChallengeRow
from store.payments import trial
from store.payments.trial import Tried, TriedLetter
from store.record import feedback

from .applications import Applications
from .challenges import Challenges, ShownLine
from .core import Core

GOOD_FOR = TimeDelta(hours=1)
"""How long a decision can be confirmed after it was checked. Its dates count from the confirmation."""


class Wanted(Value):
    """A decision that somebody wants to take. Its feedback never goes to Temporal.

    Args:
        kind: "select" or "decline".
        stage: name of the stage.
        teams, reserve, amounts, reason: as in `domain.challenges.decisions.Select`; the amounts as they were typed.
        feedback: for applications that are not selected, by their ids.
        decision_id: the sender's own id of this decision.
    """

    kind: str
    stage: str
    teams: tuple[str, ...] = ()
    reserve: tuple[str, ...] = ()
    amounts: Mapping[str, str] = Field(default_factory=dict)
    reason: str = ""
    feedback: Mapping[str, str] = Field(default_factory=dict)
    decision_id: str

    def fields(self) -> dict[str, object]:
        """The fields of the decision as it is sent, without the person."""
        said: dict[str, object] = {"stage": self.stage, "reason": self.reason, "decision_id": self.decision_id}
        if self.kind == Select.kind:
            said |= {"teams": self.teams, "reserve": self.reserve, "amounts": self.amounts}
        return said


class Choice(Value):
    """What somebody can decide on a stage.

    Args:
        row: the challenge.
        state: as its workflow knows it.
        person: who decides.
        field: the applications that can be selected.
        kept: the feedback that waits for the decision, by applications.
    """

    row: ChallengeRow
    state: State
    person: str
    field: tuple[Application, ...]
    kept: Mapping[str, str]

    @property
    def is_open(self) -> bool:
        """Whether the stage waits for the decision now."""
        return self.state.phase is Phase.DECIDING and self.state.held is None


class Pays(Value):
    """One instalment of what a decision will pay.

    Args:
        team: who is paid.
        number, of: which instalment, of how many.
        amount: how much.
        due: when it falls due.
        on: the instant of that, if it is known.
        evidence: what has to be shown for it, if anything.
    """

    team: str
    number: int
    of: int
    amount: Amount
    due: Due
    on: Instant | None
    evidence: str


class Letters(Value):
    """A letter, and everybody who gets it in these words.

    Args:
        occasion: what it is about.
        subject, body: the text.
        to: names of the people or organisations, with their ids.
    """

    occasion: str
    subject: str
    body: str
    to: tuple[tuple[str, str], ...]


class Checked(Value):
    """What a decision will do, by the rule that decides.

    Args:
        choice: what it was decided from.
        wanted: the decision.
        at: when it was tried out.
        letters: every letter in its words.
        number: how many letters there are.
        lines: what the record will say.
        pays: every payment.
        begins, ends: of the stage; None if nobody is taken.
        asks: until when further proposals are taken, if the stage asks for some.
        out: ids of the applications that are neither selected nor in reserve.
        seen: a digest of each part of this, by the name of the part.
    """

    choice: Choice
    wanted: Wanted
    at: Instant
    letters: tuple[Letters, ...]
    number: int
    lines: tuple[str, ...]
    pays: tuple[Pays, ...]
    begins: Instant | None
    ends: Instant | None
    asks: Instant | None
    out: tuple[str, ...]
    seen: Mapping[str, str]


class Confirmed(Value):
    """The decision was taken.

    Args:
        said: what happened, in words.
    """

    said: str


class Changed(Value):
    """The decision was not taken: what was seen is not so any more.

    Args:
        checked: what the decision would do now.
        parts: the parts that are others now, as `Checked.seen` names them; "age" if it was checked too long ago.
        since: what happened meanwhile, by the record.
    """

    checked: Checked
    parts: tuple[str, ...]
    since: tuple[ShownLine, ...]


class DecidingDesk:
    """What deciders do about a stage that is to be filled.

    Everything can raise `UnknownChallenge`, `NotAllowed`, `WindowNotSealed`, `SecondStepMissing`, `InterestsMissing`
    and `Unavailable`.
    """

    def __init__(self, core: Core, challenges: Challenges, applications: Applications) -> None:
        self._core = core
        self._challenges = challenges
        self._applications = applications

    async def choice(self, actor: Actor, challenge: str, kind: str) -> Choice:
        """From whom somebody can choose now.

        Args:
            actor: a decider.
            challenge: its name.
            kind: "select" or "decline".
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action(kind), row)
        return await self._choice(actor, grant, row, await self._core.state(row))

    async def _choice(self, actor: Actor, grant: Grant, row: ChallengeRow, state: State) -> Choice:
        if state.phase is not Phase.DECIDING:
            return Choice(row=row, state=state, person=grant.person, field=(), kept={})
        found = await all_of(lambda page: self._applications.list(actor, page, row.id))
        field = [each for each in found if each.withdrawn is None and each.erased is None]
        can_enter = tuple(each for each in field if not state.runs or each.id in state.field)
        kept = await self._core.threads.read(feedback.read_kept, self._core.database, row.id, state.filling.name)
        return Choice(row=row, state=state, person=grant.person, field=can_enter, kept=kept)

    async def check(self, actor: Actor, challenge: str, wanted: Wanted, at: Instant | None = None) -> Checked:
        """What a decision will do. Nothing is decided, and nothing is kept.

        Args:
            actor: a decider.
            challenge: its name.
            wanted: the decision.
            at: when it is tried out, if not now.

        Raises:
            Refused: the decision would be refused. The refusal names all faults that can be found at once.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action(wanted.kind), row)
        choice = await self._choice(actor, grant, row, await self._core.state(row))
        return await self._check(actor, choice, wanted, at or self._core.now())

    async def _check(self, actor: Actor, choice: Choice, wanted: Wanted, at: Instant) -> Checked:
        decision = _decision(choice, wanted)
        new, announcement = decide(choice.state, decision, at)
        _check_feedback(choice, wanted, at)
        payments = [payment_to_make(new, each) for each in payments_due(new)]
        announcement = with_snapshot(new, announcement).proven(actor.proof.on_record)
        what = (announcement, payments, wanted.feedback, self._core.letters.compose)
        tried = await self._core.threads.write(trial.try_out, self._core.database, *what)
        return _checked(choice, wanted, at, new, tried)

    async def confirm(
        self, actor: Actor, challenge: str, wanted: Wanted, at: Instant, seen: Mapping[str, str]
    ) -> Confirmed | Changed:
        """Takes a decision, if it will do what was seen. The same decision sent twice is taken once.

        The feedback is kept first, so that it goes out with the decision.

        Args:
            actor: a decider.
            challenge: its name.
            wanted: the decision.
            at: when it was checked.
            seen: see `Checked.seen`.

        Raises:
            Refused: the decision is refused. The refusal is on the record.
            NotConfirmed: no answer came in time. You can safely confirm again.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action(wanted.kind), row)
        state = await self._core.state(row)
        before = already_answered(state, make(wanted.kind, {"by": grant.person, **wanted.fields()}))
        if before is not None:
            return Confirmed(said=before)
        choice = await self._choice(actor, grant, row, state)
        checked = await self._check(actor, choice, wanted, at)
        is_old = not TimeDelta() <= self._core.now() - at <= GOOD_FOR
        parts = [part for part, digest in checked.seen.items() if seen.get(part) != digest]
        if parts or is_old:
            since = await all_of(lambda page: self._challenges.record(actor, page, row.id))
            now = await self._check(actor, choice, wanted, self._core.now())
            happened = tuple(line for line in since if line.at > at and not line.refused)
            return Changed(checked=now, parts=(*parts, *(("age",) if is_old else ())), since=happened)
        for team, text in wanted.feedback.items():
            if choice.kept.get(team) != text:
                await self._applications.give_feedback(actor, row.id, wanted.stage, team, text, with_decision=True)
        return Confirmed(said=await self._challenges.decide(actor, row.id, wanted.kind, **wanted.fields()))


def _decision(choice: Choice, wanted: Wanted) -> Decision:
    decision = make(wanted.kind, {"by": choice.person, **wanted.fields()})
    if already_answered(choice.state, decision) is not None:
        raise AnotherDecision("This decision was taken before: see where the challenge stands.")
    return decision


def _check_feedback(choice: Choice, wanted: Wanted, at: Instant) -> None:
    """Feedback is for those who are not selected."""
    known, problems = {each.id for each in choice.field}, []
    for team, text in wanted.feedback.items():
        if team in wanted.teams:
            problem = f"{team} is selected: feedback is for those who are not. Leave it out, or do not select {team}."
            problems.append(Problem(field=f"feedback-{team}", text=problem))
        elif team not in known:
            problems.append(Problem(field="", text=f"{team} is not among those from whom you choose: leave it out."))
        else:
            try:
                feedback_given(choice.state, wanted.stage, team, choice.person, text, at, "tried")
            except Refused as refusal:
                problems.append(Problem(field=f"feedback-{team}", text=str(refusal)))
    if problems:
        raise UnknownTeam.for_problems(problems)


def _checked(choice: Choice, wanted: Wanted, at: Instant, new: State, tried: Tried) -> Checked:
    is_filled = new.phase is Phase.RUNNING
    pays, letters = tuple(_pays(new, at)) if is_filled else (), tuple(_letters(tried.letters))
    field = tuple(each.id for each in choice.field)
    chosen = {*wanted.teams, *wanted.reserve}
    seen = {
        "standing": _digest(choice.state.situation),
        "field": _digest(field),
        "letters": _digest([each.model_dump(mode="json") for each in letters], tried.number),
        "money": _digest([each.model_dump(mode="json") for each in pays]),
        "record": _digest(tried.lines),
    }
    return Checked(
        choice=choice,
        wanted=wanted,
        at=at,
        letters=letters,
        number=tried.number,
        lines=tried.lines,
        pays=pays,
        begins=new.run.begins if is_filled else None,
        ends=new.run.ends if is_filled and new.run.ends > new.run.begins else None,
        asks=new.asked.closes if is_filled and new.asked else None,
        out=tuple(each for each in field if each not in chosen),
        seen=seen,
    )


def _pays(state: State, at: Instant) -> Iterator[Pays]:
    """Every instalment of the stage that was filled, in the order of its teams."""
    pay = state.filling.pay
    if pay is None:
        return
    for team in state.run.teams:
        parts = parts_of(pay, team)
        for number, (instalment, amount) in enumerate(zip(pay.instalments, parts, strict=True), start=1):
            on = {Due.START: at, Due.END: state.run.ends_for(team), Due.EVIDENCE: None}[instalment.due]
            yield Pays(
                team=team.id,
                number=number,
                of=len(parts),
                amount=amount,
                due=instalment.due,
                on=on,
                evidence=instalment.evidence or "",
            )


def _letters(letters: tuple[TriedLetter, ...]) -> Iterator[Letters]:
    """The letters in the order in which they are written, each with all to whom it goes in the same words."""

    def words(letter: TriedLetter) -> tuple[str, str, str]:
        return letter.occasion, letter.subject, letter.body

    for (occasion, subject, body), found in groupby(sorted(letters, key=words), key=words):
        to = tuple((each.name, each.recipient) for each in found)
        yield Letters(occasion=occasion, subject=subject, body=body, to=to)


def _digest(*said: object) -> str:
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()[:32]
