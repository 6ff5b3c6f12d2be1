"""The rows of sessions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, exists, insert, or_, select, update
from whenever import Instant

from domain.identity.session import Session
from domain.permissions import Role
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.prepared import Prepared
from store.database.tables import Found

_sessions, _people = tables.sessions, tables.people
_NEWEST_LAST = TotalOrder(_sessions.c.begun_at, _sessions.c.id)
_DECIDING = or_(_people.c.role == str(Role.SPONSOR), _people.c.role == str(Role.RELEASER))
_DECIDES = or_(
    exists().where(_people.c.mailbox == _sessions.c.mailbox, _DECIDING),
    and_(
        _sessions.c.subject != "",
        exists().where(_people.c.issuer == _sessions.c.issuer, _people.c.subject == _sessions.c.subject, _DECIDING),
    ),
).label("decides")
"""Whether the person of a session decides or releases now. It is asked at every request, and never kept."""
_SHOWN = (
    *(_sessions.c[name] for name in ("id", "mailbox", "way", "passkey", "issuer", "subject", "where")),
    *(_sessions.c[f"{name}_at"].label(name) for name in ("begun", "used", "ends", "ended")),
    _DECIDES,
)
"""All that a `Session` has, by its names there."""
# Made once, because making a statement takes longer than running it.
_BY_SECRET = Prepared(select(*_SHOWN).where(_sessions.c.secret == bindparam("hash")))
_USED = Prepared(
    update(_sessions)
    .where(_sessions.c.id == bindparam("session"), _sessions.c.used_at < bindparam("now"))
    .values(used_at=bindparam("now"))
)


def decides(connection: Connection, mailbox: str, issuer: str, subject: str) -> bool:
    """Whether a person decides or releases in any round now.

    Args:
        connection: in any transaction.
        mailbox: whose.
        issuer, subject: how they signed in with an organisation; empty if they did not.
    """
    who = _people.c.mailbox == mailbox
    if subject:
        who = or_(who, and_(_people.c.issuer == issuer, _people.c.subject == subject))
    return connection.execute(select(_people.c.id).where(who, _DECIDING).limit(1)).first() is not None


def put(connection: Connection, session: Session, hash_: str) -> None:
    """Writes a new session down. Needs a transaction that writes.

    Args:
        connection: see above.
        session: the session.
        hash_: the hash of the secret that opens it.
    """
    row = {name: getattr(session, name) for name in ("id", "mailbox", "passkey", "issuer", "subject", "where")}
    times = {"begun_at": session.begun, "used_at": session.used, "ends_at": session.ends}
    connection.execute(insert(_sessions).values(**row, **times, way=str(session.way), secret=hash_))


def by_secret(database: Database, hash_: str) -> Session | None:
    """The session that a secret opens, also if it is over; None if there is none.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        row = _BY_SECRET.one_or_none(connection, {"hash": hash_})
    return None if row is None else _read(row)


def note_use(database: Database, session: str, now: Instant) -> None:
    """Writes down when a session was last used.

    Raises:
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        _USED.execute(connection, {"session": session, "now": now})


def exchange(database: Database, session: str, new_id: str, hash_: str) -> bool:
    """Gives a session another name and another secret, and notes that a passkey was used. The old secret opens nothing.

    Returns:
        Whether the session was still there, and had not been ended.

    Raises:
        Unavailable: the database cannot be written to.
    """
    here = (_sessions.c.id == session, _sessions.c.ended_at.is_(None))
    with database.writing() as connection:
        changed = update(_sessions).where(*here).values(id=new_id, secret=hash_, passkey=True)
        return connection.execute(changed).rowcount == 1


def end(database: Database, now: Instant, *, session: str | None = None, mailbox: str = "", but: str = "") -> int:
    """Ends sessions for good: those of a mailbox, or one of them.

    Args:
        database: where.
        now: the present.
        session: id of the one; None for all. An empty id is that of none.
        mailbox: whose; empty for whoever has the session.
        but: id of a session that goes on.

    Returns:
        How many were ended. Sessions that were ended before do not count.

    Raises:
        ValueError: neither a session nor a mailbox is named. The caller has a bug.
        Unavailable: the database cannot be written to.
    """
    if session is None and not mailbox:
        raise ValueError("say which session, or whose")
    which: list[Any] = [_sessions.c.ended_at.is_(None), _sessions.c.id != but]
    which += [_sessions.c.id == session] if session is not None else []
    which += [_sessions.c.mailbox == mailbox] if mailbox else []
    with database.writing() as connection:
        return connection.execute(update(_sessions).where(*which).values(ended_at=now)).rowcount


def of(database: Database, mailbox: str) -> tuple[Session, ...]:
    """All sessions of a mailbox that are kept, in the order in which they began.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = select(*_SHOWN).where(_sessions.c.mailbox == mailbox)
    with database.reading() as connection:
        return tuple(map(_read, connection.execute(wanted.order_by(*_NEWEST_LAST))))


def sweep(connection: Connection, before: Instant) -> int:
    """Removes sessions that ended before an instant. Returns how many."""
    over = or_(_sessions.c.ends_at < before, _sessions.c.ended_at < before)
    return connection.execute(delete(_sessions).where(over)).rowcount


def _read(row: Found) -> Session:
    return Session.model_validate(row._asdict())
