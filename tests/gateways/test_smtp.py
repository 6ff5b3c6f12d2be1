"""Letters over SMTP, to a real mail server on this machine."""

from __future__ import annotations

import logging
import smtplib
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from whenever import Instant

from domain.delivery.delivery import CLAIM_LASTS
from domain.values.refusals import Unavailable
from gateways.messaging.channels import Delivery, Message, PermanentFailure, Progress, TemporaryFailure
from gateways.messaging.smtp import Security, SmtpChannel
from service import wiring
from tests.gateways.mailbox import Certificate, Fault, Mailbox, Mischief, Step, certificate, saying
from tests.waiting import HANGS, SOON

_LOST = 0.5
"""Seconds after which an answer counts as lost, where many are; one that is only slow may count as lost, too."""

ADDRESS = "breathe@applicants.example"
PASSWORD = "opens-the-mail-server"
NOTICE = Message(
    key="test-2016/air-quality/selected/1",
    address=ADDRESS,
    subject="Göran, you are in",
    body="Dear Göran,\n.\nyour team is chosen.\r\n" + "Well done. " * 200,
)
PERSONAL = (ADDRESS, "Göran", "your team", "Well done", PASSWORD, "breathe")


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as mailbox:
        yield mailbox


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("certificate"))


def channel_to(
    port: int, security: Security = "none", user: str = "", timeout: float = HANGS, patience: float | None = None
) -> closing[SmtpChannel]:
    sender, password = "Challenges <post@scheme.example>", PASSWORD if user else ""
    patience = timeout if patience is None else patience
    return closing(SmtpChannel("127.0.0.1", port, sender, user, password, security, timeout, patience))


def notice(key: str = NOTICE.key, **other: str) -> Message:
    return NOTICE.model_copy(update={"key": key, **other})


