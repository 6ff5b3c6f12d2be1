"""Erasure of what else the service keeps of a mailbox: its sign-ins, calendars, and what it was invited to write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, delete, func, select

from store.database import tables

REMOVED = ("sessions", "links", "passkeys", "terminal_keys", "calendar_feeds", "writers")
"""The tables that rows of a mailbox are removed from."""
_REMOVED = (tables.sessions, tables.links, tables.passkeys, tables.terminal_keys, tables.calendar_feeds, tables.writers)
_KNOWN = (tables.people, tables.applications, tables.drafts)


def count(connection: Connection, mailbox: str) -> int:
    """How many rows of sign-in a mailbox has."""
    wanted = (select(func.count()).where(table.c.mailbox == mailbox) for table in _REMOVED)
    return sum(connection.scalars(each).one() for each in wanted)


def mailboxes(connection: Connection, applications: Iterable[str], persons: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The mailboxes of applications and drafts, by their ids, and of people, by round and id."""
    for application in applications:
        for table, key in (
            (tables.applications, tables.applications.c.id),
            (tables.drafts, tables.drafts.c.application),
        ):
            yield from connection.scalars(select(table.c.mailbox).where(key == application))
    for round_, person in persons:
        here = (tables.people.c.round == round_, tables.people.c.id == person)
        yield from connection.scalars(select(tables.people.c.mailbox).where(*here))


def forget(connection: Connection, mailboxes: Iterable[str]) -> None:
    """Removes how people signed in, unless a mailbox still belongs to somebody whom the service knows.

    Args:
        connection: in the transaction that has blanked the people, applications and drafts concerned.
        mailboxes: theirs, as they were.
    """
    for mailbox in set(mailboxes) - {""}:
        known = (select(table.c.mailbox).where(table.c.mailbox == mailbox).limit(1) for table in _KNOWN)
        if all(connection.execute(each).first() is None for each in known):
            for table in _REMOVED:
                connection.execute(delete(table).where(table.c.mailbox == mailbox))
