"""What is due is ordered once, in the programme's amounts, and nothing else is (invariant 1, as far as rules go)."""

from __future__ import annotations

from hypothesis import given

from domain.challenges import cancellation, deadlines, selection, withdrawal
from domain.challenges.awards import PaymentOrder, payments_due
from domain.challenges.decisions import Cancel, Withdraw
from domain.challenges.stage_run import Team
from domain.challenges.state import OrderState, State
from domain.programmes.pay import Due, Instalment, Pay
from domain.values.money import Money, total
from tests.domain.challenges import (
    ACCELERATOR,
    CLOSES,
    COMMERCIALISATION,
    EXPLORATION,
    INTERVIEW,
    OPERATOR,
    TEAMS,
    A,
    B,
    C,
    D,
    accelerating,
    explored,
    exploring,
    in_instalments,
    sealed,
    select,
    taking_applications,
)
from tests.domain.stories import Story, stories


def ordered(state: State) -> State:
    """The state after what is due was ordered."""
    return state.having(
        payments=dict(state.payments) | {order.key: OrderState.UNDER_WAY for order in payments_due(state)}
    )


def keys(state: State) -> list[str]:
    return [order.key for order in payments_due(state)]


def test_nothing_is_due_before_a_selection_nor_for_a_stage_that_pays_nothing() -> None:
    assert payments_due(taking_applications()) == payments_due(sealed()) == ()
    assert payments_due(selection.select(sealed(INTERVIEW), select("interview", *TEAMS), CLOSES)[0]) == ()


def test_every_team_of_a_stage_is_paid_its_fee_under_a_key_of_its_own() -> None:
    orders = payments_due(exploring())
    assert [order.key for order in orders] == [f"round/air-quality/exploration/{team}/1" for team in (A, B, C)]
    assert [order.amount.gross for order in orders] == [Money(200_000)] * 3
    assert {(order.number, order.of, order.currency, order.stage) for order in orders} == {(1, 1, "GBP", "exploration")}


def test_the_later_stage_is_paid_on_top_of_the_earlier_which_is_not_paid_again() -> None:
    """Fails when `payments_due` does not look at what was ordered."""
    state = ordered(explored())
    assert keys(state) == []
    later = selection.select(state, select("accelerator", A), CLOSES.add(hours=1000))[0]
    assert keys(later) == [f"round/air-quality/accelerator/{A}/1"]
    assert payments_due(later)[0].amount.gross == Money(1_500_000)


def test_the_last_instalment_is_due_when_the_stage_has_ended() -> None:
    stages = in_instalments()
    state = ordered(exploring(*stages))
    assert list(state.payments) == [f"round/air-quality/exploration/{team}/1" for team in (A, B, C)]
    ended = deadlines.stage_ended(state, state.run.ends)[0]
    assert keys(ended) == [f"round/air-quality/exploration/{team}/2" for team in (A, B, C)]
    assert {(str(order.amount.net), str(order.amount.vat)) for order in payments_due(ended)} == {("1000.00", "200.00")}


def test_an_instalment_on_evidence_is_not_due_by_itself() -> None:
    parts = (
        Instalment(share="50%"),
        Instalment(share="50%", due=Due.EVIDENCE, evidence="A prototype that citizens have tried."),
    )
    stage = EXPLORATION.model_copy(update={"pay": Pay(fixed=Money(200_000), instalments=parts)})
    assert keys(exploring(stage, ACCELERATOR)) == keys(explored(stage, ACCELERATOR))
    assert len(keys(explored(stage, ACCELERATOR))) == 3


def test_a_team_that_left_gets_nothing_more_and_its_heir_the_stages_fee() -> None:
    state = ordered(exploring(*in_instalments()))
    message = Withdraw(by=OPERATOR, team=A, reason="No people.")
    state = withdrawal.withdraw(state, message, state.run.begins.add(hours=1))[0]
    assert keys(state) == [f"round/air-quality/exploration/{D}/1"]
    ended = deadlines.stage_ended(ordered(state), state.run.ends)[0]
    assert keys(ended) == [f"round/air-quality/exploration/{team}/2" for team in (B, C, D)]


