"""What activities say to workflows: a payment is to be made, or a payment is over."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from temporalio import activity
from temporalio.client import Client

from domain.challenges.state import OrderState
from domain.payments.payment import PaymentSnapshot, PaymentToMake
from domain.values.refusals import Unavailable
from service.answers import ERRORS, Fate, fate_of, in_words
from service.connection import answered
from service.payment_start import payment_start
from workflows import interface

_PATIENCE = 10.0
"""Seconds to wait for Temporal."""


class PaymentRuns(Protocol):
    """The workflows of payments, and of the challenges that they belong to."""

    def start(self, payment: PaymentToMake) -> None:
        """Starts the workflow of a payment, unless it runs. One that has ended is started again.

        Raises:
            Unavailable: Temporal does not answer.
        """
        ...

    def ledger_changed(self, payment: PaymentToMake) -> None:
        """Has the workflow of a payment look at the ledger.

        Raises:
            Unavailable: Temporal does not answer.
        """
        ...

    def tell_challenge(self, payment: PaymentToMake, snapshot: PaymentSnapshot) -> None:
        """Tells the challenge that a payment is over, or is owed again. A challenge may be told the same twice.

        Raises:
            Unavailable: Temporal does not answer.
        """
        ...


class TemporalRuns:
    """See `PaymentRuns`. Called from threads, while an event loop runs in another.

    Args:
        client: a connection to Temporal.
        loop: the event loop of that connection.
    """

    def __init__(self, client: Client, loop: asyncio.AbstractEventLoop) -> None:
        self._client = client
        self._loop = loop

    def start(self, payment: PaymentToMake) -> None:
        """See `PaymentRuns`."""
        started = self._do(self._client.start_workflow(interface.PAYMENT, payment, **payment_start(payment)))
        if not started:
            raise Unavailable(f"Temporal does not start {payment.order.key}: check that the namespace is there.")

    def ledger_changed(self, payment: PaymentToMake) -> None:
        """See `PaymentRuns`."""
        run = self._client.get_workflow_handle(payment.order.key)
        self._do(run.signal(interface.LEDGER_CHANGED))

    def tell_challenge(self, payment: PaymentToMake, snapshot: PaymentSnapshot) -> None:
        """See `PaymentRuns`."""
        how = OrderState(snapshot.status) if snapshot.is_over else OrderState.UNDER_WAY
        run = self._client.get_workflow_handle(payment.order.challenge)
        self._do(run.signal(interface.PAYMENT_CHANGED, args=[payment.order.key, str(how)]))

    def _do(self, call: Coroutine[Any, Any, object]) -> bool:
        """Whether it could be done; not if nobody is there."""
        doing = asyncio.run_coroutine_threadsafe(answered(call, _PATIENCE), self._loop)
        try:
            doing.result(2 * _PATIENCE)  # also where the event loop itself does not go on
        except ERRORS as error:
            if fate_of(error) is not Fate.NOBODY_THERE:
                raise Unavailable(f"Temporal does not answer ({in_words(error)}).") from None
            # The ledger says what became of the payment; a run that was terminated has nobody left to tell.
            activity.logger.warning("workflow not told", extra={"fault": in_words(error)})
            return False
        return True
