"""How a workflow has something done: an activity with bounded patience, and then a person."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from typing import Any, NoReturn

from temporalio import exceptions, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from . import interface
from .faults import said
from .limits import SUMMARY, fitting
from .refusals import refusal_in
from .runs import Run
from .stubs import ANNOUNCE, Answer, Input, Stub

with workflow.unsafe.imports_passed_through():
    from domain.announcements.announcement import Announcement, Attention
    from domain.challenges.steps import ToAnnounce
    from domain.values.refusals import Refused, Unavailable

Wait = Callable[[Callable[[], bool]], Awaitable[None]]
"""How something is waited for, given whether it has come."""

PATIENCE = timedelta(minutes=5)
"""For how long an activity is tried before a person is asked."""
ONE_TRY = timedelta(seconds=20)
"""For how long one try may take; also how long it takes to notice that the worker that had it died."""
_LATE = timedelta(seconds=30)
"""For how long Temporal may put off the end of an activity whose time is over."""
_ONCE = RetryPolicy(maximum_attempts=1)
_RETRIES = RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=30))
_PATIENCE_TO_TELL = timedelta(seconds=30)


class Steps:
    """Has activities done, and keeps what needs a person's attention.

    A failure is tried again for a while; then the step stands still, visibly, until a person asks for another try. It
    does so too if somebody pauses its activity in Temporal.

    Args:
        run: which may have to be left for a fresh one: a step that stands still holds up none.
        show: called when `attention` was set or cleared.
        call: the announcement with which operators are called, or told that it is mended.
        leave: leaves the run, given what stands still.
        stood_still: what did when an earlier run was left; it is mended once this run comes to rest.
    """

    def __init__(
        self,
        run: Run,
        show: Callable[[], None],
        call: Callable[[Attention], Announcement],
        leave: Callable[[str], NoReturn],
        stood_still: str = "",
    ) -> None:
        self._stood_still = stood_still
        self._run = run
        self._leave = leave
        self._stuck: list[str] = []
        self._show = show
        self._call = call
        self._tries_asked = 0
        self._under_way: dict[workflow.ActivityHandle[Any], tuple[datetime, str]] = {}

    @property
    def attention(self) -> str:
        """What needs a person; nothing if all goes on. Several steps can stand still at once."""
        return "; ".join([self._stood_still] if self._stood_still else self._stuck)

    def try_again(self) -> str:
        """A person asks for another try of what needs attention; says what that is."""
        self._tries_asked += 1
        # One that no worker has begun can be paused as well, and no timer watches it.
        late = [each for each, (since, _) in self._under_way.items() if workflow.now() - since > PATIENCE]
        left = [self._under_way.pop(each)[1] for each in late]
        return self.attention or "; ".join(left) or interface.NOTHING_TO_TRY

    async def rest(self) -> None:
        """The run has come to where it waits: whatever stood still before it has been done."""
        if self._stood_still:
            what, self._stood_still = self._stood_still, ""
            self._show()
            await self._tell(what, mended=True)

    async def do(
        self,
        stub: Stub[Input, Answer],
        given: Input,
        summary: str,
        turn: asyncio.Lock | None = None,
        wait: Wait = workflow.wait_condition,
    ) -> Answer:
        """Has one activity done, however long it takes; a refusal needs a person too.

        Args:
            stub: the activity.
            given: its input.
            summary: what it does, for staff.
            turn: held while it is tried, not while a person is waited for: of two that must not meet.
            wait: how a person is waited for, where something is to be done meanwhile.
        """
        while True:
            try:
                return await self.do_unless_refused(stub, given, summary, turn, wait)
            except Refused as refusal:
                await self._wait_for_a_person(summary, str(refusal), wait)

    async def do_unless_refused(
        self,
        stub: Stub[Input, Answer],
        given: Input,
        summary: str,
        turn: asyncio.Lock | None = None,
        wait: Wait = workflow.wait_condition,
    ) -> Answer:
        """As `do`, for what a person has asked for and is told if it must not be done.

        Raises:
            Refused: the activity says that it must not be done.
        """
        while True:
            try:
                async with turn or nullcontext():
                    return await self._attempt(stub, given, summary, PATIENCE)
            except ActivityError as fault:
                await self._wait_for_a_person(summary, said(fault), wait)
            except _Paused as pause:
                await self._wait_for_a_person(summary, str(pause), wait, pause.activity)

    async def try_briefly(self, stub: Stub[Input, Answer], given: Input, summary: str) -> Answer:
        """As `do_unless_refused`, for what nobody but the person who asks waits for: it never stands still.

        Raises:
            Refused: the activity says that it must not be done.
            Unavailable: it could not be done within half a minute.
        """
        try:
            return await self._attempt(stub, given, summary, _PATIENCE_TO_TELL)
        except ActivityError as fault:
            raise Unavailable(f"It could not be done: {summary}: {said(fault)}") from None
        except _Paused as pause:
            await _given_up(pause.activity)
            raise Unavailable(f"It could not be done: {summary}: {pause}") from None

    async def _attempt(self, stub: Stub[Input, Answer], given: Input, summary: str, patience: timedelta) -> Answer:
        """Has an activity tried: once, and where that fails again and again for as long as patience lasts.

        What succeeds at once leaves nothing but itself in history. What has failed is watched by a timer, because
        Temporal does not end an activity that somebody has paused there.

        Raises:
            ActivityError: the activity has failed.
            _Paused: Temporal has not ended the activity in time.
        """
        retries, watched, before = _ONCE, None, ""
        while True:
            activity: workflow.ActivityHandle[Answer] = workflow.start_activity(
                stub.name,
                given,
                result_type=stub.answer,
                start_to_close_timeout=ONE_TRY,
                schedule_to_close_timeout=patience,
                retry_policy=retries,
                summary=fitting(summary, SUMMARY),
            )
            try:
                if await self._has_ended(activity, summary, watched):
                    return await activity
            except TimeoutError:
                raise _Paused(activity, before) from None
            except ActivityError as fault:
                _raise_if_final(fault)
                if retries is not _ONCE or not _may_pass(fault):
                    raise
                before = said(fault)
            retries, watched = _RETRIES, patience + _LATE

    async def _has_ended(self, activity: workflow.ActivityHandle[Any], summary: str, within: timedelta | None) -> bool:
        """Waits until an activity has ended; not if a person wants another try of what has been under way for long.

        Raises:
            TimeoutError: the activity has not ended in time.
        """
        self._under_way[activity] = (workflow.now(), summary)
        try:
            await workflow.wait_condition(
                lambda: activity.done() or activity not in self._under_way,
                timeout=within,
                timeout_summary=fitting(f"patience: {summary}", SUMMARY),
            )
        except asyncio.CancelledError:
            await _given_up(activity)
            raise
        finally:
            self._under_way.pop(activity, None)
        if not activity.done():
            await _given_up(activity)
            return False
        return True

    async def _wait_for_a_person(
        self, summary: str, fault: str, wait: Wait, paused: workflow.ActivityHandle[Any] | None = None
    ) -> None:
        """Until they ask for another try, or whoever has paused the activity in Temporal unpauses it.

        Temporal does not try an activity whose time is over: unpaused, it fails, and a new one takes its place.
        """
        workflow.logger.error("needs attention", extra={"fault": fault})
        what = f"could not be done: {summary}: {fault}"
        asked = self._tries_asked
        self._stood_still = ""  # told anew, if it is the same
        self._stuck.append(what)
        self._show()

        def has_come() -> bool:
            return self._tries_asked > asked or (paused is not None and paused.done())

        try:
            await self._tell(what)
            await wait(lambda: has_come() or self._run.may_leave())
        except BaseException:
            self._go_on(what)
            raise
        if not has_come():
            self._leave(self.attention)
        if paused is not None:
            await _given_up(paused)
        self._go_on(what)
        await self._tell(what, mended=True)

    def _go_on(self, what: str) -> None:
        self._stuck.remove(what)
        self._show()

    async def _tell(self, what: str, mended: bool = False) -> None:
        """Calls the operators by notice, if that can be done: the run itself shows it in any case."""
        of = workflow.info().workflow_id
        attention = Attention(text=what, mended=mended, of=of, unresolved=self.attention)
        try:
            await self._attempt(
                ANNOUNCE, ToAnnounce(announcement=self._call(attention)), attention.text, _PATIENCE_TO_TELL
            )
        except (ActivityError, Refused) as fault:
            workflow.logger.warning("operators not told", extra={"fault": type(fault).__name__})
        except _Paused as pause:
            workflow.logger.warning("operators not told", extra={"fault": "paused in Temporal"})
            await _given_up(pause.activity)


class _Paused(Exception):
    """Temporal has not ended an activity whose time is over: somebody has paused it there.

    Args:
        activity: the activity.
        before: why it had failed before.
    """

    def __init__(self, activity: workflow.ActivityHandle[Any], before: str) -> None:
        failed = f", after it had failed with “{before}”" if before else ""
        super().__init__(f"it is paused in Temporal, and not tried until it is unpaused there{failed}")
        self.activity = activity


async def _given_up(activity: workflow.ActivityHandle[Any]) -> None:
    """Cancels an activity, unless it has ended."""
    activity.cancel()
    with suppress(ActivityError, asyncio.CancelledError):
        await activity


def _may_pass(fault: ActivityError) -> bool:
    """Whether another try may change it, and there is time for one."""
    cause = fault.cause
    if isinstance(cause, exceptions.TimeoutError):
        return cause.type is not exceptions.TimeoutType.SCHEDULE_TO_CLOSE
    return not (isinstance(cause, ApplicationError) and cause.non_retryable)


def _raise_if_final(error: ActivityError) -> None:
    """Raises what no other try can change: that the workflow is cancelled, or a refusal."""
    if is_cancelled_exception(error):
        raise asyncio.CancelledError from error
    refusal = refusal_in(error.cause)
    if refusal is not None and not isinstance(refusal, Unavailable):
        raise refusal from error
