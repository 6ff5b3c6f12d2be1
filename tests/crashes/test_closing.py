"""Two processes hand in applications until the window closes, which the workflow seals by its own timer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.crashes.applying import apply_until_refused
from tests.crashes.played import Played, short_pilot
from tests.crashes.running import opened_desk, running_worker
from tests.processes import forking
from tests.servers import dev_server
from tests.store.postgres import postgres_server
from tests.waiting import HANGS


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'service.db'}"
    else:
        with postgres_server() as url:
            yield url


async def test_whoever_was_acknowledged_before_the_closing_is_counted_when_it_is_sealed(
    tmp_path: Path, database_url: str
) -> None:
    """Fails when accepting does not compare with `closes` but leaves the closing to the sealing."""
    names = ("one", "two")
    async with dev_server() as client:
        with (
            opened_desk(client, database_url, payee_key_file=str(tmp_path / "payee.key")) as desk,
            running_worker(
                client, database_url, tmp_path / "worker", payee_key_file=str(tmp_path / "payee.key")
            ) as worker,
            forking().Manager() as manager,
            ProcessPoolExecutor(len(names), mp_context=forking()) as pool,
        ):
            start = manager.Barrier(len(names) + 1, timeout=HANGS)
            played = Played(desk, "air-quality", short_pilot())
            racing = [pool.submit(apply_until_refused, database_url, played.id, name, start) for name in names]
            await asyncio.to_thread(start.wait)
            await worker.started()
            played = Played(desk, "air-quality", short_pilot(), window_seconds=5)
            played.keep()
            await asyncio.to_thread(start.wait)
            await asyncio.to_thread(start.wait)
            await played.start()
            acknowledged = [await asyncio.wrap_future(each) for each in racing]
            await played.waiting_for("selection for exploration")

            receipts = dict(receipt for each in acknowledged for receipt in each)
            assert max(receipts.values()) < played.challenge.closes
            kept = {each.id: each.received for each in played.books.applications(played.id)}
            assert kept == receipts
            assert played.books.challenge(played.id).applications == len(receipts)
