"""What another process does in the race at the closing: importable by its name, with nothing of pytest in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Barrier

from temporalio.client import Client
from whenever import Instant

from desk.desk import Desk
from domain.challenges.application import Applying
from domain.forms.answers import only_text
from domain.permissions import Actor
from domain.values.refusals import TooLate
from service.settings import Settings
from store.challenges.rounds import find_challenge
from store.database.database import Database
from tests.chained import KEYS


def apply_until_refused(url: str, challenge: str, name: str, start: Barrier) -> list[tuple[str, Instant]]:
    """Applies through a desk of its own, again and again, until the window is closed.

    Args:
        url: of the database.
        challenge: its id.
        name: tells the applications of this process from others.
        start: three times: all are there; then the window is open; then everybody has applied once, at the very
            opening.

    Returns:
        Id and time of each receipt, in order.
    """
    database = Database(url, KEYS)
    clock: Callable[[], Instant] = lambda: find_challenge(database, challenge).opens  # noqa: E731
    desk = Desk(Settings(database_url=url), database, _no_temporal, lambda: clock())
    receipts: list[tuple[str, Instant]] = []
    start.wait()
    start.wait()
    try:
        while True:
            number = len(receipts)
            applying = Applying(
                organisation=f"{name} {number}", email=f"{number}@{name}.example", answers=only_text("Trees.")
            )
            receipt = asyncio.run(desk.applications.apply(Actor(), challenge, applying))
            receipts.append((receipt.application, receipt.received))
            if number == 0:
                start.wait()
                clock = Instant.now
    except TooLate:
        return receipts
    finally:
        desk.close()
        database.close()


async def _no_temporal() -> Client:
    raise AssertionError("an application does not pass through Temporal")
