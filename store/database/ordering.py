"""Orders in which no two rows are equal: every ordered query uses one, so that a list never changes by itself.

A list in such an order is read in pages. A page begins after the values of the last row on the page before. Rows that
are added or removed meanwhile therefore move no other row to another page.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    PrimaryKeyConstraint,
    Select,
    Table,
    UniqueConstraint,
    literal,
    tuple_,
)
from whenever import Instant

from domain.values.paging import Page, Paged
from domain.values.refusals import NotReadable, Problem

from .instants import Moment
from .tables import Found

T = TypeVar("T")

_LARGEST_NUMBER = 2**63 - 1


class TotalOrder:
    """Columns to order a query by. The last columns are a unique key of their table.

    A query uses an order as `order_by(*ORDER)`. tests/store/test_ordering.py finds every query that does not.

    Args:
        columns: the first counts most, and can be labelled expressions. The last ones together are a primary key or
            another unique key.

    Raises:
        ValueError: the columns do not end in a unique key.
    """

    def __init__(self, *columns: ColumnElement[Any]) -> None:
        last = columns[-1]
        if not isinstance(last, Column) or not any(_ends_in(columns, key) for key in _unique_keys(last.table)):
            names = ", ".join(map(str, columns))
            raise ValueError(f"The order by {names} ends in no unique key: add one, so that no two rows are equal.")
        self._columns = columns

    def __iter__(self) -> Iterator[ColumnElement[Any]]:
        """The columns, for `order_by`."""
        return iter(self._columns)

    def read(self, connection: Connection, wanted: Select[Any], page: Page, made: Callable[[Found], T]) -> Paged[T]:
        """Reads one page of a query's rows, in this order.

        Args:
            connection: in a transaction.
            wanted: the query. It has all columns of this order, none of them ever empty, and no order yet.
            page: which page.
            made: turns a row into an item.

        Raises:
            NotReadable: no page of this list begins there.
        """
        if page.after:
            wanted = wanted.where(self._comes_after(page.after))
        # One extra row shows whether there is another page.
        rows = connection.execute(wanted.order_by(*self).limit(page.limit + 1)).all()
        taken, more = rows[: page.limit], len(rows) > page.limit
        return Paged(items=tuple(map(made, taken)), next=self._cursor(taken[-1]) if more else "")

    def _comes_after(self, cursor: str) -> Any:
        values = [literal(value, column.type) for column, value in zip(self, self._values(cursor), strict=True)]
        return tuple_(*self) > tuple_(*values)

    def _cursor(self, row: Found) -> str:
        """The place of a row in this order, in characters that are allowed in a URL."""
        values = [row._mapping[column] for column in self]
        written = [str(value) if isinstance(value, Instant) else value for value in values]
        return base64.urlsafe_b64encode(json.dumps(written).encode()).decode().rstrip("=")

    def _values(self, cursor: str) -> list[Any]:
        try:
            written = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
            return [_read(value, column) for column, value in zip(self, written, strict=True)]
        except (ValueError, TypeError, RecursionError):
            wrong = Problem(field="after", text="The page begins nowhere in this list: begin with the first page.")
            raise NotReadable.for_problems([wrong]) from None


def _read(value: object, column: ColumnElement[Any]) -> object:
    """Converts a value of a cursor to the type of its column.

    Raises:
        ValueError: the column cannot have this value.
    """
    if isinstance(column.type, Moment) and isinstance(value, str):
        return Instant(value)
    if column.type.python_type is int and type(value) is int and abs(value) <= _LARGEST_NUMBER:
        return value
    if column.type.python_type is str and isinstance(value, str) and "\0" not in value:
        value.encode()  # no database takes half a character
        return value
    raise ValueError("no value of that column")


def _ends_in(columns: tuple[ColumnElement[Any], ...], key: frozenset[Column[Any]]) -> bool:
    return frozenset(columns[-len(key) :]) == key


def _unique_keys(table: Table) -> Iterator[frozenset[Column[Any]]]:
    """The unique keys of a table. Keys with columns that may be empty are left out: two empty values are not equal."""
    for constraint in table.constraints:
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint):
            columns = frozenset(constraint.columns)
            if not any(column.nullable for column in columns):
                yield columns
