"""Challenges for the rules to be tried on: one to build upon, and stories in which anybody may say anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache

from hypothesis import reject
from hypothesis import strategies as st
from pydantic import ValidationError
from whenever import Date, Instant, ItemizedDelta

from domain.announcements.announcement import Announcement
from domain.challenges import (
    cancellation,
    deadlines,
    evidence,
    extension,
    holding,
    participation,
    selection,
    withdrawal,
)
from domain.challenges.awards import PaymentOrder, payments_due
from domain.challenges.decisions import (
    Cancel,
    Decision,
    Decline,
    Evidence,
    Extend,
    Hold,
    Participate,
    Resume,
    Select,
    Withdraw,
)
from domain.challenges.state import OrderState, Phase, State
from domain.programmes.programme import Due, Instalment, Pay, Programme, Reminders, Stage, Terms
from domain.programmes.round import Challenge
from domain.values.calendar import Holidays, WorkingDays
from domain.values.money import Money, Vat
from domain.values.refusals import Refused

SCOTLAND = Holidays.of("GB-SCT")
OPENS = Instant("2016-07-06T08:00Z")
CLOSES = Instant("2016-08-01T23:00Z")
DECIDER, DEPUTY, OPERATOR, OTHER = "lead", "deputy", "office", "lead-of-another-body"
FINANCE, TREASURER = "finance", "treasurer"
A, B, C, D, E, F = TEAMS = ("team-a", "team-b", "team-c", "team-d", "team-e", "team-f")

EXPLORATION = Stage(
    name="exploration",
    title="Exploration",
    min=1,
    target=3,
    max=3,
    decision_within=WorkingDays(10),
    duration=ItemizedDelta(weeks=2),
    pay=Pay(fixed=Money(200_000)),
)
ACCELERATOR = Stage(
    name="accelerator",
    title="Accelerator",
    min=1,
    target=1,
    max=3,
    decision_within=WorkingDays(5),
    duration=ItemizedDelta(months=3),
    pay=Pay(fixed=Money(1_500_000)),
    participation_sessions=3,
)
PRE_COMMERCIAL = Stage(
    name="pre-commercial",
    title="Pre-commercial development",
    target=1,
    max=3,
    decision_within=ItemizedDelta(weeks=2),
    duration=ItemizedDelta(months=3),
    pay=Pay(agreed_up_to=Money(5_000_000)),
)
COMMERCIALISATION = Stage(
    name="commercialisation",
    title="Commercialisation",
    target=1,
    max=3,
    decision_within=ItemizedDelta(weeks=2),
    duration=ItemizedDelta(months=3),
)
INTERVIEW = Stage(name="interview", title="Interview", target=6, max=6, decision_within=WorkingDays(10))
IN_HALVES = (Instalment(share="50%"), Instalment(share="50%", due=Due.END))
ON_EVIDENCE = (
    Instalment(share="40%"),
    Instalment(share="30%", due=Due.EVIDENCE, evidence="A prototype"),
    Instalment(share="20%", due=Due.EVIDENCE, evidence="A trial with citizens"),
    Instalment(share="10%", due=Due.END),
)


def pay_of(fixed: int, vat: Vat, rate: Decimal, parts: tuple[Instalment, ...]) -> Pay:
    """What a stage pays; an example in which a part of so many pence is nothing, which is refused, is left out."""
    try:
        return Pay(fixed=Money(fixed), vat=vat, vat_rate=rate, instalments=parts)
    except ValidationError as error:
        if "comes to nothing" not in str(error):
            raise
        reject()


def programme(*stages: Stage) -> Programme:
    """A programme of some stages; of the pilot's, if none are named."""
    return Programme(
        id="programme",
        title="A programme",
        time_zone="Europe/London",
        currency="GBP",
        holidays=SCOTLAND,
        terms=Terms(intellectual_property="The company keeps it.", equity="The company keeps it."),
        reminders=Reminders(
            window=(ItemizedDelta(days=2),), decision=(ItemizedDelta(days=2),), stage=(ItemizedDelta(days=2),)
        ),
        stages=stages or (EXPLORATION, ACCELERATOR, PRE_COMMERCIAL, COMMERCIALISATION),
    )


