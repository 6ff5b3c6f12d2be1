"""What tests of workflows share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from temporalio.common import RetryPolicy
from whenever import Instant

import worker
import workflows.delivery
import workflows.steps
from activities.delivery import Delivering
from gateways.messaging.govuk_notify import NotifyChannel
from gateways.messaging.smtp import SmtpChannel
from store.database.database import Database
from tests.chained import KEYS
from tests.gateways.mailbox import Mailbox
from tests.gateways.notify import API_KEY, TEMPLATE, Notify
from tests.sandbox import sandbox
from tests.waiting import SOON
from tests.workflows.posting import Post

_TRIES = 4


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workflows that call for a person after a few tries, which follow each other at once.

    Patience ends by the number of tries and not by the clock: what can be done is done, however slow the machine is.
    Each workflow has modules of its own; this one is shared with them, so that its patience can be changed.
    """
    monkeypatch.setattr("tests.playing.SANDBOX", sandbox("workflows.steps"))
    # Once, and then by this policy.
    few = RetryPolicy(initial_interval=timedelta(milliseconds=100), backoff_coefficient=1, maximum_attempts=_TRIES - 1)
    monkeypatch.setattr(workflows.steps, "_RETRIES", few)


@pytest.fixture
def notify(monkeypatch: pytest.MonkeyPatch) -> Iterator[Notify]:
    """GOV.UK Notify, through which workers that start send."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Notify() as notify:
        known = {"NOTICE_CHANNEL": "govuk-notify", "NOTIFY_KEY": API_KEY, "NOTIFY_TEMPLATE": TEMPLATE}
        for name, value in (known | {"NOTIFY_URL": notify.url, "NOTICE_RATE": "1000"}).items():
            monkeypatch.setenv(f"CHALLENGES_{name}", value)
        yield notify


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A mail server, through which workers that start send."""
    with Mailbox() as mailbox:
        known = {"NOTICE_CHANNEL": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_SENDER": "post@scheme.example"}
        known |= {"SMTP_PORT": str(mailbox.port), "SMTP_SECURITY": "none", "NOTICE_RATE": "1000"}
        for name, value in known.items():
            monkeypatch.setenv(f"CHALLENGES_{name}", value)
        yield mailbox


@pytest.fixture
def alert(monkeypatch: pytest.MonkeyPatch) -> None:
    """A workflow whose activity hears within seconds that it is to end; see `impatient`."""
    monkeypatch.setattr("tests.playing.SANDBOX", sandbox("workflows.delivery"))
    monkeypatch.setattr(workflows.delivery, "HEARTBEAT", timedelta(seconds=2))
    monkeypatch.setattr("activities.delivery._BEAT_EVERY", 0.2)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """For whoever delivers, a minute passes in a second."""
    start = Instant.now()
    clock: Callable[[], Instant] = lambda: start + 60 * (Instant.now() - start)  # noqa: E731
    seconds: Callable[[], float] = lambda: 60 * time.monotonic()  # noqa: E731
    monkeypatch.setattr(worker, "Delivering", partial(Delivering, clock=clock, seconds=seconds))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """SQLite with all tables."""
    database = Database(f"sqlite:///{tmp_path / 'service.db'}", KEYS)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def post(database: Database, notify: Notify) -> Iterator[Post]:
    """An outbox with Notify behind it."""
    with closing(NotifyChannel(API_KEY, TEMPLATE, notify.url, timeout=SOON)) as channel:
        yield Post(database, channel)


@pytest.fixture
def mail(database: Database, mailbox: Mailbox) -> Iterator[Post]:
    """An outbox with a mail server behind it."""
    channel = SmtpChannel(
        "127.0.0.1", mailbox.port, "post@scheme.example", security="none", timeout=SOON, patience=SOON
    )
    with closing(channel):
        yield Post(database, channel)
