"""Many challenges that sleep in their window: the worker's memory, a restart, and a move to fresh runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from temporalio.client import Client, WorkflowHandle
from whenever import Instant

from store.database.database import Database
from workflows.interface import RENEW, STATE

from . import floor
from .databases import SQLITE, database, keep
from .measuring import Compared, Measurement, say
from .pilot import pilot
from .playing import open_challenge
from .programs import Program
from .temporal import PATIENCE, Watch, dev_server
from .worker_process import memory_of, worker_process

NAME = "sleepers"
_AIM = 1.5
_AT_ONCE = 50
"""Requests of the driver under way at the same time."""
_GLANCE = 0.02
_LONG = 60 * 24
"""Hours that the floor sleeps."""
_PAGE = 4096 / 2**20
"""The least memory that can be seen, in megabytes."""


class Size(NamedTuple):
    """How many sleep first to warm the worker up, how many sleep in all, and how many rounds there are."""

    first: int
    total: int
    rounds: int


class Slept(NamedTuple):
    """One side of one round.

    Args:
        memory: by how many megabytes the worker grows with each sleeper.
        answered: seconds from the start of a new worker until each sleeper has answered a query.
        moved: seconds from the first signal until each sleeper sleeps in a fresh run.
    """

    memory: float
    answered: float
    moved: float


def measure(small: bool) -> Iterator[Measurement]:
    """Challenges of the pilot that wait for the end of their window, against a bare workflow of the same shape.

    The service's worker and a worker of the floor take turns on one development server, each in a process of its own.
    A side starts its workflows and measures how its worker has grown, after the first few for warming up. Then a new
    worker takes the place of the first: each workflow is asked a query, and gets the signal to go on in a fresh run.

    The floor is `bench.floor.BareSleeper`: one activity, one timer, a query, and a signal to continue as new.

    Args:
        small: whether a few are enough, only to see that the measurement works.
    """
    size = Size(2, 8, 1) if small else Size(20, 1_000, 3)
    pairs = asyncio.run(_rounds(size))
    sleepers = f"{size.total:,} challenges that sleep in their window"
    for name, what, unit in (
        ("memory", f"The worker's memory for each of {sleepers}", "MB"),
        ("answered", f"{sleepers}: all answer a query after a restart of the worker", "seconds"),
        ("moved", f"{sleepers}: all go on in a fresh run after the signal `{RENEW}`", "seconds"),
    ):
        compared = Compared.of([(getattr(one, name), getattr(other, name)) for one, other in pairs])
        yield Measurement(
            name=f"{NAME}: {name}",
            what=f"{what}, against a bare workflow of the same shape.",
            unit=unit,
            figure=compared.figure,
            floor=compared.floor,
            ratio=compared.ratio,
            aim=f"at most {_AIM} of the floor",
            met=compared.ratio <= _AIM,
            notes=(compared.spread,),
        )


async def _rounds(size: Size) -> list[tuple[Slept, Slept]]:
    pairs = []
    async with dev_server(Watch()) as client:
        for turn in range(size.rounds):
            with database(SQLITE) as kept:
                real = await _sleep(client, kept, _challenges(client, kept, f"turn-{turn}", size), size)
                bare = await _sleep(client, kept, _bare(client, f"bare-{turn}", size), size)
            pairs.append((real, bare))
            for side, slept in ("challenges", real), ("the floor", bare):
                say(f"  {side}: {slept.memory:.3f} MB, {slept.answered:.1f} s, {slept.moved:.1f} s")
    return pairs


async def _sleep(client: Client, kept: Database, sleepers: _Sleepers, size: Size) -> Slept:
    """One side of one round."""
    first, others = sleepers.ids[: size.first], sleepers.ids[size.first :]
    runs: dict[str, str] = {}

    async def start(each: str) -> None:
        runs[each] = (await sleepers.start(each)).first_execution_run_id or ""

    async with _worker(client, kept, sleepers.bare) as worker:
        memory = []
        for some in (first, others):
            await _each(some, start)
            for each in some:
                await _is_asleep(client, each)
            memory.append(memory_of(worker))
    async with _worker(client, kept, sleepers.bare):
        begun = time.perf_counter()
        await _each(sleepers.ids, lambda each: client.get_workflow_handle(each).query(STATE))
        answered, begun = time.perf_counter() - begun, time.perf_counter()
        await _each(sleepers.ids, lambda each: client.get_workflow_handle(each).signal(RENEW))
        for each in sleepers.ids:
            await _is_asleep(client, each, not_in=runs[each])
        moved = time.perf_counter() - begun
    return Slept(max(memory[1] - memory[0], _PAGE) / len(others), answered, moved)


async def _is_asleep(client: Client, workflow: str, not_in: str = "") -> None:
    """Waits until nothing is done for a workflow: only a timer or a message will wake it.

    Args:
        client: of the server.
        workflow: its id.
        not_in: a run that the workflow has to have left.

    Raises:
        TimeoutError: something is still done for it after two minutes.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            told = (await client.get_workflow_handle(workflow).describe()).raw_description
            if told.workflow_execution_info.execution.run_id != not_in and not (
                told.pending_activities or told.HasField("pending_workflow_task")
            ):
                return
            await asyncio.sleep(_GLANCE)


async def _each(workflows: Sequence[str], act: Callable[[str], Awaitable[object]]) -> None:
    """Does something with each workflow, several at the same time."""
    waiting = iter(workflows)

    async def act_on_all() -> None:
        for each in waiting:
            await act(each)

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(act_on_all())


@asynccontextmanager
async def _worker(client: Client, kept: Database, bare: bool) -> AsyncIterator[Program]:
    """A worker in a process of its own, until the block ends."""
    with worker_process() as process:
        address = client.service_client.config.target_host
        question = {"address": address, "database": str(kept.engine.url), "bare": bare}
        await asyncio.to_thread(process.ask, question)
        yield process


class _Sleepers(NamedTuple):
    """The workflows of one side: whether they are the floor's, their ids, and how one is started."""

    bare: bool
    ids: Sequence[str]
    start: Callable[[str], Awaitable[WorkflowHandle[Any, Any]]]


def _challenges(client: Client, kept: Database, name: str, size: Size) -> _Sleepers:
    """Challenges of the pilot whose window has just opened. They are stored in the database."""
    round_, programme, (pattern, *_) = pilot(opens=Instant.now())
    ids = [f"{name}/{name}-{number}" for number in range(size.total)]
    challenges = {each: pattern.model_copy(update={"id": each}) for each in ids}
    keep(kept, round_.model_copy(update={"id": name}), programme, tuple(challenges.values()))
    return _Sleepers(False, ids, lambda each: open_challenge(client, challenges[each], programme))


def _bare(client: Client, name: str, size: Size) -> _Sleepers:
    """Workflows of the floor that sleep for as long as the challenges."""
    until = Instant.now().add(hours=_LONG).timestamp()
    return _Sleepers(
        True,
        [f"{name}-{number}" for number in range(size.total)],
        lambda each: client.start_workflow(
            floor.BareSleeper.run, args=[until, False], id=each, task_queue=floor.TASK_QUEUE
        ),
    )
