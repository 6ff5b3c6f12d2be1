"""Notices leave through a channel: each once, none for a thing that is no longer so, none lost, whoever misbehaves."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToJson
from sqlalchemy import update
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Replayer
from whenever import Instant, TimeDelta

import worker
import workflows.delivery
from activities.delivery import Delivering
from domain.announcements.announcement import Announcement, Entry, OutgoingNotice, Status, to_people
from domain.announcements.occasions import FACTS, Occasion
from domain.delivery.delivery import CLAIM_LASTS, MOST_TRIES, Outbox, Sending
from domain.programmes.programme import Reminders
from domain.values.calendar import lasting
from gateways.messaging.channels import Channel, Message
from gateways.messaging.govuk_notify import NotifyChannel
from gateways.messaging.letters import Letters
from gateways.messaging.smtp import SmtpChannel
from service.settings import Settings
from service.wiring import channel_of, rail_of
from store.challenges.rounds import keep_round
from store.database import tables
from store.database.database import Database
from store.outbox import outbox
from store.record.record import Notice, announce, read_notices
from tests.gateways.mailbox import Fault as MailFault
from tests.gateways.mailbox import Mailbox, Step
from tests.gateways.notify import API_KEY, TEMPLATE, Fault, Notify
from tests.play import Play
from tests.playing import playing
from tests.replay import recording
from tests.rounds import AIR, OPERATOR, SPONSOR, pilot
from tests.servers import dev_server
from tests.waiting import HANGS, SOON, eventually
from worker import start_delivery
from workflows import interface
from workflows.delivery import DeliveryWorkflow

COMPOSE = Letters().compose
ONE = Sending(seconds=0)
MOST_EVENTS = 40


@pytest.fixture
def notify(monkeypatch: pytest.MonkeyPatch) -> Iterator[Notify]:
    """GOV.UK Notify, through which workers that start send."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Notify() as notify:
        known = {"NOTICE_CHANNEL": "govuk-notify", "NOTIFY_KEY": API_KEY, "NOTIFY_TEMPLATE": TEMPLATE}
        for name, value in (known | {"NOTIFY_URL": notify.url, "NOTICE_RATE": "1000"}).items():
            monkeypatch.setenv(f"CHALLENGES_{name}", value)
        yield notify


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A mail server, through which workers that start send."""
    with Mailbox() as mailbox:
        known = {"NOTICE_CHANNEL": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_SENDER": "post@scheme.example"}
        known |= {"SMTP_PORT": str(mailbox.port), "SMTP_SECURITY": "none", "NOTICE_RATE": "1000"}
        for name, value in known.items():
            monkeypatch.setenv(f"CHALLENGES_{name}", value)
        yield mailbox


@pytest.fixture
def alert(monkeypatch: pytest.MonkeyPatch) -> None:
    """A workflow whose activity hears within seconds that it is to end; see `impatient`."""
    monkeypatch.setattr(worker, "_PURE", worker._PURE.with_passthrough_modules("workflows.delivery"))
    monkeypatch.setattr(workflows.delivery, "HEARTBEAT", timedelta(seconds=2))
    monkeypatch.setattr("activities.delivery._BEAT_EVERY", 0.2)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """For whoever delivers, a minute passes in a second."""
    start = Instant.now()
    clock: Callable[[], Instant] = lambda: start + 60 * (Instant.now() - start)  # noqa: E731
    seconds: Callable[[], float] = lambda: 60 * time.monotonic()  # noqa: E731
    monkeypatch.setattr(worker, "Delivering", partial(Delivering, clock=clock, seconds=seconds))


def notices(play: Play) -> WorkflowHandle[Any, Any]:
    """The workflow that sends."""
    return play.client.get_workflow_handle(interface.NOTICES)


async def status_of(handle: WorkflowHandle[Any, Any]) -> WorkflowExecutionStatus | None:
    """As lists show it."""
    return (await handle.describe()).status


async def page(play: Play) -> str:
    """The page of the run, as staff read it."""
    metadata: WorkflowMetadata = await notices(play).query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return str(metadata.current_details)


async def until_all_are(play: Play, *statuses: str) -> None:
    """Waits until every notice has come to one of these."""

    async def are() -> bool:
        found = await asyncio.to_thread(read_notices, play.desk.core.database)
        return {each.status for each in found} <= set(statuses)

    await eventually(are)


def keys_of(play: Play, occasion: Occasion) -> list[str]:
    """The keys of the notices on an occasion."""
    return sorted(each.key for each in read_notices(play.desk.core.database) if each.occasion == occasion)


# Whole stories, with the real servers.


async def test_everybody_gets_every_notice_once_through_notify(tmp_path: Path, notify: Notify, quick: None) -> None:
    """Fails when one is sent twice or forgotten, and when nobody asks what became of them."""
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        await play.applied(30)
        await play.decide("answer", SPONSOR, question="Is old data enough?", answer="Yes.")
        written = {each.key: each for each in read_notices(play.desk.core.database)}
        await start_delivery(client, play.desk.core.options)
        await until_all_are(play, "sent", "delivered")

        assert len(keys_of(play, Occasion.APPLICATION_RECEIVED)) == 30
        assert len(keys_of(play, Occasion.QUESTION_ANSWERED)) >= 30
        assert notify.counts() == dict.fromkeys(written, 1)
        for message in notify.messages:
            notice = written[message.reference or ""]
            assert (message.address, message.subject, message.body) == (notice.address, notice.subject, notice.body)

        for key in written:
            notify.set_status(key, "delivered")
        await until_all_are(play, "delivered")
        assert notify.counts() == dict.fromkeys(written, 1)


async def test_everybody_gets_every_notice_once_by_mail(tmp_path: Path, mailbox: Mailbox) -> None:
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        await start_delivery(client, play.desk.core.options)
        await play.applied(60)
        await until_all_are(play, "sent")

        written = read_notices(play.desk.core.database)
        assert len(written) >= 60
        assert len(set(mailbox.message_ids())) == len(mailbox.received) == len(written)
        addressed = sorted(recipient for letter in mailbox.received for recipient in letter.recipients)
        assert addressed == sorted(each.address for each in written)


async def test_notices_leave_no_trace_in_the_history_of_their_challenge(tmp_path: Path, notify: Notify) -> None:
    """Fails when a notice, or a batch of them, is an activity (invariant 5)."""
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        await play.applied(100)
        await play.decide("answer", SPONSOR, question="Is old data enough?", answer="Yes.")
        before = len((await play.handle.fetch_history()).events)
        await start_delivery(client, play.desk.core.options)
        expected = {each.key for each in read_notices(play.desk.core.database)}
        assert len(expected) >= 200
        async with asyncio.timeout(HANGS):
            while not await asyncio.to_thread(notify.wait_until, lambda it: len(it.messages) >= len(expected)):
                pass
        await until_all_are(play, "sent", "delivered")
        async with play.without_worker():
            pass
        await eventually(partial(_says, play, f"- **sent**: {len(expected)}, "))

        assert notify.counts() == dict.fromkeys(expected, 1)
        assert len((await play.handle.fetch_history()).events) == before
        history = await notices(play).fetch_history()
        assert len(history.events) < MOST_EVENTS
        await replayed(history)


async def replayed(history: WorkflowHistory) -> None:
    """Fails when the workflow does something else when it is read anew."""
    replayer = Replayer(workflows=[DeliveryWorkflow], data_converter=pydantic_data_converter)
    await replayer.replay_workflow(history)


async def _says(play: Play, text: str) -> bool:
    return text in await page(play)


async def test_a_reminder_of_a_decision_that_was_made_meanwhile_is_not_sent(tmp_path: Path, notify: Notify) -> None:
    """Fails when nobody looks, just before a notice is sent, whether it is still so."""
    _, programme, _ = pilot()
    first, *others = programme.stages
    stages = (first.model_copy(update={"decision_within": lasting(3600)}), *others)
    reminders = Reminders(decision=(lasting(3599),))
    hasty = programme.model_copy(update={"stages": stages, "reminders": reminders})
    async with (
        dev_server() as client,
        playing(tmp_path, client, programme=hasty, at_once=True) as play,
    ):
        (team,) = await play.applied(1)
        await play.sealed()
        await eventually(partial(_is_told, play, Occasion.DECISION_DUE))
        await play.decide("select", stage="exploration", teams=[team])
        await eventually(partial(_is_told, play, Occasion.STAGE_STARTED))
        await start_delivery(client, play.desk.core.options)
        await until_all_are(play, "sent", "delivered", "lapsed")

        lapsed = [each for each in read_notices(play.desk.core.database) if each.status == "lapsed"]
        assert Occasion.DECISION_DUE in {each.occasion for each in lapsed}
        assert not set(notify.counts()) & {each.key for each in lapsed}
        assert set(notify.counts()) >= set(keys_of(play, Occasion.STAGE_STARTED))


async def _is_told(play: Play, occasion: Occasion) -> bool:
    return bool(play.told(occasion))


async def test_a_wrong_key_needs_attention_loses_nothing_and_goes_on_when_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, notify: Notify, caplog: pytest.LogCaptureFixture
) -> None:
    """Fails when it is not shown, when a notice is given up for it, or when `retry` tries nothing (invariant 7)."""
    notify._mischief = lambda: Fault.FORBIDDEN
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        await play.applied(5)
        await start_delivery(client, play.desk.core.options)
        await eventually(partial(_needs_attention, play, True))
        assert "does not accept the API key (403)" in await page(play)
        assert {each.status for each in read_notices(play.desk.core.database)} == {"created"}
        assert notify.messages == []
        shown = await page(play)

        notify._mischief = lambda: Fault.NONE
        said = await notices(play).execute_update(interface.RETRY)
        assert "does not accept the API key (403)" in said
        await until_all_are(play, "sent", "delivered")
        await eventually(partial(_needs_attention, play, False))

        history = await notices(play).fetch_history()
        [timer] = [event for event in history.events if event.HasField("timer_started_event_attributes")]
        assert timer.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta() == timedelta(minutes=1)
        asked = [text for event in history.events for text in _decoded(MessageToJson(event)) if '"at_once"' in text]
        assert [Sending.model_validate_json(text).at_once for text in asked][:3] == [True, True, False]
        assert set(notify.counts().values()) == {1}
        await replayed(history)
        check_nothing_personal(play, history, caplog, shown)


async def _needs_attention(play: Play, needed: bool) -> bool:
    description = await notices(play).describe()
    return description.typed_search_attributes.get(interface.NEEDS_ATTENTION, False) is needed


async def test_nothing_personal_is_in_temporal_or_in_the_logs(
    tmp_path: Path, notify: Notify, alert: None, caplog: pytest.LogCaptureFixture
) -> None:
    """Fails when a notice passes through the activity's argument, result or heartbeat, or a refusal quotes one."""
    caplog.set_level(logging.DEBUG)
    notify.will(Fault.BAD_REQUEST, Fault.FAILS_AFTER, Fault.DROPPED_AFTER)
    async with dev_server() as client, playing(tmp_path, client) as play:
        await play.until(lambda state: state.opened)
        await play.applied(5)
        await start_delivery(client, play.desk.core.options)
        await eventually(partial(_has_sent, notify, 5))
        await eventually(partial(_has_beaten, client))
        description = await recording.described(client, interface.NOTICES)
        shown = [await page(play), *_decoded(MessageToJson(description))]
        check_nothing_personal(play, await notices(play).fetch_history(), caplog, *shown)


