"""A worker that kills itself at chosen points of its work, each once, and is started again at once.

A program for `tests.processes`; its arguments are ADDRESS NAMESPACE FOLDER [MOMENT…].

Workflows and activities are the service's own, and so are their worker and its settings. Each MOMENT is one of every
activity and of every step of `dying_payments` at which it dies, such as "before its work"; "before its work in STEP"
means only activities or steps of that name, and "before its work on PART" only the first with a business key of which a
part begins so. Every death leaves a file of its name in FOLDER/deaths, so that none is died twice. The program runs
until its standard input is closed; while there is a file FOLDER/down, no worker is started.
"""

from __future__ import annotations

import asyncio
import gc
import os
import select
import signal
import sys
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event
from temporalio import activity, workflow
from temporalio.client import Client, OutboundInterceptor, StartWorkflowInput, WorkflowHandle
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.common import RetryPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.plugin import SimplePlugin
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    StartActivityInput,
    WorkerConfig,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from whenever import Instant

import worker
from domain.challenges.decisions import Decision
from domain.challenges.steps import Orders, Sealing, ToAnnounce
from domain.payments.moves import Move
from service import log, settings
from service.wiring import database_of, letters_of, rail_of
from tests.crashes import dying_payments, dying_sender
from tests.crashes.dying import AFTER, BEFORE, Deaths, under_way
from tests.crashes.dying_payments import RAIL_ASKED, RailOfDeath
from workflows.stubs import CHECK_PROOF, DELIVER_NOTICES, LOOK_UP_REPORTS, READ_CLOCK

PATIENCE = timedelta(seconds=2)
"""How long Temporal takes to notice that a worker is gone; the service itself gives it longer."""

_RETRIES = RetryPolicy(initial_interval=timedelta(milliseconds=100), backoff_coefficient=1)


class DyingInside(ClientInterceptor, Interceptor):
    """Dies before and after the work of activities, and lets Temporal notice it soon."""

    def __init__(self, deaths: Deaths) -> None:
        self._deaths = deaths

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        """See `temporalio.client.Interceptor`."""
        return _Starting(next)

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
        # A look leaves nothing behind; a sender dies at moments of its own.
        name = activity.info().activity_type
        if name in (READ_CLOCK.name, LOOK_UP_REPORTS.name, CHECK_PROOF.name, DELIVER_NOTICES.name):
            return await super().execute_activity(input)
        key = _key(input.args[0])
        self._deaths.die_once(key, name, BEFORE)
        with under_way(key, name):
            result = await super().execute_activity(input)
        self._deaths.die_once(key, name, AFTER)
        return result


def _key(argument: object) -> str:
    match argument:
        case ToAnnounce():
            return argument.announcement.key
        case Sealing():
            return argument.state.challenge.id
        case Orders():
            return argument.payments[0].order.key
        case Move():
            decision: Decision | None = getattr(argument, "decision", None)
            key = argument.payment.order.key
            return f"{key}/{decision.kind}/{decision.decision_id}" if decision else key
    raise TypeError(f"{type(argument).__name__} has no business key here: give it one")


def check_died(died: Collection[str], wanted: Collection[str], allowed: Collection[str] = ()) -> None:
    """That a worker died at every moment at which it was to, and at no other.

    Not always while the rail was asked for a transfer: the death of another can hide that it was.

    Args:
        died, wanted: the deaths.
        allowed: deaths of steps that are taken or not, as chance has it.
    """
    hidden = {each for each in set(wanted) - set(died) if each.endswith(RAIL_ASKED)}
    assert set(died) - (set(allowed) - set(wanted)) == set(wanted) - hidden
    assert not hidden or len(hidden) < sum(each.endswith(RAIL_ASKED) for each in wanted)


class _Starting(OutboundInterceptor):
    """Payments are started by activities, and miss their worker as soon as all else does."""

    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002
        input.task_timeout = PATIENCE
        return await super().start_workflow(input)


class _Hurrying(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Hurried(outbound))


class _Hurried(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        if input.activity == DELIVER_NOTICES.name:
            input.heartbeat_timeout = dying_sender.MISSED_AFTER
        else:
            input.start_to_close_timeout = PATIENCE
        input.retry_policy = _RETRIES
        return super().start_activity(input)


class _SoonReplaced(SimplePlugin):
    """A worker that died holds no work back for itself, and its successor is ready at once."""

    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        config = super().configure_worker(config)
        config["sticky_queue_schedule_to_start_timeout"] = timedelta(milliseconds=200)
        # What takes most of the time of a start: reading all code to name the build.
        config["build_id"] = "dying worker"
        return config


async def _work(address: str, namespace: str, folder: Path, moments: Collection[str], start: Instant) -> None:
    deaths, options = Deaths(folder, moments), settings.load()
    client = await Client.connect(
        address,
        namespace=namespace,
        data_converter=pydantic_data_converter,
        interceptors=[DyingInside(deaths)],
        plugins=[_SoonReplaced("soon replaced")],
    )
    database = database_of(options)
    event.listen(database.engine, "commit", deaths.die_within)
    rail = RailOfDeath(rail_of(options, database), deaths, folder)
    # Whoever started this went away or wants no more of it; there is nothing to be finished, as with any death.
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), os._exit, 0)
    dying_payments.make_mortal(deaths)
    dying_sender.make_mortal(deaths, start)
    working = worker.build_worker(client, database, rail, options)
    await worker.start_delivery(client, options)
    await working.run()


def _told_to_stop(within: float) -> bool:
    return bool(select.select([sys.stdin], [], [], within)[0])


def main() -> int:
    """Starts one worker after the other; exit status 0 told to stop, otherwise that of a worker that failed."""
    address, namespace, place, *moments = sys.argv[1:]
    folder, start = Path(place), Instant.now()
    log.configure(settings.load())
    letters_of(settings.load())  # kept for all workers: it takes as long as all else that one does when it starts
    gc.freeze()  # see `tests.processes`
    while True:
        while (folder / "down").exists():
            if _told_to_stop(within=0.02):
                return 0
        # A copy of this process, which has imported everything: ready at once.
        pid = os.fork()
        if pid == 0:
            asyncio.run(_work(address, namespace, folder, moments, start))
            return 0
        note = folder / "pid.new"
        note.write_text(str(pid))
        note.rename(folder / "pid")
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status != -signal.SIGKILL:
            return abs(status)
