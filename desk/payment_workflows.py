"""The workflows of payments: restarting ended workflows, and telling workflows that the ledger has changed."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from temporalio.client import WithStartWorkflowOperation

from domain.challenges.awards import payments_due
from domain.challenges.state import State
from domain.payments import decisions
from domain.payments.payment import OVER, PaymentStatus, PaymentToMake, payment_to_make
from domain.permissions import Actor
from domain.values.refusals import NotConfirmed, Unavailable
from service.payment_start import payment_start
from store.challenges.rounds import ChallengeRow
from store.payments import reading
from store.payments.reading import Payment
from workflows import interface

from .core import Core
from .temporal import NobodyThere, goes_on


class PaymentWorkflows:
    """Tells the workflows of payments what happens to the payments and their files."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def let_know(self, actor: Actor, keys: Iterable[str]) -> None:
        """Tells payments to read what the ledger says about their files. Restarts a payment that had ended.

        Args:
            actor: who has brought the news.
            keys: of the payments.

        Raises:
            Unavailable, NotConfirmed: a payment could not be restarted. The payments after it were not told either.
        """
        for key in keys:
            payment = await self._core.threads.read(reading.find_payment, self._core.database, key)
            row = await self._core.find(payment.challenge)
            if start := await self.start(payment, row, decisions.Return.kind):
                await self._core.update(actor, row, interface.RETRY, None, workflow=key, start=start)
            else:
                await self.ledger_changed([key])

    async def ledger_changed(self, keys: Iterable[str]) -> None:
        """Tells payments to read the ledger. A payment that misses this reads the ledger before its next reminder."""
        with suppress(Unavailable):
            for key in keys:
                with suppress(NotConfirmed, NobodyThere):
                    await self._core.temporal.signal(key, interface.LEDGER_CHANGED)

    async def start(
        self, payment: Payment, row: ChallengeRow, what: str
    ) -> WithStartWorkflowOperation[Any, Any] | None:
        """Prepares to restart a payment's workflow that has ended or is gone.

        Args:
            payment, row: the payment and its challenge.
            what: the message for which the workflow is needed.

        Returns:
            The start of the workflow. None if the workflow is running, or if the payment is over and the message
            cannot change that.

        Raises:
            Unavailable: Temporal or the challenge does not answer.
        """
        # A cancelled payment can come back only if the bank contradicts itself about it.
        is_taken = (what, payment.status) in _GOES_ON or (
            payment.status is PaymentStatus.CANCELLED and what == decisions.Return.kind and bool(payment.attention)
        )
        if payment.status in OVER and not is_taken:
            return None
        if not is_taken:  # the run of a payment that is over may be about to end
            run = await self._core.temporal.found(payment.key)
            if run is not None and goes_on(run):
                return None
        to_make = _to_make(await self._core.state(row), payment.key)
        return WithStartWorkflowOperation(interface.PAYMENT, to_make, **payment_start(to_make))


_GOES_ON = frozenset(
    {
        (decisions.Return.kind, PaymentStatus.SETTLED),
        (decisions.UndoReturn.kind, PaymentStatus.CANCELLED),
    }
)
"""The messages that a payment takes after it is over: the money came back, or the returned money arrived after all."""


def _to_make(state: State, key: str) -> PaymentToMake:
    for order in payments_due(state.having(payments={})):
        if order.key == key:
            return payment_to_make(state, order)
    raise Unavailable(
        f"The challenge {state.challenge.id} has not noted the payment {key} yet: try again in a moment. "
        "If nothing changes, see `reconcile`."
    )
