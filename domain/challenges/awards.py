"""What teams are due: the payments that a challenge owes at a moment, each under its business key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from whenever import Instant

from domain.announcements.announcement import Status
from domain.programmes.pay import Due, Instalment
from domain.programmes.programme import Programme, Stage
from domain.values.model import Value
from domain.values.money import Amount, Money

from .stage_run import StageRun, Team, parts_of
from .state import OrderState, Phase, State


class PaymentOrder(Value):
    """One instalment of an award, to be paid once.

    Args:
        key: its business key, `round/challenge/stage/team/number`: unique for ever.
        challenge, stage, team: who is paid, and for what.
        number: which instalment, from 1.
        of: how many there are.
        amount: what is paid.
        currency: in which currency, ISO 4217.
    """

    key: str
    challenge: str
    stage: str
    team: str
    number: int
    of: int
    amount: Amount
    currency: str


def payments_due(state: State) -> tuple[PaymentOrder, ...]:
    """The payments that are due now by the programme and were not ordered yet, in order."""
    stages = {stage.name: stage for stage in state.programme.stages}
    return tuple(
        order
        for run in state.runs
        for team in run.teams
        for order in _orders(state, stages[run.stage], run, team)
        if order.key not in state.payments
    )


def unpaid_orders(state: State) -> tuple[PaymentOrder, ...]:
    """The payments that were ordered and are not settled. They can safely be ordered again: each is still made once."""
    return tuple(each for each in payments_due(state.having(payments={})) if each.key in state.unpaid)


def orders_made(state: State) -> Mapping[str, PaymentOrder]:
    """All payments ordered so far, by key."""
    return {each.key: each for each in payments_due(state.having(payments={})) if each.key in state.payments}


def amended_orders(before: State, after: State) -> tuple[PaymentOrder, ...]:
    """The payments, ordered before, whose amount is another afterwards."""
    was = orders_made(before)
    return tuple(order for key, order in orders_made(after).items() if key in was and order.amount != was[key].amount)


def status_of(state: State) -> Status:
    """The row that lists show. What falls due at the end is owed, and shown as owed, from that moment on."""
    if state.phase is not Phase.ENDED:
        return state.status
    return state.ordering(each.key for each in payments_due(state)).status


_COME_OUT = {
    OrderState.SETTLED: "Paid",
    OrderState.CANCELLED: "Payment cancelled",
    OrderState.UNDER_WAY: "Came back, to be paid again",
}


def order_closed(state: State, key: str, how: OrderState, at: Instant) -> State:
    """The state after a payment has ended; the same state if it is known already or the payment was never ordered.

    Args:
        state: the challenge as it stands.
        key: of the payment.
        how: settled or cancelled; or under way again, because the money came back.
        at: when that became known.
    """
    if state.payments.get(key) in (None, how):
        return state
    order = orders_made(state).get(key)
    which = order_in_words(order, state.title_of(order.stage)) if order else key
    what = _COME_OUT[how]
    return state.having(payments={**state.payments, key: how}).telling(at, f"{what}: {which}")


def order_in_words(order: PaymentOrder, title: str) -> str:
    """A payment for people: "£1,800 (£1,500 and VAT) to team-a for Exploration, instalment 1 of 2".

    Args:
        order: the payment.
        title: of the stage that it is for.
    """
    which = f", instalment {order.number} of {order.of}" if order.of > 1 else ""
    return f"{amount_in_words(order.amount, order.currency)} to {order.team} for {title}{which}"


def amount_in_words(amount: Amount, currency: str) -> str:
    """An amount for people, with its part without VAT: "£1,800 (£1,500 and VAT)"."""
    gross = amount.gross.shown(currency)
    return f"{gross} ({amount.net.shown(currency)} and VAT)" if amount.vat.pence else gross


def _orders(state: State, stage: Stage, run: StageRun, team: Team) -> list[PaymentOrder]:
    if stage.pay is None or team.award is None:
        return []
    parts = parts_of(stage.pay, team)
    return [
        PaymentOrder(
            key=f"{state.challenge.id}/{run.stage}/{team.id}/{number}",
            challenge=state.challenge.id,
            stage=run.stage,
            team=team.id,
            number=number,
            of=len(parts),
            amount=part,
            currency=state.programme.currency,
        )
        for number, (instalment, part) in enumerate(zip(stage.pay.instalments, parts, strict=True), start=1)
        if _is_due(number, instalment, run, team)
    ]


def _is_due(number: int, instalment: Instalment, run: StageRun, team: Team) -> bool:
    """A team that has left keeps what fell due before it left."""
    if instalment.due is Due.EVIDENCE:
        verdict = team.verdicts.get(number)
        return verdict is not None and verdict.accepted
    if instalment.due is Due.END:
        return run.ended_for(team) is not None and run.stayed(team)
    return True


def payments_expected(
    programme: Programme, teams: Mapping[str, int], agreed: Mapping[str, Money]
) -> Counter[tuple[str, int, Money]]:
    """What a completed challenge must have paid, worked out from the programme alone.

    Args:
        programme: the rules.
        teams: how many teams each stage took, by its name; a stage that is missing was skipped.
        agreed: for stages with an agreed amount, the fee by "stage/team".

    Returns:
        How often each (stage, instalment number, gross amount) must stand in the ledger.
    """
    expected: Counter[tuple[str, int, Money]] = Counter()
    for stage in programme.stages:
        if stage.pay is None:
            continue
        fees = [fee for key, fee in agreed.items() if key.startswith(f"{stage.name}/")]
        if stage.pay.fixed is not None:
            fees = [stage.pay.fixed] * teams.get(stage.name, 0)
        for fee in fees:
            for number, part in enumerate(stage.pay.instalments_of(stage.pay.amount_of(fee)), start=1):
                expected[stage.name, number, part.gross] += 1
    return expected
