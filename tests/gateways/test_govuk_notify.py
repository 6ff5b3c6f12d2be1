"""Messages through GOV.UK Notify, as a real server on this machine answers for it."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from notifications_python_client import authentication

from domain.values.refusals import Unavailable
from gateways.messaging.channels import Delivery, Message, PermanentFailure, Progress, TemporaryFailure
from gateways.messaging.govuk_notify import NotifyChannel
from tests.gateways.mailbox import certificate
from tests.gateways.notify import API_KEY, SECRET, SERVICE, TEMPLATE, Answer, Fault, Mischief, Notify
from tests.waiting import HANGS, SOON

_LOST = 1.0
"""Seconds after which an answer counts as lost, where many are; one that is only slow may count as lost, too."""

ADDRESS = "breathe@applicants.example"
NOTICE = Message(
    key="test-2016/air-quality/selected/1",
    address=ADDRESS,
    subject="Göran, you are in",
    body="Dear Göran,\n\nyour team is chosen.",
)
PERSONAL = (ADDRESS, "breathe", "Göran", "G\\u00f6ran", "your team", SECRET)
UNKNOWN_ID = "740e5834-3a29-46b4-9a6f-16142fde533a"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def notify() -> Iterator[Notify]:
    with Notify() as notify:
        yield notify


def channel_to(notify: Notify, timeout: float = HANGS, **other: Any) -> closing[NotifyChannel]:
    return closing(NotifyChannel(API_KEY, TEMPLATE, notify.url, timeout, **other))


@pytest.fixture
def channel(notify: Notify) -> Iterator[NotifyChannel]:
    with channel_to(notify, timeout=SOON) as channel:
        yield channel


def notice(key: str = NOTICE.key, **other: str) -> Message:
    return NOTICE.model_copy(update={"key": key, **other})


def told(error: BaseException) -> str:
    """Everything that a log would show of an error."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__)


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


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        (Fault.BAD_REQUEST, PermanentFailure, r"\(400 ValidationError\): check the address"),
        (Fault.TEAM_ONLY, Unavailable, r"\(400 BadRequestError\).*API key is a live one"),
        (Fault.TRIAL_MODE, Unavailable, r"\(400 BadRequestError\).*not in trial mode"),
        (Fault.FORBIDDEN, Unavailable, r"\(403\): check the key, and that this machine's clock"),
        (Fault.RATE, TemporaryFailure, r"this minute \(429\)"),
        (Fault.DAILY, Unavailable, r"today \(429\): ask for a higher daily limit"),
        (Fault.FAILS_BEFORE, TemporaryFailure, r"failed \(500\)\. Nobody knows whether it took the message"),
        (Fault.FAILS_AFTER, TemporaryFailure, r"failed \(500\)\. Nobody knows whether it took the message"),
        (Fault.GONE, TemporaryFailure, r"failed \(502\)\. Nobody knows whether it took the message"),
        (Fault.DROPPED_BEFORE, TemporaryFailure, r"in time, or closed the connection\. Nobody knows whether"),
        (Fault.DROPPED_AFTER, TemporaryFailure, r"in time, or closed the connection\. Nobody knows whether"),
        (Fault.SLOW_BEFORE, TemporaryFailure, r"in time, or closed the connection\. Nobody knows whether"),
        (Fault.SLOW_AFTER, TemporaryFailure, r"in time, or closed the connection\. Nobody knows whether"),
        (Fault.GARBAGE, TemporaryFailure, r"cannot be read \(201\): check its address\. Nobody knows whether"),
        (
            Answer(201, b'{"id": "no uuid"}'),
            TemporaryFailure,
            "cannot be read: check its address. Nobody knows whether",
        ),
        (
            Answer(201, b'["breathe@applicants.example"]'),
            TemporaryFailure,
            "cannot be read: check its address. Nobody knows whether",
        ),
        (Answer(400, b'["breathe@applicants.example"]'), PermanentFailure, r"\(400 no type\)"),
        (
            Answer(400, b'{"errors": [{"error": "for breathe@applicants.example"}, 7]}'),
            PermanentFailure,
            r"\(400 no type\)",
        ),
        (Answer(413, b""), PermanentFailure, r"\(413 no type\)"),
        (Answer(401, b""), Unavailable, r"\(401\): check the key"),
        (Answer(404, b""), Unavailable, r"not GOV\.UK Notify \(404\): check its address"),
        (Answer(405, b""), Unavailable, r"not GOV\.UK Notify \(405\): check its address"),
        (Answer(503, b""), TemporaryFailure, r"failed \(503\)\. Nobody knows whether"),
    ],
)
def test_answers_are_sorted_by_who_can_do_something_about_them_and_name_nobody(
    notify: Notify,
    channel: NotifyChannel,
    caplog: pytest.LogCaptureFixture,
    fault: Fault | Answer,
    kind: type[Exception],
    says: str,
) -> None:
    """Fails when Notify's texts are repeated, its client's errors kept as context, or its client let log."""
    caplog.set_level(logging.DEBUG)
    notify.will(fault)

    with pytest.raises(kind, match=says) as raised:
        channel.send(NOTICE)

    assert getattr(raised.value, "unknown", False) is ("whether" in says)
    assert [word for word in PERSONAL if word in told(raised.value) + caplog.text] == []
    assert "\n" not in str(raised.value)
    assert channel.send(notice("another")).progress == Progress.SENT


