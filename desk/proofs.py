"""The desk's proof travels beside a message, in a header: the message itself stays as people write it by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    SignalWorkflowInput,
    StartWorkflowUpdateInput,
    StartWorkflowUpdateWithStartInput,
    WorkflowUpdateHandle,
)

from workflows.interface import PROOF_HEADER

_goes: ContextVar[str] = ContextVar("proof", default="")


@contextmanager
def going_with(proof: str) -> Iterator[None]:
    """Lets a proof go with every message that is sent within; none if it is empty."""
    token = _goes.set(proof)
    try:
        yield
    finally:
        _goes.reset(token)


def taking_proofs(client: Client) -> Client:
    """The same connection, on which proofs go with messages."""
    config = client.config()
    config["interceptors"] = [*config["interceptors"], _Carrier()]
    return Client(**config)


class _Carrier(Interceptor):
    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        return _Carrying(next)


class _Carrying(OutboundInterceptor):
    async def signal_workflow(self, input: SignalWorkflowInput) -> None:  # noqa: A002
        input.headers = _with_proof(input.headers)
        await super().signal_workflow(input)

    async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:  # noqa: A002
        input.headers = _with_proof(input.headers)
        return await super().start_workflow_update(input)

    async def start_update_with_start_workflow(
        self,
        input: StartWorkflowUpdateWithStartInput,  # noqa: A002
    ) -> WorkflowUpdateHandle[Any]:
        update = input.update_workflow_input
        update.headers = _with_proof(update.headers)
        return await super().start_update_with_start_workflow(input)


def _with_proof(headers: Mapping[str, Payload]) -> Mapping[str, Payload]:
    proof = _goes.get()
    if not proof:
        return headers
    return {**headers, PROOF_HEADER: Payload(metadata={"encoding": b"json/plain"}, data=proof.encode())}
