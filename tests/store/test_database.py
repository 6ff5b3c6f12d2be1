"""Transactions, what is said when the database is not there, and what survives."""

from __future__ import annotations

import sqlite3
import threading
from functools import partial
from pathlib import Path

import pytest
from psycopg import errors
from sqlalchemy import event, insert, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from domain.values.refusals import Unavailable
from store.challenges.applications import accept, count
from store.challenges.rounds import find_challenge
from store.database import database as store_database
from store.database import tables
from store.database.database import Database
from store.database.failures import unavailable
from store.record.record import announce, read_notices, read_record
from tests.store.said import AIR, MIDWAY, announcing, applied, applying, compose, status
from tests.waiting import HANGS

SAM = {"round": "test-2016", "id": "sam", "name": "Sam", "email": "sam@sepa.example"}


def names(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.scalars(select(tables.people.c.id)))


def test_what_is_written_is_there_when_the_block_ends_well(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(insert(tables.people).values(SAM))

    assert names(database) == ["sam"]


def test_nothing_is_written_when_the_block_does_not_end_well(database: Database) -> None:
    """Fails when `writing` commits in a `finally`."""

    def write_and_fail() -> None:
        with database.writing() as connection:
            connection.execute(insert(tables.people).values(SAM))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()

    assert names(database) == []


def test_reading_does_not_wait_for_writing(database: Database) -> None:
    """Fails on SQLite when reading begins as writing does."""
    with database.writing() as connection:
        connection.execute(insert(tables.people).values(SAM))
        assert names(database) == []


def test_writers_take_turns(database: Database) -> None:
    def write(number: int) -> None:
        with database.writing() as connection:
            connection.execute(insert(tables.people).values(SAM | {"id": f"person-{number}"}))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANGS)

    assert len(names(database)) == 30


def test_sqlite_keeps_what_was_acknowledged_through_a_power_cut(tmp_path: Path) -> None:
    """Fails without the pragmas: the default of SQLite is another journal, and no foreign keys."""
    database = Database(f"sqlite:///{tmp_path}/service.db")
    with database.reading() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    database.close()

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_whoever_begins_on_sqlite_has_the_database_for_writing(tmp_path: Path) -> None:
    """Also the embedded rail, which uses the engine. Fails without the event on "begin"."""
    database = Database(f"sqlite:///{tmp_path}/service.db")
    other = sqlite3.connect(tmp_path / "service.db", timeout=0)
    try:
        with database.engine.begin(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    finally:
        other.close()
        database.close()


def test_a_full_disk_is_said_and_changes_nothing(request: pytest.FixtureRequest, open_: Database) -> None:
    """Fails when the error of the driver is let through."""
    if open_.engine.dialect.name != "sqlite":
        pytest.skip("only SQLite can be told how large its disk is")
    first = applied(open_)
    before = read_record(open_, AIR)

    def limit(connection: sqlite3.Connection, _: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    open_.close()
    event.listen(open_.engine, "connect", limit)
    request.addfinalizer(partial(event.remove, open_.engine, "connect", limit))

    large = announcing().entry.model_copy(update={"reason": "x" * 100_000})
    with pytest.raises(Unavailable, match=r"service\.db has no room left: free space on its disk") as caught:
        announce(open_, announcing("large", status=status("x")).model_copy(update={"entry": large}), compose)
    with pytest.raises(Unavailable, match="no room left"):
        _apply_until_full(open_)

    assert "\n" not in str(caught.value)
    assert read_record(open_, AIR) == before
    assert find_challenge(open_, AIR).waits_for == "applications"
    assert count(open_, AIR) == len(read_notices(open_, AIR))
    assert accept(open_, AIR, applying(), lambda: MIDWAY, compose).application == first


def _apply_until_full(database: Database) -> None:
    for number in range(1000):
        applied(database, f"Team{number} {'x' * 200}")


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    """Fails when the URL is put into the message."""
    database = Database("postgresql://service:s3cr3t-pass@127.0.0.1:1/challenges?connect_timeout=1")
    with pytest.raises(Unavailable) as caught, database.writing():
        pass
    with pytest.raises(Unavailable), database.engine.begin():
        pass
    database.close()

    said = str(caught.value)
    assert said.startswith("The database challenges at 127.0.0.1:1 cannot be reached (")
    assert said.endswith("check that the server runs, its address and the login.")
    assert "s3cr3t" not in said
    assert "\n" not in said
    assert caught.value.__cause__ is None


def test_a_database_that_the_server_lacks_is_said(postgres: str) -> None:
    database = Database(make_url(postgres).set(database="nothing", password="s3cr3t").render_as_string(False))
    with pytest.raises(Unavailable, match='database "nothing" does not exist') as caught:
        database.check_migrated()
    database.close()

    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("disk_full", "no room left"),
        ("lock_not_available", "kept locked"),
        ("too_many_connections", "max_connections"),
        ("read_only_sql_transaction", "cannot be written to"),
        ("deadlock_detected", "try again"),
        ("admin_shutdown", "shutting down"),
    ],
)
def test_what_ails_a_server_is_said_in_words(postgres: str, state: str, said: str) -> None:
    database = Database(postgres)
    with pytest.raises(Unavailable, match=said), database.writing() as connection:
        connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'trouble' USING ERRCODE = '{state}'; END $$"))
    database.close()