def challenge(opens: Instant = OPENS, closes: Instant = CLOSES) -> Challenge:
    """A challenge of one sponsor, for whom two people decide."""
    return Challenge(
        id="round/air-quality",
        question="How can we help improve air quality in urban areas?",
        sponsor="body",
        deciders=(DECIDER, DEPUTY),
        operators=(OPERATOR,),
        releasers=(FINANCE, TREASURER),
        opens=opens,
        closes=closes,
    )


def waiting(*stages: Stage) -> State:
    """Before the window opens."""
    return State.of(challenge(), programme(*stages))


def taking_applications(*stages: Stage) -> State:
    """The window is open."""
    return deadlines.opened(waiting(*stages), OPENS)[0]


def sealed(*stages: Stage) -> State:
    """The window is sealed with six applications; the first stage is to be filled."""
    return deadlines.sealed(taking_applications(*stages), len(TEAMS), CLOSES)[0]


def select(stage: str, *teams: str, by: str = DECIDER, reserve: tuple[str, ...] = (), reason: str = "") -> Select:
    """A selection."""
    return Select(by=by, stage=stage, teams=teams, reserve=reserve, reason=reason)


def exploring(*stages: Stage) -> State:
    """A, B and C are in the first stage, D and E in reserve if it lasts."""
    state = sealed(*stages)
    first = state.programme.stages[0]
    reserve = () if first.only_sifts else (D, E)
    return selection.select(state, select(first.name, A, B, C, reserve=reserve), CLOSES.add(hours=24))[0]


def explored(*stages: Stage) -> State:
    """The first stage is over, and the next to be filled."""
    state = exploring(*stages)
    return deadlines.stage_ended(state, state.run.ends)[0]


def accelerating() -> State:
    """A is in the accelerator, B in reserve."""
    state = explored()
    return selection.select(state, select("accelerator", A, reserve=(B,)), state.run.ends.add(hours=1))[0]


def completed() -> State:
    """A went through every stage."""
    state = accelerating()
    for stage in (PRE_COMMERCIAL, COMMERCIALISATION):
        state = deadlines.stage_ended(state, state.run.ends)[0]
        amounts: Mapping[str, Money] = {A: Money(100)} if stage.pay else {}
        message = Select(by=DECIDER, stage=stage.name, teams=(A,), amounts=amounts)
        state = selection.select(state, message, state.run.ends)[0]
    return deadlines.stage_ended(state, state.run.ends)[0]


_HANDLERS = {
    Select: selection.select,
    Decline: selection.decline,
    Extend: extension.extend,
    Withdraw: withdrawal.withdraw,
    Hold: holding.hold,
    Resume: holding.resume,
    Cancel: cancellation.cancel,
    Participate: participation.participate,
    Evidence: evidence.judge,
}


@dataclass
class Step:
    """One thing that happened in a story."""

    before: State
    after: State
    announcement: Announcement
    message: Decision | None = None


