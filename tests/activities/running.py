"""Runs activities without a worker: as Temporal asks for them, at an instant that the test names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput
from whenever import Instant

from activities.failures import SortFailures
from tests.store.said import CLOSES

Input = TypeVar("Input")
Answer = TypeVar("Answer")


def environment(at: Instant = CLOSES) -> ActivityEnvironment:
    """Where an activity runs that Temporal asked for at an instant."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, scheduled_time=at.to_stdlib())
    return environment


def run(activity: Callable[[Input], Answer], given: Input, at: Instant = CLOSES) -> Answer:
    """What an activity answers."""
    answer: Answer = environment(at).run(activity, given)
    return answer


async def failure_of(activity: Callable[[Input], object], given: Input, at: Instant = CLOSES) -> ApplicationError:
    """What Temporal is told when an activity does not do what it is asked."""
    sorting = SortFailures().intercept_activity(_Worker())
    asked = ExecuteActivityInput(fn=activity, args=[given], executor=None, headers={})
    try:
        answer = await environment(at).run(sorting.execute_activity, asked)
    except ApplicationError as failure:
        return failure
    raise AssertionError(f"it was done: {answer}")


class _Worker(ActivityInboundInterceptor):
    """What comes after the last interceptor: the activity itself."""

    def __init__(self) -> None:
        """Nothing comes after it."""

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        """See `temporalio.worker.ActivityInboundInterceptor`."""
        return input.fn(*input.args)
