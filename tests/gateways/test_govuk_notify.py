"""Messages through GOV.UK Notify, with a real server on this machine: each is taken once and found again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateways.messaging.channels import Delivery, Message, PermanentFailure, Progress, TemporaryFailure
from gateways.messaging.govuk_notify import NotifyChannel
from tests.gateways.notices import ADDRESS, NOTICE, notice
from tests.gateways.notify import Fault, Mischief, Notify
from tests.gateways.notifying import UNKNOWN_ID, channel_to
from tests.waiting import SOON

pytestmark = pytest.mark.usefixtures("no_proxy")

_LOST = 1.0
"""Seconds after which an answer counts as lost, where many are; one that is only slow may count as lost, too."""


def test_a_message_is_taken_under_its_key_and_found_by_it(notify: Notify, channel: NotifyChannel) -> None:
    assert channel.find(NOTICE.key) is None

    delivery = channel.send(NOTICE)

    [sent] = notify.messages
    assert (sent.reference, sent.address, sent.subject, sent.body) == (
        NOTICE.key,
        ADDRESS,
        NOTICE.subject,
        NOTICE.body,
    )
    assert delivery == Delivery(reference=sent.id, progress=Progress.SENT)
    assert channel.asks_again
    assert channel.find(NOTICE.key) == delivery
    assert channel.find("another") is None


def test_a_look_is_only_for_emails_of_that_key(notify: Notify, channel: NotifyChannel) -> None:
    channel.find("round/air & water?/ü+1")

    assert notify.requests[-1].query == {"template_type": ["email"], "reference": ["round/air & water?/ü+1"]}


@pytest.mark.parametrize("length", [1000, 1001, 5000])
def test_a_key_of_any_length_is_found_again(notify: Notify, channel: NotifyChannel, length: int) -> None:
    """Fails when the key always goes as it is: Notify refuses references over a thousand characters."""
    key = "k" * length
    delivery = channel.send(notice(key))

    [sent] = notify.messages
    assert (sent.reference == key) is (length <= 1000)
    assert channel.find(key) == delivery
    assert channel.find(key + "k") is None


def test_of_several_messages_the_newest_counts(notify: Notify, channel: NotifyChannel) -> None:
    channel.send(NOTICE)
    notify.set_status(NOTICE.key, "temporary-failure")
    newest = channel.send(NOTICE)
    notify.messages.reverse()

    assert channel.find(NOTICE.key) == newest


@pytest.mark.parametrize(
    ("status", "progress", "reason"),
    [
        ("created", Progress.SENT, ""),
        ("sending", Progress.SENT, ""),
        ("pending", Progress.SENT, ""),
        ("sent", Progress.SENT, ""),
        ("a-status-of-tomorrow", Progress.SENT, ""),
        ("delivered", Progress.DELIVERED, ""),
        ("permanent-failure", Progress.FAILED, "The address does not exist: ask for another one."),
        (
            "temporary-failure",
            Progress.FAILED,
            "The mailbox could not be reached for days, or is full: ask for another address, or resend.",
        ),
        (
            "technical-failure",
            Progress.FAILED,
            "Notify and its mail provider had a fault: resend it later.",
        ),
    ],
)
def test_a_status_is_told_in_plain_words(
    notify: Notify, channel: NotifyChannel, status: str, progress: Progress, reason: str
) -> None:
    reference = channel.send(NOTICE).reference
    notify.set_status(NOTICE.key, status)

    again = status == "technical-failure"
    expected = Delivery(reference=reference, progress=progress, reason=reason, again=again)
    assert channel.progress(reference) == expected
    assert channel.find(NOTICE.key) == expected


def test_a_message_that_notify_forgot_counts_as_sent(notify: Notify, channel: NotifyChannel) -> None:
    sent = channel.send(NOTICE)
    notify.set_status(NOTICE.key, "delivered")
    notify.forget(NOTICE.key)

    assert channel.progress(sent.reference) == sent
    assert channel.find(NOTICE.key) is None


@pytest.mark.parametrize("reference", ["", "<id@scheme.example>", "../templates", f"{UNKNOWN_ID}/pdf"])
def test_a_reference_that_is_not_notifys_is_not_asked_for(
    notify: Notify, channel: NotifyChannel, reference: str
) -> None:
    """Fails when a reference goes into the address of a request as it is."""
    with pytest.raises(PermanentFailure, match="never gave that reference"):
        channel.progress(reference)

    assert notify.requests == []


def test_several_threads_may_send_and_the_client_serves_one_at_a_time(notify: Notify, channel: NotifyChannel) -> None:
    """Fails without the lock: Notify's client is not made for several."""
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(channel.send, [notice(str(number)) for number in range(20)]))

    assert notify.counts() == {str(number): 1 for number in range(20)}
    assert notify.most_at_once == 1


def drive(channel: NotifyChannel, message: Message, wait: Callable[[], None] = lambda: None) -> Delivery:
    """Sends until it is taken; asks first whenever it may have been taken, as the service does."""
    unknown = False
    for _ in range(200):
        try:
            if unknown:
                wait()
                found = channel.find(message.key)
                if found is not None:
                    return found
                unknown = False
            return channel.send(message)
        except TemporaryFailure as later:
            unknown = later.unknown
    raise AssertionError("never taken")


@pytest.mark.parametrize("seed", range(8))
def test_whatever_notify_does_each_notice_is_one_message(seed: int) -> None:
    """Fails when an answer that was lost counts as known, and when a look that failed counts as nothing found."""
    with Notify(Mischief(seed, 0.6)) as notify, channel_to(notify, timeout=_LOST) as channel:
        deliveries = [drive(channel, notice(f"notice/{number}")) for number in range(8)]

    assert notify.counts() == {f"notice/{number}": 1 for number in range(8)}
    assert [delivery.reference for delivery in deliveries] == [message.id for message in notify.messages]


def test_a_message_that_is_not_listed_yet_would_be_sent_twice_without_the_wait() -> None:
    """Why a lost answer asks for a wait: Notify may list what it took only after a while."""
    with Notify(hidden=1) as notify, channel_to(notify, timeout=SOON) as channel:
        notify.will(Fault.DROPPED_AFTER)
        drive(channel, NOTICE)
        assert notify.counts() == {NOTICE.key: 2}

        def listed() -> None:
            for message in notify.messages:
                message.hidden = 0

        notify.will(Fault.DROPPED_AFTER)
        drive(channel, notice("another"), wait=listed)

    assert notify.counts() == {NOTICE.key: 2, "another": 1}
