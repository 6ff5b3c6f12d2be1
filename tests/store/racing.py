"""What other processes do in the tests of races: importable by its name, with nothing of pytest in it."""

from __future__ import annotations

from typing import Any

from whenever import Instant

from domain.values.refusals import TooLate
from store.challenges.applications import accept
from store.challenges.rounds import find_challenge
from store.database.database import Database
from tests.chained import KEYS
from tests.store.said import AIR, applying, compose, seal


def migrate(url: str) -> None:
    """Migrates a database."""
    database = Database(url, KEYS)
    database.migrate()
    database.close()


def apply_until_refused(url: str, name: str, start: Any) -> list[tuple[str, Instant]]:
    """Applies again and again by the machine's clock, until the window is closed.

    Args:
        url: of the database.
        name: tells the applications of this process from others.
        start: three times: all are there; then the window is open; then everybody has applied once.

    Returns:
        Id and time of each receipt, in order.
    """
    database = Database(url, KEYS)
    receipts: list[tuple[str, Instant]] = []
    _start_together(start)
    try:
        while True:
            applied = accept(database, AIR, applying(f"{name} {len(receipts)}"), Instant.now, compose)
            receipts.append((applied.application, applied.received))
            if len(receipts) == 1:
                start.wait()
    except TooLate:
        return receipts
    finally:
        database.close()


def apply_same(url: str, name: str, start: Any) -> list[tuple[str, bool]]:
    """Hands in the same fifty submissions as everybody else.

    Returns:
        Id of each, and whether it had been taken before.
    """
    database = Database(url, KEYS)
    _start_together(start)
    receipts = [
        accept(database, AIR, applying(f"Team{number} Ltd"), lambda: Instant.from_utc(2016, 7, 20), compose)
        for number in range(50)
    ]
    database.close()
    return [(receipt.application, receipt.repeated) for receipt in receipts]


def seal_when_closed(url: str, start: Any) -> int:
    """Seals the window as soon as the machine's clock says that it is closed.

    Args:
        url: of the database.
        start: see `apply_until_refused`.

    Returns:
        What the sealing counted.
    """
    database = Database(url, KEYS)
    _start_together(start)
    start.wait()
    while Instant.now() < find_challenge(database, AIR).closes:
        pass
    counted = seal(database, AIR, Instant.now())
    database.close()
    return counted


def _start_together(start: Any) -> None:
    """Twice: all are there; then whoever prepares the race is ready."""
    start.wait()
    start.wait()