async def _has_sent(notify: Notify, number: int) -> bool:
    return len(notify.messages) >= number


def beats(description: DescribeWorkflowExecutionResponse) -> list[Outbox]:
    """What the activity that is under way says of itself."""
    data = [each.heartbeat_details.payloads[0].data for each in description.pending_activities]
    return [Outbox.model_validate_json(each) for each in data]


async def _has_beaten(client: Client) -> bool:
    description = await recording.described(client, interface.NOTICES)
    return all(each.heartbeat_details.payloads for each in description.pending_activities) and any(
        beat.sent + beat.failed for beat in beats(description)
    )


def check_nothing_personal(play: Play, history: WorkflowHistory, caplog: pytest.LogCaptureFixture, *shown: str) -> None:
    """Addresses and words are nowhere but in the database and at the channel."""
    payloads = [text for event in history.events for text in _decoded(MessageToJson(event))]
    logged = [f"{entry.getMessage()} {entry.__dict__}" for entry in caplog.records if "temporalio" in entry.name]
    everything = "\n".join([*payloads, *shown, *logged])
    written = read_notices(play.desk.core.database)
    assert "deliver_notices" in everything
    assert len(written) > 5
    for notice in written:
        for personal in (notice.recipient, notice.address, notice.subject, *notice.body.split("\n\n")):
            assert personal not in everything


