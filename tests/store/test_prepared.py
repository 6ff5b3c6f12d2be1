"""Statements that the driver carries out by itself: values, rows and errors are those that SQLAlchemy would have."""

from __future__ import annotations

import pytest
from sqlalchemy import Boolean, bindparam, column, insert, literal_column, select, table, update
from sqlalchemy.exc import IntegrityError
from whenever import Instant, TimeDelta

from domain.values.refusals import Unavailable
from store.database import tables
from store.database.database import Database
from store.database.inserts import unless_there
from store.database.prepared import Prepared
from tests.store.said import AIR

_WINDOWS = select(
    tables.windows.c.challenge, tables.windows.c.closes, tables.windows.c.held, tables.windows.c.sealed_at
).where(tables.windows.c.challenge == bindparam("wanted"))
_INSERTION = insert(tables.applications).values(
    {each: bindparam(each.name) for each in tables.applications.columns if not each.nullable}
)
_ROW = {
    "id": "air-1",
    "challenge": AIR,
    "organisation": "Crow & Co",
    "firm": "crow and",
    "email": "crow@company.example",
    "mailbox": "crow@company.example",
    "former": "crow@elsewhere.example\nraven@elsewhere.example",
    "form": "first",
    "answers": "{}",
    "version": 1,
    "submission": "100 % trees? :yes %(no)s",
    "contact_by": "",
    "received": Instant("2016-07-28T15:05:12.000001Z") + TimeDelta(nanoseconds=999),
}


def test_a_row_is_what_sqlalchemy_reads(open_: Database) -> None:
    """Fails when a column is read as the driver gives it: SQLite has text for an instant and a number for a truth."""
    with open_.writing() as connection:
        prepared = Prepared(_WINDOWS)
        row = prepared.one_or_none(connection, {"wanted": AIR, "another": 1})
        assert row is not None
        assert tuple(row) == tuple(connection.execute(_WINDOWS, {"wanted": AIR}).one())
        assert (row.challenge, row.held, row.sealed_at) == (AIR, False, None)
        assert isinstance(row.closes, Instant)
        assert prepared.one_or_none(connection, {"wanted": "another"}) is None
        assert prepared.all(connection, {"wanted": AIR}) == [row]
        assert prepared.all(connection, {"wanted": "another"}) == []


def test_a_row_is_kept_as_sqlalchemy_keeps_it(open_: Database) -> None:
    """Fails when an instant is kept as the driver would, or a value is taken for a part of the statement."""
    with open_.writing() as connection:
        Prepared(_INSERTION).execute(connection, _ROW)
        connection.execute(_INSERTION, _ROW | {"id": "air-2", "submission": "second"})
        one, other = connection.execute(select(tables.applications).order_by(tables.applications.c.id)).all()
    differs = ("id", "submission")
    assert {k: v for k, v in one._mapping.items() if k not in differs} == {
        k: v for k, v in other._mapping.items() if k not in differs
    }
    assert (one.received, one.submission) == (Instant("2016-07-28T15:05:12.000001Z"), _ROW["submission"])


def test_an_update_says_how_many_rows_it_changed(open_: Database) -> None:
    """Fails when whoever asks is told nothing, or a value that a statement has twice is given once."""
    wanted = tables.windows.c.challenge == bindparam("wanted")
    held = Prepared(update(tables.windows).where(wanted, wanted).values(held=bindparam("held", type_=Boolean)))
    with open_.writing() as connection:
        assert held.execute(connection, {"wanted": AIR, "held": True}) == 1
        assert held.execute(connection, {"wanted": "another", "held": True}) == 0
        row = Prepared(_WINDOWS).one_or_none(connection, {"wanted": AIR})
    assert row is not None
    assert row.held is True


def test_sqlite_can_have_a_statement_of_its_own(open_: Database) -> None:
    """Fails when both databases get the same: SQLite takes no lock."""
    own = Prepared(
        select(literal_column("'postgresql'").label("name")), sqlite=select(literal_column("'sqlite'").label("name"))
    )
    with open_.reading() as connection:
        row = own.one_or_none(connection, {})
        assert row is not None
        assert row.name == connection.dialect.name


def test_an_insert_leaves_out_what_is_there(open_: Database) -> None:
    """Fails when a key that is there is an error, or replaces the row, or counts as written; or when more is left out.

    A submission that is there under another key is still an error.
    """
    insertion = unless_there(tables.applications.c.id)
    with open_.writing() as connection:
        assert insertion.execute(connection, _ROW) == 1
        assert insertion.execute(connection, _ROW | {"organisation": "Another"}) == 0
        kept = connection.scalars(select(tables.applications.c.organisation)).all()
    assert kept == [_ROW["organisation"]]
    with pytest.raises(IntegrityError), open_.writing() as connection:
        insertion.execute(connection, _ROW | {"id": "air-2"})


def test_an_error_is_of_sqlalchemys_kind_and_holds_nothing_of_the_row(open_: Database) -> None:
    """Fails when the driver's own is let through: whoever takes applications tries another id by this one."""
    with open_.writing() as connection:
        Prepared(_INSERTION).execute(connection, _ROW)
    with pytest.raises(IntegrityError) as caught, open_.writing() as connection:
        Prepared(_INSERTION).execute(connection, _ROW)
    assert "Crow" not in f"{caught.value} {caught.value.args} {caught.value.orig}"
    assert caught.value.__cause__ is None


def test_a_database_that_cannot_do_it_is_said(open_: Database) -> None:
    """Fails when only what goes through SQLAlchemy is explained."""
    lacking = Prepared(select(column("challenge")).select_from(table("not_there", column("challenge"))))
    with pytest.raises(Unavailable, match="lacks the tables of this release"), open_.writing() as connection:
        lacking.one_or_none(connection, {})


def test_a_connection_that_breaks_is_said_and_not_used_again(open_: Database) -> None:
    """Fails when such an error is let through as the driver has it."""
    if open_.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no connection that could break")
    with pytest.raises(Unavailable, match="the connection is lost"):
        _ask_over_a_broken_connection(open_)
    with open_.writing() as connection:
        assert Prepared(_WINDOWS).one_or_none(connection, {"wanted": AIR}) is not None


def _ask_over_a_broken_connection(database: Database) -> None:
    with database.writing() as connection:
        own = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with database.reading() as other:
            other.exec_driver_sql(f"SELECT pg_terminate_backend({own})")
        Prepared(_WINDOWS).one_or_none(connection, {"wanted": AIR})
