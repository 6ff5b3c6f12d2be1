"""The workflows of payments: starting one again that has ended, and letting them know that the ledger has changed."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from domain.challenges.awards import order_in_words, payments_due
from domain.challenges.state import State
from domain.payments import decisions
from domain.payments.payment import OVER, PaymentStatus, PaymentToMake, payment_to_make
from domain.values.refusals import Unavailable
from store.challenges.rounds import ChallengeRow
from store.payments import reading
from store.payments.reading import Payment
from workflows import interface

from .core import Core


class PaymentWorkflows:
    """What payments and their files tell the workflows of payments."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def let_know(self, keys: Iterable[str]) -> None:
        """Lets payments look at what is noted of their files; takes up again those that were over.

        Raises:
            Unavailable, NotConfirmed: one of those could not be told, nor any after it.
        """
        for key in keys:
            payment = await self._core.threads.read(reading.find_payment, self._core.database, key)
            row = await self._core.find(payment.challenge)
            if start := await self.start(payment, row, decisions.Return.kind):
                await self._core.update(row, interface.RETRY, None, workflow=key, start=start)
            else:
                await self.ledger_changed([key])

    async def ledger_changed(self, keys: Iterable[str]) -> None:
        """Lets payments look at the ledger. One that hears nothing looks by itself before its next reminder."""
        with suppress(Unavailable):
            client = await self._core.client()
            for key in keys:
                with suppress(RPCError):
                    await client.get_workflow_handle(key).signal(interface.LEDGER_CHANGED)

    async def start(
        self, payment: Payment, row: ChallengeRow, what: str
    ) -> WithStartWorkflowOperation[Any, Any] | None:
        """What starts the workflow of a payment again that has ended, or is gone; None if it has nothing to do.

        Args:
            payment, row: the payment and its challenge.
            what: the message that it is to be started for.

        Raises:
            Unavailable: Temporal or the challenge does not answer.
        """
        goes_on = (what, payment.status) in _GOES_ON
        if payment.status in OVER and not goes_on:
            return None
        client = await self._core.client()
        if not goes_on:  # of what is over a run may be about to end; any other goes on
            with suppress(RPCError):
                if (await client.get_workflow_handle(payment.key).describe()).close_time is None:
                    return None
        to_make = _to_make(await self._core.state(row), payment.key)
        return WithStartWorkflowOperation(
            interface.PAYMENT,
            to_make,
            id=payment.key,
            task_queue=interface.TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=order_in_words(to_make.order, to_make.title)[:200],
        )


_GOES_ON = frozenset(
    {(decisions.Return.kind, PaymentStatus.SETTLED), (decisions.UndoReturn.kind, PaymentStatus.CANCELLED)}
)
"""What can still be said of a payment that is over: that it came back, or that what came back has arrived after all."""


def _to_make(state: State, key: str) -> PaymentToMake:
    for order in payments_due(state.having(payments={})):
        if order.key == key:
            return payment_to_make(state, order)
    raise Unavailable(f"The challenge {state.challenge.id} knows no payment {key}: see `reconcile`.")
