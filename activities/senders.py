"""Who has sent a message, as the Temporal server says: its events name the caller whom the server has authenticated.

A development server authenticates nobody, and names nobody. What a sender calls themselves (`identity`) is a claim, and
is not read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress

from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseRequest
from temporalio.client import Client

from domain.challenges.decisions import DECISIONS, Decision
from domain.challenges.messages import read
from domain.identity.asked import Asked
from domain.identity.statement import content_of
from domain.payments.decisions import PAYMENT_DECISIONS
from domain.values.refusals import Refused
from service.answers import ERRORS
from service.connection import answered

_RECENT = 100
"""How many events are looked at, from the latest: a message is judged soon after it has come."""
_PATIENCE = 5.0
"""Seconds to wait for Temporal. Nothing depends on the answer."""


class Senders:
    """Looks up who has sent messages. Called from threads, while an event loop runs in another.

    Args:
        client: a connection to Temporal.
        loop: the event loop of that connection.
    """

    def __init__(self, client: Client, loop: asyncio.AbstractEventLoop) -> None:
        self._client = client
        self._loop = loop

    def who_sent(self, workflow: str, asked: Asked) -> str:
        """Who has sent a decision, such as "jwt/ann"; empty if the server names nobody, or does not answer.

        Args:
            workflow: id of the challenge or payment to which it was sent.
            asked: the decision.
        """
        looking = asyncio.run_coroutine_threadsafe(answered(self._look(workflow, asked), _PATIENCE), self._loop)
        with suppress(*ERRORS):
            return looking.result(2 * _PATIENCE)
        return ""

    async def _look(self, workflow: str, asked: Asked) -> str:
        async for event in self._events(workflow):
            name, arguments = _message_in(event)
            if name == asked.kind and event.principal.name:
                codec = self._client.data_converter.payload_codec
                said = await codec.decode(arguments) if codec else arguments
                if says_the_same([each.data for each in said], asked):
                    return f"{event.principal.type}/{event.principal.name}"
        return ""

    async def _events(self, workflow: str) -> AsyncIterator[HistoryEvent]:
        request = GetWorkflowExecutionHistoryReverseRequest(
            namespace=self._client.namespace,
            execution=WorkflowExecution(workflow_id=workflow),
            maximum_page_size=_RECENT,
        )
        found = await self._client.workflow_service.get_workflow_execution_history_reverse(request)
        for event in found.history.events:
            yield event


def _message_in(event: HistoryEvent) -> tuple[str, list[Payload]]:
    """The name and the arguments of the message that an event is about; no name if it is about none."""
    if event.HasField("workflow_execution_signaled_event_attributes"):
        signal = event.workflow_execution_signaled_event_attributes
        return signal.signal_name, list(signal.input.payloads)
    update = event.workflow_execution_update_accepted_event_attributes.accepted_request.input
    return update.name, list(update.args.payloads)


def says_the_same(said: list[bytes], asked: Asked) -> bool:
    """Whether the arguments of a message are the decision that is asked for, however they are written."""
    tables: tuple[Mapping[str, type[Decision]], ...] = (DECISIONS, PAYMENT_DECISIONS)
    for known in tables:
        with suppress(Refused):
            if content_of(read(asked.kind, said, known, "")) == asked.content:
                return True
    return False