def _decoded(text: str) -> list[str]:
    found = [text]
    for word in text.split('"'):
        try:
            found.append(base64.b64decode(word, validate=True).decode())
        except ValueError:
            continue
    return found


# How the workflow is started, moved and stopped.


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
            await eventually(partial(_says, play, "Notices stay in the outbox"))
            assert not await _needs_attention(play, True)
            assert notify.requests == []
        monkeypatch.setenv("CHALLENGES_NOTICE_CHANNEL", "govuk-notify")
        database = Database(f"sqlite:///{tmp_path / 'service.db'}")
        options = Settings(database_url=f"sqlite:///{tmp_path / 'service.db'}", payee_key_file=tmp_path / "payee.key")
        with closing(_Closing(database)):
            async with worker.build_worker(client, database, rail_of(options, database), options):
                await start_delivery(client, options)
                await eventually(partial(_has_sent, notify, 2))


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
        await eventually(partial(_has_sent, notify, 5))
        async with play.without_worker():
            stopped = {each.key: each.status for each in read_notices(play.desk.core.database)}
            assert set(stopped.values()) == {"created", "sent"}
            assert sorted(notify.counts()) == sorted(key for key, status in stopped.items() if status == "sent")
        await until_all_are(play, "sent")
        assert notify.counts() == dict.fromkeys(stopped, 1)


