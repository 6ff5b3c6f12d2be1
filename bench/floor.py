"""The floor of a lifecycle: workflows with as many waits, messages, activities and payments as the real ones.

These workflows do no work: they have no state, rules, record, details or columns.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RawValue
from temporalio.worker import Worker

from activities.asking import OnlyForWorkflows

from . import shape

NOTHING, START, TELL = "nothing", "start", "tell"
PAYMENT = "BarePayment"
TASK_QUEUE = "floor"
_LONG = timedelta(days=14)
_DAY = timedelta(days=1)


@activity.defn(name=NOTHING)
def nothing() -> None:
    """Does nothing."""


@activity.defn(name=START)
async def start(keys: list[str]) -> None:
    """Starts payments of the challenge that asks for it, as the announcement of a decision does."""
    challenge = activity.info().workflow_id
    for key in keys:
        await activity.client().start_workflow(PAYMENT, challenge, id=key, task_queue=TASK_QUEUE)


@activity.defn(name=TELL)
async def tell(challenge: str) -> None:
    """Tells a challenge that a payment is settled, as the release does."""
    await activity.client().get_workflow_handle(challenge).signal("payment_settled", "key")


ACTIVITIES = (nothing, start, tell)
"""All activities of the floor."""


def worker(service: Worker, *workflows: type) -> Worker:
    """A worker of the floor, with the settings of the service's own, which is not started.

    Args:
        service: the service's own worker.
        workflows: those of the floor.
    """
    settings = service.config()
    settings["task_queue"] = TASK_QUEUE
    settings["workflows"] = workflows
    settings["activities"] = ACTIVITIES
    # The service does activities for its own workflows only.
    settings["interceptors"] = [each for each in settings["interceptors"] if not isinstance(each, OnlyForWorkflows)]
    return Worker(**settings)


@workflow.defn(name="BareChallenge")
class BareChallenge:
    """Has as many timers, messages and activities as a challenge."""

    @workflow.init
    def __init__(self, closes: float, stages: list[tuple[list[str], float]]) -> None:
        self._payments = [payments for payments, _ in stages]
        self._selected = 0
        self._settled = 0

    @workflow.run
    async def run(self, closes: float, stages: list[tuple[list[str], float]]) -> str:
        """Goes through as many steps as a challenge.

        Args:
            closes: when the first wait ends, in seconds since 1970.
            stages: for each stage, the ids of its payments, and its seconds.
        """
        await _nothing(shape.OPENING)
        await self._wait(timedelta(seconds=closes - workflow.time()))
        await _nothing(shape.SEALING)
        for number, (_, seconds) in enumerate(stages, start=1):
            await self._wait(_LONG, number)
            ends = workflow.time() + seconds
            await self._wait(timedelta(seconds=ends - workflow.time()))
            await _nothing(shape.STAGE_END)
        paid = sum(len(payments) for payments in self._payments)
        if self._settled < paid:
            await workflow.wait_condition(lambda: self._settled == paid)
        await _nothing(shape.CLOSING)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return "completed"

    @workflow.update
    async def select(self, message: RawValue) -> str:
        """Ends a wait."""
        await _nothing(shape.DECISION - 1)
        await _have_done(START, self._payments[self._selected])
        self._selected += 1
        return "done"

    @workflow.update
    async def participation(self, message: RawValue) -> str:
        """Changes nothing."""
        await _nothing(shape.DECISION)
        return "done"

    @workflow.signal
    async def payment_settled(self, key: str) -> None:
        """Counts a payment."""
        await _nothing(shape.REPORT)
        self._settled += 1

    async def _wait(self, longest: timedelta, selections: int = 1_000) -> None:
        longest = max(longest, timedelta(milliseconds=1))  # always a timer, as in a challenge
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self._selected >= selections, timeout=longest)


@workflow.defn(name=PAYMENT)
class BarePayment:
    """Has as many timers, messages and activities as a payment."""

    @workflow.init
    def __init__(self, challenge: str) -> None:
        self._challenge = challenge
        self._heard = 0
        self._ledger_has_changed = False
        self._released = False

    @workflow.run
    async def run(self, challenge: str) -> str:
        """Goes through as many steps as a payment."""
        await _nothing(shape.REQUEST)
        while not self._released:
            if self._ledger_has_changed:
                self._ledger_has_changed = False
                await _nothing(shape.LOOK)
            await self._wait(self._heard)
        await _nothing(shape.SETTLEMENT)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return "settled"

    @workflow.signal
    async def ledger_changed(self) -> None:
        """Ends a wait."""
        self._ledger_has_changed = True

    @workflow.update
    async def release(self, message: RawValue) -> str:
        """Ends a wait."""
        await _nothing(shape.RELEASE - 1)
        await _have_done(TELL, self._challenge)
        self._released = True
        self._heard += 1
        return "done"

    async def _wait(self, heard: int) -> None:
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self._ledger_has_changed or self._heard > heard, timeout=_LONG)


@workflow.defn(name="BareSleeper")
class BareSleeper:
    """Sleeps like a challenge in its window."""

    @workflow.init
    def __init__(self, until: float, opened: bool) -> None:
        self._renewed = False

    @workflow.run
    async def run(self, until: float, opened: bool) -> None:
        """Has one activity done, and sleeps.

        Args:
            until: when the sleep ends, in seconds since 1970.
            opened: whether an earlier run has had the activity done.
        """
        if not opened:
            await _nothing(shape.OPENING)
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._renewed, timeout=timedelta(seconds=until - workflow.time()), timeout_summary="sleeps"
            )
        if self._renewed:
            workflow.continue_as_new(args=[until, True])

    @workflow.query
    def state(self) -> str:
        """Says that it sleeps."""
        return "asleep"

    @workflow.signal
    def renew(self) -> None:
        """Ends the sleep: the workflow goes on in a fresh run."""
        self._renewed = True


async def _nothing(times: int) -> None:
    for _ in range(times):
        await _have_done(NOTHING)


async def _have_done(name: str, *given: object) -> None:
    await workflow.execute_activity(
        name,
        args=given,
        start_to_close_timeout=timedelta(seconds=20),
        schedule_to_close_timeout=_DAY,
    )
