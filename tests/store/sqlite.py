"""SQLite databases for tests, made by copying one: to migrate each takes longer than most tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from store.database.database import Database
from tests.chained import KEYS


def fresh_sqlite(folder: Path) -> str:
    """The URL of a new database in a folder, with all tables and nothing in them; it takes the place of one before."""
    path = folder / "service.db"
    for file in (path, path.with_name("service.db-wal"), path.with_name("service.db-shm")):
        file.unlink(missing_ok=True)
    path.write_bytes(_migrated())
    return f"sqlite:///{path}"


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "service.db"
        database = Database(f"sqlite:///{path}", KEYS)
        database.migrate()
        database.close()
        return path.read_bytes()
