"""The window of a challenge: one row, which every transaction that takes an application locks until it commits.

Applications share the lock. A transaction that moves or seals the window waits for all of them, and new applications
wait for it. So the count at the sealing has every application, and none comes in after it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, true, update
from whenever import Instant

from domain.announcements.announcement import Window
from domain.values.refusals import TooLate, UnknownChallenge
from store.database import tables
from store.database.prepared import Prepared
from store.database.tables import Found

_windows = tables.windows

# In PostgreSQL, transactions that share a row lock overtake one that waits to change the row, under load for ever. So
# all of them first pass a gate where nobody overtakes: an advisory lock. This is its first number.
_GATE = 2016


def held_still(selection: Select[Any]) -> Prepared:
    """A selection of one window that keeps the window unchanged until the transaction ends.

    Args:
        selection: takes the challenge's id as the parameter "challenge".
    """
    gate = select(func.pg_advisory_xact_lock_shared(_GATE, func.hashtext(bindparam("challenge"))).label("passed"))
    # The join makes PostgreSQL lock the row only after the gate was passed.
    passed = selection.join(gate.cte("gate").prefix_with("MATERIALIZED"), true())
    # In SQLite, a transaction that writes has the database for itself.
    return Prepared(passed.with_for_update(read=True, of=_windows), sqlite=selection)


def seal(connection: Connection, challenge: str, at: Instant) -> int:
    """Seals a window for good, and counts its applications. You can safely call this again.

    Args:
        connection: in a transaction that writes.
        challenge: id of the challenge.
        at: when the window is sealed. If it was sealed before, the first time stays.

    Returns:
        How many applications were not withdrawn when the window was sealed.

    Raises:
        UnknownChallenge: there is no such challenge.
    """
    return _sealed(connection, taken(connection, challenge), at)


def note_read(connection: Connection, challenge: str, at: Instant) -> None:
    """Notes that somebody reads the applications. From then on no late application is admitted.

    Args:
        connection: in a transaction that writes.
        challenge: id of the challenge, whose window is sealed.
        at: when. If the applications were read before, the first time stays.

    Raises:
        UnknownChallenge: there is no such challenge.
    """
    taken(connection, challenge)
    first = (_windows.c.challenge == challenge, _windows.c.stage == "", _windows.c.read_at.is_(None))
    connection.execute(update(_windows).where(*first).values(read_at=at))


def put(connection: Connection, challenge: str, window: Window, at: Instant) -> None:
    """Moves, holds, resumes or seals a window.

    Args:
        connection: in a transaction that writes.
        challenge: id of the challenge.
        window: the new state of the window.
        at: when.

    Raises:
        UnknownChallenge: there is no such challenge.
        TooLate: the window is sealed. Sealing it again is allowed.
    """
    row = taken(connection, challenge)
    if row.sealed_at is not None:
        if window.sealed:
            return
        raise TooLate(f"The window of {challenge} is sealed for good: it cannot be opened, moved or held any more.")
    connection.execute(
        update(_windows)
        .where(_windows.c.challenge == challenge, _windows.c.stage == "")
        .values(opens=window.opens, closes=window.closes, held=window.held)
    )
    if window.sealed:
        _sealed(connection, row, at)


def taken(connection: Connection, challenge: str) -> Found:
    """The row of a window, locked after all running applications ended. No other begins until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_GATE, func.hashtext(challenge))))
    row = connection.execute(
        select(_windows).where(_windows.c.challenge == challenge, _windows.c.stage == "").with_for_update()
    ).one_or_none()
    if row is None:
        raise UnknownChallenge(f"No challenge {challenge!r} was opened: it has no window.")
    return row


def _sealed(connection: Connection, row: Found, at: Instant) -> int:
    if row.sealed_at is not None:
        return int(row.sealed_count)
    table = tables.applications
    counted = select(func.count()).where(table.c.challenge == row.challenge, table.c.withdrawn.is_(None))
    count = connection.scalars(counted).one()
    connection.execute(
        update(_windows)
        .where(_windows.c.challenge == row.challenge, _windows.c.stage == row.stage)
        .values(sealed_at=at, sealed_count=count)
    )
    return count
