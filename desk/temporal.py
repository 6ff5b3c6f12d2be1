"""What the desk says to workflows, and what their answers mean: `service.answers` says what became of a message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, timedelta
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.exceptions import TemporalError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode
from whenever import Instant

from domain.challenges.state import State
from domain.values.refusals import NotConfirmed, Unavailable
from service.answers import ERRORS, Fate, fate_of, in_words, is_late, reason_of
from service.connection import Connection, answered
from workflows import interface
from workflows.refusals import refusal_in

from .proofs import going_with, taking_proofs

_ASKED_AGAIN_AFTER = timedelta(seconds=5)
_DESCRIBED_WITHIN = timedelta(seconds=5)


_AGAIN = "you can safely send it again."


class NobodyThere(Exception):
    """The workflow has no run that could take a message.

    Args:
        since: why nobody knows whether the message was taken, if the run went away only since it was sent; None if the
            run had ended before, or Temporal does not know the workflow.
    """

    def __init__(self, since: NotConfirmed | None) -> None:
        super().__init__()
        self.since = since


class Temporal:
    """The workflows, as the desk speaks with them.

    Args:
        connect: gives a connection to Temporal; called when the first is needed.
        within: how many seconds to wait for an answer.
        now: the service's clock.
    """

    def __init__(self, connect: Callable[[], Awaitable[Client]], within: float, now: Callable[[], Instant]) -> None:
        async def connected() -> Client:
            return taking_proofs(await connect())

        self._connection = Connection(connected)
        self._within = within
        self._now = now

    async def client(self) -> Client:
        """The connection, one for the whole process.

        Raises:
            Unavailable: Temporal cannot be reached. The message says what to do.
        """
        return await self._connection.client()

    async def state(self, challenge: str, within: float = 0) -> State:
        """All that the workflow of a challenge knows.

        Args:
            challenge: its id.
            within: how many seconds to wait for the answer, if not as long as usual.

        Raises:
            Unavailable: Temporal does not have the workflow, or no worker runs.
        """
        handle = (await self.client()).get_workflow_handle(challenge)
        try:
            return await answered(_answer(handle), within or self._within)
        except TimeoutError:
            self._connection.lost()  # perhaps no worker runs; perhaps nobody is at the other end any more
            raise Unavailable(f"{challenge} has not answered: check that a worker is running.") from None
        except ValueError:  # the SDK knows no such status
            raise Unavailable(f"{challenge} is paused in Temporal: unpause the workflow there.") from None
        except TemporalError as error:
            if is_late(error):
                self._connection.lost()
            raise Unavailable(
                f"{challenge} cannot report its status: {error}. See the challenge in Temporal's UI."
            ) from None

    async def update(
        self,
        workflow: str,
        name: str,
        arguments: Sequence[object] = (),
        *,
        id: str | None = None,  # noqa: A002
        start: WithStartWorkflowOperation[Any, Any] | None = None,
        again: str = _AGAIN,
        proof: str = "",
    ) -> str:
        """Sends a message to a workflow, and returns the answer.

        Args:
            workflow: its id.
            name: of the message.
            arguments: of the message.
            id: of the update: Temporal answers a second one with the same id like the first.
            start: starts the workflow, together with the message, if the workflow is not running.
            again: what a person reads who has to send the message again, because nobody knows whether it was taken.
            proof: goes with the message; see `Core.signed`.

        Raises:
            Refused: the workflow refuses.
            NotConfirmed: nobody knows whether the message was taken.
            Unavailable: Temporal has not passed the message on.
            NobodyThere: no run of the workflow is there to take the message.
        """
        client, sent = await self.client(), self._now()
        said: Any = {"args": list(arguments), "id": id, "result_type": str}
        try:
            sending: Awaitable[str] = (
                client.execute_update_with_start_workflow(name, start_workflow_operation=start, **said)
                if start
                else client.get_workflow_handle(workflow).execute_update(name, **said)
            )
            with going_with(proof):
                return await answered(sending, self._within)
        except ERRORS as error:
            raise await self._failed(client, workflow, name, error, sent, again) from None

    async def signal(self, workflow: str, name: str, *, proof: str = "") -> None:
        """Sends a message to a workflow that does not answer it. The message may come twice.

        Args:
            workflow: its id.
            name: of the message.
            proof: see `update`.

        Raises:
            NotConfirmed, Unavailable, NobodyThere: as for `update`.
        """
        client, sent = await self.client(), self._now()
        try:
            with going_with(proof):
                await answered(client.get_workflow_handle(workflow).signal(name), self._within)
        except ERRORS as error:
            raise await self._failed(client, workflow, name, error, sent, _AGAIN) from None

    async def start(self, name: str, given: object, again: str, **options: Any) -> bool:
        """Starts a workflow.

        Args:
            name: of its kind.
            given: what it starts from.
            again: what a person reads, if nobody knows whether it was started.
            options: as for `temporalio.client.Client.start_workflow`.

        Returns:
            Whether it was started; otherwise there is one already.

        Raises:
            NotConfirmed: nobody knows whether it was started.
            Unavailable: Temporal has not started it.
        """
        client = await self.client()
        try:
            await answered(client.start_workflow(name, given, **options), self._within)
        except WorkflowAlreadyStartedError:
            return False
        except ERRORS as error:
            if is_late(error):
                self._connection.lost()
            if fate_of(error) is Fate.UNKNOWN:
                raise NotConfirmed(f"{options['id']} {reason_of(error)}. {again}") from None
            raise Unavailable(f"Temporal did not start {options['id']}: {in_words(error)}.") from None
        return True

    async def found(self, workflow: str) -> WorkflowExecutionInfo | None:
        """What Temporal knows of the latest run of a workflow; None if it knows none.

        Raises:
            Unavailable: Temporal does not answer.
        """
        try:
            return (await described(await self.client(), workflow)).workflow_execution_info
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            if is_late(error):
                self._connection.lost()
            raise Unavailable(f"Temporal does not say how {workflow} stands: {in_words(error)}. Try again.") from None

    async def _failed(
        self, client: Client, workflow: str, name: str, error: BaseException, sent: Instant, again: str
    ) -> Exception:
        """What whoever has sent a message is told."""
        refusal = refusal_in(error.__cause__) if fate_of(error) is Fate.REFUSED else None
        if refusal is not None:
            return refusal
        if fate_of(error) is Fate.TURNED_AWAY:
            return Unavailable(f"Temporal did not pass on the {name} to {workflow}: {in_words(error)}.")
        why = reason_of(error)
        if is_late(error):
            why += await _pause_of(client, workflow)
            self._connection.lost()
        not_confirmed = NotConfirmed(f"{workflow} {why}. Nobody knows whether the {name} was taken: {again}")
        if fate_of(error) is Fate.NOBODY_THERE:
            return NobodyThere(None if await _had_ended(client, workflow, sent) else not_confirmed)
        return not_confirmed


async def described(client: Client, workflow: str) -> DescribeWorkflowExecutionResponse:
    """What Temporal says of the latest run of a workflow.

    Asked without the SDK's own reading of the answer, which fails for a workflow that is paused.

    Raises:
        RPCError: Temporal does not know the workflow, or does not answer.
    """
    request = DescribeWorkflowExecutionRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow)
    )
    return await client.workflow_service.describe_workflow_execution(request, retry=True, timeout=_DESCRIBED_WITHIN)


def goes_on(run: WorkflowExecutionInfo) -> bool:
    """Whether a run has not ended."""
    return not run.HasField("close_time")


async def _had_ended(client: Client, workflow: str, before: Instant) -> bool:
    """Whether a workflow that takes no message had ended before, as far as Temporal knows."""
    try:
        found = (await described(client, workflow)).workflow_execution_info
    except RPCError as error:
        return error.status is RPCStatusCode.NOT_FOUND
    return not goes_on(found) and Instant(found.close_time.ToDatetime(UTC)) < before


async def _pause_of(client: Client, workflow: str) -> str:
    """Who has paused what of a workflow in Temporal, as the end of a sentence; empty if nobody has."""
    with suppress(*ERRORS):
        found = await described(client, workflow)
        for step in found.pending_activities:
            if step.paused:
                pause = step.pause_info.manual
                return (
                    f"; {pause.identity or 'somebody'} has paused its step {step.activity_type.name} in Temporal "
                    f"({pause.reason or 'no reason given'}): unpause the step there, or send `retry`"
                )
    return ""


async def _answer(handle: WorkflowHandle[Any, Any]) -> State:
    """A challenge's answer about itself. Asked again after a while: a worker may have died with the question."""
    while True:
        try:
            state: State = await handle.query(interface.STATE, result_type=State, rpc_timeout=_ASKED_AGAIN_AFTER)
        except RPCError as error:
            if error.status not in (RPCStatusCode.CANCELLED, RPCStatusCode.DEADLINE_EXCEEDED):
                raise
        else:
            return state
