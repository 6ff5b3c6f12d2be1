"""The proof that comes with a message, in a header: taken out here, handed on unread, and judged by an activity.

A workflow knows no key. Where no proof came, as with a signal typed by hand, there is no header.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.worker import (
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from . import interface

_LONGEST = 5000
"""How many bytes of a header are handed on, more than any proof has: an activity's input is bounded."""

_came: ContextVar[str] = ContextVar("proof", default="")


def came_with_it() -> str:
    """The proof that came with the message that is being handled; empty if none came.

    Call this before the handler waits for anything else.
    """
    return _came.get()


class TakesProofs(Interceptor):
    """Takes the proof out of each update and each signal."""

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002
    ) -> type[WorkflowInboundInterceptor] | None:
        """See `temporalio.worker.Interceptor`."""
        return _Taking


class _Taking(WorkflowInboundInterceptor):
    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002
        _came.set(_proof_in(input.headers))
        await super().handle_signal(input)

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002
        _came.set(_proof_in(input.headers))
        return await super().handle_update_handler(input)


def _proof_in(headers: Mapping[str, Payload]) -> str:
    payload = headers.get(interface.PROOF_HEADER)
    if payload is None:
        return ""
    # A header that says nothing is a wrong one too, and none must pass for a message without a proof.
    return payload.data[:_LONGEST].decode(errors="replace") or "-"
