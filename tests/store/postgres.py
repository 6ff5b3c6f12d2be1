"""A real PostgreSQL server for tests: started once, with as many databases as are wanted."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, make_url, text

from store.database.tables import METADATA

_numbers = itertools.count(1)
_TABLES = [table.name for table in METADATA.sorted_tables]
_WRITTEN = text(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in _TABLES))
"""The tables in which something is."""


@contextmanager
def postgres_server() -> Iterator[str]:
    """Runs a server until the block ends.

    Its folder is not pytest's own: as root, the server runs as another user, who could not enter that.

    Returns:
        The URL of its first database.
    """
    from bench.postgres import running  # there may be none for this Python

    with tempfile.TemporaryDirectory(prefix="pg-") as folder, running(Path(folder)) as url:
        _spare_the_disk(url)
        yield url


def _spare_the_disk(server: str) -> None:
    """No test cuts the power: what it writes need not be on the disk, and stopping need not wait for that."""
    with _as_owner(server) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))


@contextmanager
def _as_owner(server: str) -> Iterator[Connection]:
    with _owners_engine(server).connect() as connection:
        yield connection


@cache
def _owners_engine(server: str) -> Engine:
    """To connect takes longer than what is done then: the connection stays."""
    return create_engine(
        make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT", pool_size=1, max_overflow=0
    )


def fresh_postgres(server: str) -> str:
    """The URL of a new database on a server."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with _as_owner(server) as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def emptied(url: str) -> str:
    """The URL of a database that is migrated, once nothing is in its tables: a new one takes several times as long.

    To truncate all tables takes several times as long, too, as it makes the files of each of them and of its indexes
    anew, and most tests write into few of them.
    """
    with _as_owner(url) as connection:
        # A test that failed may have left a transaction open, which would be waited for without end.
        connection.execute(text("SET lock_timeout = '300s'"))
        connection.execute(text("SET session_replication_role = replica"))  # some tables let nothing be deleted
        written = connection.scalars(_WRITTEN).all()
        if written:
            connection.execute(text("; ".join(f'DELETE FROM "{name}"' for name in written)))
            # Their files are cut, so that rows lie in the order in which they come, as in new tables.
            connection.execute(text(f"VACUUM {', '.join(written)}"))
        connection.execute(text("SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"))
        connection.execute(text("RESET session_replication_role"))
    return url


def copy_of(url: str) -> str:
    """The URL of a new database with all that is in another one, to which nobody may be connected."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    _owners_engine(url).dispose()
    with _as_owner(make_url(url).set(database="postgres").render_as_string(hide_password=False)) as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{make_url(url).database}"'))
    return make_url(url).set(database=name).render_as_string(hide_password=False)
