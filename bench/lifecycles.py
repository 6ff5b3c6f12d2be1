"""Whole lifecycles of `ChallengeWorkflow` per second, against a bare workflow of the same shape."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from itertools import chain
from statistics import mean
from typing import Any, NamedTuple

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker
from whenever import Instant, TimeDelta

from domain.programmes.programme import Programme, Reminders, Stage
from domain.programmes.round import Challenge
from domain.values.calendar import lasting
from domain.values.model import Value
from store.database.database import Database

from . import floor
from .databases import SQLITE, database, declare_interests, insert_applications, keep
from .measuring import Compared, Measurement, say
from .pilot import pilot
from .playing import (
    TEAMS,
    Giving,
    activities_of,
    activities_until_sealed,
    decide,
    open_challenge,
    pay,
    payees_kept_in,
    payment_keys,
    service_worker,
    take_part,
)
from .temporal import PATIENCE, Watch, dev_server

NAME = "lifecycles"
_AIM = 0.9
_TOLERANCE = 0.02
"""How far the averages of the two sides' counts may differ; beyond this, the comparison counts as unfair."""
_WAIT = 2.0
"""Seconds that the window is open, and that each stage lasts. Long enough for all messages of a stage, so that each
deadline gets its timer under load, too."""

_THOUGHT = 0.2
"""Seconds before anybody decides or answers. An instant answer would arrive before the wait for it has a timer."""

_BARE = "bare-"

_COUNTED = {
    EventType.EVENT_TYPE_TIMER_STARTED: "timers",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED: "updates",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: "signals",
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: "activities",
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED: "workflow tasks",
}

Begin = Callable[[Challenge], Awaitable[WorkflowHandle[Any, Any]]]
"""Starts a lifecycle."""


class Size(NamedTuple):
    """How many lifecycles run at once, how many there are in a round, and how many rounds there are."""

    at_once: int
    total: int
    rounds: int


class Half(Value):
    """One side of one round.

    Args:
        rate: lifecycles a second.
        cost: processor seconds of worker and driver for each lifecycle, without the server's.
        counted: the average counts of a history.
    """

    rate: float
    cost: float
    counted: dict[str, float]


def measure(small: bool) -> Iterator[Measurement]:
    """The service's own worker and a bare worker take turns on one development server, with one driver.

    Every wait of the pilot is cut to two seconds, and reminders are left out: under load a reminder can come after
    its deadline and be skipped, but both sides must do the same number of things. So many lifecycles run at once that
    the processors never wait for a timer. The driver starts each lifecycle, sends the same selections and sessions at
    the same points, and waits for the result.

    The floor is `bench.floor`: as many timers, updates, signals, activities and payments, the same worker
    settings, and no work.

    Args:
        small: whether a few are enough, only to see that the measurement works.
    """
    size = Size(2, 2, 1) if small else Size(36, 36, 3)
    yield _measurement(size, *asyncio.run(halves(size)))


async def halves(size: Size, together: bool = False) -> tuple[list[Half], list[Half]]:
    """The rounds of the service, and the rounds of the floor.

    Args:
        size: of each side.
        together: whether both sides of a round run at once. Then only the counts can be compared, not the rates.
    """
    watch = Watch()
    real: list[Half] = []
    bare: list[Half] = []
    async with dev_server(watch) as client:
        with database(SQLITE) as kept:
            for turn in range(size.rounds):
                play = Turn(client, watch, kept, size, f"turn-{turn}")
                sides = play.real(), play.bare()
                one, other = await asyncio.gather(*sides) if together else [await side for side in sides]
                real.append(one)
                bare.append(other)
                say(f"  {real[-1].rate:.1f} a second, the floor {bare[-1].rate:.1f}")
    return real, bare


def _measurement(size: Size, real: list[Half], bare: list[Half]) -> Measurement:
    compared = Compared.of([(one.rate, other.rate) for one, other in zip(real, bare, strict=True)])
    costs = Compared.of([(one.cost, other.cost) for one, other in zip(real, bare, strict=True)])
    return Measurement(
        name=NAME,
        what=f"Whole lifecycles of ChallengeWorkflow, {size.at_once} at once, against a bare workflow.",
        unit="a second",
        figure=compared.figure,
        floor=compared.floor,
        ratio=compared.ratio,
        aim=f"at least {_AIM} of the floor",
        met=compared.ratio >= _AIM,
        notes=(
            compared.spread,
            f"Processor time of worker and driver for each lifecycle: {1000 * costs.figure:.0f} ms, "
            f"the floor {1000 * costs.floor:.0f} ms.",
            f"Counted in each lifecycle: {_in_words(real)}.",
            f"Counted in each lifecycle of the floor: {_in_words(bare)}.",
            *(() if _alike(real, bare) else (_TOO_BUSY,)),
        ),
    )


_TOO_BUSY = (
    "The sides cannot be compared: their counts differ, because deadlines passed before their timers started. "
    "The machine was too busy: measure again when the machine is idle."
)


def _alike(real: list[Half], bare: list[Half]) -> bool:
    """Whether both sides did the same number of things. Workflow tasks may differ, by when messages arrive."""
    return all(
        abs(mean(half.counted[name] for half in real) / mean(half.counted[name] for half in bare) - 1) < _TOLERANCE
        for name in _COUNTED.values()
        if name != "workflow tasks"
    )


