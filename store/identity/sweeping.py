"""Rows of sign-in that nobody needs any more: they say who was where, so they do not stay."""

from __future__ import annotations

from sqlalchemy import delete, literal, select
from whenever import Instant, TimeDelta

from store.database import tables
from store.database.database import Database

from . import links, sessions

_AFTER = TimeDelta(hours=24)
"""Links, and sign-ins that were begun, stay so long after they are over: people ask why theirs did not work."""
_SESSIONS_AFTER = TimeDelta(hours=30 * 24)
"""Sessions stay so long after their end: somebody may want to know whether it was them."""


def sweep(database: Database, now: Instant) -> int:
    """Removes what is over for long. Returns how many rows.

    Raises:
        Unavailable: the database cannot be written to.
    """
    begun = tables.begun_sign_ins
    with database.reading() as connection:
        anything = any(
            connection.execute(select(literal(1)).select_from(table).limit(1)).first() is not None
            for table in (tables.links, tables.sessions, begun)
        )
    if not anything:
        return 0  # nobody has to wait for a lock where nobody signs in
    with database.writing() as connection:
        removed = links.sweep(connection, now - _AFTER) + sessions.sweep(connection, now - _SESSIONS_AFTER)
        return removed + connection.execute(delete(begun).where(begun.c.ends_at < now - _AFTER)).rowcount
