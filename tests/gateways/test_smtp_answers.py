"""What a mail server answers to a letter, and who can do something about the answer."""

from __future__ import annotations

import logging
import smtplib

import pytest

from domain.delivery.delivery import CLAIM_LASTS
from domain.values.refusals import Unavailable
from gateways.messaging.channels import PermanentFailure, TemporaryFailure
from service import wiring
from tests.gateways.mailbox import Fault, Mailbox, Step, saying
from tests.gateways.mailing import PASSWORD, channel_to, with_the_server
from tests.gateways.notices import ADDRESS, NOTICE, PERSONAL, notice, told
from tests.waiting import HANGS, SOON


@pytest.mark.parametrize(
    ("step", "answer", "kind", "says"),
    [
        (Step.SENDER, "550 5.1.8 Sender rejected", Unavailable, r"\(550\): check the sender's address"),
        (Step.SENDER, "552 5.3.4 Too big", PermanentFailure, r"\(552\): send a shorter one"),
        (Step.SENDER, "530 5.7.0 Log in", Unavailable, r"\(530\): set its user and password"),
        (Step.SENDER, "451 4.3.0 Later", TemporaryFailure, r"now \(451\)"),
        (Step.SENDER, "421 4.3.2 Closing", TemporaryFailure, r"now \(421\)"),
        (
            Step.RECIPIENT,
            f"550 5.1.1 <{ADDRESS}> unknown",
            PermanentFailure,
            r"\(550 5\.1\.1\): the address does not exist",
        ),
        (Step.RECIPIENT, f"552 5.2.2 <{ADDRESS}> is full", PermanentFailure, r"\(552 5\.2\.2\): the mailbox is full"),
        (
            Step.RECIPIENT,
            f"554 5.7.1 <{ADDRESS}> denied",
            PermanentFailure,
            r"\(554 5\.7\.1\).*relays for this service",
        ),
        (Step.RECIPIENT, f"550 {ADDRESS} unknown", PermanentFailure, r"\(550\): it takes no letters for this address"),
        (
            Step.SENDER,
            "550 5.4.5 Enough for today",
            Unavailable,
            r"\(550 5\.4\.5\): ask the people who run it for a higher limit",
        ),
        (Step.RECIPIENT, "550 5.4.5 Enough for today", Unavailable, r"takes no more of this service's letters"),
        (Step.RECIPIENT, "553 5.1.8 Sender rejected", Unavailable, r"\(553\): check the sender's address"),
        (Step.RECIPIENT, "530 5.7.0 Log in", Unavailable, r"\(530\): set its user and password"),
        (Step.RECIPIENT, f"450 4.2.0 <{ADDRESS}> greylisted", TemporaryFailure, r"to this recipient now \(450\)"),
        (Step.RECIPIENT, "421 4.3.2 Closing", TemporaryFailure, r"cannot take the letter now \(421\)"),
        (Step.LETTER, f"554 5.7.1 spam for {ADDRESS}", PermanentFailure, r"refuses the letter itself \(554 5\.7\.1\)"),
        (Step.LETTER, f"451 4.3.0 {ADDRESS} later", TemporaryFailure, r"now \(451\)"),
        (Step.LETTER, "454 Throttling failure", TemporaryFailure, r"now \(454\)"),
        (Step.LETTER, "550 5.4.5 Enough for today", Unavailable, r"takes no more of this service's letters"),
        (Step.LETTER, "530 5.7.0 Log in", Unavailable, r"\(530\): set its user and password"),
        (Step.LETTER, "421 4.7.0 Too many", TemporaryFailure, r"now \(421\)"),
    ],
)
def test_answers_are_sorted_by_who_can_do_something_about_them(
    mailbox: Mailbox, step: Step, answer: str, kind: type[Exception], says: str
) -> None:
    mailbox.will(step, answer)
    with channel_to(mailbox.port) as channel:
        with pytest.raises(kind, match=says) as refused:
            channel.send(NOTICE)
        assert not getattr(refused.value, "unknown", False)
        assert getattr(refused.value, "alone", False) is ("this recipient" in str(refused.value))
        assert mailbox.received == []

        channel.send(notice("another", address="roads@applicants.example"))

    assert [one.recipients for one in mailbox.received] == [("roads@applicants.example",)]


