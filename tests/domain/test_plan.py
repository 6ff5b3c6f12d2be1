"""A plan says every date and every pound before anything is started."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from whenever import Instant, ItemizedDelta, TimeDelta

from domain.challenges import deadlines, selection
from domain.challenges.decisions import Select
from domain.challenges.state import Phase, State
from domain.programmes.pay import Due, Instalment
from domain.programmes.plan import plan_of, total_at_target
from domain.programmes.programme import CountedFrom, OnTime, Programme
from domain.programmes.round import Challenge
from domain.programmes.windows import WindowDates
from domain.values.calendar import TimeAllowed, day_of, spoken
from domain.values.money import Money
from tests.domain.challenges import (
    BID,
    COMMERCIALISATION,
    EXPLORATION,
    FULLER,
    INTERVIEW,
    OPENS,
    TEAMS,
    A,
    asking,
    challenge,
    in_instalments,
    programme,
    select,
)
from tests.domain.judging import CARD
from tests.domain.moments import instants


def spoken_in_edinburgh(instant: Instant) -> str:
    return spoken(instant, "Europe/London")


def test_every_date_of_a_challenge_that_is_decided_on_the_last_day() -> None:
    plan = plan_of(challenge(), programme())
    dates = [(stage.name, spoken_in_edinburgh(stage.begins), spoken_in_edinburgh(stage.ends)) for stage in plan.stages]
    assert dates == [
        ("exploration", "Monday 15 August 2016, 24:00 BST", "Monday 29 August 2016, 24:00 BST"),
        ("accelerator", "Monday 5 September 2016, 24:00 BST", "Monday 5 December 2016, 24:00 GMT"),
        ("pre-commercial", "Monday 19 December 2016, 24:00 GMT", "Sunday 19 March 2017, 24:00 GMT"),
        ("commercialisation", "Sunday 2 April 2017, 24:00 BST", "Sunday 2 July 2017, 24:00 BST"),
    ]
    assert plan.ends == plan.stages[-1].ends
    assert all(stage.begins == stage.decision_due for stage in plan.stages)


def test_six_challenges_of_the_pilot_pay_126_000_pounds_and_what_is_agreed_on_top() -> None:
    """Fails when the sum takes `most` teams, or agreed amounts among the fixed."""
    plans = [plan_of(challenge(), programme())] * 6
    total = total_at_target(*plans)
    assert total.fixed.gross.shown() == "£126,000"
    assert total.agreed_up_to.gross.shown() == "£300,000"
    assert total_at_target(plans[0]).fixed.gross.shown() == "£21,000"


def test_a_plan_says_how_many_teams_and_what_each_is_paid_with_its_vat() -> None:
    exploration, *_, last = plan_of(challenge(), programme(*in_instalments())).stages
    assert (exploration.least, exploration.target, exploration.most) == (1, 3, 3)
    assert exploration.fee is not None
    assert (exploration.fee.net, exploration.fee.vat) == (Money(200_000), Money(40_000))
    assert exploration.at_target.gross == Money(720_000)
    assert exploration.paid_to(1).gross == Money(240_000)
    assert last.fee is None
    assert last.at_target.gross == Money(0)


def test_a_stage_that_only_sifts_takes_no_time_and_pays_nothing() -> None:
    interview, exploration = plan_of(challenge(), programme(INTERVIEW, EXPLORATION)).stages
    assert interview.begins == interview.ends
    assert interview.fee is None
    assert exploration.decision_due > interview.ends


@given(instants(), st.integers(1, 90 * 24))
def test_a_plan_goes_forward_only(opens: Instant, hours: int) -> None:
    plan = plan_of(challenge(opens, opens.add(hours=hours)), programme(INTERVIEW, EXPLORATION, COMMERCIALISATION))
    dates = [plan.opens, plan.closes]
    for stage in plan.stages:
        dates += [stage.decision_due, stage.begins, stage.ends]
    assert dates == sorted(dates)


@given(instants(), st.integers(1, 90 * 24))
def test_a_plan_is_what_is_enforced_when_everybody_decides_on_the_last_day(opens: Instant, hours: int) -> None:
    """Invariant 9. Fails when a plan computes its dates otherwise than the challenge does, such as without holidays."""
    planned = challenge(opens, opens.add(hours=hours))
    plan = plan_of(planned, programme())
    state = deadlines.opened(State.of(planned, programme()), opens)[0]
    state = deadlines.sealed(state, len(TEAMS), planned.closes)[0]
    for stage in plan.stages:
        assert state.phase is Phase.DECIDING
        assert state.deadline == stage.decision_due
        message = select(stage.name, A)
        if stage.agreed:
            message = Select(by=message.by, stage=stage.name, teams=(A,), amounts={A: Money(1)})
        state = selection.select(state, message, stage.decision_due)[0]
        assert (state.run.begins, state.deadline) == (stage.begins, stage.ends)
        state = deadlines.stage_ended(state, stage.ends)[0]
    assert state.phase is Phase.ENDED


@given(instants(), st.integers(1, 90 * 24), st.sampled_from(CountedFrom), st.booleans())
def test_a_plan_has_the_windows_of_further_proposals_that_are_enforced(
    opens: Instant, hours: int, counted_from: CountedFrom, by_the_round: bool
) -> None:
    """Invariant 9. Fails when a window of further proposals is planned for other dates than it gets."""
    rules = programme(*asking(FULLER.model_copy(update={"counted_from": counted_from})))
    planned = challenge(opens, opens.add(hours=hours))
    if by_the_round:
        window = plan_of(planned, rules).stages[1].window
        assert window is not None
        dates = WindowDates(stage="accelerator", opens=window.opens.add(hours=9), closes=window.closes.add(hours=200))
        planned = planned.model_copy(update={"windows": (dates,)})
    plan = plan_of(planned, rules)
    state = deadlines.opened(State.of(planned, rules), opens)[0]
    state = deadlines.sealed(state, len(TEAMS), planned.closes)[0]
    for stage in plan.stages[:2]:
        if stage.window:
            assert state.phase is Phase.WINDOW
            assert state.window is not None
            assert (state.window.opens, state.deadline) == (stage.window.opens, stage.window.closes)
            state = deadlines.sealed(state, 1, stage.window.closes, (A,))[0]
        assert state.deadline == stage.decision_due
        state = selection.select(state, select(stage.name, A), stage.decision_due)[0]
        state = deadlines.stage_ended(state, stage.ends)[0]


def test_a_plan_names_what_a_stage_asks_for_and_what_becomes_of_who_sends_none() -> None:
    _, accelerator, bid, _ = plan_of(challenge(), programme(*asking())).stages
    assert accelerator.window is not None
    assert bid.window is not None
    assert (accelerator.window.proposal, accelerator.window.out) == ("Fuller proposal", True)
    assert (bid.window.proposal, bid.window.out) == ("Bid for phase two", False)
    assert bid.window.opens == accelerator.begins


def test_a_plan_says_in_which_parts_each_team_is_paid_and_when() -> None:
    """Fails when instalments are left out, or sum to another amount than the fee."""
    parts = (Instalment(share="50%"), Instalment(share="30%", due=Due.EVIDENCE, evidence="A prototype"))
    last = Instalment(share="20%", due=Due.END)
    stage = plan_of(challenge(), programme(*in_instalments((*parts, last)))).stages[0]
    assert [(part.amount.gross.shown(), part.due, part.at, part.evidence) for part in stage.instalments] == [
        ("£1,200", Due.START, stage.begins, ""),
        ("£720", Due.EVIDENCE, None, "A prototype"),
        ("£480", Due.END, stage.ends, ""),
    ]


def test_a_plan_names_the_criteria_by_which_a_stage_is_filled() -> None:
    plan = plan_of(challenge(), programme(EXPLORATION.model_copy(update={"scorecard": CARD}), COMMERCIALISATION))

    assert [stage.criteria for stage in plan.stages] == [
        ("Merit (weight 3)", "Cost (weight 1)", "Where they heard of us (only informs)"),
        (),
    ]


def test_a_plan_names_its_challenge() -> None:
    asked: Challenge = challenge()
    plan = plan_of(asked, programme())
    assert (plan.challenge, plan.question, plan.sponsor) == (asked.id, asked.question, asked.sponsor)
    assert (plan.time_zone, plan.currency, plan.opens) == ("Europe/London", "GBP", OPENS)
    assert plan.closes - plan.opens == TimeDelta(hours=26 * 24 + 15)


def long(stage: str, **more: str) -> Programme:
    """The pilot's programme with a first stage of another length, counted in working days or not."""
    first, *others = programme().stages
    allowed = TypeAdapter(TimeAllowed).validate_python
    first = first.model_copy(update={"duration": ItemizedDelta.parse_iso(stage)})
    stages = tuple(
        each.model_copy(update={"decision_within": allowed(more.get("decision", "10 working days"))})
        for each in (first, *others)
    )
    on_time = OnTime(within=allowed(more.get("within", "10 working days")))
    return programme(*stages).model_copy(update={"on_time": on_time})


