"""The activity that sends notices, through a real mail server and a real copy of GOV.UK Notify's API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from temporalio.testing import ActivityEnvironment
from whenever import Instant

from activities.delivery import Delivering
from domain.delivery.delivery import CLAIM_LASTS, Outbox, Sending
from gateways.messaging.channels import Channel
from gateways.messaging.govuk_notify import NotifyChannel
from gateways.messaging.smtp import SmtpChannel
from store.database.database import Database
from tests.activities.running import environment, failure_of
from tests.gateways.mailbox import Mailbox, Step
from tests.gateways.notify import API_KEY, TEMPLATE, Fault, Notify
from tests.gateways.serving import Answer
from tests.store.posting import calls_for_operators, notice, taken, told
from tests.store.said import MIDWAY, compose
from tests.waiting import SOON

ONE = Sending(seconds=0)
SAM = "sam@sepa.example"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server."""
    with Mailbox() as mailbox:
        yield mailbox


@pytest.fixture
def mail(mailbox: Mailbox) -> Iterator[SmtpChannel]:
    """The channel to the mail server."""
    channel = SmtpChannel("127.0.0.1", mailbox.port, "post@scheme.example", security="none", timeout=SOON)
    with closing(channel):
        yield channel


@pytest.fixture
def notify(monkeypatch: pytest.MonkeyPatch) -> Iterator[Notify]:
    """GOV.UK Notify."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Notify() as notify:
        yield notify


@pytest.fixture
def channel(notify: Notify) -> Iterator[NotifyChannel]:
    """The channel to GOV.UK Notify."""
    with closing(NotifyChannel(API_KEY, TEMPLATE, notify.url, timeout=SOON)) as channel:
        yield channel


class Post:
    """The activity on a channel, by a clock that a test sets.

    Args:
        database: where the outbox is.
        channel: how notices leave.
    """

    def __init__(self, database: Database, channel: Channel | None) -> None:
        self.now = MIDWAY
        self.beats: list[Outbox] = []
        self._delivering = Delivering(database, channel, 1000, compose, lambda: self.now, self._seconds)

    def step(self, at: Instant = MIDWAY) -> Outbox:
        """Deals with one notice, if one is due at an instant."""
        self.now = at
        place = environment(at)
        place.on_heartbeat = self.beats.append
        outbox: Outbox = place.run(self._delivering.deliver, ONE)
        return outbox

    async def failure(self, at: Instant = MIDWAY) -> tuple[str | None, bool, str]:
        """The type of the activity's failure, whether it is final, and what it says."""
        self.now = at
        failure = await failure_of(self._delivering.deliver, ONE)
        return failure.type, failure.non_retryable, failure.message

    def _seconds(self) -> float:
        return (self.now - MIDWAY).total("seconds") + 1


def test_a_notice_leaves_once_and_temporal_hears_numbers_alone(
    open_: Database, mailbox: Mailbox, mail: SmtpChannel
) -> None:
    key, post = told(open_), Post(open_, mail)

    counted = [post.step(MIDWAY.add(minutes=minute)) for minute in range(2)]

    assert [received.recipients for received in mailbox.received] == [(SAM,)]
    assert [(each.waiting, each.sent, each.failed) for each in counted] == [(0, 1, 0)] * 2
    assert notice(open_, key).status == "sent"
    assert post.beats
    said = " ".join(each.model_dump_json() for each in (*post.beats, *counted))
    assert not [word for word in ("sam", "sepa", key) if word in said]


def test_without_a_channel_notices_stay_in_the_outbox(open_: Database) -> None:
    told(open_)
    counted = Post(open_, None).step()
    assert (counted.channel, counted.waiting) == ("", 1)


def test_a_server_that_is_busy_costs_a_notice_nothing_but_time(
    open_: Database, mailbox: Mailbox, mail: SmtpChannel
) -> None:
    key, post = told(open_), Post(open_, mail)
    mailbox.will(Step.SENDER, "451 4.3.0 Try again later")

    assert post.step().waiting == 1
    assert post.step(MIDWAY.add(hours=1)).sent == 1
    assert notice(open_, key).status == "sent"
    assert len(mailbox.received) == 1


def test_an_address_that_does_not_exist_is_given_up_and_the_operators_are_called(
    open_: Database, mailbox: Mailbox, mail: SmtpChannel
) -> None:
    first, second = told(open_, "olivia"), told(open_, "sam", number=1, at=MIDWAY.add(seconds=1))
    mailbox.turns_away(SAM, "550 5.1.1 <sam@sepa.example> unknown")
    post = Post(open_, mail)
    post.step(MIDWAY.add(seconds=2))

    counted = post.step(MIDWAY.add(seconds=3))

    assert (notice(open_, first).status, notice(open_, second).status) == ("sent", "failed")
    assert (counted.failed, counted.waiting) == (1, 1)
    [call] = calls_for_operators(open_)
    assert SAM not in call


async def test_what_only_a_person_can_mend_ends_the_activity_and_costs_the_notice_nothing(
    open_: Database, notify: Notify, channel: NotifyChannel
) -> None:
    """Fails when a wrong key is tried again for ever, or fails the notices that wait."""
    key, post = told(open_), Post(open_, channel)
    refused = b'{"status_code": 403, "errors": [{"error": "AuthError", "message": "Invalid token: sam@sepa.example"}]}'
    notify.will(Answer(403, refused))

    kind, final, text = await post.failure()

    assert (kind, final) == ("unavailable", True)
    assert SAM not in text
    assert notice(open_, key).status not in ("failed", "lapsed")
    assert post.step(MIDWAY.add(hours=1)).sent == 1
    assert notify.counts() == {key: 1}


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.DROPPED_AFTER])
def test_a_notice_whose_sender_died_is_looked_up_before_it_is_sent_again(
    open_: Database, notify: Notify, channel: NotifyChannel, fault: Fault
) -> None:
    """Fails when a notice that may have been sent is sent again although the channel can tell."""
    key, post = told(open_), Post(open_, channel)
    if fault is Fault.NONE:
        taken(open_, channel=channel.name)  # and died before it was sent
    else:
        notify.will(fault)
        post.step()

    assert post.step(MIDWAY + CLAIM_LASTS + CLAIM_LASTS).sent == 1
    assert notify.counts() == {key: 1}


def test_a_channel_is_asked_what_became_of_a_notice(open_: Database, notify: Notify, channel: NotifyChannel) -> None:
    key, post = told(open_), Post(open_, channel)
    post.step()
    notify.set_status(key, "delivered")

    assert post.step(MIDWAY.add(hours=1)).delivered == 1
    assert notice(open_, key).status == "delivered"


def test_a_worker_that_is_to_stop_leaves_what_is_still_to_be_sent(
    open_: Database, mailbox: Mailbox, mail: SmtpChannel
) -> None:
    """Fails when a release has to wait until the outbox is empty."""
    for number in range(3):
        told(open_, number=number)
    place = ActivityEnvironment()
    place.worker_shutdown()
    counted: Outbox = place.run(Delivering(open_, mail, 1000, compose, lambda: MIDWAY).deliver, Sending(seconds=SOON))
    assert counted.waiting + counted.sent == 3
    assert counted.waiting >= 2
    assert len(mailbox.received) == counted.sent
