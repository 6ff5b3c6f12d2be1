"""How the workflow that sends notices is started, moved and stopped."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle

import worker
import workflows.delivery
from service.settings import Settings
from service.wiring import database_of, rail_of
from store.database.database import Database
from store.record.record import read_notices
from tests.gateways.notify import Notify
from tests.play import Play
from tests.playing import playing
from tests.replay import recording
from tests.rounds import OPERATOR
from tests.servers import dev_server
from tests.waiting import SOON, eventually
from tests.workflows.delivering import has_sent, needs_attention, notices, page, replayed, says, until_all_are
from tests.workflows.pausing import pause, unpause
from worker import start_delivery
from workflows import interface


async def status_of(handle: WorkflowHandle[Any, Any]) -> WorkflowExecutionStatus | None:
    """As lists show it."""
    return (await handle.describe()).status


async def test_however_many_workers_start_there_is_one_sender(tmp_path: Path, notify: Notify) -> None:
    """Fails when a second start is refused, or starts another run."""
    async with dev_server() as client, playing(tmp_path, client) as play:
        await asyncio.gather(*(start_delivery(client, play.desk.core.options) for _ in range(5)))
        run = await recording.latest_run(client, interface.NOTICES)
        await start_delivery(client, play.desk.core.options)

        assert await recording.latest_run(client, interface.NOTICES) == run
        assert (await client.count_workflows(f'WorkflowId = "{interface.NOTICES}"')).count == 1


async def test_without_a_channel_nothing_runs_and_notices_can_be_read(tmp_path: Path) -> None:
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        await play.applied(1)
        await start_delivery(client, play.desk.core.options)

        assert await _count(client) == 0
        assert {each.status for each in read_notices(play.desk.core.database)} == {"created"}


async def _count(client: Client) -> int:
    return (await client.count_workflows(f'WorkflowType = "{interface.DELIVERY}"')).count


async def test_a_worker_without_a_channel_sends_nothing_and_the_next_one_with_it_does(
    tmp_path: Path, notify: Notify, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when the run ends, or stands still, because it met a worker that is set up otherwise."""
    async with dev_server() as client:
        with_channel = Settings()
        monkeypatch.setenv("CHALLENGES_NOTICE_CHANNEL", "outbox")
        async with playing(tmp_path, client) as play:
            await play.until(lambda state: state.opened)
            await play.applied(1)
            await start_delivery(client, with_channel)
            await eventually(partial(says, play, "Notices stay in the outbox"))
            assert not await needs_attention(play, True)
            assert notify.requests == []
        monkeypatch.setenv("CHALLENGES_NOTICE_CHANNEL", "govuk-notify")
        options = Settings(
            database_url=f"sqlite:///{tmp_path / 'service.db'}",
            payee_key_file=tmp_path / "payee.key",
            record_key_file=tmp_path / "record.key",
        )
        database = database_of(options)
        with closing(_Closing(database)):
            async with worker.build_worker(client, database, rail_of(options, database), options):
                await start_delivery(client, options)
                await eventually(partial(has_sent, notify, 2))


class _Closing:
    def __init__(self, database: Database) -> None:
        self.close = database.close


async def _is_at_work(play: Play) -> bool:
    """Whether the activity is under way that goes on for minutes: the second one of a run."""
    history = await notices(play).fetch_history()
    scheduled = [event for event in history.events if event.HasField("activity_task_scheduled_event_attributes")]
    pending = (await recording.described(play.client, interface.NOTICES)).pending_activities
    return len(scheduled) > 1 and any(each.HasField("last_started_time") for each in pending)


async def test_a_run_can_be_renewed_and_goes_on_sending(tmp_path: Path, notify: Notify, alert: None) -> None:
    """Fails when the run waits for its activity's ten minutes, or when the next run sends nothing."""
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        await start_delivery(client, play.desk.core.options)
        await eventually(partial(_is_at_work, play))
        run = await recording.latest_run(client, interface.NOTICES)
        await notices(play).signal(interface.RENEW)

        async def is_another() -> bool:
            return await recording.latest_run(client, interface.NOTICES) != run

        await eventually(is_another)
        await play.applied(3)
        await until_all_are(play, "sent")
        await replayed(await client.get_workflow_handle(interface.NOTICES, run_id=run).fetch_history())


async def test_sending_can_be_stopped_by_cancelling_it_and_begins_again_when_it_is_started(
    tmp_path: Path, notify: Notify, alert: None
) -> None:
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        await start_delivery(client, play.desk.core.options)
        await eventually(partial(_is_at_work, play))
        await until_all_are(play, "sent")
        handle = client.get_workflow_handle(
            interface.NOTICES, run_id=await recording.latest_run(client, interface.NOTICES)
        )
        await handle.cancel()

        async def has_ended() -> bool:
            return await status_of(handle) is WorkflowExecutionStatus.CANCELED

        await eventually(has_ended)
        await play.applied(3)
        assert "created" in {each.status for each in read_notices(play.desk.core.database)}
        await start_delivery(client, play.desk.core.options)
        await until_all_are(play, "sent")
        assert set(notify.counts().values()) == {1}


async def test_a_worker_that_is_told_to_stop_does_so_at_once_and_the_next_goes_on(
    tmp_path: Path, notify: Notify, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when the activity goes on while its worker waits for it to end, or loses what it was sending."""
    monkeypatch.setenv("CHALLENGES_NOTICE_RATE", "10")
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        await play.applied(80)
        await start_delivery(client, play.desk.core.options)
        await eventually(partial(has_sent, notify, 5))
        async with play.without_worker():
            stopped = {each.key: each.status for each in read_notices(play.desk.core.database)}
            assert set(stopped.values()) == {"created", "sent"}
            assert sorted(notify.counts()) == sorted(key for key, status in stopped.items() if status == "sent")
        await until_all_are(play, "sent")
        assert notify.counts() == dict.fromkeys(stopped, 1)


@pytest.mark.parametrize("how", ["unpause", "retry"])
async def test_sending_that_is_paused_in_temporal_calls_for_a_person_and_goes_on(
    tmp_path: Path, notify: Notify, alert: None, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Fails when the run leaves it to Temporal to end the activity, which does not end while it is paused."""
    activities = worker.activities
    monkeypatch.setattr(workflows.delivery, "_AT_MOST", timedelta(seconds=SOON))
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        await play.applied(1)
        async with play.without_worker():
            monkeypatch.setattr(worker, "activities", lambda *_: [])
        await start_delivery(client, play.desk.core.options)
        await pause(play, interface.NOTICES, "deliver_notices", attempt=1)
        await eventually(partial(needs_attention, play, True))
        assert "sending is paused in Temporal, and nothing is sent until it is unpaused there" in await page(play)
        assert "every minute" not in await page(play)
        await start_delivery(client, play.desk.core.options)  # as when a worker starts: it undoes nothing

        async with play.without_worker():
            monkeypatch.setattr(worker, "activities", activities)
        assert notify.requests == []
        if how == "unpause":
            await unpause(play, interface.NOTICES, "deliver_notices")
        else:
            assert "is paused in Temporal" in await play.desk.notices.retry(await play.actor(OPERATOR))
        await until_all_are(play, "sent")
        await eventually(partial(needs_attention, play, False))