# One step after the other, by a clock that stands still.


class Post:
    """An outbox, and the activity that sends what is in it through a channel.

    Args:
        database: migrated.
        channel: how notices leave.
    """

    def __init__(self, database: Database, channel: Channel) -> None:
        self.database = database
        self.now = self._start = Instant.now()
        self.delivers_through(channel, 1000)
        round_, programme, challenges = pilot()
        keep_round(database, round_, programme, challenges, self.now)

    def delivers_through(self, channel: Channel, rate: float) -> None:
        """From now on notices leave so, and so many in a second."""
        self._delivering = Delivering(self.database, channel, rate, COMPOSE, lambda: self.now, self._seconds)

    def _seconds(self) -> float:
        return (self.now - self._start).total("seconds")

    def write(self, *people: str, lapses: bool = False, waits_for: str = "applications") -> str:
        """A notice to each of some people; the key of the first."""
        people = people or (SPONSOR,)
        occasion, key = Occasion.CLOSING_SOON, f"{AIR}/test/{len(read_notices(self.database))}"
        notice: OutgoingNotice = to_people(people, occasion, dict.fromkeys(FACTS[occasion], "-"))
        status = Status(stage="window", waits_for=waits_for, until=None)
        entry = Entry(at=self.now, by="service", role="service", action="test", text="test")
        notices = (notice.model_copy(update={"lapses": lapses}),)
        announce(
            self.database,
            Announcement(key=key, challenge=AIR, entry=entry, status=status, notices=notices),
            COMPOSE,
        )
        return f"{key}/{occasion}/{people[0]}"

    def step(self, seconds: float = 0, sending: Sending = ONE) -> Outbox:
        """Deals with one notice, if one is due after so many seconds."""
        self.now = self.now + TimeDelta(seconds=max(seconds, 0.01))
        environment = ActivityEnvironment()
        outbox: Outbox = environment.run(self._delivering.deliver, sending)
        return outbox

    def calls(self, steps: int, seconds: float) -> list[ApplicationError]:
        """The calls for a person while so many notices are dealt with, one each time after so many seconds."""
        calls = []
        for _ in range(steps):
            try:
                self.step(seconds)
            except ApplicationError as call:
                calls.append(call)
        assert all((call.type, call.non_retryable) == ("unavailable", True) for call in calls)
        return calls

    def notice(self, key: str) -> Notice:
        """As lists show it."""
        return next(each for each in read_notices(self.database) if each.key == key)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'service.db'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def post(database: Database, notify: Notify) -> Iterator[Post]:
    """An outbox with Notify behind it."""
    with closing(NotifyChannel(API_KEY, TEMPLATE, notify.url, timeout=SOON)) as channel:
        yield Post(database, channel)


