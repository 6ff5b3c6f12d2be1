"""One connection to Temporal for a process: made once, and made again after Temporal was away."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    StartWorkflowUpdateInput,
    WorkflowUpdateHandle,
)
from temporalio.contrib.pydantic import pydantic_data_converter

from desk.desk import Desk
from domain.values.refusals import Unavailable
from service.connection import Connection, answered
from service.settings import Settings
from store.challenges.rounds import find_challenge
from store.database.database import Database
from tests.desk.asking import acting
from tests.identity.signing import key_files
from tests.servers import Server, client_at, new_namespace
from tests.store.paying import OPERATOR
from tests.store.said import AIR
from tests.waiting import HANGS
from workflows import interface


async def test_two_who_ask_at_the_same_moment_get_one_connection() -> None:
    """Fails where the second makes another while the first is being made."""
    client, made, gate = await new_namespace(), 0, asyncio.Event()

    async def connect() -> Client:
        nonlocal made
        made += 1
        await gate.wait()
        return client

    connection = Connection(connect)
    asking = [asyncio.create_task(connection.client()) for _ in range(3)]
    await asyncio.sleep(0)  # all of them have asked
    gate.set()

    assert await asyncio.gather(*asking) == [client] * 3
    assert made == 1


async def test_a_connection_that_could_not_be_made_is_tried_again_by_the_next() -> None:
    client, answers = await new_namespace(), [Unavailable("No Temporal server answers: start it."), None]

    async def connect() -> Client:
        if fault := answers.pop(0):
            raise fault
        return client

    connection = Connection(connect)
    with pytest.raises(Unavailable):
        await connection.client()
    assert await connection.client() is client


async def test_the_desk_reaches_temporal_again_after_it_was_away(tmp_path: Path, kept: Database) -> None:
    """The server is killed and started again. Fails where a connection that was lost is kept for good."""
    server, made = Server(tmp_path / "temporal.log", tmp_path / "temporal.db"), 0
    await server.start()

    async def connect() -> Client:
        nonlocal made
        made += 1
        return await Client.connect(server.address, data_converter=pydantic_data_converter)

    desk, row = Desk(Settings(answer_within=5), kept, connect), find_challenge(kept, AIR)
    try:
        with pytest.raises(Unavailable, match="not found"):  # no such run: but Temporal says so
            await desk.core.state(row)
        server.kill()
        with pytest.raises(Unavailable):
            await desk.core.state(row)
        await server.start()
        await client_at(server.address, "default")
        with pytest.raises(Unavailable, match="not found"):
            await desk.core.state(row)
    finally:
        desk.close()
        server.kill()
    assert made == 2


class _Asked(Interceptor):
    """Tells when an update is on its way to Temporal."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        asked = self.asked

        class Telling(OutboundInterceptor):
            async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:  # noqa: A002
                asked.set()
                return await super().start_workflow_update(input)

        return Telling(next)


async def test_whoever_is_cancelled_while_temporal_is_asked_is_cancelled(kept: Database, tmp_path: Path) -> None:
    """No worker runs, so no answer comes. Fails where this is taken for a late answer, which may be asked for again."""
    client, telling = await new_namespace(), _Asked()
    config = client.config()
    config["interceptors"] = [telling]
    own, row = Client(**config), find_challenge(kept, AIR)

    async def connect() -> Client:
        return own

    await client.start_workflow(interface.CHALLENGE, id=AIR, task_queue=interface.TASK_QUEUE)
    desk = Desk(Settings(answer_within=HANGS, **key_files(tmp_path)), kept, connect)
    try:
        actor = await acting(desk, OPERATOR)
        asking = asyncio.create_task(desk.core.update(actor, row, interface.RETRY, None))
        await asyncio.wait_for(telling.asked.wait(), HANGS)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    finally:
        desk.close()


async def test_a_cancellation_counts_when_the_answer_comes_at_the_same_moment() -> None:
    """Fails where the answer is given then: whoever asks again and again never learns of the cancellation."""
    answer = asyncio.get_running_loop().create_future()
    asking = asyncio.create_task(answered(answer, HANGS))
    await asyncio.sleep(0)  # it waits
    answer.set_result("taken")
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
