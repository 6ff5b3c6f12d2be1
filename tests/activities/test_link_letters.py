"""Letters with links to sign in with: ahead of all notices, with a secret that is kept nowhere, and never too late."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import insert, select
from whenever import Instant

from activities.delivery import Delivering
from domain.delivery.delivery import Outbox, Sending
from gateways.messaging.channels import Channel
from gateways.messaging.govuk_notify import NotifyChannel
from gateways.messaging.letters import Letters
from gateways.messaging.smtp import SmtpChannel
from identity.link_letters import LinkLetters
from identity.links import Links
from store.database import tables
from store.database.database import Database
from tests.activities.running import environment, failure_of
from tests.gateways.mailbox import Fault, Mailbox, Step
from tests.gateways.notify import API_KEY, TEMPLATE, Notify
from tests.store.posting import told
from tests.store.said import AIR, MIDWAY, compose
from tests.waiting import SOON

ANN = "ann@applicants.example"
BROWSER = "browser-of-ann-1234567890"
WEB = "https://challenges.example"
ONE = Sending(seconds=0)


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


class Post:
    """The activity on a channel, and a person who asks for links, by one clock that a test sets."""

    def __init__(self, database: Database, channel: Channel | None) -> None:
        self.now = MIDWAY
        self.beats: list[Outbox] = []
        self.links = Links(database, lambda: self.now)
        self.letters = LinkLetters(database, Letters().compose, WEB, lambda: self.now)
        self._database = database
        self._delivering = Delivering(
            database, channel, 1000, compose, lambda: self.now, self._seconds, links=self.letters
        )

    def ask(self, address: str = ANN) -> None:
        """Somebody asks for a link, each from a network of their own."""
        self.links.ask(address, BROWSER, address)

    def step(self, at: Instant | None = None) -> Outbox:
        """Deals with one letter or notice, if one is due at an instant: a second later, if none is named."""
        self.now = at or self.now.add(seconds=1)
        place = environment(self.now)
        place.on_heartbeat = self.beats.append
        outbox: Outbox = place.run(self._delivering.deliver, ONE)
        return outbox

    async def fault(self) -> str:
        """What the activity's failure says."""
        return (await failure_of(self._delivering.deliver, ONE)).message

    def status(self) -> list[str]:
        """Of all links, in the order in which they were asked for."""
        with self._database.reading() as connection:
            rows = connection.execute(select(tables.links)).all()
        return [row.status for row in sorted(rows, key=lambda row: (row.asked_at, row.id))]

    def _seconds(self) -> float:
        return (self.now - MIDWAY).total("seconds") + 1


def secrets_in(mailbox: Mailbox) -> list[str]:
    """The secrets in the letters that came, in their order."""
    bodies = [each.letter.get_content() for each in mailbox.received]
    lines = [line for body in bodies for line in body.splitlines() if line.startswith(f"{WEB}/link/")]
    return [line.removeprefix(f"{WEB}/link/") for line in lines]


def test_a_link_goes_ahead_of_200_notices_about_a_decision(
    open_: Database, mailbox: Mailbox, mail: SmtpChannel
) -> None:
    """Fails when it waits behind them: at five letters a second, for 40 seconds."""
    told(open_)
    with open_.writing() as connection:
        row = dict(connection.execute(select(tables.notices)).one()._mapping)
        rows = [row | {"key": f"{AIR}/decided/{number}"} for number in range(200)]
        connection.execute(insert(tables.notices), rows)
    post = Post(open_, mail)
    post.step()
    post.ask()
    post.step()
    post.step()
    assert [each.recipients for each in mailbox.received] == [("sam@sepa.example",), (ANN,), ("sam@sepa.example",)]
    (secret,) = secrets_in(mailbox)
    assert post.links.sign_in(secret, BROWSER, "home").mailbox == ANN


def test_nothing_of_a_link_is_in_notices_in_temporal_or_in_the_log(
    open_: Database, mailbox: Mailbox, mail: SmtpChannel, caplog: pytest.LogCaptureFixture
) -> None:
    mailbox.will(Step.RECIPIENT, "450 4.2.0 Greylisted")
    post = Post(open_, mail)
    post.ask()
    with caplog.at_level(logging.DEBUG):
        counted = [post.step(), post.step(MIDWAY.add(minutes=1))]
    (secret,) = secrets_in(mailbox)
    said = " ".join(each.model_dump_json() for each in (*post.beats, *counted))
    ours = [vars(record) for record in caplog.records if not record.name.startswith("mail.")]
    assert "link not sent yet" in str(ours)
    for text in (said, str(ours)):
        assert [word for word in (secret, ANN, "/link/") if word in text] == []
    assert {(each.waiting, each.sent) for each in counted} == {(0, 0)}
    with open_.reading() as connection:
        assert connection.execute(select(tables.notices)).all() == []
        assert secret not in str(connection.execute(select(tables.links)).all())


