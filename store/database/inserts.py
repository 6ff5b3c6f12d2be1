"""Inserts that leave alone what is there already, and of several rows at once, in the words of either database."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Insert, Table, bindparam, insert
from sqlalchemy.dialects import postgresql, sqlite

from .prepared import Prepared


class Together:
    """An insert of one row into each of some tables, made once and used often.

    PostgreSQL takes the rows in one statement, which saves a round trip for each but the first. SQLite has no such
    statement, and no round trips.

    Args:
        tables: into which; none twice.
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
            rows: in the order of the tables; each has every column that has neither a default nor may be empty, and no
                other counts.
        """
        pairs = zip(self._tables, rows, strict=True)
        values = {f"{table.name}_{name}": value for table, row in pairs for name, value in row.items()}
        for insertion in self._one_by_one if connection.dialect.name == "sqlite" else [self._at_once]:
            insertion.execute(connection, values)


def inserting(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert into a table to which `on_conflict_do_nothing` or `on_conflict_do_update` can be said."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def _by_full_name(table: Table) -> Insert:
    """An insert that takes its values as "table_column", because several tables have a column of the same name."""
    needed = [column for column in table.columns if column.server_default is None and not column.nullable]
    return insert(table).values({column: bindparam(f"{table.name}_{column.name}") for column in needed})
