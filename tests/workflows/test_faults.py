"""Whoever has to mend something is told what went wrong, and not how Temporal came to give up."""

from __future__ import annotations

import pytest
from temporalio import exceptions
from temporalio.exceptions import ActivityError, ApplicationError, RetryState, TimeoutType

from workflows.faults import said

OWN = ApplicationError("ConnectionError: the worker's log says where", type="ConnectionError")


def failed(*causes: BaseException) -> ActivityError:
    """An activity's failure as Temporal reports it, with one cause inside the other."""
    fault = ActivityError(
        "Activity task timed out",
        scheduled_event_id=5,
        started_event_id=6,
        identity="worker",
        activity_type="submit_payment",
        activity_id="1",
        retry_state=RetryState.TIMEOUT,
    )
    outer: BaseException = fault
    for cause in causes:
        outer.__cause__ = cause
        outer = cause
    return fault


def out_of_time() -> exceptions.TimeoutError:
    """As the server ends an activity whose next try would come too late."""
    return exceptions.TimeoutError(
        "Not enough time to schedule next retry", type=TimeoutType.SCHEDULE_TO_CLOSE, last_heartbeat_details=[]
    )


@pytest.mark.parametrize(
    ("causes", "words"),
    [
        ((OWN,), "ConnectionError: the worker's log says where"),
        ((out_of_time(), OWN), "ConnectionError: the worker's log says where"),
        ((out_of_time(),), "no answer came in time: see whether a worker runs, and reaches the service's database"),
        ((), "Activity task timed out"),
        ((ApplicationError("x" * 600),), "x" * 500),
    ],
    ids=["failed", "failed until time ran out", "never answered", "unknown", "at length"],
)
def test_a_fault_is_told_by_its_innermost_cause(causes: tuple[BaseException, ...], words: str) -> None:
    """Fails on the second when only the first cause is looked at."""
    assert said(failed(*causes)) == words