@dataclass
class Story:
    """A challenge to which things happen, as the workflow would let them."""

    state: State
    now: Instant
    steps: list[Step] = field(default_factory=list)
    refusals: list[Refused] = field(default_factory=list)
    orders: list[PaymentOrder] = field(default_factory=list)

    def hear(self, message: Decision) -> None:
        """Somebody says something; what is refused changes nothing."""
        before = self.state
        try:
            self._take(_HANDLERS[type(message)](before, message, self.now), message)  # type: ignore[operator]
        except Refused as refusal:
            self.refusals.append(refusal)

    def wait(self) -> None:
        """The clock goes on to the next deadline or reminder; the service does what is due then."""
        deadline, reminder = self.state.deadline, deadlines.next_reminder(self.state)
        if deadline is None:
            self.now = self.now.add(hours=30)
            return
        if reminder is not None and (reminder < deadline or self.state.phase is Phase.DECIDING):
            self.now = max(self.now, reminder)
            self._take(deadlines.reminded(self.state, self.now))
            return
        self.now = max(self.now, deadline)
        match self.state.phase:
            case Phase.WINDOW if self.state.opened:
                self._take(deadlines.sealed(self.state, len(TEAMS), self.now))
            case Phase.WINDOW:
                self._take(deadlines.opened(self.state, self.now))
            case Phase.RUNNING:
                self._take(deadlines.stage_ended(self.state, self.now))
            case _:
                pass

    def _take(self, happened: tuple[State, Announcement], message: Decision | None = None) -> None:
        new, announcement = happened
        due = payments_due(new)
        self.orders += due
        new = new.having(payments=dict(new.payments) | {order.key: OrderState.UNDER_WAY for order in due})
        self.steps.append(Step(self.state, new, announcement, message))
        self.state = new


def _reasons() -> st.SearchStrategy[str]:
    return st.sampled_from(("Because.", "Because.", ""))


@st.composite
def messages(draw: st.DrawFn, now: Instant) -> Decision:
    """Anything that anybody may say, right or wrong."""
    people = (DECIDER, DECIDER, DEPUTY, OPERATOR, OTHER, A, F)
    by, reason = draw(st.sampled_from(people)), draw(_reasons())
    stage = draw(st.sampled_from(("exploration", "accelerator", "pre-commercial", "commercialisation", "nowhere")))
    team = draw(st.sampled_from(TEAMS))
    some = st.lists(st.sampled_from(TEAMS), max_size=4).map(tuple)
    match draw(
        st.sampled_from(
            (Select,) * 6 + (Decline, Extend, Withdraw, Withdraw, Hold, Resume, Cancel, Participate) + (Evidence,) * 2
        )
    ):
        case kind if kind is Select:
            teams = draw(some)
            amounts = {each: draw(st.sampled_from((Money(1), Money(10**7)))) for each in teams if draw(st.booleans())}
            return Select(by=by, reason=reason, stage=stage, teams=teams, reserve=draw(some), amounts=amounts)
        case kind if kind is Decline:
            return Decline(by=by, reason=reason, stage=stage)
        case kind if kind is Extend:
            return Extend(by=by, reason=reason, closes=now.add(hours=draw(st.integers(-1000, 1000))))
        case kind if kind is Withdraw:
            return Withdraw(by=by, reason=reason, team=team, replace=draw(st.booleans()))
        case kind if kind is Participate:
            day = now.to_tz("Europe/London").date().add(days=draw(st.integers(-60, 3)))
            return Participate(by=by, reason=reason, stage=stage, on=day, people=12, summary="What was learnt.")
        case kind if kind is Evidence:
            number, accepted, final = draw(st.integers(0, 4)), draw(st.booleans()), draw(st.booleans())
            return Evidence(by=by, reason=reason, stage=stage, team=team, number=number, accepted=accepted, final=final)
        case kind if kind is Hold:
            return Hold(by=by, reason=reason)
        case kind if kind is Resume:
            return Resume(by=by, reason=reason)
        case _:
            return Cancel(by=by, reason=reason)


@st.composite
def good_selections(draw: st.DrawFn, state: State) -> Decision:
    """A selection that a sponsor can make now, so that stories get far."""
    stage = state.filling
    choice = st.permutations(state.field or TEAMS)
    teams = draw(choice)[: draw(st.integers(stage.min, min(stage.max, len(state.field or TEAMS))))]
    rest = tuple(team for team in (state.field or TEAMS) if team not in teams)
    agreed = stage.pay is not None and stage.pay.agreed_up_to is not None
    return Select(
        by=DECIDER,
        reason="Because.",
        stage=stage.name,
        teams=tuple(teams),
        reserve=rest[: draw(st.integers(0, 2))],
        amounts={team: Money(draw(st.integers(1, 5_000_000))) for team in teams} if agreed else {},
    )


