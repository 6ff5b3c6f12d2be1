"""Letters over SMTP, to a real mail server on this machine: each arrives as the letter that was written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from email.utils import parsedate_to_datetime

import pytest
from whenever import Instant

from domain.values.refusals import Unavailable
from gateways.messaging.channels import Delivery, Message, PermanentFailure, Progress, TemporaryFailure
from gateways.messaging.smtp import SmtpChannel
from tests.gateways.mailbox import Fault, Mailbox, Mischief, Step
from tests.gateways.mailing import channel_to
from tests.gateways.notices import ADDRESS, NOTICE, notice

_LOST = 0.5
"""Seconds after which an answer counts as lost, where many are; one that is only slow may count as lost, too."""


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
