"""Compares the books: the ledger, the payments' workflows, the rail, and the payments due under the programme."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping

from temporalio.api.enums.v1 import WorkflowExecutionStatus

from domain.challenges.awards import payments_due
from domain.challenges.state import OrderState, State
from domain.payments.payment import FAILED, PaymentStatus
from domain.payments.positions import Doubt
from domain.payments.rails import PaymentRail, Progress
from domain.permissions import Action, Actor
from domain.programmes.round import is_rehearsed
from domain.values.model import Value
from domain.values.refusals import RailRefused, Unavailable
from gateways.banking.http_rail import HttpRail
from service.wiring import rail_of
from store.challenges import hand_overs
from store.challenges.hand_overs import HandOverRow
from store.challenges.rounds import ChallengeRow
from store.payments import reading
from store.payments.embedded_rail import EmbeddedRail
from store.payments.reading import Payment, TransferRow

from .core import Core
from .temporal import goes_on

_PAUSED = WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_PAUSED


class Difference(Value):
    """A difference between two of the books.

    Args:
        challenge: the challenge's id.
        payment: the payment's key. Empty if the difference concerns the whole challenge.
        what: what each of the two books says, in one line.
    """

    challenge: str
    payment: str
    what: str


class Reconciled(Value):
    """The result of a comparison of the books.

    Args:
        challenges, payments: how many were compared.
        differences: all differences that were found.
    """

    challenges: int
    payments: int
    differences: tuple[Difference, ...]


class Reconciliation:
    """Compares the books of challenges."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def reconcile(self, actor: Actor) -> Reconciled:
        """Compares the books of every challenge that the actor may reconcile.

        A payment that is changing right now can show a difference for a moment. Compare again to be sure.

        Raises:
            NotAllowed: the actor is not an operator or releaser of any challenge.
            Unavailable: the database or Temporal cannot be reached.
            FileRefused: the settings of the rail are wrong.
        """
        rows = await self._core.reach(actor, Action.RECONCILE, await self._core.challenges())
        real, rehearsal = rail_of(self._core.options, self._core.database), EmbeddedRail(self._core.database)
        found, count = list[Difference](), 0
        try:
            for row in rows:
                payments, transfers = await self._core.threads.read(self._books, row.id)
                count += len(payments)
                differences = [*await _with_programme(self._core, row, payments)]
                for payment in payments.values():
                    differences += [(payment.key, what) async for what in _with_workflow(self._core, payment)]
                rail = rehearsal if is_rehearsed(row.id) else real
                differences += await self._core.threads.read(_with_rail, rail, transfers, payments)
                differences += _with_transfers(payments, transfers)
                found += [Difference(challenge=row.id, payment=key, what=what) for key, what in differences]
        finally:
            if isinstance(real, HttpRail):
                real.close()
        return Reconciled(challenges=len(rows), payments=count, differences=tuple(found))

    def _books(self, challenge: str) -> tuple[dict[str, Payment], tuple[TransferRow, ...]]:
        payments = {payment.key: payment for payment in reading.read_payments(self._core.database, challenge)}
        return payments, reading.read_transfers(self._core.database, challenge)


async def _with_programme(core: Core, row: ChallengeRow, payments: dict[str, Payment]) -> list[tuple[str, str]]:
    """Compares the ledger with the payments due under the challenge's programme, and with the challenge's own state."""
    if not row.started:
        return []
    try:
        state = await core.state(row)
    except Unavailable as fault:
        return [("", str(fault))]
    history = await core.threads.read(hand_overs.read_hand_overs, core.database, row.round)
    return [*_due(state, payments), *_believed(state, payments), *_led(state, history)]


def _led(state: State, history: Iterable[HandOverRow]) -> Iterator[tuple[str, str]]:
    """Compares the people of a challenge that goes on with the roles that were handed over in its round."""
    for each in history:
        concerned = each.concerns(state.challenge.sponsor) and state.outcome is None
        if concerned and each.number > state.challenge.hand_overs:
            yield "", f"does not know that {each.successor} has taken over from {each.person}: send the hand-over again"


def _due(state: State, payments: dict[str, Payment]) -> Iterator[tuple[str, str]]:
    due = {order.key: order for order in payments_due(state.having(payments={}))}
    for key in sorted(due.keys() - payments.keys()):
        yield key, f"{due[key].amount.gross.shown(due[key].currency)} is due by the programme and not in the ledger"
    for key in sorted(payments.keys() - due.keys()):
        yield key, "is in the ledger and not due by the programme"
    for key in sorted(payments.keys() & due.keys()):
        kept, said = payments[key], due[key]
        if (kept.amount, kept.currency) != (said.amount, said.currency):
            there, here = kept.amount.gross.shown(kept.currency), said.amount.gross.shown(said.currency)
            yield key, f"is {there} in the ledger and {here} by the programme"


