"""The letters with links, from the sender's side. They are no notices: no list shows them, and they have no text here.

*waiting → sending → sent*, or *failed*. A sender that takes a letter makes the secret of its link, and the hash is
written before anything is sent. If the sender dies, nobody knows whether the letter went out: the next sender sends
another one, with another secret.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, and_, func, select, update
from whenever import Instant, TimeDelta

from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found

_links = tables.links
_LONGEST_DUE_FIRST = TotalOrder(_links.c.asked_at, _links.c.id)


def take(connection: Connection, now: Instant, *, in_time: TimeDelta, most: int) -> Found | None:
    """The letter that was asked for first among those that are due. Other senders leave it until the transaction ends.

    Args:
        connection: in a transaction that writes.
        now: the present.
        in_time: for how long after it was asked for a letter is sent at all.
        most: how often a letter is sent if nobody knows whether it went out.

    Returns:
        The letter's row; None if none is due, or the one that was due has just been given up.
    """
    row = connection.execute(_due(now).limit(1).with_for_update(skip_locked=True)).first()
    if row is not None and (why := _why_given_up(row, now, in_time, most)):
        change(connection, row.id, status="failed", reason=why, next_try=None)
        return None
    return row


def is_due(database: Database, now: Instant) -> bool:
    """Whether a letter is due. Looks without locking, so that nobody who writes has to wait.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return connection.execute(_due(now).limit(1)).first() is not None


def change(connection: Connection, link: str, **values: object) -> None:
    """Changes the row of a letter that this sender has just taken."""
    connection.execute(update(_links).where(_links.c.id == link).values(values))


def settle(database: Database, link: str, letters: int, **values: object) -> None:
    """Writes down what became of a letter, unless another sender has taken it meanwhile.

    Args:
        database: where to.
        link: id of the link.
        letters: how often the letter was sent, this time included. The number tells this sender from others.
        values: the columns that change.

    Raises:
        Unavailable: the database cannot be written to.
    """
    still = and_(_links.c.id == link, _links.c.letters == letters, _links.c.status == "sending")
    with database.writing() as connection:
        connection.execute(update(_links).where(still).values(values))


def _due(now: Instant) -> Select[Any]:
    again = func.coalesce(_links.c.next_try, _links.c.asked_at) <= now
    waiting = _links.c.status.in_(("waiting", "sending"))
    return select(_links).where(waiting, again).order_by(*_LONGEST_DUE_FIRST)


def _why_given_up(row: Found, now: Instant, in_time: TimeDelta, most: int) -> str:
    if row.ended_at is not None:
        return "A newer link was asked for."
    if row.used_at is not None:
        return "The link was used."
    if row.status == "sending" and row.letters >= most:
        return f"It was sent {row.letters} times, and nobody knows whether it arrived. {row.reason}".strip()
    if row.asked_at + in_time <= now:
        return f"It could not be sent in time. {row.reason}".strip()
    return ""
