"""Statements that are made once and carried out often, by the driver itself.

What SQLAlchemy does around each statement takes longer than SQLite takes for it. Where many wait for one transaction
after the other, as those do who apply in the last minutes, it is left out. Values are kept and read as it would, and
errors are of its kinds.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Insert, Select
from sqlalchemy.exc import DBAPIError

_Convert = Callable[[Any], Any]


class _Made(NamedTuple):
    """A statement in the words of one kind of database.

    Args:
        sql: its text.
        given: the values that stand in the statement itself.
        kept: which values it takes, in its order, and how each is kept.
        named: whether it takes them by name.
        row: makes a row.
        read: how each column of a row is read.
    """

    sql: str
    given: Mapping[str, Any]
    kept: tuple[tuple[str, _Convert], ...]
    named: bool
    row: Callable[..., Any]
    read: tuple[_Convert, ...]


class Prepared:
    """One statement.

    Args:
        statement: takes its values as parameters, by their names.
    """

    def __init__(self, statement: Select[Any] | Insert) -> None:
        self._statement = statement
        self._made: dict[str, _Made] = {}

    def execute(self, connection: Connection, values: Mapping[str, Any]) -> None:
        """Carries it out.

        Args:
            connection: in a transaction.
            values: by name; others than those that it takes are left aside.

        Raises:
            DBAPIError: as SQLAlchemy would, of the same kind.
        """
        self._cursor(connection, values).close()

    def one_or_none(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The only row of a selection, whose columns are its attributes; None if there is none. See `execute`."""
        cursor = self._cursor(connection, values)
        found = cursor.fetchone()
        cursor.close()
        if found is None:
            return None
        made = self._made[connection.dialect.name]
        return made.row(*(read(value) for read, value in zip(made.read, found, strict=True)))

    def _cursor(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        dialect = connection.dialect
        made = self._made.get(dialect.name) or self._make(dialect)
        all_values = {**made.given, **values}
        kept = {name: keep(all_values[name]) for name, keep in made.kept}
        cursor = connection.connection.cursor()
        try:
            cursor.execute(made.sql, kept if made.named else tuple(kept.values()))
        except dialect.loaded_dbapi.Error as error:
            raise DBAPIError.instance(made.sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True) from None
        return cursor

    def _make(self, dialect: Dialect) -> _Made:
        compiled: Any = self._statement.compile(dialect=dialect)
        names = tuple(compiled.positiontup or compiled.binds)
        columns = self._statement.selected_columns if isinstance(self._statement, Select) else ()
        made = _Made(
            sql=str(compiled),
            given={name: bound.value for name, bound in compiled.binds.items() if bound.value is not None},
            kept=tuple(
                (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is)
                for name in names
            ),
            named=compiled.positiontup is None,
            row=namedtuple("Row", [column.name for column in columns]),
            read=tuple(
                column.type.dialect_impl(dialect).result_processor(dialect, None) or _as_it_is for column in columns
            ),
        )
        self._made[dialect.name] = made
        return made


def _as_it_is(value: object) -> object:
    return value