@pytest.fixture
def mail(database: Database, mailbox: Mailbox) -> Iterator[Post]:
    """An outbox with a mail server behind it."""
    channel = SmtpChannel(
        "127.0.0.1", mailbox.port, "post@scheme.example", security="none", timeout=SOON, patience=SOON
    )
    with closing(channel):
        yield Post(database, channel)


def test_all_waits_for_as_long_as_the_channel_asks(post: Post, notify: Notify) -> None:
    """Fails when only the notice that was turned away waits: the others run into the limit, too."""
    first, second = post.write(), post.write()
    notify.will(Fault.RATE)
    post.step()
    assert (post.notice(first).status, post.notice(second).status) == ("created", "created")
    post.step(59)
    assert len(notify.requests) == 1

    post.step(1)
    post.step()
    assert notify.counts() == {first: 1, second: 1}


def test_a_person_who_has_mended_the_channel_need_not_wait_for_it(post: Post, notify: Notify) -> None:
    """Fails when `retry` finds the channel still left alone for a while, and tries nothing."""
    key = post.write()
    notify.will(Fault.RATE)
    post.step()
    post.step(1)
    assert notify.counts() == {}

    post.step(sending=Sending(seconds=0, at_once=True))
    assert notify.counts() == {key: 1}


def test_a_daily_limit_calls_a_person_and_is_over_as_soon_as_it_is_raised(post: Post, notify: Notify) -> None:
    """Fails when all wait for hours and nobody hears of it."""
    key = post.write()
    notify.will(Fault.DAILY, Fault.DAILY)
    calls = post.calls(2, seconds=60)
    assert ["ask for a higher daily limit" in call.message for call in calls] == [True, True]
    assert (post.notice(key).status, "daily limit" in post.notice(key).reason) == ("created", True)

    post.step()
    assert notify.counts() == {key: 1}


def test_what_notify_took_and_could_not_send_is_sent_anew_a_few_times(post: Post, notify: Notify) -> None:
    """Fails when the first failure of its provider is the end of a notice, and when there is no end of them."""
    key = post.write()
    for _ in range(4 * 60):
        post.step(60)
        notify.set_status(key, "technical-failure")
        if post.notice(key).status == "failed":
            break
    assert notify.counts() == {key: 5}
    assert (post.notice(key).status, "had a fault: resend it later" in post.notice(key).reason) == (
        "failed",
        True,
    )


def test_rate_is_kept(database: Database, notify: Notify) -> None:
    """Fails when nothing paces."""
    with closing(NotifyChannel(API_KEY, TEMPLATE, notify.url, timeout=SOON)) as channel:
        post = Post(database, channel)
        post.delivers_through(channel, 2)
        for _ in range(20):
            post.write()
        for _ in range(50):
            post.step(0.1)
    assert 10 <= len(notify.messages) <= 11


