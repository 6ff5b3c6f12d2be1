"""The tables: made from nothing, equal to what the code says, and never used in the wrong version."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from domain.refusals import Unavailable
from store.database import Database
from store.tables import METADATA
from tests.store.postgres import fresh_postgres
from tests.store.racing import migrate


def checks(database: Database) -> dict[str, set[str | None]]:
    """The names of the check constraints of each table."""
    inspector = inspect(database.engine)
    return {name: {check["name"] for check in inspector.get_check_constraints(name)} for name in METADATA.tables}


def test_the_migrations_make_from_nothing_what_the_code_expects(empty_url: str) -> None:
    """Fails when a column, an index or a constraint is in one of the two only."""
    database = Database(empty_url)
    database.migrate()
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
    database.close()


def test_the_migrations_make_the_same_constraints_as_the_code(
    empty_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Alembic does not compare these. Fails when a check is in one of the two only."""
    sqlite = empty_url.startswith("sqlite")
    other = f"sqlite:///{tmp_path}/other.db" if sqlite else fresh_postgres(request.getfixturevalue("postgres"))
    migrated, made = Database(empty_url), Database(other)
    migrated.migrate()
    with made.writing() as connection:
        METADATA.create_all(connection)

    assert checks(migrated) == checks(made)
    assert any(checks(made).values())
    migrated.close()
    made.close()


def test_migrating_again_changes_nothing(empty_url: str) -> None:
    database = Database(empty_url)
    database.migrate()
    database.migrate()
    database.check_migrated()
    database.close()


def test_several_processes_can_migrate_at_once(empty_url: str) -> None:
    """Fails on PostgreSQL without the advisory lock."""
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.map(migrate, [empty_url] * 8, chunksize=1)

    database = Database(empty_url)
    database.check_migrated()
    database.close()


def test_a_database_without_tables_says_what_to_run_and_stays_as_it_is(empty_url: str) -> None:
    database = Database(empty_url)
    with pytest.raises(Unavailable, match="lacks the tables of this release: start the worker"):
        database.check_migrated()
    database.close()

    if empty_url.startswith("sqlite"):
        assert not Path(empty_url.removeprefix("sqlite:///")).exists()


def test_using_a_database_without_tables_says_what_to_run(empty_url: str) -> None:
    if empty_url.startswith("sqlite"):
        Path(empty_url.removeprefix("sqlite:///")).parent.mkdir()
    database = Database(empty_url)
    with pytest.raises(Unavailable, match="lacks the tables of this release"), database.reading() as connection:
        connection.execute(text("SELECT * FROM challenges"))
    database.close()


def test_a_database_of_an_older_release_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The version of this release is the next one to come."""
    monkeypatch.setattr("alembic.script.ScriptDirectory.get_heads", lambda _: ["9999"])

    with pytest.raises(Unavailable, match="older release: start the worker"):
        database.check_migrated()


def test_a_database_of_a_newer_release_is_refused_and_not_migrated(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(Unavailable, match="changed by a newer release"):
        database.check_migrated()
    with pytest.raises(Unavailable, match="changed by a newer release"):
        database.migrate()
