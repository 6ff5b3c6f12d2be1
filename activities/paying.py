"""The steps of a payment: into the ledger, to the rail, settled."""

from __future__ import annotations

from temporalio import activity

from domain import letters
from domain.awards import PaymentStep
from gateways.rails import PaymentRail
from store import ledger
from store.database import Database


class Paying:
    """Activities on payments. Each may run again at any time, and pays nothing twice.

    Args:
        database: where the ledger is.
        rail: how money leaves.
    """

    def __init__(self, database: Database, rail: PaymentRail) -> None:
        self._database = database
        self._rail = rail

    @activity.defn(name="request_payment", no_thread_cancel_exception=True)
    def request(self, step: PaymentStep) -> None:
        """Enters the payment in the ledger."""
        ledger.request(self._database, step.order, step.at)

    @activity.defn(name="submit_payment", no_thread_cancel_exception=True)
    def submit(self, step: PaymentStep) -> None:
        """Gives the payment to the rail, unless the rail has it: an attempt before may have got through unseen.

        No database transaction is open while the rail is asked.
        """
        transfer = self._rail.find(step.order.key) or self._rail.transfer(step.order, step.at)
        ledger.mark_submitted(self._database, step.order.key, transfer.reference, transfer.at)

    @activity.defn(name="settle_payment", no_thread_cancel_exception=True)
    def settle(self, step: PaymentStep) -> None:
        """Marks the payment as settled, and tells the team."""
        ledger.mark_settled(self._database, step.order.key, step.at, letters.compose)
