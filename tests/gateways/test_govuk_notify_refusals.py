"""What GOV.UK Notify refuses, or answers too late or not at all, and who can do something about the answer."""

from __future__ import annotations

import logging

import pytest

from domain.values.refusals import Unavailable
from gateways.messaging.channels import PermanentFailure, Progress, TemporaryFailure
from gateways.messaging.govuk_notify import NotifyChannel
from tests.gateways.notices import NOTICE, PERSONAL, notice, told
from tests.gateways.notify import SECRET, Fault, Notify
from tests.gateways.notifying import channel_to
from tests.gateways.serving import Answer
from tests.waiting import SOON

pytestmark = pytest.mark.usefixtures("no_proxy")


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
    assert [word for word in (*PERSONAL, SECRET) if word in told(raised.value) + caplog.text] == []
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
    assert [word for word in (*PERSONAL, SECRET) if word in told(later.value)] == []
    assert channel.send(NOTICE).progress == Progress.SENT


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