@pytest.mark.parametrize(("length", "ends"), [("P2W", 2017), ("P4Y", 2021)])
def test_a_plan_of_years_counts_with_the_holidays_that_the_run_is_frozen_with(length: str, ends: int) -> None:
    rules = long(length)
    frozen = State.of(challenge(), rules).programme
    assert plan_of(challenge(), rules) == plan_of(challenge(), frozen)
    assert day_of(plan_of(challenge(), rules).ends, "Europe/London").year == ends


@pytest.mark.parametrize(
    ("length", "opens", "says"),
    [
        ("P6Y8M", OPENS, "counted from 2016 to 2024, but .* of GB-SCT only for 2016 to 2021"),
        ("P2W", Instant("2061-01-04T09:00Z"), "counted from 2061 to 2062, but .* for none of these years"),
        ("P2W", Instant("2060-06-04T09:00Z"), "counted from 2060 to 2061, but .* only for 2060 to 2060"),
        ("P2W", Instant("2008-06-04T09:00Z"), "counted from 2008 to 2009, but .* only for 2009 to 2013"),
    ],
)
def test_a_plan_is_refused_where_holidays_are_missing(length: str, opens: Instant, says: str) -> None:
    """Fails when working days are counted as if a year had no holidays: a deadline would be days too early."""
    with pytest.raises(ValueError, match=says):
        plan_of(challenge(opens, opens.add(hours=24 * 20)), long(length))


