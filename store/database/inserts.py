"""Inserts that handle existing rows, and inserts of several rows at once, for both databases."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import Column, Connection, Insert, Select, Table, bindparam, insert
from sqlalchemy.dialects import postgresql, sqlite

from .prepared import Prepared


class Together:
    """An insert of one row into each of several tables, made once and used often.

    PostgreSQL takes all rows in one statement, which saves round trips. SQLite has no such statement, and no round
    trips.

    Args:
        tables: the tables, all different.
        also: columns of them that may be left out elsewhere, and are given here.
    """

    def __init__(self, *tables: Table, also: Collection[Column[Any]] = ()) -> None:
        self._tables = tables
        each = [_by_full_name(table, also) for table in tables]
        *others, last = each
        self._one_by_one = [Prepared(insertion) for insertion in each]
        self._at_once = Prepared(last.add_cte(*(insertion.cte() for insertion in others)))

    def put(self, connection: Connection, *rows: Mapping[str, object]) -> None:
        """Inserts a row into each table.

        Args:
            connection: in a transaction that writes.
            rows: one for each table, in the order of the tables. A row needs every column that has no default and may
                not be empty, and those of `also`. Other columns are ignored.
        """
        pairs = zip(self._tables, rows, strict=True)
        values = {f"{table.name}_{name}": value for table, row in pairs for name, value in row.items()}
        for insertion in self._one_by_one if connection.dialect.name == "sqlite" else [self._at_once]:
            insertion.execute(connection, values)


def inserting(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert into a table that has `on_conflict_do_nothing` and `on_conflict_do_update`."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def unless_there(key: Column[Any], rows: Select[Any] | None = None, also: Collection[str] = ()) -> Prepared:
    """An insert that leaves out each row whose key the table has. It says how many rows it wrote.

    Args:
        key: the unique column of the table.
        rows: finds the rows, with the names of the table's columns. If left out, the insert takes one row as its
            values, with every column that has no default and may not be empty.
        also: the names of the other columns that this row has.
    """

    def insertion(into: Callable[[Table], Any]) -> Any:
        if rows is None:
            columns = [*_needed(key.table), *(key.table.c[name] for name in also)]
            filled = into(key.table).values({column: bindparam(column.name) for column in columns})
        else:
            filled = into(key.table).from_select([column.name for column in rows.selected_columns], rows)
        return filled.on_conflict_do_nothing(index_elements=[key])

    return Prepared(insertion(postgresql.insert), sqlite=insertion(sqlite.insert))


def _by_full_name(table: Table, also: Collection[Column[Any]]) -> Insert:
    """An insert that takes its values as "table_column", because several tables share column names."""
    columns = [*_needed(table), *(column for column in also if column.table is table)]
    return insert(table).values({column: bindparam(f"{table.name}_{column.name}") for column in columns})


def _needed(table: Table) -> list[Column[Any]]:
    """The columns that every row has to say: they have no default and may not be empty."""
    return [
        column
        for column in table.columns
        if column.server_default is None and not column.nullable and column.autoincrement is not True
    ]
