"""What each error of Temporal says about the message that it answers."""

from __future__ import annotations

from typing import NoReturn, cast

import pytest
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    StartWorkflowInput,
    StartWorkflowUpdateInput,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    RetryState,
    TerminatedError,
    WorkflowAlreadyStartedError,
)
from temporalio.service import RPCError, RPCStatusCode, ServiceClient
from whenever import Instant

from desk.temporal import Temporal
from domain.values.refusals import KINDS, NotConfirmed, Unavailable
from service.answers import ERRORS, Fate, fate_of, is_late, reason_of
from tests.waiting import SOON

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


class Answering(Interceptor):
    """Whatever a client starts or sends fails.

    Args:
        error: how.
    """

    def __init__(self, error: Exception) -> None:
        self._error = error

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        """See `Interceptor`."""
        return _Failing(next, self._error)


class _Failing(OutboundInterceptor):
    def __init__(self, next: OutboundInterceptor, error: Exception) -> None:  # noqa: A002
        super().__init__(next)
        self._error = error

    async def start_workflow(self, input: StartWorkflowInput) -> NoReturn:  # noqa: A002
        raise self._error

    async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> NoReturn:  # noqa: A002
        raise self._error


def speaking(error: Exception) -> Temporal:
    """The workflows, which nobody can reach."""

    async def connect() -> Client:
        return Client(cast(ServiceClient, None), interceptors=[Answering(error)])

    return Temporal(connect, SOON, Instant.now)


async def started(error: Exception) -> bool:
    """Whether a workflow was started."""
    options = {"id": "pilot-2016/air-quality", "task_queue": "challenges"}
    return await speaking(error).start("ChallengeWorkflow", None, "Open the round again.", **options)


async def test_a_workflow_of_which_nobody_knows_whether_it_was_started_is_to_be_started_again() -> None:
    """Fails where an answer that was lost is taken for a start that was refused."""
    said = r"pilot-2016/air-quality has not answered \(no way\)\. Open the round again\."
    with pytest.raises(NotConfirmed, match=said):
        await started(RPCError("no way", RPCStatusCode.UNAVAILABLE, b""))
    with pytest.raises(Unavailable, match="Temporal did not start pilot-2016/air-quality: may not"):
        await started(RPCError("may not", RPCStatusCode.PERMISSION_DENIED, b""))
    assert not await started(WorkflowAlreadyStartedError("pilot-2016/air-quality", "ChallengeWorkflow"))


async def test_a_server_that_is_too_busy_has_perhaps_taken_the_message() -> None:
    with pytest.raises(NotConfirmed, match="Nobody knows whether the hold was taken: see the status"):
        await speaking(RPCError("too much to do", RPCStatusCode.RESOURCE_EXHAUSTED, b"")).update(
            "pilot-2016/air-quality", "hold", again="see the status."
        )