def told(error: BaseException) -> str:
    """Everything that a log would show of an error."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__)


def test_a_letter_arrives_as_it_was_written(mailbox: Mailbox) -> None:
    before = Instant.now()
    with channel_to(mailbox.port) as channel:
        delivery = channel.send(NOTICE)

    [received] = mailbox.received
    letter = received.letter
    assert (received.sender, received.recipients) == ("post@scheme.example", (ADDRESS,))
    assert (letter["From"], letter["To"]) == ("Challenges <post@scheme.example>", ADDRESS)
    assert (letter["Subject"], letter["Auto-Submitted"]) == ("Göran, you are in", "auto-generated")
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content_charset() == "utf-8"
    assert letter.get_content().splitlines() == NOTICE.body.splitlines()
    assert abs(parsedate_to_datetime(letter["Date"]).timestamp() - before.timestamp()) <= 60
    assert delivery == Delivery(reference=letter["Message-ID"], progress=Progress.SENT)


def test_a_letter_needs_no_server_that_takes_eight_bits(mailbox: Mailbox) -> None:
    with channel_to(mailbox.port) as channel:
        channel.send(notice(body="Grüße"))

    [received] = mailbox.received
    assert received.raw.isascii()
    assert received.letter.get_content().rstrip() == "Grüße"


def test_a_key_is_one_message_id_and_another_key_another(mailbox: Mailbox) -> None:
    """Fails when the Message-ID is made up anew for each letter."""
    with channel_to(mailbox.port) as first:
        first.send(NOTICE)
        first.send(notice("another"))
    with channel_to(mailbox.port) as second:
        second.send(notice(body="Said otherwise."))

    one, other, again = mailbox.message_ids()
    assert one == again != other
    assert one.endswith("@scheme.example>")


def test_a_mail_server_remembers_nothing(mailbox: Mailbox) -> None:
    with channel_to(mailbox.port) as channel:
        delivery = channel.send(NOTICE)

        assert not channel.asks_again
        assert channel.find(NOTICE.key) is None
        assert channel.progress(delivery.reference) == delivery


def test_letters_share_a_connection_until_the_server_hangs_up(mailbox: Mailbox) -> None:
    """Fails when each letter connects, and when a connection that the server ended is used again."""
    with channel_to(mailbox.port) as channel:
        for number in range(3):
            channel.send(notice(str(number)))
        assert mailbox.connections == 1
        mailbox.stop()
        mailbox.start()
        channel.send(notice("3"))

    assert mailbox.connections == 2
    assert len(mailbox.received) == 4


def test_a_channel_that_was_closed_connects_again(mailbox: Mailbox) -> None:
    with channel_to(mailbox.port) as channel:
        channel.send(NOTICE)
        channel.close()
        channel.send(notice("another"))

    assert mailbox.connections == 2


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_sealed_connection_logs_in(security: Security, trusted: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.file))
    with (
        Mailbox(security=security, certificate=trusted, user="post", password=PASSWORD) as mailbox,
        channel_to(mailbox.port, security, "post") as channel,
    ):
        channel.send(NOTICE)
        channel.send(notice("another"))

    assert [(one.sealed, one.user) for one in mailbox.received] == [(True, "post")] * 2


def test_a_login_on_this_machine_needs_no_seal() -> None:
    with Mailbox(user="post", password=PASSWORD) as mailbox, channel_to(mailbox.port, user="post") as channel:
        channel.send(NOTICE)

    assert [(one.sealed, one.user) for one in mailbox.received] == [(False, "post")]


@pytest.mark.parametrize("host", ["mail.example", "192.0.2.1", "localhost.example"])
def test_nothing_goes_unsealed_to_another_machine(host: str) -> None:
    """Fails without the look at the host."""
    with pytest.raises(Unavailable, match=f"{host} is not on this machine.*starttls or tls"):
        SmtpChannel(host, 25, "post@scheme.example", security="none")


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "post",
        "post@",
        "@scheme.example",
        "<post@scheme.example",
        "po st@scheme.example",
        "pöst@scheme.example",
        f"post@{'a' * 64}.example",
        "a@b.example, c@d.example",
        "post@scheme.example\r\nBcc: x@y.example",
    ],
)
def test_a_sender_is_one_address(sender: str) -> None:
    with pytest.raises(Unavailable, match=r"sender of letters is not an e-mail address: write one"):
        SmtpChannel("127.0.0.1", 25, sender, security="none")


@pytest.mark.parametrize(
    ("sender", "shown", "envelope"),
    [
        ("post@scheme.example", "post@scheme.example", "post@scheme.example"),
        (
            "Dept. of Chällenges <post@scheme.example>",
            "Dept. of Chällenges <post@scheme.example>",
            "post@scheme.example",
        ),
        ("post@bücher.example", "post@xn--bcher-kva.example", "post@xn--bcher-kva.example"),
    ],
)
def test_a_sender_may_have_a_name(mailbox: Mailbox, sender: str, shown: str, envelope: str) -> None:
    with closing(SmtpChannel("127.0.0.1", mailbox.port, sender, security="none")) as channel:
        channel.send(NOTICE)

    [received] = mailbox.received
    assert (str(received.letter["From"]).replace('"', ""), received.sender) == (shown, envelope)


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


def test_a_server_that_hangs_up_before_tls_is_tried_later() -> None:
    """Fails when every trouble with TLS is one to be mended."""
    with (
        saying() as port,
        channel_to(port, "tls") as channel,
        pytest.raises(TemporaryFailure, match="cannot be reached"),
    ):
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


def test_a_wrong_password_is_to_be_mended() -> None:
    with (
        Mailbox(user="post", password="another") as mailbox,
        channel_to(mailbox.port, user="post") as channel,
        pytest.raises(Unavailable, match=r"does not accept the user and password \(535\): check both"),
    ):
        channel.send(NOTICE)


def test_a_login_that_fails_for_now_is_tried_later() -> None:
    with Mailbox(user="post", password=PASSWORD) as mailbox, channel_to(mailbox.port, user="post") as channel:
        mailbox.will(Step.LOGIN, "454 4.7.0 Later", "454 4.7.0 Later")
        with pytest.raises(TemporaryFailure, match=r"asks to try again later \(454\)"):
            channel.send(NOTICE)


def test_a_login_that_is_asked_for_and_not_given_is_to_be_mended(
    trusted: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.file))
    with (
        Mailbox(security="starttls", certificate=trusted, user="post", password=PASSWORD) as mailbox,
        channel_to(mailbox.port, "starttls") as channel,
        pytest.raises(Unavailable, match=r"asks for a login \(530\): set its user and password"),
    ):
        channel.send(NOTICE)


def test_a_login_that_is_not_offered_is_to_be_mended(mailbox: Mailbox) -> None:
    with (
        channel_to(mailbox.port, user="post") as channel,
        pytest.raises(Unavailable, match="offers no suitable login: check its port, security and user"),
    ):
        channel.send(NOTICE)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_no_letter_and_no_password_go_to_a_server_whose_certificate_is_not_trusted(
    security: Security, trusted: Certificate
) -> None:
    """Fails when the certificate is not looked at."""
    with (
        Mailbox(security=security, certificate=trusted, user="post", password=PASSWORD) as mailbox,
        channel_to(mailbox.port, security, "post") as channel,
        pytest.raises(Unavailable, match=r"certificate that is not trusted \(self.signed certificate\)"),
    ):
        channel.send(NOTICE)

    assert mailbox.received == []


def test_a_certificate_of_another_server_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    others = certificate(tmp_path, "other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(others.file))
    with (
        Mailbox(security="tls", certificate=others) as mailbox,
        channel_to(mailbox.port, "tls") as channel,
        pytest.raises(Unavailable, match="check the server's name and its certificate"),
    ):
        channel.send(NOTICE)


def test_a_server_without_starttls_gets_nothing(mailbox: Mailbox) -> None:
    """Fails when a connection goes on unsealed."""
    with (
        channel_to(mailbox.port, "starttls") as channel,
        pytest.raises(Unavailable, match="does not offer STARTTLS: check its port and security"),
    ):
        channel.send(NOTICE)

    assert mailbox.received == []


def test_tls_with_a_server_that_speaks_plainly_is_to_be_mended(mailbox: Mailbox) -> None:
    with (
        channel_to(mailbox.port, "tls") as channel,
        pytest.raises(Unavailable, match="uses TLS differently: check its port and security"),
    ):
        channel.send(NOTICE)


@pytest.mark.parametrize("turn", ["\r\n", "\n", "\r", "\x00", "\u2028", "\x85", "\x0b"])
def test_a_subject_cannot_add_a_header(mailbox: Mailbox, turn: str) -> None:
    """Fails when a subject goes into the header as it is: `EmailMessage` then refuses what could be sent."""
    with channel_to(mailbox.port) as channel:
        channel.send(notice(subject=f"Hello{turn}Bcc: thief@other.example{turn}{turn}Body"))

    [received] = mailbox.received
    assert received.letter["Subject"] == "Hello Bcc: thief@other.example Body"
    assert received.letter["Bcc"] is None
    assert received.recipients == (ADDRESS,)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "breathe",
        "@applicants.example",
        "breathe@",
        f"{ADDRESS}\r\nRCPT TO:<thief@other.example>",
        f"{ADDRESS}\nBcc: thief@other.example",
        f"{ADDRESS}\x00",
        f"{ADDRESS}\u2028",
        f"{ADDRESS}, thief@other.example",
        f"<{ADDRESS}>",
        f"Göran <{ADDRESS}>",
        f"{ADDRESS}(Göran)",
        f" {ADDRESS}",
        f"{ADDRESS}> NOTIFY=SUCCESS",
        "göran@applicants.example",
        f"breathe@{'a' * 64}.example",
    ],
)
def test_an_address_is_one_address_and_nothing_else(mailbox: Mailbox, address: str) -> None:
    """Fails when an address goes to the mail server as it is."""
    with channel_to(mailbox.port) as channel, pytest.raises(PermanentFailure, match="not an e-mail address") as refused:
        channel.send(notice(address=address))

    assert mailbox.connections == 0
    assert refused.value.__context__ is None


def test_a_domain_with_other_letters_is_spelt_as_mail_servers_know_it(mailbox: Mailbox) -> None:
    with channel_to(mailbox.port) as channel:
        channel.send(notice(address="breathe@bücher.example"))

    assert mailbox.received[0].recipients == ("breathe@xn--bcher-kva.example",)


def drive(channel: SmtpChannel, message: Message) -> None:
    """Sends until it is taken, as the service does with what it cannot ask about."""
    for _ in range(100):
        try:
            channel.send(message)
            return
        except TemporaryFailure:
            continue
    raise AssertionError("never taken")


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_server_does_each_notice_comes_and_always_as_the_same_letter(seed: int) -> None:
    """Fails when a lost answer counts as taken, and when the Message-ID is not of the key."""
    messages = [notice(f"notice/{number}", address=f"team{number}@applicants.example") for number in range(8)]
    with Mailbox(Mischief(seed)) as mailbox, channel_to(mailbox.port, timeout=_LOST) as channel:
        for message in messages:
            drive(channel, message)

    ids: dict[tuple[str, ...], set[str]] = {}
    for one, message_id in zip(mailbox.received, mailbox.message_ids(), strict=True):
        ids.setdefault(one.recipients, set()).add(message_id)
    assert set(ids) == {(message.address,) for message in messages}
    assert all(len(of_one) == 1 for of_one in ids.values())
    assert len(set.union(*ids.values())) == len(messages)


def test_a_letter_whose_answer_was_lost_comes_twice_as_one(mailbox: Mailbox) -> None:
    mailbox.will(Step.LETTER, Fault.KEPT_AND_DROPPED)
    with channel_to(mailbox.port) as channel:
        drive(channel, NOTICE)

    first, second = mailbox.message_ids()
    assert first == second


def test_several_threads_may_send_at_once(mailbox: Mailbox) -> None:
    """Fails when two speak over one connection at a time."""
    messages = [notice(str(number), address=f"team{number}@applicants.example") for number in range(40)]
    with channel_to(mailbox.port) as channel, ThreadPoolExecutor(8) as threads:
        list(threads.map(channel.send, messages))

    assert sorted(one.recipients for one in mailbox.received) == sorted((one.address,) for one in messages)
    assert mailbox.connections == 1


def with_the_server(prepare: Callable[[Mailbox], None], user: str = "") -> BaseException:
    """What the channel raises."""
    with (
        Mailbox(user=user, password="another") as mailbox,
        channel_to(mailbox.port, user=user, timeout=SOON) as channel,
    ):
        prepare(mailbox)
        with pytest.raises((TemporaryFailure, PermanentFailure, Unavailable)) as raised:
            channel.send(NOTICE)
    return raised.value


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
    assert [word for word in PERSONAL if word in told(error) + ours] == []
    assert "\n" not in str(error)


def test_a_refused_login_shows_no_password() -> None:
    error = with_the_server(lambda mailbox: None, user="post")

    assert isinstance(error, Unavailable)
    assert PASSWORD not in told(error)


def test_a_channel_shows_no_password() -> None:
    with channel_to(25, user="post") as channel:
        assert PASSWORD not in repr(channel)
        assert PASSWORD not in str(channel)
