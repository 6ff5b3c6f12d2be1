"""How an instant is kept in a column."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator
from whenever import Instant


class Moment(TypeDecorator[Instant]):
    """An `Instant`, kept in UTC to the microsecond: timestamptz in PostgreSQL, sortable text in SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Instant | None, _: Dialect) -> datetime | None:
        """The value to write. Nanoseconds are cut off, never rounded up into a later microsecond."""
        return None if value is None else value.to_stdlib()

    def process_result_value(self, value: Any, _: Dialect) -> Instant | None:
        """The value that was read. SQLite forgets the zone, which is always UTC."""
        if value is None:
            return None
        return Instant(value if value.tzinfo else value.replace(tzinfo=UTC))


def to_microsecond(instant: Instant) -> Instant:
    """The instant as the database will return it."""
    return Instant(instant.to_stdlib())
