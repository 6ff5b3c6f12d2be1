"""How a workflow has something done: an activity with bounded patience, and then a person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel

    from domain import refusals
    from domain.announcement import Announcement, Attention
    from domain.refusals import Refused

Result = TypeVar("Result")

PATIENCE = timedelta(minutes=5)
"""For how long an activity is tried before a person is asked."""
AT_ONCE = timedelta(seconds=4)
"""For how long a write may take inside a workflow task, which itself may take ten seconds."""
ONE_TRY = timedelta(seconds=20)
"""For how long one try may take; also how long it takes to notice that the worker that had it died."""
_RETRIES = RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=30))
_PATIENCE_TO_TELL = timedelta(seconds=30)
_LONGEST_FAULT = 500
_LONGEST_SUMMARY = 200


class Steps:
    """Has activities done, and keeps what needs a person's attention.

    A failure is tried again for a while; then the step stands still, visibly, until a person asks for another try.

    Args:
        show: called when `attention` was set or cleared.
        call: the announcement with which operators are called, or told that it is mended.
    """

    def __init__(self, show: Callable[[], None], call: Callable[[Attention], Announcement]) -> None:
        self.attention = ""
        self._show = show
        self._call = call
        self._tries_asked = 0

    def try_again(self) -> str:
        """A person asks for another try of what needs attention; says what that is."""
        self._tries_asked += 1
        return self.attention or "nothing needed attention"

    async def do(self, activity: str, argument: BaseModel, result: type[Result], summary: str) -> Result:
        """Has one activity done, however long it takes; a refusal needs a person too.

        Args:
            activity: its name.
            argument: what it gets.
            result: the type that it returns.
            summary: what it does, for staff.
        """
        while True:
            try:
                return await self.do_unless_refused(activity, argument, result, summary)
            except Refused as refusal:
                await self._wait_for_a_person(f"{summary}: {refusal}")

    async def do_unless_refused(self, activity: str, argument: BaseModel, result: type[Result], summary: str) -> Result:
        """As `do`, for what a person has asked for and is told if it must not be done.

        Raises:
            Refused: the activity says that it must not be done.
        """
        while True:
            try:
                return await self._attempt(activity, argument, result, summary, PATIENCE)
            except ActivityError as fault:
                await self._wait_for_a_person(f"{summary}: {_said(fault)}")

    async def write(self, activity: str, argument: BaseModel, result: type[Result], summary: str) -> Result:
        """As `do`, for a single write to the database: tried in the workflow task itself first.

        Such a local activity leaves one line in the history instead of six, so that a year's story stays short. If
        the database does not answer at once, it becomes an activity like any other.

        Only for what comes out the same if the worker dies after the write and the task is done again later: nothing
        in the history says yet at what time it was done first.
        """
        try:
            done: Result = await workflow.execute_local_activity(
                activity,
                argument,
                result_type=result,
                schedule_to_close_timeout=AT_ONCE,
                retry_policy=RetryPolicy(maximum_attempts=1),
                summary=summary[:_LONGEST_SUMMARY],
            )
        except FailureError as fault:  # a local activity's own failure, which no ActivityError wraps
            if is_cancelled_exception(fault):
                raise asyncio.CancelledError from fault
            workflow.logger.warning("not done at once", extra={"step": activity, "fault": _said(fault)})
            return await self.do(activity, argument, result, summary)
        return done

    async def _attempt(
        self, activity: str, argument: BaseModel, result: type[Result], summary: str, patience: timedelta
    ) -> Result:
        try:
            done: Result = await workflow.execute_activity(
                activity,
                argument,
                result_type=result,
                start_to_close_timeout=ONE_TRY,
                schedule_to_close_timeout=patience,
                retry_policy=_RETRIES,
                summary=summary[:_LONGEST_SUMMARY],
            )
        except ActivityError as fault:
            _raise_if_final(fault)
            raise
        return done

    async def _wait_for_a_person(self, what: str) -> None:
        workflow.logger.error("needs attention", extra={"fault": what})
        asked = self._tries_asked
        self.attention = what
        self._show()
        await self._tell(Attention(text=what))
        await workflow.wait_condition(lambda: self._tries_asked > asked)
        self.attention = ""
        self._show()
        await self._tell(Attention(text=what, mended=True))

    async def _tell(self, attention: Attention) -> None:
        """Calls the operators by notice, if that can be done: the run itself shows it in any case."""
        try:
            await self._attempt("announce", self._call(attention), type(None), attention.text, _PATIENCE_TO_TELL)
        except (ActivityError, Refused) as fault:
            workflow.logger.warning("operators not told", extra={"fault": _said(fault)})


def _raise_if_final(error: FailureError) -> None:
    """Raises what no other try can change: that the workflow is cancelled, or a refusal."""
    if is_cancelled_exception(error):
        raise asyncio.CancelledError from error
    refusal = _refusal(error)
    if refusal is not None:
        raise refusal from error


def _refusal(error: FailureError) -> Refused | None:
    cause = _cause(error)
    kind = getattr(refusals, cause.type or "", None) if isinstance(cause, ApplicationError) else None
    if isinstance(kind, type) and issubclass(kind, Refused) and kind is not refusals.Unavailable:
        return kind(cause.message) if isinstance(cause, ApplicationError) else None
    return None


def _cause(error: FailureError) -> BaseException:
    return error.cause if isinstance(error, ActivityError) and error.cause else error


def _said(fault: FailureError | Refused) -> str:
    cause = _cause(fault) if isinstance(fault, FailureError) else fault
    return str(getattr(cause, "message", cause))[:_LONGEST_FAULT]
