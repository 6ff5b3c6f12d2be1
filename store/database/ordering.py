"""Orders in which no two rows are equal: every ordered query uses one, so that a list never changes by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, PrimaryKeyConstraint, Table, UniqueConstraint


class TotalOrder:
    """Columns to order a query by, the last of which are a unique key of their table.

    A query names it as `order_by(*ORDER)`; tests/store/test_ordering.py finds every query that does not.

    Args:
        columns: the first counts most. The last are, together, a primary key or another unique key.

    Raises:
        ValueError: they end in no unique key.
    """

    def __init__(self, *columns: Column[Any]) -> None:
        if not any(_ends_in(columns, key) for key in _unique_keys(columns[-1].table)):
            names = ", ".join(map(str, columns))
            raise ValueError(f"The order by {names} ends in no unique key: add one, so that no two rows are equal.")
        self._columns = columns

    def __iter__(self) -> Iterator[Column[Any]]:
        """The columns, for `order_by`."""
        return iter(self._columns)


def _ends_in(columns: tuple[Column[Any], ...], key: frozenset[Column[Any]]) -> bool:
    return frozenset(columns[-len(key) :]) == key


def _unique_keys(table: Table) -> Iterator[frozenset[Column[Any]]]:
    """What no two rows share. A column that may be empty is no such key: two empty values do not count as equal."""
    for constraint in table.constraints:
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint):
            columns = frozenset(constraint.columns)
            if not any(column.nullable for column in columns):
                yield columns