@pytest.mark.parametrize(
    ("fault", "after"),
    [
        (Fault.RATE, 60),
        (Fault.SLOW_AFTER, 7),
        (Fault.FAILS_BEFORE, 7),
        (Fault.GARBAGE, 7),
    ],
)
def test_the_wait_is_as_notifys_limits_and_its_listing_need_it(notify: Notify, fault: Fault, after: float) -> None:
    notify.will(fault)
    with channel_to(notify, timeout=SOON, shown_within=7) as channel, pytest.raises(TemporaryFailure) as later:
        channel.send(NOTICE)

    assert later.value.after == after


@pytest.mark.parametrize(
    "fault", [fault for fault in Fault if fault not in (Fault.NONE, Fault.BAD_REQUEST, Fault.TEAM_ONLY)]
)
def test_a_look_that_fails_tells_nothing_of_the_message(notify: Notify, channel: NotifyChannel, fault: Fault) -> None:
    """Fails when a limit that keeps `find` from looking reads as if the message had not been taken."""
    notify.will(fault)
    with pytest.raises((TemporaryFailure, Unavailable)) as raised:
        channel.find(NOTICE.key)

    error = raised.value
    assert isinstance(error, Unavailable) or (isinstance(error, TemporaryFailure) and error.unknown)


def test_a_notify_that_is_away_is_tried_later_and_took_nothing(notify: Notify, channel: NotifyChannel) -> None:
    """Fails when every lost connection counts as unknown."""
    notify.stop()
    with pytest.raises(TemporaryFailure, match="cannot be reached") as later:
        channel.send(NOTICE)
    notify.start()

    assert not later.value.unknown
    assert [word for word in PERSONAL if word in told(later.value)] == []
    assert channel.send(NOTICE).progress == Progress.SENT


@pytest.mark.parametrize(
    "key",
    [
        f"name-{SERVICE}-{UNKNOWN_ID}",
        f"name-{UNKNOWN_ID}-{SECRET}",
    ],
)
def test_a_wrong_key_is_to_be_mended(notify: Notify, key: str) -> None:
    with (
        closing(NotifyChannel(key, TEMPLATE, notify.url)) as channel,
        pytest.raises(Unavailable, match=r"does not accept the API key \(403\): check the key"),
    ):
        channel.send(NOTICE)

    assert notify.messages == []


def test_a_clock_that_is_wrong_is_to_be_mended(
    notify: Notify, channel: NotifyChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "epoch_seconds", lambda: int(time.time()) + 3600)
    with pytest.raises(Unavailable, match="this machine's clock is right to within 30 seconds"):
        channel.send(NOTICE)

    assert notify.messages == []


def test_a_template_that_is_not_there_is_to_be_mended(notify: Notify) -> None:
    with (
        closing(NotifyChannel(API_KEY, UNKNOWN_ID, notify.url)) as channel,
        pytest.raises(Unavailable, match="and that the e-mail template exists"),
    ):
        channel.send(NOTICE)


def test_an_address_that_notify_finds_wrong_is_refused(channel: NotifyChannel) -> None:
    with pytest.raises(PermanentFailure, match=r"\(400 ValidationError\): check the address"):
        channel.send(notice(address="breathe@nowhere"))


@pytest.mark.parametrize("empty", [{"body": " \n"}, {"subject": ""}])
def test_an_empty_message_is_refused_here(notify: Notify, channel: NotifyChannel, empty: dict[str, str]) -> None:
    """Fails without the look: Notify answers it with the error of a service that is set up wrongly."""
    with pytest.raises(PermanentFailure, match="no subject or no text"):
        channel.send(notice(**empty))

    assert notify.requests == []


def test_a_message_that_is_too_long_is_refused_here(notify: Notify, channel: NotifyChannel) -> None:
    """Fails without the look: Notify answers it with the error of a service that is set up wrongly."""
    with pytest.raises(PermanentFailure, match="two million bytes"):
        channel.send(notice(body="ü" * 1_000_000))

    assert notify.requests == []


@pytest.mark.parametrize("key", ["", "secret", f"{SERVICE}-{SECRET}", f"name-{SERVICE}-{SECRET}x"])
def test_a_key_that_cannot_be_one_is_not_repeated(key: str) -> None:
    with pytest.raises(Unavailable, match="copy it again, or create a new one there") as refused:
        NotifyChannel(key, TEMPLATE)

    assert SECRET not in told(refused.value)


def test_a_template_has_an_id_of_notifys() -> None:
    with pytest.raises(Unavailable, match="copy it from the template's page"):
        NotifyChannel(API_KEY, "the notice one")


@pytest.mark.parametrize("url", ["http://notify.example", "http://192.0.2.1", "notify.example", "ftp://127.0.0.1", ""])
def test_nothing_goes_unsealed_to_another_machine(url: str) -> None:
    """Fails without the look at the address."""
    with pytest.raises(Unavailable, match="begin it with https://"):
        NotifyChannel(API_KEY, TEMPLATE, url)


def test_without_an_address_it_is_the_public_notify() -> None:
    with closing(NotifyChannel(API_KEY, TEMPLATE)) as channel:
        assert channel._client.base_url == "https://api.notifications.service.gov.uk"


def test_nothing_goes_to_a_notify_whose_certificate_is_not_trusted(tmp_path: Path) -> None:
    """Fails when the certificate is not looked at."""
    with (
        Notify(tls=certificate(tmp_path).context) as notify,
        channel_to(notify) as channel,
        pytest.raises(Unavailable, match=r"not have GOV\.UK Notify's certificate \(self.signed certificate\)"),
    ):
        channel.send(NOTICE)

    assert notify.requests == []


def test_a_channel_shows_no_key(channel: NotifyChannel) -> None:
    assert SECRET not in repr(channel)
    assert SECRET not in str(channel)


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