@st.composite
def spoilt_selections(draw: st.DrawFn, state: State) -> Decision:
    """A selection that could be made now but for who makes it, or for whom it names."""
    good = draw(good_selections(state))
    assert isinstance(good, Select)
    if draw(st.booleans()):
        return good.model_copy(update={"by": draw(st.sampled_from((OTHER, OPERATOR, A)))})
    return good.model_copy(update={"teams": (*good.teams[1:], draw(st.sampled_from(TEAMS)))})


@st.composite
def good_verdicts(draw: st.DrawFn, state: State) -> Decision:
    """What those in charge can say of evidence that is waited for."""
    waiting_for = draw(st.sampled_from(state.open_evidence))
    return Evidence(
        by=draw(st.sampled_from(state.in_charge)),
        reason="Because.",
        stage=waiting_for.stage,
        team=waiting_for.team,
        number=waiting_for.number,
        accepted=draw(st.booleans()),
        final=draw(st.booleans()),
    )


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A challenge in which time passes and anybody says anything."""
    story = Story(draw(st.sampled_from(_beginnings())), OPENS)
    for _ in range(draw(st.integers(1, 30))):
        story.now = story.now.add(seconds=draw(st.integers(0, 200_000)))
        selecting = story.state.phase is Phase.DECIDING and not story.state.held
        match draw(st.integers(0, 5)):
            case 0:
                story.hear(draw(messages(story.now)))
            case 1 if story.state.open_evidence and not story.state.held:
                story.hear(draw(good_verdicts(story.state)))
            case 1 if selecting:
                story.hear(draw(spoilt_selections(story.state)))
            case 2 | 3 if selecting:
                story.hear(draw(good_selections(story.state)))
            case _:
                story.wait()
    return story


@cache
def _beginnings() -> tuple[State, ...]:
    return waiting(), waiting(*in_instalments()), waiting(*in_instalments(ON_EVIDENCE))


def in_instalments(parts: tuple[Instalment, ...] = IN_HALVES) -> tuple[Stage, ...]:
    """The pilot's stages with VAT, paid in parts: at start and end, if no others are named."""
    divided = {"instalments": parts, "vat": Vat.ADDED}
    return tuple(
        stage.model_copy(update={"pay": stage.pay.model_copy(update=divided)}) if stage.pay else stage
        for stage in (EXPLORATION, ACCELERATOR, PRE_COMMERCIAL, COMMERCIALISATION)
    )


def days() -> st.SearchStrategy[Date]:
    """Days on which a round may fall."""
    return st.dates(Date(2010, 1, 1).to_stdlib(), Date(2040, 12, 31).to_stdlib()).map(Date)


_CLOCK_CHANGES = tuple(
    Instant(change)
    for change in (
        "2016-03-27T01:00Z",  # Europe/London
        "2016-10-30T01:00Z",
        "2016-03-13T07:00Z",  # America/New_York
        "2016-11-06T06:00Z",
        "2016-10-01T15:30Z",  # Australia/Lord_Howe, by half an hour
        "2016-04-02T15:00Z",
    )
)


def instants() -> st.SearchStrategy[Instant]:
    """Moments at which something may happen, to the second; often where clocks are changed."""
    anywhere = st.integers(1_262_304_000, 2_240_524_800).map(Instant.from_timestamp)
    change, seconds = st.sampled_from(_CLOCK_CHANGES), st.integers(-7200, 7200)
    return anywhere | st.builds(lambda at, away: at.add(seconds=away), change, seconds)


def lengths() -> st.SearchStrategy[int]:
    """Seconds, from none to months; often less than two hours."""
    return st.integers(0, 7200) | st.integers(0, 10**7)


def zones() -> st.SearchStrategy[str]:
    """Places with summer time, with other summer time, without."""
    return st.sampled_from(("Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"))
