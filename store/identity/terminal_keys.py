"""The rows of terminal keys: whose each is, a hash of its secret, and who made and who ended it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update
from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.values.addresses import mailbox_of
from domain.values.model import Value
from domain.values.paging import Page, Paged
from domain.values.refusals import NotProven, TooLate, UnknownTerminalKey
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.record.notices import Compose
from store.record.record import put

_keys, _people = tables.terminal_keys, tables.people
_BY_ID = TotalOrder(_keys.c.id)
_PEOPLE = TotalOrder(_people.c.round, _people.c.id)
_SHOWN = [column for column in _keys.c if column.name != "secret"]
_USED_AGAIN_AFTER = 60
"""Seconds. A key that is used all the time does not make each reading command write."""


class TerminalKey(Value):
    """A key for the terminal, without its secret.

    Args:
        id: public, for lists.
        mailbox: whose key it is.
        made_by, ended_by: ids of the people who made and who ended it.
        made_at, used_at, ended_at: when it was made, last used, and ended.
    """

    id: str
    mailbox: str
    made_by: str
    made_at: Instant
    used_at: Instant | None = None
    ended_at: Instant | None = None
    ended_by: str = ""


def add(
    database: Database,
    key: TerminalKey,
    secret: str,
    announcements: Sequence[Announcement],
    compose: Compose,
    *,
    only_first: bool = False,
) -> None:
    """Keeps a new key, with its lines of the record and its notice, in one transaction.

    Args:
        database: where to.
        key: the key.
        secret: the hash of its secret.
        announcements: what the record of each challenge says.
        compose: finds the words of notices.
        only_first: whether the key must be the first of all.

    Raises:
        TooLate: there is a key that has not ended, and this one was to be the first.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        others = select(_keys.c.id).where(_keys.c.ended_at.is_(None)).limit(1)
        if only_first and (other := connection.scalars(others).first()):
            raise TooLate(f"The terminal key {other} is there: its person, as an operator, makes keys for others.")
        connection.execute(insert(_keys).values(secret=secret, **dict(key)))
        _put_all(connection, announcements, compose)


def use(database: Database, key: str, secret: str, at: Instant) -> str:
    """The mailbox of the person whose key is used.

    The secret is looked up by its hash: how long that takes tells nothing about any secret.

    Args:
        database: where from.
        key: id of the key.
        secret: the hash of the secret in the file.
        at: now.

    Raises:
        NotProven: there is no such key, or it has ended.
        Unavailable: the database cannot be used.
    """
    wanted = select(*_SHOWN).where(_keys.c.id == key, _keys.c.secret == secret)
    with database.reading() as connection:
        row = connection.execute(wanted).one_or_none()
    if row is None or row.ended_at is not None:
        ended = "" if row is None else f" has ended: {row.ended_by or 'somebody'} ended it"
        raise NotProven(f"The terminal key {key}{ended or ' is not known'}. Ask an operator for a new one.")
    if row.used_at is None or (at - row.used_at).total("seconds") >= _USED_AGAIN_AFTER:
        with database.writing() as connection:
            connection.execute(update(_keys).where(_keys.c.id == key).values(used_at=at))
    return str(row.mailbox)


def find(database: Database, key: str) -> TerminalKey:
    """One key, by its id.

    Raises:
        UnknownTerminalKey: there is no such key.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        row = connection.execute(select(*_SHOWN).where(_keys.c.id == key)).one_or_none()
    if row is None:
        raise UnknownTerminalKey(f"There is no terminal key {key}: see `terminal-keys list` for those that were made.")
    return _key(row)


def page_of_keys(database: Database, page: Page) -> Paged[TerminalKey]:
    """A page of all keys, ended ones too.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return _BY_ID.read(connection, select(*_SHOWN), page, _key)


def end(
    database: Database, key: str, by: str, at: Instant, announcements: Sequence[Announcement], compose: Compose
) -> bool:
    """Ends a key for good, with its lines of the record. Returns whether it had not ended before.

    Args:
        database: where.
        key: id of the key.
        by: who ends it.
        at: when.
        announcements: what the record of each challenge says.
        compose: finds the words of notices.

    Raises:
        Unavailable: the database cannot be written to.
    """
    here = (_keys.c.id == key, _keys.c.ended_at.is_(None))
    with database.writing() as connection:
        is_new = connection.execute(update(_keys).where(*here).values(ended_at=at, ended_by=by)).rowcount > 0
        if is_new:
            _put_all(connection, announcements, compose)
        return is_new


def mailboxes_of(database: Database, person: str) -> tuple[str, ...]:
    """The mailboxes of everybody who has an id and a role in some round: an id is one person's within a round only.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = select(_people.c.email).where(_people.c.id == person, _people.c.role != "").order_by(*_PEOPLE)
    with database.reading() as connection:
        return tuple(dict.fromkeys(map(mailbox_of, connection.scalars(wanted))))


def _put_all(connection: Connection, announcements: Sequence[Announcement], compose: Compose) -> None:
    for each in announcements:
        put(connection, each, compose)


def _key(row: Found) -> TerminalKey:
    return TerminalKey.model_validate(dict(row._mapping))
