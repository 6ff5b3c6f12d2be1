"""A worker that kills itself at chosen points of its work, each once, and is started again at once: a program.

    python -m tests.crashes.dying_worker ADDRESS NAMESPACE DATABASE_URL FOLDER [MOMENT…]

Workflows and activities are the service's own, and so is their worker. Each MOMENT is one of every activity at which
it dies, such as "before its work"; "before its work on PART" means only the first activity with a business key of which
a part begins so. Every death leaves a file of its name in FOLDER/deaths, so that none is died twice. The program runs
until its standard input is closed; while there is a file FOLDER/down, no worker is started.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from temporalio import workflow
from temporalio.client import Client
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.common import RetryPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.plugin import SimplePlugin
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    StartActivityInput,
    StartChildWorkflowInput,
    WorkerConfig,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from whenever import Instant

from domain.announcement import Announcement
from domain.awards import PaymentOrder, PaymentStep
from domain.challenge import Sealing
from gateways.rails import EmbeddedRail, PaymentRail, Transfer
from settings import Settings
from store.database import Database
from worker import build_worker

BEFORE = "before its work"
AFTER = "after its work was kept, before Temporal heard of it"
RAIL_HAS_IT = "after the rail took it, before the ledger knew"

PATIENCE = timedelta(seconds=1)
"""How long Temporal takes to notice that a worker is gone; the service itself gives it longer."""

_RETRIES = RetryPolicy(initial_interval=timedelta(milliseconds=100), backoff_coefficient=1)


def point(key: str, activity: str, moment: str) -> str:
    """The name of a death: the business key of the work, which activity does it, and the moment."""
    return f"{key} {activity} {moment}"


class Deaths:
    """Which deaths are to be died, and which were.

    Args:
        folder: where those that were died are kept.
        moments: of activities at which one is to be died.
    """

    def __init__(self, folder: Path, moments: Collection[str]) -> None:
        self._folder = folder / "deaths"
        self._moments = moments

    def die_once(self, key: str, activity: str, moment: str) -> None:
        """Kills this process, unless it is not planned or was done before."""
        name = self._planned(key, activity, moment)
        if name is None:
            return
        try:
            with (self._folder / quote(name, safe=" ")).open("x") as marker:
                os.fsync(marker.fileno())
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

    def _planned(self, key: str, activity: str, moment: str) -> str | None:
        if moment in self._moments:
            return point(key, activity, moment)
        parts = [each.removeprefix(f"{moment} on ") for each in self._moments if each.startswith(f"{moment} on ")]
        on = next((part for part in parts if any(each.startswith(part) for each in key.split("/"))), None)
        return on and f"{moment} on {on}"


class DyingInside(ClientInterceptor, Interceptor):
    """Dies before and after the work of activities, and lets Temporal notice it soon."""

    def __init__(self, deaths: Deaths) -> None:
        self._deaths = deaths

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """See `temporalio.worker.Interceptor`."""
        return _Dying(next, self._deaths)

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002
        """See `temporalio.worker.Interceptor`."""
        return _Hurrying


class _Dying(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, deaths: Deaths) -> None:  # noqa: A002
        super().__init__(next)
        self._deaths = deaths

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        if not input.args:  # a look at the clock, which leaves nothing behind
            return await super().execute_activity(input)
        key, activity = _key(input.args[0]), input.fn.__name__
        self._deaths.die_once(key, activity, BEFORE)
        result = await super().execute_activity(input)
        self._deaths.die_once(key, activity, AFTER)
        return result


def _key(argument: object) -> str:
    match argument:
        case Announcement():
            return argument.key
        case Sealing():
            return argument.challenge
        case PaymentStep():
            return argument.order.key
    raise TypeError(f"{type(argument).__name__} has no business key here: give it one")


class _Hurrying(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Hurried(outbound))


class _Hurried(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        input.start_to_close_timeout = PATIENCE
        input.retry_policy = _RETRIES
        return super().start_activity(input)

    async def start_child_workflow(self, input: StartChildWorkflowInput) -> workflow.ChildWorkflowHandle[Any, Any]:  # noqa: A002
        input.task_timeout = PATIENCE
        return await super().start_child_workflow(input)


class _SoonReplaced(SimplePlugin):
    """A worker that died holds no work back for itself."""

    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        config = super().configure_worker(config)
        config["sticky_queue_schedule_to_start_timeout"] = timedelta(milliseconds=200)
        return config


class RailOfDeath:
    """The embedded rail, with a moment to die at; while there is a file of the name `strike`, it takes nothing."""

    def __init__(self, rail: PaymentRail, deaths: Deaths, strike: Path) -> None:
        self._rail = rail
        self._deaths = deaths
        self._strike = strike

    def find(self, key: str) -> Transfer | None:
        """See `gateways.rails.PaymentRail`."""
        return self._rail.find(key)

    def transfer(self, order: PaymentOrder, at: Instant) -> Transfer:
        """See `gateways.rails.PaymentRail`."""
        if self._strike.exists():
            raise ConnectionError("the rail is on strike")
        transfer = self._rail.transfer(order, at)
        self._deaths.die_once(order.key, "submit", RAIL_HAS_IT)
        return transfer


async def _work(address: str, namespace: str, database_url: str, folder: Path, moments: Collection[str]) -> None:
    deaths = Deaths(folder, moments)
    client = await Client.connect(
        address,
        namespace=namespace,
        data_converter=pydantic_data_converter,
        interceptors=[DyingInside(deaths)],
        plugins=[_SoonReplaced("soon replaced")],
    )
    database = Database(database_url)
    rail = RailOfDeath(EmbeddedRail(database.engine), deaths, folder / "strike")
    # Whoever started this went away or wants no more of it; there is nothing to be finished, as with any death.
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), os._exit, 0)
    await build_worker(client, database, rail, Settings(database_url=database_url)).run()


def _told_to_stop(within: float) -> bool:
    return bool(select.select([sys.stdin], [], [], within)[0])


def main() -> int:
    """Starts one worker after the other; exit status 0 told to stop, otherwise that of a worker that failed."""
    address, namespace, database_url, place, *moments = sys.argv[1:]
    folder = Path(place)
    while True:
        while (folder / "down").exists():
            if _told_to_stop(within=0.02):
                return 0
        # A copy of this process, which has imported everything: ready at once.
        worker = os.fork()
        if worker == 0:
            asyncio.run(_work(address, namespace, database_url, folder, moments))
            return 0
        note = folder / "pid.new"
        note.write_text(str(worker))
        note.rename(folder / "pid")
        status = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
        if status != -signal.SIGKILL:
            return abs(status)


if __name__ == "__main__":
    sys.exit(main())