class Turn:
    """One round: the same challenges for the service and for the floor."""

    def __init__(self, client: Client, watch: Watch, kept: Database, size: Size, name: str) -> None:
        self._client = client
        self._watch = watch
        self._kept = kept
        self._size = size
        round_, programme, challenges = pilot()
        self._programme = _brief(programme)
        self._challenges = tuple(
            challenges[0].model_copy(update={"id": f"{name}/{name}-{number}"}) for number in range(size.total)
        )
        self._teams: dict[str, tuple[str, ...]] = {}
        self._worker = service_worker(client, kept)
        keep(kept, round_.model_copy(update={"id": name}), self._programme, self._challenges)
        for challenge in self._challenges:
            self._teams[challenge.id] = insert_applications(kept, challenge, TEAMS)
            declare_interests(kept, challenge)

    async def real(self) -> Half:
        """The side of the service, with its own workflows, activities and database."""
        return await self._run(self._worker, self._begin_real, payees_kept_in(self._kept), "")

    async def bare(self) -> Half:
        """The side of the floor, with a worker that has the service's settings."""
        worker = floor.worker(self._worker, floor.BareChallenge, floor.BarePayment)
        return await self._run(worker, self._begin_bare, _give_nothing, _BARE)

    async def _run(self, worker: Worker, begin: Begin, give: Giving, prefix: str) -> Half:
        challenges = [each.model_copy(update={"id": f"{prefix}{each.id}"}) for each in self._challenges]
        teams = {f"{prefix}{challenge}": ids for challenge, ids in self._teams.items()}
        async with worker:
            waiting = iter(challenges)
            started, cost = time.perf_counter(), time.process_time()
            async with asyncio.TaskGroup() as group:
                for number in range(self._size.at_once):
                    after = number * _WAIT / self._size.at_once
                    group.create_task(self._live_all(waiting, teams, begin, give, after))
            took, cost = time.perf_counter() - started, time.process_time() - cost
        return Half(
            rate=len(challenges) / took,
            cost=cost / len(challenges),
            counted=await self._counted(challenges[:5], teams),
        )

    async def _live_all(
        self,
        waiting: Iterator[Challenge],
        teams: dict[str, tuple[str, ...]],
        begin: Begin,
        give: Giving,
        after: float,
    ) -> None:
        """Waits `after` seconds, then runs one lifecycle after the other until none is left."""
        await asyncio.sleep(after)
        for challenge in waiting:
            await self._live(challenge, teams[challenge.id], begin, give)

    async def _live(self, challenge: Challenge, teams: tuple[str, ...], begin: Begin, give: Giving) -> None:
        now = Instant.now()
        opens, closes = now - TimeDelta(seconds=1), now + TimeDelta(seconds=_WAIT)
        challenge = challenge.model_copy(update={"opens": opens, "closes": closes})
        handle = await begin(challenge)
        done = activities_until_sealed(self._programme)
        for stage in self._programme.stages:
            await self._watch.until(challenge.id, done)
            await asyncio.sleep(_THOUGHT)
            await decide(handle, challenge, self._programme, stage, teams)
            await take_part(handle, challenge, self._programme, stage, Instant.now())
            await pay(self._client, self._watch, give, challenge, self._programme, stage, teams, _THOUGHT)
            done += activities_of(self._programme, stage)
        async with asyncio.timeout(PATIENCE):
            await handle.result()

    async def _begin_real(self, challenge: Challenge) -> WorkflowHandle[Any, Any]:
        return await open_challenge(self._client, challenge, self._programme)

    async def _begin_bare(self, challenge: Challenge) -> WorkflowHandle[Any, Any]:
        # The real challenge's teams: here only the ids of payments name them.
        teams = self._teams[challenge.id.removeprefix(_BARE)]
        stages = [(payment_keys(challenge, stage, teams), _WAIT) for stage in self._programme.stages]
        return await self._client.start_workflow(
            floor.BareChallenge.run,
            args=[challenge.closes.timestamp(unit="millisecond") / 1000, stages],
            id=challenge.id,
            task_queue=floor.TASK_QUEUE,
        )

    async def _counted(self, challenges: list[Challenge], teams: dict[str, tuple[str, ...]]) -> dict[str, float]:
        """The average counts of a lifecycle, with its payments."""
        counts: Counter[str] = Counter()
        for challenge in challenges:
            stages = (payment_keys(challenge, stage, teams[challenge.id]) for stage in self._programme.stages)
            for workflow in (challenge.id, *chain.from_iterable(stages)):
                history = await self._client.get_workflow_handle(workflow).fetch_history()
                counts.update(_COUNTED[event.event_type] for event in history.events if event.event_type in _COUNTED)
        return {name: counts[name] / len(challenges) for name in _COUNTED.values()}


def _give_nothing(challenge: Challenge, stage: Stage, team: str) -> None:
    """The floor keeps no bank details."""


def _brief(programme: Programme) -> Programme:
    stages = tuple(stage.model_copy(update={"duration": lasting(_WAIT)}) for stage in programme.stages)
    return programme.model_copy(update={"stages": stages, "reminders": Reminders()})


def _in_words(halves: list[Half]) -> str:
    return ", ".join(f"{mean(half.counted[name] for half in halves):g} {name}" for name in _COUNTED.values())
