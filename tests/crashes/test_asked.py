"""A worker dies with a question that it was asked."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from temporalio.client import Client, Interceptor, OutboundInterceptor, QueryWorkflowInput

from tests.crashes.played import Played, short_pilot
from tests.crashes.running import opened_desk, running_worker
from tests.servers import new_namespace
from tests.waiting import HANGS, until


class Counting(Interceptor):
    """Counts how often workflows were asked something."""

    def __init__(self) -> None:
        self.asked = 0

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        """See `temporalio.client.Interceptor`."""
        return _Counted(next, self)


class _Counted(OutboundInterceptor):
    def __init__(self, next: OutboundInterceptor, counting: Counting) -> None:  # noqa: A002
        super().__init__(next)
        self._counting = counting

    async def query_workflow(self, input: QueryWorkflowInput) -> Any:  # noqa: A002
        self._counting.asked += 1
        return await super().query_workflow(input)


async def test_a_question_that_a_worker_does_not_answer_is_asked_again_of_the_next(tmp_path: Path) -> None:
    """It stands still, and is then killed. Fails when one question is waited for until the end of patience."""
    client, counting = await new_namespace(), Counting()
    database_url = f"sqlite:///{tmp_path / 'service.db'}"
    config: Any = client.config()
    watched = Client(**config | {"interceptors": [counting]})
    with (
        opened_desk(watched, database_url, answer_within=str(HANGS)) as desk,
        running_worker(client, database_url, tmp_path / "worker") as worker,
    ):
        await worker.started()
        played = Played(desk, "air-quality", short_pilot(), window_seconds=3600)
        await played.open()
        await played.waiting_for("applications")

        os.kill(worker.pid, signal.SIGSTOP)
        asked = asyncio.create_task(desk.core.state(played.books.challenge(played.id)))
        await until(lambda: counting.asked > 1 or asked.done())
        await worker.kill()
        assert (await asked).opened
