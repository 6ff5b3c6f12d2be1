"""One run of a workflow: what time it is there, how it sleeps, and how it is left for a fresh run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NoReturn

from temporalio import workflow
from temporalio.exceptions import ApplicationError
from temporalio.workflow import ContinueAsNewVersioningBehavior

from . import interface
from .limits import SUMMARY, fitting

with workflow.unsafe.imports_passed_through():
    from whenever import Instant

    from domain.values.calendar import seconds_between

_SHORTEST_SLEEP = timedelta(milliseconds=1)


class Run:
    """A run, which any wait can leave: what a workflow knows is one value, and a fresh run goes on from that value.

    Args:
        id: of the workflow, by its subject.

    Attributes:
        known: the latest instant that history vouches for: a start, a timer that fired, what an activity was told. All
            that is decided goes by it. Temporal's own idea of now is wrong where a query is answered from a run that a
            worker has just read anew: it is that of the task before, which can be weeks ago, and a replay would judge
            otherwise.
        renewal_asked: whether somebody has asked for a fresh run.
    """

    def __init__(self, id: str) -> None:  # noqa: A002
        self._id = id
        self.known = Instant(workflow.info().start_time)
        self.renewal_asked = False

    def check_id(self) -> None:
        """Keeps a subject to one workflow: what somebody starts by hand under another id does nothing.

        Raises:
            ApplicationError: the run has another id than that of its subject.
        """
        if workflow.info().workflow_id != self._id:
            raise ApplicationError(f"The workflow of {self._id} has that id and no other.", non_retryable=True)

    def renew(self) -> None:
        """Somebody asks for a fresh run: the next wait is left."""
        self.renewal_asked = True

    def has_to_move(self) -> bool:
        """Whether to go on in a fresh run: somebody asked, the history is long, or a newer build is current."""
        info = workflow.info()
        return (
            self.renewal_asked
            or info.is_continue_as_new_suggested()
            or info.is_target_worker_deployment_version_changed()
        )

    def may_leave(self) -> bool:
        """Whether the run has to be left, and nobody waits for an answer of it."""
        return self.has_to_move() and workflow.all_handlers_finished()

    def leave(self, *state: object) -> NoReturn:
        """Goes on in a fresh run.

        Args:
            state: what the fresh run starts from.
        """
        workflow.set_current_details(interface.WENT_ON)
        workflow.continue_as_new(args=state, initial_versioning_behavior=ContinueAsNewVersioningBehavior.AUTO_UPGRADE)

    def now(self) -> Instant:
        """Temporal's time, for how long to sleep and for what people read; never for what is decided."""
        return max(Instant(workflow.now()), self.known)

    def learn(self, moment: Instant | datetime) -> None:
        """History vouches for this instant too."""
        self.known = max(self.known, moment if isinstance(moment, Instant) else Instant(moment))

    async def sleep(self, woken: Callable[[], bool], until: Instant | None, why: str) -> bool:
        """Waits until something wakes the run, or an instant has come.

        Args:
            woken: whether something has.
            until: the instant; None for as long as it takes.
            why: what is waited for, for staff.

        Returns:
            Whether the instant has come.
        """
        if until is None:
            await workflow.wait_condition(woken)
            return False
        # At least a moment, also where the instant has passed: what follows has to follow from a timer.
        left = timedelta(milliseconds=max(0, int(seconds_between(self.now(), until) * 1000))) + _SHORTEST_SLEEP
        try:
            await workflow.wait_condition(woken, timeout=left, timeout_summary=fitting(why, SUMMARY))
        except TimeoutError:
            self.learn(until)
            return True
        return False
