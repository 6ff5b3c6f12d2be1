"""What people were told before a crash is what holds after it.

Each fails when a decision is written into the database before it is in Temporal's history, as by a local activity: the
next worker then takes it again at another moment, or never hears of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from whenever import TimeDelta

from domain.programmes.programme import Programme, Reminders
from domain.values.calendar import lasting
from store.record.notices import Notice
from tests.crashes.dying import AFTER
from tests.crashes.played import Played, short_pilot
from tests.crashes.running import Worker, opened_desk, running_server, running_worker
from tests.servers import Server
from tests.waiting import until


@dataclass(frozen=True)
class Stage:
    """A challenge with four applications, and what it runs on."""

    played: Played
    worker: Worker
    server: Server


@asynccontextmanager
async def opened_challenge(
    folder: Path, programme: Programme, *moments: str, window_seconds: float = 1
) -> AsyncIterator[Stage]:
    """A challenge whose worker dies at these moments."""
    database_url = f"sqlite:///{folder / 'service.db'}"
    async with running_server(folder) as (server, client):
        with (
            opened_desk(client, database_url) as desk,
            running_worker(client, database_url, folder / "worker", *moments) as worker,
        ):
            await worker.started()
            played = Played(desk, "air-quality", programme, window_seconds)
            await played.open()
            yield Stage(played, worker, server)


async def test_a_stage_ends_when_its_teams_were_told(tmp_path: Path) -> None:
    """The worker dies when the selection was announced; it is taken again when Temporal has noticed."""
    async with opened_challenge(tmp_path, short_pilot(exploration=3600), f"{AFTER} on select") as stage:
        await stage.played.waiting_for("selection for exploration")
        await stage.played.select_for("exploration")
        await stage.played.waiting_for("end of exploration")

        told = stage.played.books.challenge(stage.played.id).until
        assert told is not None
        assert abs(await stage.played.deadline() - told) < TimeDelta(milliseconds=1)


async def test_nobody_is_reminded_twice_by_one_reminder(tmp_path: Path) -> None:
    """The worker dies when the first of two reminders was sent; once the second is sent, there are two.

    Fails when a reminder's key is made from the moment at which it is sent.
    """
    reminders = Reminders(stage=(lasting(3599), lasting(3585)))
    programme = short_pilot(exploration=3600).model_copy(update={"reminders": reminders})
    async with opened_challenge(tmp_path, programme, f"{AFTER} on reminded") as stage:
        await stage.played.waiting_for("selection for exploration")
        await stage.played.select_for("exploration")
        await stage.played.waiting_for("end of exploration")
        books, sponsor = stage.played.books, stage.played.challenge.deciders[0]
        second = await stage.played.deadline() - TimeDelta(seconds=3585)

        def reminded() -> list[Notice]:
            return [each for each in books.notices(stage.played.id) if each.occasion == "stage-ending"]

        # It is due some milliseconds after the instant in Temporal's list, which has no more digits.
        await until(lambda: any(each.created > second - TimeDelta(seconds=1) for each in reminded()))

        assert len([each for each in reminded() if each.recipient == sponsor]) == 2


async def test_an_extension_that_everybody_was_told_of_holds(tmp_path: Path) -> None:
    """It is announced before the closing, the worker dies, and when another works the closing is past."""
    async with opened_challenge(tmp_path, short_pilot(), f"{AFTER} on extend", window_seconds=20) as stage:
        await stage.played.waiting_for("applications")
        closes, sponsor = stage.played.challenge.closes, stage.played.challenge.deciders[0]
        later = closes + TimeDelta(hours=1)
        stage.worker.stays_down()
        extension = {"closes": later, "reason": "A holiday.", "decision_id": "later"}
        extending = asyncio.create_task(stage.played.decide("extend", sponsor, **extension))
        await until(lambda: bool(stage.worker.deaths))
        await stage.played.past(closes)
        stage.worker.comes_up()
        await extending

        assert await stage.played.waits_for() == "applications"
        assert abs(await stage.played.deadline() - later) < TimeDelta(milliseconds=1)


async def test_a_selection_that_was_announced_is_not_lost_when_everything_stops_at_once(tmp_path: Path) -> None:
    """Worker, server and whoever asked are gone, as in a power cut, just after teams were told that they are in."""
    async with opened_challenge(tmp_path, short_pilot(exploration=3600), f"{AFTER} on select") as stage:
        await stage.played.waiting_for("selection for exploration")
        stage.worker.stays_down()
        selecting = asyncio.create_task(stage.played.select_for("exploration"))
        await until(lambda: bool(stage.worker.deaths))
        stage.server.kill()
        selecting.cancel()

        await stage.server.start()
        stage.worker.comes_up()

        await stage.played.waiting_for(stage.played.books.challenge(stage.played.id).waits_for)


async def test_a_selection_after_the_closing_is_taken_although_no_worker_ran_at_the_closing(tmp_path: Path) -> None:
    async with opened_challenge(tmp_path, short_pilot(), window_seconds=5) as stage:
        record = partial(stage.played.books.record, stage.played.id)
        await until(lambda: bool(record()))
        async with stage.worker.down():
            await stage.played.past(stage.played.challenge.closes)
            stage.played.declare_past_the_desk()
            await stage.played.select_by_signal("exploration")
        await until(lambda: len(record()) >= 3)

        assert [line.text for line in record() if line.refused] == []
