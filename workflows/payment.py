"""The life of one payment: requested, submitted to the rail, settled, and its challenge told.

It is a workflow of its own, named by its business key, because it can take days and must not hold up a stage.
"""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from . import interface
from .steps import Steps

with workflow.unsafe.imports_passed_through():
    from whenever import Instant

    from domain.announcement import Announcement, Attention, attention_called
    from domain.awards import PaymentStep, PaymentToMake


@workflow.defn(name=interface.PAYMENT)
class PaymentWorkflow:
    """Pays one instalment of an award, once."""

    @workflow.init
    def __init__(self, payment: PaymentToMake) -> None:
        self._order = payment.order
        self._operators = payment.operators
        self._standing = "starting"
        self._steps = Steps(self._show, self._call)

    @workflow.run
    async def run(self, payment: PaymentToMake) -> str:
        """Takes the payment through its steps; each may be repeated and pays nothing twice.

        Args:
            payment: what is paid, to whom, under which key.

        Returns:
            How the payment stands at the end: "settled".
        """
        if workflow.info().workflow_id != self._order.key:
            raise ApplicationError(f"The payment {self._order.key} has that id and no other.", non_retryable=True)
        try:
            await self._pay()
        except asyncio.CancelledError:
            # What a team is owed is not undone by a button in Temporal.
            await self._pay()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._standing

    async def _pay(self) -> None:
        await self._step("request_payment", "requested")
        await self._step("submit_payment", "submitted")
        await self._step("settle_payment", "settled")
        await self._tell_challenge()

    @workflow.update(name=interface.RETRY, description="What needs attention was mended: try again.")
    async def retry(self) -> str:
        """A person asks for another try; says of what."""
        return self._steps.try_again()

    @workflow.query(description="How the payment stands.")
    def standing(self) -> str:
        """Requested, submitted or settled."""
        return self._standing

    async def _step(self, activity: str, then: str) -> None:
        step = PaymentStep(order=self._order, at=Instant(workflow.now()))
        summary = f"{then}: {self._order.amount.gross.shown(self._order.currency)} for {self._order.team}"
        await self._steps.do(activity, step, type(None), summary)
        self._standing = then
        self._show()

    async def _tell_challenge(self) -> None:
        challenge = workflow.get_external_workflow_handle(self._order.challenge)
        try:
            await challenge.signal(interface.PAYMENT_SETTLED, self._order.key)
        except ApplicationError as error:
            # The money has moved and the ledger says so; a challenge that was terminated has nobody left to tell.
            workflow.logger.warning("challenge not told", extra={"fault": error.message})

    def _call(self, attention: Attention) -> Announcement:
        order, unique = self._order, str(workflow.uuid4())
        now = Instant(workflow.now())
        return attention_called(order.challenge, self._operators, attention, order.stage, now, unique)

    def _show(self) -> None:
        order, attention = self._order, self._steps.attention
        due = order.amount.gross.shown(order.currency)
        lines = [
            f"**{due}** to **{order.team}** for {order.stage} (instalment {order.number} of {order.of}): "
            f"{self._standing}.",
            f"It belongs to the challenge `{order.challenge}`.",
        ]
        if attention:
            lines.append(f"**Needs attention:** {attention}\n\nMend the cause, then send the update `retry`.")
        workflow.set_current_details("\n\n".join(lines))
        known = workflow.info().typed_search_attributes.get(interface.NEEDS_ATTENTION)
        if bool(attention) != bool(known):
            workflow.upsert_search_attributes([interface.NEEDS_ATTENTION.value_set(bool(attention))])
