"""Temporal servers, and a way to learn what a worker has done without asking the worker."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import temporalio.client
import temporalio.worker
from temporalio import activity
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from worker import register_search_attributes, search_attributes_wanted
from workflows.interface import SEARCH_ATTRIBUTES

PATIENCE = 120.0
"""Seconds to wait for anything: a test server can stand still for good."""


class Watch(temporalio.client.Interceptor, temporalio.worker.Interceptor):
    """Counts the finished activities of each workflow, so that a driver can wait for the next.

    Unlike a query, counting costs the worker nothing, so the measurement shows the work of the workflow only.
    """

    def __init__(self) -> None:
        self._done: Counter[str] = Counter()
        self._changed: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """See `temporalio.worker.Interceptor`."""
        return _Counting(next, self)

    def note(self, workflow: str) -> None:
        """Counts one more finished activity."""
        self._done[workflow] += 1
        self._changed[workflow].set()

    def done(self, workflow: str) -> int:
        """How many finished activities a workflow has."""
        return self._done[workflow]

    async def until(self, workflow: str, number: int) -> None:
        """Waits until a workflow has so many finished activities.

        Raises:
            TimeoutError: it does not have them within two minutes.
        """
        changed = self._changed[workflow]
        async with asyncio.timeout(PATIENCE):
            while self._done[workflow] < number:
                changed.clear()
                await changed.wait()


class _Counting(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, watch: Watch) -> None:
        super().__init__(following)
        self._watch = watch

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        result = await super().execute_activity(input)
        self._watch.note(activity.info().workflow_id or "")
        return result


@asynccontextmanager
async def dev_server(watch: Watch, *namespaces: str) -> AsyncIterator[Client]:
    """The development server, in memory and in real time.

    Args:
        watch: an interceptor of the client.
        namespaces: that the server has besides the client's.
    """
    async with await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        dev_server_existing_path=program("temporal"),
        dev_server_log_level="error",
        dev_server_extra_args=[part for each in namespaces for part in ("--namespace", each)],
        interceptors=[watch],
        runtime=quiet_runtime(),
    ) as environment:
        await register_search_attributes(environment.client)
        yield environment.client


@asynccontextmanager
async def months(watch: Watch) -> AsyncIterator[WorkflowEnvironment]:
    """A server that skips time whenever workflows wait for timers only."""
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter,
        test_server_existing_path=program("temporal-test-server"),
        interceptors=[watch],
        runtime=quiet_runtime(),
    ) as environment:
        await environment.client.operator_service.add_search_attributes(
            search_attributes_wanted("default", SEARCH_ATTRIBUTES)
        )
        yield environment


async def is_closed(client: Client, workflow: str) -> None:
    """Waits until a workflow has ended, without letting time skip.

    Raises:
        TimeoutError: the workflow has not ended within two minutes.
    """
    async with asyncio.timeout(PATIENCE):
        while (await client.get_workflow_handle(workflow).describe()).close_time is None:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@cache
def quiet_runtime() -> Runtime:
    """A runtime that logs errors only: it does not warn about what a test server cannot do, or cannot do in time."""
    only_errors = TelemetryFilter(core_level="ERROR", other_level="ERROR")
    return Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter=only_errors)))


def program(name: str) -> str:
    """The path of a program that was installed with the packages."""
    return str(Path(sys.executable).parent / name)