def _believed(state: State, payments: dict[str, Payment]) -> Iterator[tuple[str, str]]:
    meant = {
        OrderState.SETTLED: (  # a payment that arrived and then came back may be on its way again
            *(PaymentStatus.SETTLED, *FAILED, PaymentStatus.RELEASED, PaymentStatus.SUBMITTED),
        ),
        # A challenge that has ended may not hear that a cancelled payment has arrived after all.
        OrderState.CANCELLED: (PaymentStatus.CANCELLED, *((PaymentStatus.SETTLED,) if state.outcome else ())),
    }
    for key, how in sorted(state.payments.items()):
        payment = payments.get(key)
        if payment is None or how is OrderState.UNDER_WAY:
            if payment is not None and payment.status in (PaymentStatus.SETTLED, PaymentStatus.CANCELLED):
                yield key, f"is {payment.status} in the ledger, and the challenge has not heard of it"
        elif payment.status not in meant[how]:
            yield key, f"is {payment.status} in the ledger and {how} for the challenge"


async def _with_workflow(core: Core, payment: Payment) -> AsyncIterator[str]:
    run = await core.temporal.found(payment.key)
    over = payment.status in (PaymentStatus.SETTLED, PaymentStatus.CANCELLED)
    if run is None:
        if not over:
            yield f"is {payment.status} in the ledger, and no workflow is there to go on with it"
    elif run.status == _PAUSED and not over:
        yield f"is {payment.status} in the ledger, and its workflow is paused in Temporal: unpause it there"
    elif goes_on(run) and over:
        yield f"is {payment.status} in the ledger, and its workflow has not ended"
    elif not goes_on(run) and not over:
        how = WorkflowExecutionStatus.Name(run.status).removeprefix("WORKFLOW_EXECUTION_STATUS_").lower()
        yield f"is {payment.status} in the ledger, and its workflow is {how}: take it up again with `retry`"


def _with_transfers(payments: dict[str, Payment], transfers: tuple[TransferRow, ...]) -> Iterator[tuple[str, str]]:
    """Compares the ledger with itself: a payment's status must match its attempt that has not come back."""
    on_its_way = (PaymentStatus.RELEASED, PaymentStatus.SUBMITTED, PaymentStatus.SETTLED)
    reached = dict.fromkeys(payments, "")
    for each in transfers:
        if each.returned is None:
            reached[each.payment] = on_its_way[bool(each.submitted) + bool(each.settled)]
    for key, status in reached.items():
        said = payments[key].status
        if status != (said if said in on_its_way else ""):
            yield key, f"is {said} in the ledger, where {f'an attempt is {status}' if status else 'no attempt is made'}"


def _with_rail(
    rail: PaymentRail, transfers: Iterable[TransferRow], payments: Mapping[str, Payment]
) -> list[tuple[str, str]]:
    """Compares the ledger with the rail. May ask the rail over the network."""
    found = []
    for each in transfers:
        differs = [*_with_attempt(rail, each, payments[each.payment])]
        if each.doubt and not differs:
            differs.append(f"attempt {each.attempt} {_DOUBTS[Doubt(each.doubt)]}")
        found += [(each.payment, what) for what in differs]
    return found


_DOUBTS = {
    Doubt.CONTRADICTION: "is settled, and has failed, according to the bank: a person has to say which is true",
    Doubt.COPY: "was rejected by the bank as a copy of a payment that it has: a person has to say whether it was paid",
    Doubt.FILE: "was turned away with its whole file, of which another payment is settled: a person has to say whether "
    "it was paid",
}


def _with_attempt(rail: PaymentRail, transfer: TransferRow, payment: Payment) -> Iterator[str]:
    if transfer.rail not in ("", rail.name):
        if transfer.settled is None and transfer.returned is None:
            yield f"attempt {transfer.attempt} was begun at the rail {transfer.rail}, and the rail is {rail.name} now"
        return
    try:
        known = rail.find(transfer.id)
    except (Unavailable, RailRefused) as fault:
        yield f"attempt {transfer.attempt}: the rail does not say whether it has it ({fault})"
        return
    if known is None:
        if transfer.submitted is not None:
            yield f"attempt {transfer.attempt} is submitted according to the ledger, but the rail does not know it"
        elif transfer.rail and transfer.returned is None:
            yield f"attempt {transfer.attempt} was begun, and the rail has nothing of it"
        return
    if (known.amount, known.currency) != (payment.amount.gross, payment.currency):
        there, here = known.amount.shown(known.currency), payment.amount.gross.shown(payment.currency)
        yield f"attempt {transfer.attempt} is of {there} at the rail and of {here} in the ledger"
    if transfer.returned is not None:
        # A file contains its transfers for ever. A rail may also call a transfer settled for ever that came back later.
        if known.progress is Progress.SETTLED and not transfer.came_back_later:
            yield f"attempt {transfer.attempt} is settled according to the rail, but came back according to the ledger"
        elif known.progress is Progress.TAKEN and not rail.is_batched:
            came_back = "is on its way according to the rail, but came back according to the ledger"
            yield f"attempt {transfer.attempt} {came_back}"
    elif transfer.submitted is None:
        yield f"attempt {transfer.attempt} is with the rail, and the ledger does not have this yet"
    elif known.progress is Progress.SETTLED and transfer.settled is None:
        yield f"attempt {transfer.attempt} is settled according to the rail, and the ledger does not have this yet"
    elif known.progress.has_failed:
        how = "came back" if known.progress is Progress.RETURNED else f"was {known.progress}"
        yield f"attempt {transfer.attempt} {how} according to the rail, but not according to the ledger"
    elif known.progress is Progress.TAKEN and transfer.settled is not None:
        yield f"attempt {transfer.attempt} is settled according to the ledger, but not according to the rail"
