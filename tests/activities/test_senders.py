"""Who has sent a message, as the Temporal server says. A development server says nothing: the events are made here."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest
from temporalio.api.common.v1 import Payload, Payloads, Principal
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryReverseResponse
from temporalio.client import Client
from temporalio.converter import DataConverter, PayloadCodec
from temporalio.service import RPCError, RPCStatusCode

from activities.senders import Senders
from domain.challenges.decisions import Hold
from domain.identity.asked import Asked
from tests.store.said import AIR

HOLD = Hold(by="olivia", reason="By hand.", decision_id="made-of-its-content")
SAID = {"reason": "By hand.", "by": "olivia"}


class Turning(PayloadCodec):
    """Writes payloads backwards."""

    async def encode(self, payloads: Any) -> list[Payload]:
        """See `PayloadCodec`."""
        return [Payload(data=each.data[::-1]) for each in payloads]

    async def decode(self, payloads: Any) -> list[Payload]:
        """See `PayloadCodec`."""
        return await self.encode(payloads)


class Server:
    """A Temporal server with these events, the latest first."""

    namespace = "default"

    def __init__(self, *events: HistoryEvent, codec: PayloadCodec | None = None, fails: bool = False) -> None:
        self.data_converter = DataConverter(payload_codec=codec)
        self.workflow_service = self
        self._events = events
        self._fails = fails

    async def get_workflow_execution_history_reverse(self, request: Any) -> GetWorkflowExecutionHistoryReverseResponse:
        """As the server does."""
        if self._fails:
            raise RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
        assert (request.execution.workflow_id, request.maximum_page_size) == (AIR, 100)
        answer = GetWorkflowExecutionHistoryReverseResponse()
        answer.history.events.extend(self._events)
        return answer


def signal(name: str, said: object, who: str, *, backwards: bool = False) -> HistoryEvent:
    """An event of a signal."""
    event, data = HistoryEvent(principal=Principal(type="jwt", name=who)), json.dumps(said).encode()
    attributes = event.workflow_execution_signaled_event_attributes
    attributes.signal_name = name
    attributes.input.CopyFrom(Payloads(payloads=[Payload(data=data[::-1] if backwards else data)]))
    return event


def update(name: str, said: object, who: str) -> HistoryEvent:
    """An event of an update."""
    event = HistoryEvent(principal=Principal(type="jwt", name=who))
    asked = event.workflow_execution_update_accepted_event_attributes.accepted_request.input
    asked.name = name
    asked.args.CopyFrom(Payloads(payloads=[Payload(data=json.dumps(said).encode())]))
    return event


async def who_sent(server: Server) -> str:
    """What is found out, as an activity asks for it: from a thread."""
    senders = Senders(cast(Client, server), asyncio.get_running_loop())
    return await asyncio.to_thread(senders.who_sent, AIR, Asked.of(HOLD, ""))


@pytest.mark.parametrize("made", [signal, update])
async def test_the_sender_of_the_very_message_is_named(made: Any) -> None:
    """Fails when any message of that name will do: another person has sent the other hold."""
    other = made("hold", SAID | {"reason": "Another."}, "mallory")
    assert await who_sent(Server(other, made("hold", SAID, "ann"), made("resume", SAID, "omar"))) == "jwt/ann"


async def test_a_message_is_read_through_the_codec() -> None:
    assert await who_sent(Server(signal("hold", SAID, "ann", backwards=True), codec=Turning())) == "jwt/ann"


@pytest.mark.parametrize(
    "server",
    [
        Server(),
        Server(signal("hold", SAID, "")),
        Server(signal("hold", "nothing that can be read", "mallory")),
        Server(signal("hold", SAID, "ann"), fails=True),
    ],
    ids=["no event", "nobody is named", "not to be read", "away"],
)
async def test_where_the_server_says_nothing_nobody_is_named(server: Server) -> None:
    assert await who_sent(server) == ""
