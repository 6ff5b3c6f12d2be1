"""A workflow whose timer fires while no worker is there to notice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from tests.play import Play
from tests.waiting import eventually

_STARTED, _FIRED = EventType.EVENT_TYPE_TIMER_STARTED, EventType.EVENT_TYPE_TIMER_FIRED
_OVER = (_FIRED, EventType.EVENT_TYPE_TIMER_CANCELED)
_NOTICED = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED


@asynccontextmanager
async def without_worker_before_a_timer(play: Play, workflow: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A time in which no worker runs, and a timer of a workflow fires; gives what waits until it has fired.

    A worker that is told to stop may be in the middle of what a timer has brought about. Then it comes to the end of
    that, and the next timer is taken. So nothing depends on how fast the worker is.
    """

    async def events() -> list[HistoryEvent]:
        return list((await play.client.get_workflow_handle(workflow).fetch_history()).events)

    async def is_waiting() -> bool:
        return _waits(await events())

    async def has_fired() -> bool:
        return _has_fired(await events())

    while True:
        await eventually(is_waiting)
        async with play.without_worker():
            if _waits(found := await events()) or _has_fired(found):
                yield partial(eventually, has_fired)
                return


def _waits(events: list[HistoryEvent]) -> bool:
    """Whether a timer runs."""
    kinds = [event.event_type for event in events]
    return kinds.count(_STARTED) > sum(kinds.count(kind) for kind in _OVER)


def _has_fired(events: list[HistoryEvent]) -> bool:
    """Whether a timer has fired that no worker has noticed."""
    kinds = [event.event_type for event in events]
    return _FIRED in kinds and _NOTICED not in kinds[len(kinds) - kinds[::-1].index(_FIRED) :]
