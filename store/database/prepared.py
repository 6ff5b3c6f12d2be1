"""Statements that are made once and run often, by the driver itself.

For each statement, SQLAlchemy's own work takes longer than SQLite's. Where many transactions wait for one another, as
those of applicants do in the last minutes, and those of every step of every challenge and payment, these statements
leave out SQLAlchemy's work. Values are written and read as SQLAlchemy would, and errors have the same types.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, Connection, Dialect, Insert, Select, Update
from sqlalchemy.exc import DBAPIError

_Convert = Callable[[Any], Any]
_Selection = Select[Any] | CompoundSelect[Any]
_Statement = _Selection | Insert | Update


class _Made(NamedTuple):
    """A statement for one kind of database.

    Args:
        sql: the text of the statement.
        given: the values that are part of the statement.
        kept: the names of the other values, in the statement's order, and how each value is converted, if it is.
        named: whether the statement takes the values by name.
        row: makes a row.
        read: the places of the columns in a row that are converted, and how.
    """

    sql: str
    given: Mapping[str, Any]
    kept: tuple[tuple[str, _Convert | None], ...]
    named: bool
    row: Callable[..., Any]
    read: tuple[tuple[int, _Convert], ...]


class Prepared:
    """One statement.

    Args:
        statement: takes its values as named parameters.
        sqlite: the statement for SQLite, if SQLite needs another one.
    """

    def __init__(self, statement: _Statement, *, sqlite: _Statement | None = None) -> None:
        self._statement = statement
        self._sqlite = statement if sqlite is None else sqlite
        self._made: dict[str, _Made] = {}

    def execute(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Runs the statement.

        Args:
            connection: in a transaction.
            values: by name. Values that the statement does not take are ignored.

        Returns:
            How many rows an insert or update wrote.

        Raises:
            DBAPIError: the same error that SQLAlchemy would raise.
        """
        cursor = self._cursor(connection, values)
        written: int = cursor.rowcount
        cursor.close()
        return written

    def one_or_none(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The only row that a selection finds, with the columns as attributes, or None. See `execute`."""
        cursor = self._cursor(connection, values)
        found = cursor.fetchone()
        cursor.close()
        return None if found is None else self._row(connection, found)

    def all(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """All rows that a selection finds, like `one_or_none`."""
        cursor = self._cursor(connection, values)
        found = cursor.fetchall()
        cursor.close()
        return [self._row(connection, each) for each in found]

    def _row(self, connection: Connection, found: Sequence[Any]) -> Any:
        made, values = self._made[connection.dialect.name], list(found)
        for place, read in made.read:
            values[place] = read(values[place])
        return made.row(*values)

    def _cursor(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        dialect = connection.dialect
        made = self._made.get(dialect.name) or self._make(dialect)
        all_values = {**made.given, **values}
        # Without names, a value that the statement has twice is given twice.
        kept = [(name, keep(all_values[name]) if keep else all_values[name]) for name, keep in made.kept]
        cursor = connection.connection.cursor()
        try:
            cursor.execute(made.sql, dict(kept) if made.named else [value for _, value in kept])
        except dialect.loaded_dbapi.Error as error:
            raise DBAPIError.instance(made.sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True) from None
        return cursor

    def _make(self, dialect: Dialect) -> _Made:
        statement = self._sqlite if dialect.name == "sqlite" else self._statement
        compiled: Any = statement.compile(dialect=dialect)
        names = tuple(compiled.positiontup or compiled.binds)
        columns = statement.selected_columns if isinstance(statement, _Selection) else ()
        made = _Made(
            sql=str(compiled),
            given={name: bound.value for name, bound in compiled.binds.items() if bound.value is not None},
            kept=tuple(
                (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names
            ),
            named=compiled.positiontup is None,
            row=namedtuple("Row", [column.name for column in columns]),
            read=tuple(
                (place, read)
                for place, column in enumerate(columns)
                if (read := column.type.dialect_impl(dialect).result_processor(dialect, None))
            ),
        )
        self._made[dialect.name] = made
        return made