def test_a_server_that_repeats_the_password_is_not_repeated() -> None:
    """Fails without `_without_password`."""
    url = make_url("postgresql+psycopg://service:s3cr3t@localhost/challenges")
    refusal = unavailable(errors.OperationalError("bad option s3cr3t\nmore"), url)

    assert "(bad option ***)" in str(refusal)


@pytest.mark.parametrize("wrong", ["", "x", "mysql://me:s3cr3t@host/db", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_is_not_understood_is_refused_without_repeating_it(wrong: str) -> None:
    with pytest.raises(Unavailable, match="The database's URL is not understood: write sqlite:///") as caught:
        Database(wrong)

    assert "s3cr3t" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    database = Database(f"sqlite:///{tmp_path}/file/service.db")

    with pytest.raises(Unavailable, match="cannot be made"):
        database.migrate()
    with pytest.raises(Unavailable, match="cannot be opened"):
        names(database)


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "service.db").write_text("Dear diary, today nothing happened." * 100)
    database = Database(f"sqlite:///{tmp_path}/service.db")

    with pytest.raises(Unavailable, match="is not an SQLite database"):
        database.migrate()
    database.close()


def test_a_database_that_another_keeps_locked_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_database, "WAIT_SECONDS", 0)
    database = Database(f"sqlite:///{tmp_path}/service.db")
    database.migrate()
    other = sqlite3.connect(tmp_path / "service.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(Unavailable, match="kept locked"), database.writing():
            pass
        assert names(database) == []
    finally:
        other.close()
        database.close()


def test_writing_within_writing_ends_with_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_database, "WAIT_SECONDS", 0)
    database = Database(f"sqlite:///{tmp_path}/service.db")
    with pytest.raises(Unavailable, match="too busy"), database.writing(), database.writing():
        pass
    database.close()


def test_an_error_does_not_hold_what_was_handed_in(open_: Database) -> None:
    """Errors go into logs. Fails without `without_values` (PostgreSQL repeats the row) and `hide_parameters`."""
    team = applied(open_)
    with pytest.raises(IntegrityError) as caught, open_.writing() as connection:
        connection.execute(
            insert(tables.applications).values(
                id=team,
                challenge=AIR,
                organisation="Private Ltd",
                email="private@applicants.example",
                submission="Private plan",
                received=MIDWAY,
            )
        )
    with pytest.raises(DBAPIError) as rows, open_.writing() as connection:
        connection.execute(text("INSERT INTO people VALUES (:secret, 'x', NULL, :secret)"), {"secret": "Private"})

    for error in (caught.value, rows.value):
        assert "Private" not in f"{error} {error.args} {error.orig}"
        assert error.__cause__ is None
