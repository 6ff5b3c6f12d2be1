"""Notices through GOV.UK Notify, step by step: what waits, what is asked for first, what a person must mend."""

from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import update
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.delivery import Delivering
from domain.announcements.occasions import Occasion
from domain.delivery.delivery import CLAIM_LASTS, MOST_TRIES, Sending
from gateways.messaging.channels import Message
from gateways.messaging.govuk_notify import NotifyChannel
from service.settings import Settings
from service.wiring import channel_of
from store.database import tables
from store.database.database import Database
from store.outbox import outbox
from store.record.record import read_notices
from tests.gateways.notify import API_KEY, TEMPLATE, Fault, Notify
from tests.rounds import OPERATOR
from tests.waiting import SOON
from tests.workflows.posting import COMPOSE, ONE, Post


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
