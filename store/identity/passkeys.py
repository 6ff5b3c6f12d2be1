"""The rows of passkeys, and of what they are asked to sign."""

from __future__ import annotations

from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update
from whenever import Instant

from domain.identity.passkey import Passkey
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found

Purpose = Literal["add", "use"]

_passkeys, _challenges = tables.passkeys, tables.passkey_challenges
_OLDEST_FIRST = TotalOrder(_passkeys.c.made_at, _passkeys.c.id)
_SHOWN = tuple(_passkeys.c[name] for name in ("id", "mailbox", "name", "made_at", "used_at"))


class Kept(NamedTuple):
    """What a passkey is checked with.

    Args:
        passkey: which it is.
        public_key: its public key, in COSE's form.
        signatures: how many its authenticator had made when it was last used.
    """

    passkey: Passkey
    public_key: bytes
    signatures: int


def of(database: Database, mailbox: str) -> tuple[Passkey, ...]:
    """The passkeys of a person that were not removed, in the order in which they were added.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return _of(connection, mailbox)


def handle_of(database: Database, mailbox: str) -> bytes | None:
    """The name by which authenticators know a person; None if they never had a passkey.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = select(_passkeys.c.handle).where(_passkeys.c.mailbox == mailbox).order_by(*_OLDEST_FIRST).limit(1)
    with database.reading() as connection:
        return connection.scalars(wanted).first()


def find(database: Database, mailbox: str, credential: str) -> Kept | None:
    """A passkey of a person; None if they have none with this id, or it was removed.

    Raises:
        Unavailable: the database cannot be read.
    """
    columns = (*_SHOWN, _passkeys.c.public_key, _passkeys.c.signatures)
    with database.reading() as connection:
        row = connection.execute(select(*columns).where(*_here(mailbox, credential))).one_or_none()
    return None if row is None else Kept(_read(row), bytes(row.public_key), row.signatures)


def is_known(connection: Connection, credential: str) -> bool:
    """Whether anybody has, or had, a passkey with this id."""
    wanted = select(func.count()).where(_passkeys.c.id == credential)
    return connection.scalars(wanted).one() > 0


def add(connection: Connection, passkey: Passkey, handle: bytes, public_key: bytes, signatures: int) -> None:
    """Writes a passkey down. Needs a transaction that writes.

    Args:
        connection: see above.
        passkey: the passkey.
        handle: the name by which authenticators know its person.
        public_key, signatures: see `Kept`.
    """
    row = {"id": passkey.id, "mailbox": passkey.mailbox, "name": passkey.name, "made_at": passkey.made}
    connection.execute(insert(_passkeys).values(**row, handle=handle, public_key=public_key, signatures=signatures))


def note_use(database: Database, kept: Kept, signatures: int, now: Instant) -> bool:
    """Writes down that a passkey was used.

    Args:
        database: where.
        kept: the passkey, as it was read.
        signatures: how many its authenticator has made now.
        now: the present.

    Returns:
        Whether it still was as it was read. Otherwise it was removed, or a copy of it was used meanwhile.

    Raises:
        Unavailable: the database cannot be written to.
    """
    same = (*_here(kept.passkey.mailbox, kept.passkey.id), _passkeys.c.signatures == kept.signatures)
    used = update(_passkeys).where(*same).values(signatures=signatures, used_at=now)
    with database.writing() as connection:
        return connection.execute(used).rowcount == 1


def remove(connection: Connection, mailbox: str, credential: str, by: str, now: Instant) -> Passkey | None:
    """Removes a passkey of a person for good. Needs a transaction that writes.

    Args:
        connection: see above.
        mailbox: whose.
        credential: id of the passkey.
        by: who removes it, as lists name them.
        now: the present.

    Returns:
        The passkey; None if they have none with this id.
    """
    row = connection.execute(select(*_SHOWN).where(*_here(mailbox, credential)).with_for_update()).one_or_none()
    if row is None:
        return None
    connection.execute(update(_passkeys).where(_passkeys.c.id == credential).values(removed_at=now, removed_by=by))
    return _read(row)


def keep_challenge(
    database: Database, challenge: str, session: str, purpose: Purpose, ends: Instant, now: Instant
) -> None:
    """Writes down what a passkey is asked to sign, and removes what is too old.

    Args:
        database: where.
        challenge: what is to be signed: chance, in the letters of URLs.
        session: id of the session that asks.
        purpose: whether a passkey is added or used.
        ends: until when it may be signed.
        now: the present.

    Raises:
        Unavailable: the database cannot be written to.
    """
    row = {"challenge": challenge, "session": session, "purpose": purpose, "ends_at": ends}
    with database.writing() as connection:
        connection.execute(delete(_challenges).where(_challenges.c.ends_at <= now))
        connection.execute(insert(_challenges).values(row))


def take_challenge(database: Database, challenge: str, session: str, purpose: Purpose, now: Instant) -> bool:
    """Takes what a passkey was asked to sign, so that nobody takes it again.

    Returns:
        Whether this session was asked to sign this, for this purpose, and has signed it in time.

    Raises:
        Unavailable: the database cannot be written to.
    """
    asked = _challenges.c.challenge == challenge
    same = (asked, _challenges.c.session == session, _challenges.c.purpose == purpose, _challenges.c.ends_at > now)
    with database.writing() as connection:
        return connection.execute(delete(_challenges).where(*same)).rowcount == 1


def _of(connection: Connection, mailbox: str) -> tuple[Passkey, ...]:
    theirs = (_passkeys.c.mailbox == mailbox, _passkeys.c.removed_at.is_(None))
    rows = connection.execute(select(*_SHOWN).where(*theirs).order_by(*_OLDEST_FIRST))
    return tuple(map(_read, rows))


def _here(mailbox: str, credential: str) -> tuple[ColumnElement[bool], ...]:
    return (_passkeys.c.mailbox == mailbox, _passkeys.c.id == credential, _passkeys.c.removed_at.is_(None))


def _read(row: Found) -> Passkey:
    return Passkey(id=row.id, mailbox=row.mailbox, name=row.name, made=row.made_at, used=row.used_at)
