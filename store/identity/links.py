"""The rows of links to sign in with: asked for, looked at, and used once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from whenever import Instant

from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found

_links = tables.links
_OLDEST_FIRST = TotalOrder(_links.c.asked_at, _links.c.id)

UNUSED = (_links.c.used_at.is_(None), _links.c.ended_at.is_(None))


def ask(connection: Connection, row: dict[str, Any]) -> None:
    """Writes down that somebody asked for a link. All earlier links of the mailbox end.

    Args:
        connection: in a transaction that writes.
        row: the new row.
    """
    theirs = update(_links).where(_links.c.mailbox == row["mailbox"], *UNUSED)
    connection.execute(theirs.values(ended_at=row["asked_at"]))
    connection.execute(insert(_links).values(row))


def of_browser(database: Database, browser: str) -> Found | None:
    """The last link that a browser asked for and that was neither used nor ended; None if there is none.

    Args:
        database: where from.
        browser: the hash of its secret.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        theirs = select(_links).where(_links.c.browser == browser, *UNUSED).order_by(*_OLDEST_FIRST)
        rows = connection.execute(theirs).all()
    return rows[-1] if rows else None


def look_at(database: Database, hash_: str) -> Found | None:
    """The link that a secret belongs to. Changes nothing. None if there is none.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return connection.execute(select(_links).where(_links.c.secret == hash_)).one_or_none()


def held(connection: Connection, hash_: str) -> Found | None:
    """The same, locked until the transaction ends: of two who come at once, the second sees what the first did."""
    wanted = select(_links).where(_links.c.secret == hash_).with_for_update()
    return connection.execute(wanted).one_or_none()


def change(connection: Connection, link: str, **values: object) -> None:
    """Changes a link that is held."""
    connection.execute(update(_links).where(_links.c.id == link).values(values))


def sweep(connection: Connection, before: Instant) -> int:
    """Removes links that were asked for before an instant. Returns how many."""
    return connection.execute(delete(_links).where(_links.c.asked_at < before)).rowcount
