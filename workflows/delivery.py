"""The sending of all notices of the service: one workflow, which has one long activity after the other send them.

What is sent, and what became of it, is in the database; the activity deals with it. History has a few events for each
activity, however many notices there are.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception
from temporalio.workflow import ActivityCancellationType, ActivityHandle

from . import columns, interface
from .faults import said
from .runs import Run
from .stubs import DELIVER_NOTICES

with workflow.unsafe.imports_passed_through():
    from domain.delivery.delivery import CLAIM_LASTS, Outbox, Sending, details

LENGTH = timedelta(minutes=10)
"""How long one activity sends."""
HEARTBEAT = timedelta(seconds=30)
"""How long it takes to notice that the worker that sends has died."""
_AT_MOST = LENGTH + timedelta(seconds=CLAIM_LASTS.total("seconds"))
_RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=5)
"""What does not pass within these needs a person."""
_TRIED_EVERY = timedelta(minutes=1)
_PAUSED = "sending is paused in Temporal, and nothing is sent until it is unpaused there"


class _TriedAnew(Exception):
    """A person wants another try of what is paused."""


@workflow.defn(name=interface.DELIVERY)
class DeliveryWorkflow:
    """Sends notices, for ever."""

    @workflow.init
    def __init__(self) -> None:
        self._run = Run(interface.NOTICES)
        self._outbox: Outbox | None = None
        self._attention = ""
        self._calls = 0
        self._heeded = 0
        self._tries_asked = 0

    @workflow.run
    async def run(self) -> None:
        """Has notices sent until it is cancelled; what is being sent then is still sent and noted.

        Raises:
            ApplicationError: it was started by hand under another id than its own.
        """
        self._run.check_id()
        # A short one first, and after every fault: it shows where things stand.
        length = timedelta()
        while True:
            goes_well = await self._send(length)
            length = LENGTH if goes_well else timedelta()
            if self._run.has_to_move():
                await workflow.wait_condition(workflow.all_handlers_finished)
                self._run.leave()

    async def _send(self, length: timedelta) -> bool:
        """Sends for so long; if that cannot be done, waits. Says whether it could."""
        calls = self._calls
        try:
            self._outbox = await self._deliver(length)
        except _TriedAnew:
            return False
        except ActivityError as error:
            if is_cancelled_exception(error):
                return True
            self._attention = said(error)
            workflow.logger.error("needs attention", extra={"fault": self._attention})
            self._show()
            await self._wait(calls, _TRIED_EVERY, "tried again")
            return False
        self._attention = ""
        self._show()
        if not self._outbox.channel:
            await self._wait(calls, LENGTH, "another worker may have a channel")
        return bool(self._outbox.channel)

    async def _deliver(self, length: timedelta) -> Outbox:
        at_once, self._heeded = self._calls > self._heeded, self._calls
        sending = workflow.start_activity(
            DELIVER_NOTICES.name,
            Sending(seconds=length.total_seconds(), at_once=at_once),
            result_type=DELIVER_NOTICES.answer,
            start_to_close_timeout=_AT_MOST,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=_RETRIES,
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            summary="send notices" if length else "see whether notices can be sent",
        )
        try:
            if not await self._has_ended(sending):
                sending.cancel()
                with suppress(ActivityError):
                    await sending
                raise _TriedAnew
        except asyncio.CancelledError:
            sending.cancel()
            with suppress(ActivityError):
                await sending
            raise
        if not sending.done():
            sending.cancel()
        outbox: Outbox = await sending
        return outbox

    async def _has_ended(self, sending: ActivityHandle[Outbox]) -> bool:
        """Waits until sending has ended, or is to end for a fresh run; not if a person wants another try meanwhile.

        A person is called if it does not end: Temporal does not end an activity that somebody has paused there.
        """
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: sending.done() or self._run.renewal_asked,
                timeout=_AT_MOST,
                timeout_summary="by then sending has to report",
            )
        if not sending.done() and not self._run.renewal_asked:
            self._attention = _PAUSED
            workflow.logger.error("needs attention", extra={"fault": self._attention})
            self._show()
            asked = self._tries_asked
            await workflow.wait_condition(
                lambda: sending.done() or self._run.renewal_asked or self._tries_asked > asked
            )
        return sending.done() or self._run.renewal_asked

    async def _wait(self, calls: int, at_most: timedelta, why: str) -> None:
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._calls > calls or self._run.renewal_asked, timeout=at_most, timeout_summary=why
            )

    @workflow.signal(name=interface.WAKE, description="A worker has started: it may have another channel.")
    async def wake(self) -> None:
        """What waits for another try is tried now."""
        self._calls += 1

    @workflow.signal(name=interface.RENEW, description="Go on in a fresh run, on the newest build.")
    async def renew(self) -> None:
        """The activity that sends is ended, and the next one is another run's."""
        self._run.renew()

    @workflow.update(name=interface.RETRY, description="What needs attention was mended: try again.")
    async def retry(self) -> str:
        """A person asks for another try; says of what."""
        self._calls += 1
        self._tries_asked += 1
        return self._attention or interface.NOTHING_TO_TRY

    def _show(self) -> None:
        workflow.set_current_details(details(self._outbox, self._attention, paused=self._attention == _PAUSED))
        columns.show((interface.NEEDS_ATTENTION, bool(self._attention) or None))
