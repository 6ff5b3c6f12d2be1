"""Private addresses of calendars: one for a mailbox, kept as a hash."""

from __future__ import annotations

from sqlalchemy import Update, insert, select, update
from whenever import Instant

from store.database import tables
from store.database.database import Database

from . import secrets

_feeds = tables.calendar_feeds


def make(database: Database, mailbox: str, now: Instant) -> str:
    """Makes the address of a mailbox's calendar. The one before ends.

    Args:
        database: where to.
        mailbox: whose.
        now: the present.

    Returns:
        The secret of the address. Nobody can find it out again.

    Raises:
        Unavailable: the database cannot be written to.
    """
    secret = secrets.new()
    with database.writing() as connection:
        connection.execute(_ending(mailbox, now))
        row = {"secret": secrets.hashed(secret), "mailbox": mailbox, "made_at": now}
        connection.execute(insert(_feeds).values(**row))
    return secret


def end(database: Database, mailbox: str, now: Instant) -> None:
    """Ends the address of a mailbox's calendar, if it has one.

    Raises:
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        connection.execute(_ending(mailbox, now))


def made_at(database: Database, mailbox: str) -> Instant | None:
    """When the present address of a mailbox's calendar was made; None if it has none.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = select(_feeds.c.made_at).where(_feeds.c.mailbox == mailbox, _feeds.c.ended_at.is_(None))
    with database.reading() as connection:
        found: Instant | None = connection.scalar(wanted)
    return found


def whose(database: Database, secret: str) -> str:
    """The mailbox whose calendar an address leads to; empty if it leads nowhere, or no more.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = select(_feeds.c.mailbox).where(_feeds.c.secret == secrets.hashed(secret), _feeds.c.ended_at.is_(None))
    with database.reading() as connection:
        return connection.scalar(wanted) or ""


def _ending(mailbox: str, now: Instant) -> Update:
    return update(_feeds).where(_feeds.c.mailbox == mailbox, _feeds.c.ended_at.is_(None)).values(ended_at=now)
