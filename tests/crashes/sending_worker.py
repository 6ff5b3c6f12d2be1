"""A worker of the service that sends notices, in a process of its own that can be killed.

A program for `tests.processes`; its arguments are ADDRESS NAMESPACE START. Everything is the service's own and set by
its variables, but for time: from START on, for whoever sends, a minute and a half passes in a second; Temporal misses a
dead worker soon; and a channel that says nothing is soon given up.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from datetime import timedelta
from functools import partial
from typing import Any

from temporalio import workflow
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.plugin import SimplePlugin
from temporalio.worker import (
    Interceptor,
    StartActivityInput,
    WorkerConfig,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from whenever import Instant

import parts
import worker
from activities.delivering import Delivering
from settings import Settings
from store.database import Database
from worker import build_worker, start_delivery

FASTER = 90
"""A claim lasts for ten seconds of this machine, of which a sending takes two at most."""
_CHANNEL_SECONDS = 0.5
_MISSED_AFTER = timedelta(seconds=3)


class _MissedSoon(Interceptor):
    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002
        """See `temporalio.worker.Interceptor`."""
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        input.heartbeat_timeout = _MISSED_AFTER
        return super().start_activity(input)


class _Hasty(SimplePlugin):
    """A worker whose workflows miss a dead activity soon, and that holds no work back for itself when it dies."""

    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        config = super().configure_worker(config)
        config["interceptors"] = [*config.get("interceptors", []), _MissedSoon()]
        config["sticky_queue_schedule_to_start_timeout"] = timedelta(milliseconds=200)
        return config


async def _work(address: str, namespace: str, start: Instant) -> None:
    vars(parts)["_CHANNEL_SECONDS"] = _CHANNEL_SECONDS
    vars(worker)["Delivering"] = partial(
        Delivering,
        clock=lambda: start + FASTER * (Instant.now() - start),
        seconds=lambda: FASTER * time.monotonic(),
    )
    client = await Client.connect(
        address, namespace=namespace, data_converter=pydantic_data_converter, plugins=[_Hasty("hasty")]
    )
    options = Settings()
    database = Database(options.database_url)
    # Whoever started this went away, or wants no more of it.
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), os._exit, 0)
    async with build_worker(client, database, parts.rail_of(options, database), options):
        await start_delivery(client, options)
        await asyncio.Event().wait()


def main() -> int:
    """Works until it is killed or its standard input is closed."""
    address, namespace, start = sys.argv[1:]
    asyncio.run(_work(address, namespace, Instant(start)))
    return 0