def test_a_sender_that_died_leaves_a_link_that_is_sent_again_with_another_secret(
    open_: Database, mailbox: Mailbox, mail: SmtpChannel
) -> None:
    """The first letter may have gone out or not. Fails when the secret of a letter is kept, to be sent again."""
    post = Post(open_, mail)
    post.ask()
    died = post.letters.take()
    assert died is not None
    post.step(MIDWAY.add(minutes=2))
    assert mailbox.received == []  # the other sender may still be at it
    post.step(MIDWAY.add(minutes=4))
    (secret,) = secrets_in(mailbox)
    assert secret not in died.body
    post.letters.note_failed(died, "It was too slow.")
    assert post.status() == ["sent"]
    assert post.links.sign_in(secret, BROWSER, "home").mailbox == ANN


@pytest.mark.parametrize("answer", ["450 4.2.0 Greylisted", "451 4.3.0 Try again later"])
def test_what_passes_is_tried_again_while_somebody_waits(
    open_: Database, mailbox: Mailbox, mail: SmtpChannel, answer: str
) -> None:
    post = Post(open_, mail)
    mailbox.will(Step.RECIPIENT, answer)
    post.ask()
    post.step()
    assert post.status() == ["waiting"]
    post.step(MIDWAY.add(minutes=2))
    assert post.status() == ["sent"]
    assert len(mailbox.received) == 1


def test_a_letter_whose_answer_is_lost_is_sent_three_times_at_most(
    open_: Database, mailbox: Mailbox, mail: SmtpChannel
) -> None:
    """The newest link works, because nobody knows which of them arrived."""
    post = Post(open_, mail)
    mailbox.will(Step.LETTER, *[Fault.KEPT_AND_DROPPED] * 5)
    post.ask()
    for minute in range(12):
        post.step(MIDWAY.add(minutes=minute))
    sent = secrets_in(mailbox)
    assert len(set(sent)) == len(sent) == 3
    assert post.status() == ["failed"]
    assert post.links.sign_in(sent[-1], BROWSER, "home").mailbox == ANN


def test_strangers_who_ask_for_links_to_nobody_stop_no_notice(
    open_: Database, mailbox: Mailbox, mail: SmtpChannel
) -> None:
    """Fails when their letters count as those that the channel turns away: ten in a row would end all sending."""
    post = Post(open_, mail)
    for number in range(15):
        address = f"nobody{number}@nowhere.example"
        mailbox.turns_away(address, "550 5.1.1 No such user")
        post.ask(address)
        post.step()
    assert post.status() == ["failed"] * 15
    told(open_)
    post.step()
    assert [each.recipients for each in mailbox.received] == [("sam@sepa.example",)]


async def test_a_channel_that_only_a_person_can_mend_ends_the_activity_and_the_link_waits(
    open_: Database, mailbox: Mailbox
) -> None:
    with closing(SmtpChannel("127.0.0.1", mailbox.port, "post@scheme.example", timeout=SOON)) as sealed:
        post = Post(open_, sealed)
        post.ask()
        assert "STARTTLS" in await post.fault()
        assert post.status() == ["waiting"]


@pytest.mark.parametrize(("minutes", "sent"), [(14, 1), (15, 0), (500, 0)])
def test_a_letter_that_is_too_late_is_not_sent(
    open_: Database, mailbox: Mailbox, mail: SmtpChannel, minutes: int, sent: int
) -> None:
    """Fails when a mail server that comes back after hours sends links that nobody waits for."""
    post = Post(open_, mail)
    post.ask()
    post.step(MIDWAY.add(minutes=minutes))
    assert len(mailbox.received) == sent


def test_of_two_links_of_one_person_only_the_newer_is_sent(
    open_: Database, mailbox: Mailbox, mail: SmtpChannel
) -> None:
    post = Post(open_, mail)
    post.ask()
    post.now = MIDWAY.add(seconds=1)
    post.ask()
    for _ in range(3):
        post.step()
    assert len(mailbox.received) == 1
    assert sorted(post.status()) == ["failed", "sent"]
    assert post.links.sign_in(secrets_in(mailbox)[0], BROWSER, "home").mailbox == ANN


def test_without_a_channel_links_wait(open_: Database) -> None:
    post = Post(open_, None)
    post.ask()
    assert post.step().channel == ""
    assert post.status() == ["waiting"]


def test_links_leave_through_notify_too(open_: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Notify() as notify, closing(NotifyChannel(API_KEY, TEMPLATE, notify.url, timeout=SOON)) as channel:
        post = Post(open_, channel)
        post.ask()
        post.step()
        (message,) = notify.messages
        assert message.address == ANN
        assert f"{WEB}/link/" in message.body
        assert ANN not in str(message.reference)
        assert post.status() == ["sent"]