def test_a_cancellation_leaves_the_payment_at_the_end_unpaid() -> None:
    state = ordered(exploring(*in_instalments()))
    cancelled = cancellation.cancel(state, Cancel(by=OPERATOR, reason="Because."), state.run.begins.add(hours=1))[0]
    assert keys(cancelled) == []


def test_the_pilots_fees_for_one_challenge_are_21_000_pounds() -> None:
    state = ordered(explored())
    paid = [Money(200_000)] * len(state.payments)
    paid += [order.amount.gross for order in payments_due(ordered(state).having(runs=accelerating().runs))]
    assert total(paid) == Money(2_100_000)


@given(stories())
def test_no_payment_is_ever_ordered_twice(story: Story) -> None:
    """Invariant 1. Fails when `payments_due` does not look at what was ordered."""
    ordered_keys = [order.key for order in story.orders]
    assert len(ordered_keys) == len(set(ordered_keys))
    assert keys(story.state) == []
    for order in story.orders:
        assert order.key == f"{order.challenge}/{order.stage}/{order.team}/{order.number}"
        assert PaymentOrder.model_validate_json(order.model_dump_json()) == order


@given(stories())
def test_teams_that_stay_are_paid_their_award_in_full_and_the_others_at_most_that(story: Story) -> None:
    """Invariant 1. Fails when an instalment is left out or its amount is not its part of the award."""
    for run in story.state.runs:
        for team in run.teams:
            paid = [order.amount for order in story.orders if (order.stage, order.team) == (run.stage, team.id)]
            award = team.award
            if award is None:
                assert paid == []
            elif team.left is None and run.ended is not None and _all_was_shown(story.state, run.stage, team):
                assert total(part.net for part in paid) == award.net
                assert total(part.vat for part in paid) == award.vat
            else:
                assert total(part.gross for part in paid) <= award.gross


def _all_was_shown(state: State, name: str, team: Team) -> bool:
    """Whether all evidence that the stage pays on was accepted."""
    pay = next(stage.pay for stage in state.programme.stages if stage.name == name)
    return pay is not None and all(
        number in team.verdicts and team.verdicts[number].accepted
        for number, part in enumerate(pay.instalments, start=1)
        if part.due is Due.EVIDENCE
    )


@given(stories())
def test_what_is_paid_on_evidence_is_paid_exactly_once_it_was_accepted(story: Story) -> None:
    """Fails when an instalment on evidence is due without a verdict, or with one that rejects."""
    parts = {stage.name: stage.pay.instalments for stage in story.state.programme.stages if stage.pay}
    verdicts = {
        f"{story.state.challenge.id}/{run.stage}/{team.id}/{number}": verdict.accepted
        for run in story.state.runs
        for team in run.teams
        for number, verdict in team.verdicts.items()
    }
    ordered_on_evidence = {
        order.key for order in story.orders if parts[order.stage][order.number - 1].due is Due.EVIDENCE
    }
    assert ordered_on_evidence == {key for key, accepted in verdicts.items() if accepted}


@given(stories())
def test_the_sum_of_all_payments_of_a_stage_is_its_fee_times_its_teams(story: Story) -> None:
    for run in story.state.runs:
        stage = next(stage for stage in story.state.programme.stages if stage.name == run.stage)
        if stage.pay is None or stage.pay.fixed is None or run.ended is None or len(run.active) < len(run.teams):
            continue
        if not all(_all_was_shown(story.state, run.stage, team) for team in run.teams):
            continue
        paid = total(order.amount.gross for order in story.orders if order.stage == run.stage)
        assert paid.pence == stage.pay.amount_of(stage.pay.fixed).gross.pence * len(run.teams)


def test_a_stage_without_pay_at_the_end_orders_nothing() -> None:
    assert COMMERCIALISATION.pay is None
    state = selection.select(sealed(COMMERCIALISATION), select("commercialisation", A), CLOSES)[0]
    assert keys(state) == []


def test_a_team_that_leaves_after_a_stage_is_still_owed_what_fell_due_at_its_end() -> None:
    """Invariant 1: never less than once, also if the order comes after the withdrawal."""
    state = ordered(exploring(*in_instalments()))
    state = deadlines.stage_ended(state, state.run.ends)[0]
    left = withdrawal.withdraw(state, Withdraw(by=OPERATOR, team=A, reason="No people."), state.run.ends)[0]
    assert f"round/air-quality/exploration/{A}/2" in keys(left)
