"""SQLite databases for tests, made by copying one: to migrate each takes longer than most tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from store.database import Database


def fresh_sqlite(folder: Path) -> str:
    """The URL of a new database in a folder, with all tables and nothing in them."""
    path = folder / "service.db"
    path.write_bytes(_migrated())
    return f"sqlite:///{path}"


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "service.db"
        database = Database(f"sqlite:///{path}")
        database.migrate()
        database.close()
        return path.read_bytes()