@pytest.mark.parametrize("fault", [Fault.FAILS_AFTER, Fault.DROPPED_AFTER, Fault.GARBAGE, Fault.SLOW_AFTER, Fault.GONE])
def test_what_was_taken_although_the_answer_was_lost_is_found_and_not_sent_again(
    post: Post, notify: Notify, fault: Fault
) -> None:
    """Fails when the channel is not asked before it is given the notice again."""
    key = post.write()
    notify.will(fault)
    post.step()
    assert post.notice(key).status == "sending"
    post.step(60)

    assert post.notice(key).status == "sent"
    assert notify.counts() == {key: 1}


@pytest.mark.parametrize("fault", [Fault.FAILS_BEFORE, Fault.DROPPED_BEFORE, Fault.SLOW_BEFORE])
def test_what_was_not_taken_is_sent_again(post: Post, notify: Notify, fault: Fault) -> None:
    key = post.write()
    notify.will(fault)
    post.step()
    post.step(60)

    assert post.notice(key).status == "sent"
    assert notify.counts() == {key: 1}


def test_a_notice_whose_fate_is_unknown_holds_up_no_other(post: Post, notify: Notify) -> None:
    first, second = post.write(), post.write()
    notify.will(Fault.FAILS_AFTER)
    post.step()
    post.step()

    assert {post.notice(first).status, post.notice(second).status} == {"sending", "sent"}


def test_what_a_dead_sender_had_sent_is_found_and_not_sent_again(post: Post, notify: Notify) -> None:
    """As if the worker had died after Notify took the notice, and before that was noted."""
    key = post.write()
    dead = outbox.claim(post.database, "govuk-notify", post.now, COMPOSE)
    assert dead is not None
    with closing(NotifyChannel(API_KEY, TEMPLATE, notify.url, timeout=SOON)) as channel:
        channel.send(Message(key=key, address=dead.address, subject=dead.subject, body=dead.body))
    post.step()
    assert post.notice(key).status == "sending"
    post.step(CLAIM_LASTS.total("seconds"))

    assert post.notice(key).status == "sent"
    assert notify.counts() == {key: 1}


@pytest.mark.parametrize("was_taken", [True, False])
def test_the_channel_is_asked_for_a_notice_before_that_is_given_up(post: Post, notify: Notify, was_taken: bool) -> None:
    """Fails when what arrived is called failed because nobody asked once more, and when what did not is sent again."""
    key = post.write()
    dead = outbox.claim(post.database, "govuk-notify", post.now, COMPOSE)
    assert dead is not None
    with closing(NotifyChannel(API_KEY, TEMPLATE, notify.url, timeout=SOON)) as channel:
        if was_taken:
            channel.send(Message(key=key, address=dead.address, subject=dead.subject, body=dead.body))
    with post.database.writing() as connection:
        connection.execute(update(tables.notices).values(tries=MOST_TRIES))
    post.step(CLAIM_LASTS.total("seconds"))

    assert post.notice(key).status == ("sent" if was_taken else "failed")
    assert notify.counts().get(key, 0) == was_taken


def test_a_reminder_of_a_dead_sender_is_looked_up_although_it_is_no_longer_so_and_never_sent_late(
    post: Post, notify: Notify
) -> None:
    """Fails when what lapsed meanwhile is sent because nobody knows whether it was."""
    key = post.write(lapses=True)
    assert outbox.claim(post.database, "govuk-notify", post.now, COMPOSE) is not None
    other = post.write(waits_for="selection for exploration")
    post.step(CLAIM_LASTS.total("seconds"))
    post.step()

    assert (post.notice(key).status, post.notice(other).status) == ("lapsed", "sent")
    assert notify.counts() == {other: 1}


def test_a_letter_of_unknown_fate_is_sent_again_under_the_same_message_id(mail: Post, mailbox: Mailbox) -> None:
    """A mail server cannot be asked: twice is better than never, and mail programs show it once."""
    key = mail.write()
    mailbox.will(Step.LETTER, MailFault.KEPT_AND_DROPPED)
    mail.step()
    assert mail.notice(key).status == "sending"
    mail.step(10)

    assert mail.notice(key).status == "sent"
    first, second = mailbox.message_ids()
    assert first == second


