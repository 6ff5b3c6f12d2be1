"""A desk for one front: built from the settings, closed when the front is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from settings import Settings
from store.database import Database

from .connection import connect
from .desk import Desk


@contextmanager
def open_desk(options: Settings) -> Iterator[Desk]:
    """A desk on the database and the Temporal server that the settings and the environment name.

    Raises:
        Unavailable: the database cannot be used, or its tables are not those of this release.
    """
    database = Database(options.database_url)
    try:
        yield Desk(options, database, connect)
    finally:
        database.close()
