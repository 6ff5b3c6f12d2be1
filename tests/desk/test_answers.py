"""What each error of Temporal says about the message that it answers."""

from __future__ import annotations

import pytest
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, RetryState, TerminatedError
from temporalio.service import RPCError, RPCStatusCode

from domain.values.refusals import KINDS
from service.answers import ERRORS, Fate, fate_of, is_late, reason_of

OF_ITSELF = {
    RPCStatusCode.NOT_FOUND: Fate.NOBODY_THERE,
    RPCStatusCode.INVALID_ARGUMENT: Fate.TURNED_AWAY,
    RPCStatusCode.FAILED_PRECONDITION: Fate.TURNED_AWAY,
    RPCStatusCode.OUT_OF_RANGE: Fate.TURNED_AWAY,
    RPCStatusCode.UNIMPLEMENTED: Fate.TURNED_AWAY,
    RPCStatusCode.UNAUTHENTICATED: Fate.TURNED_AWAY,
    RPCStatusCode.PERMISSION_DENIED: Fate.TURNED_AWAY,
}
"""Temporal has not passed a message on for sure."""


@pytest.mark.parametrize("status", RPCStatusCode)
def test_only_what_temporal_turns_away_itself_is_surely_not_taken(status: RPCStatusCode) -> None:
    """Fails where an overloaded server, or one that goes away, is believed to have taken nothing: the SDK tries again,
    and the first try may have arrived."""
    assert fate_of(RPCError("said", status, b"")) is OF_ITSELF.get(status, Fate.UNKNOWN)


@pytest.mark.parametrize("code", KINDS)
def test_a_failed_update_is_a_refusal_if_a_rule_of_the_service_has_refused_it(code: str) -> None:
    assert fate_of(WorkflowUpdateFailedError(ApplicationError("No.", type=code))) is Fate.REFUSED


@pytest.mark.parametrize(
    "cause",
    [
        ApplicationError("completed before the Update completed", type="AcceptedUpdateCompletedWorkflow"),
        ApplicationError("a fault", type="RuntimeError"),
        ApplicationError("a fault"),
        CancelledError("cancelled"),
        TerminatedError("terminated"),
        ActivityError(
            "failed",
            scheduled_event_id=1,
            started_event_id=2,
            identity="",
            activity_type="announce",
            activity_id="1",
            retry_state=RetryState.TIMEOUT,
        ),
    ],
    ids=lambda cause: getattr(cause, "type", None) or type(cause).__name__,
)
def test_an_update_that_failed_for_any_other_reason_may_be_taken(cause: BaseException) -> None:
    error = WorkflowUpdateFailedError(cause)

    assert fate_of(error) is Fate.UNKNOWN
    assert reason_of(error).startswith("was reset")
    assert not is_late(error)


@pytest.mark.parametrize("error", [TimeoutError(), WorkflowUpdateRPCTimeoutOrCancelledError()], ids=repr)
def test_an_answer_that_does_not_come_in_time_is_no_answer(error: BaseException) -> None:
    assert isinstance(error, ERRORS)
    assert fate_of(error) is Fate.UNKNOWN
    assert is_late(error)
    assert reason_of(error) == "has not answered in time: check that a worker is running"
