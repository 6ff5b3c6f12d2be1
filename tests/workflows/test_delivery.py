"""Notices leave through a channel: each once, none for a thing that is no longer so, none lost, whoever misbehaves."""

from __future__ import annotations

import asyncio
import base64
import logging
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToJson
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import Client, WorkflowHistory

from domain.announcements.occasions import Occasion
from domain.delivery.delivery import Outbox, Sending
from domain.programmes.programme import Reminders
from domain.values.calendar import lasting
from store.record.record import read_notices
from tests.gateways.mailbox import Mailbox
from tests.gateways.notify import Fault, Notify
from tests.play import Play
from tests.playing import playing
from tests.replay import recording
from tests.rounds import SPONSOR, pilot
from tests.servers import dev_server
from tests.waiting import HANGS, eventually
from tests.workflows.delivering import has_sent, needs_attention, notices, page, replayed, says, until_all_are
from worker import start_delivery
from workflows import interface
from workflows.delivery import _AT_MOST

MOST_EVENTS = 40


def keys_of(play: Play, occasion: Occasion) -> list[str]:
    """The keys of the notices on an occasion."""
    return sorted(each.key for each in read_notices(play.desk.core.database) if each.occasion == occasion)


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
        await eventually(partial(says, play, f"- **sent**: {len(expected)}; "))

        assert notify.counts() == dict.fromkeys(expected, 1)
        assert len((await play.handle.fetch_history()).events) == before
        history = await notices(play).fetch_history()
        assert len(history.events) < MOST_EVENTS
        await replayed(history)


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
        await eventually(partial(is_told, play, Occasion.DECISION_DUE))
        await play.decide("select", stage="exploration", teams=[team])
        await eventually(partial(is_told, play, Occasion.STAGE_STARTED))
        await start_delivery(client, play.desk.core.options)
        await until_all_are(play, "sent", "delivered", "lapsed")

        lapsed = [each for each in read_notices(play.desk.core.database) if each.status == "lapsed"]
        assert Occasion.DECISION_DUE in {each.occasion for each in lapsed}
        assert not set(notify.counts()) & {each.key for each in lapsed}
        assert set(notify.counts()) >= set(keys_of(play, Occasion.STAGE_STARTED))


async def is_told(play: Play, occasion: Occasion) -> bool:
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
        await eventually(partial(needs_attention, play, True))
        assert "does not accept the API key (403)" in await page(play)
        assert {each.status for each in read_notices(play.desk.core.database)} == {"created"}
        assert notify.messages == []
        shown = await page(play)

        notify._mischief = lambda: Fault.NONE
        said = await notices(play).execute_update(interface.RETRY)
        assert "does not accept the API key (403)" in said
        await until_all_are(play, "sent", "delivered")
        await eventually(partial(needs_attention, play, False))

        history = await notices(play).fetch_history()
        started = [each for each in history.events if each.HasField("timer_started_event_attributes")]
        timers = [each.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta() for each in started]
        assert [each for each in timers if each != _AT_MOST] == [timedelta(minutes=1)]
        asked = [text for event in history.events for text in _decoded(MessageToJson(event)) if '"at_once"' in text]
        assert [Sending.model_validate_json(text).at_once for text in asked][:3] == [True, True, False]
        assert set(notify.counts().values()) == {1}
        await replayed(history)
        check_nothing_personal(play, history, caplog, shown)


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
        await eventually(partial(has_sent, notify, 5))
        await eventually(partial(_has_beaten, client))
        description = await recording.described(client, interface.NOTICES)
        shown = [await page(play), *_decoded(MessageToJson(description))]
        check_nothing_personal(play, await notices(play).fetch_history(), caplog, *shown)


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