@pytest.mark.parametrize(
    ("step", "answer", "doubtful"),
    [
        (Step.RECIPIENT, "550 5.1.1 Unknown", False),
        (Step.RECIPIENT, "552 5.2.2 Full", False),
        (Step.RECIPIENT, "554 5.7.1 Relay access denied", True),
        (Step.RECIPIENT, "550 relay not permitted", True),
        (Step.LETTER, "552 5.3.4 Too long", False),
        (Step.LETTER, "554 5.6.0 Not understood", False),
        (Step.LETTER, "554 5.7.1 Spam", True),
        (Step.LETTER, "554 Message rejected: the sender's address is not verified", True),
    ],
)
def test_a_refusal_that_may_be_about_this_service_is_a_doubtful_one(
    mailbox: Mailbox, step: Step, answer: str, doubtful: bool
) -> None:
    """Fails when a server that does not relay for this service makes every notice a failed one."""
    mailbox.will(step, answer)
    with channel_to(mailbox.port) as channel, pytest.raises(PermanentFailure) as refused:
        channel.send(NOTICE)

    assert refused.value.doubtful is doubtful


@pytest.mark.parametrize(
    ("answer", "after", "alone"),
    [
        ("552 5.2.2 Submission quota exceeded", 3600, True),
        ("554 5.2.0 Submission quota exceeded", 3600, True),
        ("552 Exceeded storage allocation", 3600, True),
        ("451 4.7.1 Greylisted", None, True),
        ("452 4.3.1 Disk full", None, False),
    ],
)
def test_what_holds_for_a_while_is_tried_later(mailbox: Mailbox, answer: str, after: float | None, alone: bool) -> None:
    """Fails when a limit of what may be sent in a day is the end of the notice."""
    mailbox.will(Step.LETTER, answer)
    with channel_to(mailbox.port) as channel, pytest.raises(TemporaryFailure) as later:
        channel.send(NOTICE)

    assert (later.value.after, later.value.alone, later.value.unknown) == (after, alone, False)


@pytest.mark.parametrize(
    ("step", "fault", "unknown", "kept"),
    [
        (Step.SENDER, Fault.DROPPED, False, 0),
        (Step.SENDER, Fault.SILENT, False, 0),
        (Step.RECIPIENT, Fault.DROPPED, False, 0),
        (Step.RECIPIENT, Fault.SILENT, False, 0),
        (Step.LETTER, Fault.DROPPED, True, 0),
        (Step.LETTER, Fault.SILENT, True, 0),
        (Step.LETTER, Fault.KEPT_AND_DROPPED, True, 1),
        (Step.LETTER, Fault.KEPT_AND_SILENT, True, 1),
        (Step.LETTER, "no number at all", True, 0),
    ],
)
def test_only_a_letter_that_was_handed_over_may_have_been_taken(
    mailbox: Mailbox, step: Step, fault: str, unknown: bool, kept: int
) -> None:
    """Fails when a silence counts as known whenever it falls, and when it counts as unknown."""
    mailbox.will(step, fault)
    with channel_to(mailbox.port, timeout=SOON) as channel, pytest.raises(TemporaryFailure) as later:
        channel.send(NOTICE)

    assert later.value.unknown is unknown
    assert len(mailbox.received) == kept


