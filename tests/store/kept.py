"""Databases that tests of one process use again, each with what it has put into SQL."""

from __future__ import annotations

from functools import cache

from store.database.database import Database
from tests.chained import KEYS


@cache
def database_at(url: str) -> Database:
    """The database at a URL: the same for all tests, as it keeps the statements that it has put into SQL.

    To do that takes longer than to carry most of them out. Closed, it opens again.
    """
    return Database(url, KEYS)
