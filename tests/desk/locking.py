"""Another process that holds the lock of whoever writes: importable by its name, with nothing of pytest in it."""

from __future__ import annotations

from threading import Event

from sqlalchemy import text

from store.database.database import Database
from tests.chained import KEYS


def hold_the_lock(url: str, held: Event, enough: Event, within: float) -> None:
    """Holds what every application has to wait for, until it is told that it is enough.

    Args:
        url: of the database.
        held: is set once it holds the lock.
        enough: ends that.
        within: seconds after which it gives up.
    """
    database = Database(url, KEYS)
    with database.writing() as connection:  # on SQLite this alone is the lock of the whole database
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT * FROM windows FOR UPDATE"))
        held.set()
        enough.wait(within)
    database.close()
