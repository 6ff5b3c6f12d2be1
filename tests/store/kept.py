"""Databases that tests of one process use again, each with what it has put into SQL."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from store.database.database import Database
from store.record.keys import RecordKeyFile
from tests.chained import KEYS


@cache
def database_at(url: str, record_key_file: Path | None = None) -> Database:
    """The database at a URL: the same for all tests, as it keeps the statements that it has put into SQL.

    To do that takes longer than to carry most of them out. Closed, it opens again. Without a file, it has the keys of
    tests for the record's chain.
    """
    return Database(url, RecordKeyFile(record_key_file) if record_key_file else KEYS)
