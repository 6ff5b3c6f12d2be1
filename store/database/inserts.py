"""Inserts that handle existing rows, and inserts of several rows at once, for both databases."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Insert, Table, bindparam, insert
from sqlalchemy.dialects import postgresql, sqlite

from .prepared import Prepared


class Together:
    """An insert of one row into each of several tables, made once and used often.

    PostgreSQL takes all rows in one statement, which saves round trips. SQLite has no such statement, and no round
    trips.

    Args:
        tables: the tables, all different.
    """

    def __init__(self, *tables: Table) -> None:
        self._tables = tables
        each = [_by_full_name(table) for table in tables]
        *others, last = each
        self._one_by_one = [Prepared(insertion) for insertion in each]
        self._at_once = Prepared(last.add_cte(*(insertion.cte() for insertion in others)))

    def put(self, connection: Connection, *rows: Mapping[str, object]) -> None:
        """Inserts a row into each table.

        Args:
            connection: in a transaction that writes.
            rows: one for each table, in the order of the tables. A row needs every column that has no default and may
                not be empty. Other columns are ignored.
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


def _by_full_name(table: Table) -> Insert:
    """An insert that takes its values as "table_column", because several tables share column names."""
    needed = [column for column in table.columns if column.server_default is None and not column.nullable]
    return insert(table).values({column: bindparam(f"{table.name}_{column.name}") for column in needed})
