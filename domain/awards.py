"""What teams are due: which payments a challenge owes at a moment, each under its business key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from whenever import Instant

from .challenge import StageRun, State, Team
from .model import Value
from .money import Amount, Money
from .programme import Due, Instalment, Programme, Stage


class PaymentOrder(Value):
    """One instalment of an award, to be paid once.

    Args:
        key: its business key, `round/challenge/stage/team/number`: unique for ever.
        challenge, stage, team: whose and for what.
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
    """The payments that the programme says are due by now and that were not ordered yet, in order."""
    stages = {stage.name: stage for stage in state.programme.stages}
    return tuple(
        order
        for run in state.runs
        for team in run.teams
        for order in _orders(state, stages[run.stage], run, team)
        if order.key not in state.payments
    )


def unpaid_orders(state: State) -> tuple[PaymentOrder, ...]:
    """The payments that were ordered and are not settled, to be ordered again: each is still made once."""
    return tuple(each for each in payments_due(state.having(payments={})) if each.key in state.unpaid)


def _orders(state: State, stage: Stage, run: StageRun, team: Team) -> list[PaymentOrder]:
    if stage.pay is None or team.award is None:
        return []
    parts = stage.pay.instalments_of(team.award)
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
        if _is_due(instalment, run, team)
    ]


def _is_due(instalment: Instalment, run: StageRun, team: Team) -> bool:
    """A team that has left keeps what fell due before it left."""
    if instalment.due is Due.END:
        return run.ended is not None and (team.left is None or team.left >= run.ended)
    return instalment.due is Due.START


class PaymentToMake(Value):
    """What a payment's workflow starts from.

    Args:
        order: the payment.
        operators: who is told if it needs attention.
    """

    order: PaymentOrder
    operators: tuple[str, ...]


class PaymentStep(Value):
    """One step of a payment, and when it was taken by Temporal's clock."""

    order: PaymentOrder
    at: Instant


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