def test_a_letter_whose_answer_is_always_lost_is_sent_three_times_and_no_more(mail: Post, mailbox: Mailbox) -> None:
    """Fails when somebody gets the same letter eighty times from a server that takes it and hangs up."""
    key = mail.write()
    mailbox.will(Step.LETTER, *[MailFault.KEPT_AND_DROPPED] * 10)
    for _ in range(10):
        mail.step(3600)

    left = mail.notice(key)
    assert (left.status, "Nobody knows whether it arrived" in left.reason) == ("sent", True)
    assert len(mailbox.received) == 3


def test_a_recipient_that_is_refused_fails_at_once_and_operators_are_told(mail: Post, mailbox: Mailbox) -> None:
    """Fails when it is tried again, or when operators hear nothing of it."""
    key = mail.write()
    mailbox.will(Step.RECIPIENT, "550 5.1.1 No such user")
    mail.step()
    failed = mail.notice(key)
    assert (failed.status, "the address does not exist" in failed.reason) == ("failed", True)
    assert failed.address not in failed.reason

    mail.step()
    [letter] = mailbox.received
    assert letter.letter["To"] == "programme.office@digital-directorate.example"
    assert "the notice closing-soon did not reach sepa-decider" in " ".join(letter.letter.get_content().split())


def test_a_server_that_takes_nothing_is_asked_less_and_less_often(mail: Post, mailbox: Mailbox) -> None:
    """Fails when each of many notices is tried at full speed while the server is down, or slowly when it is up."""
    for _ in range(40):
        mail.write()
    tries = []
    mailbox.will(Step.SENDER, *["451 4.3.0 later"] * 1000)
    for second in range(300):
        planned = len(mailbox._planned[Step.SENDER])
        mail.step(1)
        if len(mailbox._planned[Step.SENDER]) < planned:
            tries.append(second)

    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert gaps[:3] == [1, 1, 2]
    assert gaps == sorted(gaps)
    assert max(gaps) == 60

    mailbox._planned[Step.SENDER].clear()
    for _ in range(60 + 40):
        mail.step(1)
    assert len(mailbox.received) == 40

    mailbox.will(Step.SENDER, "451 4.3.0 later")
    for _ in range(2):
        mail.write()
        mail.step(1)
    assert len(mailbox.received) == 41, "the trouble from before is forgotten"


def test_recipients_who_are_turned_away_for_now_hold_up_nobody_else(mail: Post, mailbox: Mailbox) -> None:
    """Fails when a word about one recipient slows down the channel, or when what is due again always comes first."""
    bad = [mail.write(SPONSOR) for _ in range(12)]
    good = [mail.write(OPERATOR) for _ in range(12)]
    mailbox.turns_away(mail.notice(bad[0]).address, "450 4.2.0 Greylisted")
    for _ in range(40):
        mail.step(1)

    assert {mail.notice(key).status for key in good} == {"sent"}
    assert {mail.notice(key).status for key in bad} == {"created"}
    assert "cannot take a letter to this recipient now (450)" in mail.notice(bad[0]).reason
    assert len(mailbox.received) == 12


def test_a_server_that_does_not_relay_for_this_service_costs_no_notice_and_calls_a_person(
    mail: Post, mailbox: Mailbox
) -> None:
    """Fails when its words are taken for one recipient's, or when the same notice is tried for ever before others."""
    refused = [mail.write(SPONSOR) for _ in range(2)]
    mailbox.turns_away(mail.notice(refused[0]).address, "554 5.7.1 Relay access denied")
    good = mail.write(OPERATOR)
    calls = mail.calls(2, seconds=1)
    assert ["relays for this service. The channel took no other notice lately" in call.message for call in calls] == [
        True
    ] * 2
    assert {mail.notice(key).status for key in refused} == {"created"}

    mail.step(1)
    assert mail.notice(good).status == "sent"
    mail.step(600)
    mail.step(1)
    assert {mail.notice(key).status for key in refused} == {"failed"}, "others are taken: it is about these two"


