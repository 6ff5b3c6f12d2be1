"""How a workflow has something done: an activity with bounded patience, and then a person."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import NoReturn

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception

from . import interface
from .faults import said
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
_RETRIES = RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=30))
_PATIENCE_TO_TELL = timedelta(seconds=30)
_LONGEST_SUMMARY = 200


class Steps:
    """Has activities done, and keeps what needs a person's attention.

    A failure is tried again for a while; then the step stands still, visibly, until a person asks for another try.

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

    @property
    def attention(self) -> str:
        """What needs a person; nothing if all goes on. Several steps can stand still at once."""
        return "; ".join([self._stood_still] if self._stood_still else self._stuck)

    def try_again(self) -> str:
        """A person asks for another try of what needs attention; says what that is."""
        self._tries_asked += 1
        return self.attention or interface.NOTHING_TO_TRY

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

    async def _attempt(self, stub: Stub[Input, Answer], given: Input, summary: str, patience: timedelta) -> Answer:
        try:
            done: Answer = await workflow.execute_activity(
                stub.name,
                given,
                result_type=stub.answer,
                start_to_close_timeout=ONE_TRY,
                schedule_to_close_timeout=patience,
                retry_policy=_RETRIES,
                summary=summary[:_LONGEST_SUMMARY],
            )
        except ActivityError as fault:
            _raise_if_final(fault)
            raise
        return done

    async def _wait_for_a_person(self, summary: str, fault: str, wait: Wait) -> None:
        workflow.logger.error("needs attention", extra={"fault": fault})
        what = f"could not be done: {summary}: {fault}"
        asked = self._tries_asked
        self._stood_still = ""  # told anew, if it is the same
        self._stuck.append(what)
        self._show()
        try:
            await self._tell(what)
            await wait(lambda: self._tries_asked > asked or self._run.may_leave())
        except BaseException:
            self._go_on(what)
            raise
        if self._tries_asked == asked:
            self._leave(self.attention)
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


def _raise_if_final(error: ActivityError) -> None:
    """Raises what no other try can change: that the workflow is cancelled, or a refusal."""
    if is_cancelled_exception(error):
        raise asyncio.CancelledError from error
    refusal = refusal_in(error.cause)
    if refusal is not None and not isinstance(refusal, Unavailable):
        raise refusal from error