def test_a_server_has_minutes_to_say_that_it_took_a_letter_and_no_longer_for_anything_else(mailbox: Mailbox) -> None:
    """Fails when a server that looks at each letter for a while gets it again and again."""
    mailbox.will(Step.LETTER, Fault.SLOW)
    with channel_to(mailbox.port, timeout=SOON, patience=HANGS) as channel:
        channel.send(NOTICE)
        connection = channel._server
        assert connection is not None
        assert connection.sock is not None
        assert connection.sock.gettimeout() == SOON

    assert len(mailbox.received) == 1


def test_a_sending_takes_less_time_than_the_claim_to_it_lasts() -> None:
    """Greeting, sealing, login and every word before the letter, and then the answer to it."""
    assert CLAIM_LASTS.total("seconds") > wiring._MAIL_SERVER_SECONDS + 15 * wiring._CHANNEL_SECONDS
    assert wiring._MAIL_SERVER_SECONDS >= 600, "as RFC 5321, 4.5.3.2.6, asks"


def test_a_letter_that_is_broken_off_is_no_part_of_the_next(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when the connection is kept that somebody was interrupted on."""

    def interrupted(*_: object) -> tuple[int, bytes]:
        raise KeyboardInterrupt

    with channel_to(mailbox.port) as channel:
        with monkeypatch.context() as patch:
            patch.setattr(smtplib.SMTP, "rcpt", interrupted)
            with pytest.raises(KeyboardInterrupt):
                channel.send(NOTICE)
        channel.send(notice("another"))

    assert mailbox.connections == 2
    assert len(mailbox.received) == 1


def test_a_server_that_is_away_is_tried_later(mailbox: Mailbox) -> None:
    mailbox.stop()
    with channel_to(mailbox.port) as channel:
        with pytest.raises(TemporaryFailure, match=r"cannot be reached.*check that it runs") as later:
            channel.send(NOTICE)
        mailbox.start()
        channel.send(NOTICE)

    assert not later.value.unknown
    assert len(mailbox.received) == 1


@pytest.mark.parametrize(
    ("said", "kind", "says"),
    [
        ([b"554 5.7.1 Not you\r\n"], Unavailable, r"will not serve this machine \(554\): ask who runs it"),
        ([b"421 4.3.2 Too busy\r\n"], TemporaryFailure, r"asks to try again later \(421\)"),
        ([], TemporaryFailure, "cannot be reached, or closed the connection"),
    ],
)
def test_a_greeting_is_understood(said: list[bytes], kind: type[Exception], says: str) -> None:
    with saying(*said) as port, channel_to(port) as channel, pytest.raises(kind, match=says):
        channel.send(NOTICE)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [(b"554 5.5.1 No valid recipients\r\n", PermanentFailure), (b"451 4.3.0 Later\r\n", TemporaryFailure)],
)
def test_a_server_may_not_even_want_to_see_the_letter(answer: bytes, kind: type[Exception]) -> None:
    """Fails when a refusal before the letter counts as unknown."""
    ok = b"250 Ok\r\n"
    with saying(b"220 Hello\r\n", ok, ok, ok, answer) as port, channel_to(port) as channel, pytest.raises(kind) as no:
        channel.send(NOTICE)

    assert not getattr(no.value, "unknown", False)


@pytest.mark.parametrize("step", [Step.SENDER, Step.RECIPIENT, Step.LETTER])
@pytest.mark.parametrize(
    "answer",
    [f"451 4.1.1 <{ADDRESS}> Göran later", f"550 5.1.1 <{ADDRESS}> unknown", f"{ADDRESS} no", Fault.DROPPED],
)
def test_what_is_raised_names_nobody(step: Step, answer: str, caplog: pytest.LogCaptureFixture) -> None:
    """Fails when a server's own words are repeated, or kept as the context of an error."""
    caplog.set_level(logging.DEBUG)
    error = with_the_server(lambda mailbox: mailbox.will(step, answer.replace("ö", "o")))

    # aiosmtpd is the mail server here, and says whom it serves.
    ours = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("mail."))
    assert [word for word in (*PERSONAL, PASSWORD) if word in told(error) + ours] == []
    assert "\n" not in str(error)