def test_a_server_that_refuses_everybody_in_a_row_costs_few_notices_and_calls_a_person(
    mail: Post, mailbox: Mailbox
) -> None:
    """Fails when a server whose list of addresses is lost makes every notice a failed one, at full rate."""
    keys = [mail.write(OPERATOR) for _ in range(15)]
    mailbox.turns_away(mail.notice(keys[0]).address, "550 5.1.1 No such user")
    calls = mail.calls(15, seconds=1)
    assert ([mail.notice(key).status for key in keys].count("failed"), len(calls)) == (9, 6)

    mailbox.turns_away(mail.notice(keys[0]).address, "250 2.1.5 Ok")
    for _ in range(6):
        mail.step(600)
    assert [mail.notice(key).status for key in keys].count("sent") == 6


def test_a_server_that_turns_everybody_away_for_now_costs_no_notice_and_calls_a_person_after_an_hour(
    mail: Post, mailbox: Mailbox
) -> None:
    """Fails when a server that has no name for this machine yet uses up the tries of every notice in three days."""
    keys = [mail.write(OPERATOR) for _ in range(12)]
    mailbox.turns_away(mail.notice(keys[0]).address, "450 4.7.1 Cannot find your hostname")
    assert mail.calls(12, seconds=1) == []
    first, *_ = mail.calls(75, seconds=60)
    assert "now (450). The channel took no other notice lately" in first.message
    assert {mail.notice(key).status for key in keys} == {"created"}


def test_days_without_a_mail_server_cost_no_notice_and_a_person_hears_of_it(mail: Post, mailbox: Mailbox) -> None:
    """Fails when the tries of a server that is away are the notice's, or when nobody is called for four days."""
    key = mail.write()
    mailbox.stop()
    calls = mail.calls(65, seconds=60) + mail.calls(48, seconds=7200)
    waiting = mail.notice(key)
    mailbox.start()
    mail.step(60)

    assert (waiting.status, "cannot be reached" in waiting.reason) == ("created", True)
    assert all("check that it runs" in call.message for call in calls)
    assert 3 <= len(calls) <= 5, "after the first hour, and not on a single trouble hours after the last"
    assert mail.notice(key).status == "sent"


def test_a_channel_that_a_person_must_mend_ends_the_activity_and_costs_no_try(post: Post, notify: Notify) -> None:
    """Fails when it is retried by itself at once, or when the notice pays for it."""
    key = post.write()
    notify.will(Fault.FORBIDDEN)
    with pytest.raises(ApplicationError, match="does not accept the API key") as raised:
        post.step()
    assert (raised.value.type, raised.value.non_retryable) == ("unavailable", True)
    assert post.notice(key).status == "created"

    post.step()
    assert (post.notice(key).status, notify.counts()) == ("sent", {key: 1})


def test_what_became_of_a_notice_is_asked_and_noted(post: Post, notify: Notify) -> None:
    """Fails when nobody asks, or a failure is not told."""
    good, bad = post.write(), post.write()
    post.step()
    post.step()
    notify.set_status(good, "delivered")
    notify.set_status(bad, "permanent-failure")
    post.step(10)
    post.step()

    assert post.notice(good).status == "delivered"
    assert (post.notice(bad).status, post.notice(bad).reason) == (
        "failed",
        "The address does not exist: ask for another one.",
    )
    called = [each for each in read_notices(post.database) if each.occasion == Occasion.ATTENTION]
    assert [each.recipient for each in called] == [OPERATOR]


def test_a_channel_that_has_no_answer_yet_is_asked_again_later(post: Post, notify: Notify) -> None:
    key = post.write()
    post.step()
    notify.set_status(key, "delivered")
    notify.will(Fault.FAILS_BEFORE)
    post.step(10)
    assert post.notice(key).status == "sent"
    post.step(120)
    assert post.notice(key).status == "delivered"


def test_a_worker_without_a_channel_leaves_all_as_it_is(database: Database) -> None:
    delivering = Delivering(database, channel_of(Settings(notice_channel="outbox")), 5, COMPOSE)

    assert ActivityEnvironment().run(delivering.deliver, ONE).channel == ""