def test_working_days_for_a_further_proposal_need_the_holidays_of_their_years_too() -> None:
    """Fails when teams are given days that nobody knows to be holidays or not."""
    unpaid = {"pay": None, "decision_within": ItemizedDelta(weeks=1)}
    first, second, *_ = (stage.model_copy(update=unpaid) for stage in asking(BID))
    opens = Instant("2200-01-10T09:00Z")
    with pytest.raises(ValueError, match=r"write decision_within, asks\.within"):
        plan_of(challenge(opens, opens.add(hours=24)), programme(first, second))


def test_where_no_working_days_are_counted_no_holidays_are_missed() -> None:
    years = plan_of(challenge(), long("P20Y", decision="P2W", within="P14D"))
    assert day_of(years.ends, "Europe/London").year == 2037
    for counted in ({"decision": "P2W"}, {"within": "P14D"}):
        with pytest.raises(ValueError, match="working days are counted from 2016 to 2037"):
            plan_of(challenge(), long("P20Y", **counted))


def test_a_challenge_that_opens_as_the_year_begins_has_that_years_holidays() -> None:
    """Fails when an opening at midnight is taken for the year before."""
    opens = Instant("2017-01-01T00:00Z")
    assert plan_of(challenge(opens, opens.add(hours=24 * 20)), programme()).opens == opens
