"""Many people at once: whoever waits for another's transaction holds up nobody else, and the event loop never waits."""

from __future__ import annotations

import asyncio
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress

from sqlalchemy import event
from temporalio.client import Client

from desk.desk import Desk
from domain.challenges.application import Applying
from domain.forms.answers import only_text
from domain.identity.proof import AT_TERMINAL
from domain.permissions import Actor
from domain.values.paging import Page
from domain.values.refusals import Refused, Unavailable
from service.settings import Settings
from store.challenges.rounds import find_challenge
from store.database.database import Database
from tests.desk.locking import hold_the_lock
from tests.desk.test_rights import PAYER, calls, round_with_money
from tests.processes import forking
from tests.store.paying import Till
from tests.store.said import AIR, MIDWAY
from tests.waiting import HANGS

__all__ = ["round_with_money"]

MORE_THAN_THREADS = 20


async def _away() -> Client:
    raise Unavailable("No Temporal server answers: start it.")


async def test_readers_are_answered_while_another_process_holds_the_lock_of_writers(open_: Database, url: str) -> None:
    """Fails where the desk calls the database on the event loop, and where those who read queue behind those who write:
    more wait to write than there are threads."""
    desk = Desk(Settings(), open_, _away, lambda: MIDWAY)
    with forking().Manager() as manager, ProcessPoolExecutor(1, mp_context=forking()) as pool:
        held, enough = manager.Event(), manager.Event()
        holding = pool.submit(hold_the_lock, url, held, enough, HANGS)
        assert await asyncio.to_thread(held.wait, HANGS)
        applying = [
            asyncio.create_task(
                desk.applications.apply(
                    Actor(),
                    AIR,
                    Applying(organisation=f"Tay {number}", email="tay@tay.example", answers=only_text("Maps.")),
                )
            )
            for number in range(MORE_THAN_THREADS)
        ]
        try:
            row = await desk.challenges.find(Actor(), AIR)
            record = await desk.challenges.record(await desk.actor("olivia", AT_TERMINAL), Page(), AIR)
            waiting = [task for task in applying if not task.done()]
        finally:
            enough.set()
        receipts = await asyncio.gather(*applying)
        await asyncio.to_thread(holding.result, HANGS)
    desk.close()

    assert (row.id, [line.action for line in record.items]) == (AIR, ["opened"])
    assert len(waiting) == MORE_THAN_THREADS, "the lock was not held while the others were answered"
    assert len({receipt.application for receipt in receipts}) == MORE_THAN_THREADS


async def test_no_method_of_the_desk_calls_the_database_on_the_event_loop(round_with_money: Till) -> None:
    """Fails for a method that goes to the store without a thread."""
    database = round_with_money.database
    desk = Desk(Settings.model_validate({"payment_rail": "files", **PAYER}), database, _away)
    used, on_the_loop = 0, list[str]()
    called = ""

    def begun(*_: object) -> None:
        nonlocal used
        used += 1
        with suppress(RuntimeError):
            asyncio.get_running_loop()
            on_the_loop.append(called)

    event.listen(database.engine, "begin", begun)
    try:
        for name in ("olivia", "fiona", "sam"):
            actor = await desk.actor(name, AT_TERMINAL)
            for called, call in calls(desk, actor, round_with_money).items():  # noqa: B007
                with suppress(Refused):
                    await call()
    finally:
        event.remove(database.engine, "begin", begun)
        desk.close()

    assert used > 100
    assert on_the_loop == []
    assert find_challenge(database, AIR).id == AIR, "which is on the event loop, and would have been seen"
