"""Challenges for the rules to be tried on: one of the pilot's kind, at each point of its life."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hypothesis import reject
from pydantic import ValidationError
from whenever import Instant, ItemizedDelta

from domain.challenges import deadlines, selection
from domain.challenges.decisions import Select
from domain.challenges.state import State
from domain.programmes.pay import Due, Instalment, Pay
from domain.programmes.programme import Asks, CountedFrom, Programme, Reminders, Stage, Terms, Without
from domain.programmes.round import Challenge
from domain.values.calendar import WorkingDays
from domain.values.money import Money, Vat
from domain.values.places import Holidays

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
FULLER = Asks(form="fuller-proposal", title="Fuller proposal", within=ItemizedDelta(weeks=3))
BID = Asks(
    form="bid",
    title="Bid for phase two",
    within=WorkingDays(5),
    counted_from=CountedFrom.SELECTION,
    without=Without.AS_IT_WAS,
)
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


def asking(fuller: Asks = FULLER, bid: Asks = BID) -> tuple[Stage, ...]:
    """The pilot's stages, of which two ask for further proposals: the accelerator, and what comes after it."""
    return (
        EXPLORATION,
        ACCELERATOR.model_copy(update={"asks": fuller}),
        PRE_COMMERCIAL.model_copy(update={"asks": bid}),
        COMMERCIALISATION,
    )


def in_instalments(parts: tuple[Instalment, ...] = IN_HALVES) -> tuple[Stage, ...]:
    """The pilot's stages with VAT, paid in parts: at start and end, if no others are named."""
    divided = {"instalments": parts, "vat": Vat.ADDED}
    return tuple(
        stage.model_copy(update={"pay": stage.pay.model_copy(update=divided)}) if stage.pay else stage
        for stage in (EXPLORATION, ACCELERATOR, PRE_COMMERCIAL, COMMERCIALISATION)
    )
