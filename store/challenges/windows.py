"""The window of a challenge: one row, which whoever takes an application holds still until it is in.

Applications hold the row still beside one another. Whoever moves or seals the window waits for all of them
and keeps new ones waiting meanwhile: so none is in that the count does not have, and none comes in after it.
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

# PostgreSQL lets those who share a row overtake whoever waits to change it, without end under load. So all pass a
# gate before, where nobody overtakes: an advisory lock, of which this is the first number.
_GATE = 2016


def held_still(selection: Select[Any]) -> dict[str, Prepared]:
    """A selection of one window that keeps it as it is until the transaction ends, by the kind of database.

    Args:
        selection: takes the challenge's id as the parameter "challenge".
    """
    gate = select(func.pg_advisory_xact_lock_shared(_GATE, func.hashtext(bindparam("challenge"))).label("passed"))
    # The row is locked when the gate was passed: it is joined to what comes out of it.
    passed = selection.join(gate.cte("gate").prefix_with("MATERIALIZED"), true())
    return {
        "postgresql": Prepared(passed.with_for_update(read=True, of=_windows)),
        "sqlite": Prepared(selection),  # a transaction that writes has the database for itself
    }


def seal(connection: Connection, challenge: str, at: Instant) -> int:
    """Seals a window for good, and counts the applications that stand then. Again is harmless.

    Args:
        connection: in a transaction that writes.
        challenge: id of the challenge.
        at: when it is sealed; sealed again, the first time stays.

    Returns:
        How many applications were not withdrawn when it was sealed.

    Raises:
        UnknownChallenge: there is no such challenge.
    """
    return _sealed(connection, _taken(connection, challenge), at)


def put(connection: Connection, challenge: str, window: Window, at: Instant) -> None:
    """Moves, holds or seals a window, or lets it go on.

    Args:
        connection: in a transaction that writes.
        challenge: id of the challenge.
        window: as it stands from now on.
        at: when.

    Raises:
        UnknownChallenge: there is no such challenge.
        TooLate: it is sealed; to seal it again is harmless.
    """
    row = _taken(connection, challenge)
    if row.sealed_at is not None:
        if window.sealed:
            return
        raise TooLate(f"The window of {challenge} is sealed for good: it cannot be opened, moved or held any more.")
    connection.execute(
        update(_windows)
        .where(_windows.c.challenge == challenge)
        .values(opens=window.opens, closes=window.closes, held=window.held)
    )
    if window.sealed:
        _sealed(connection, row, at)


def _taken(connection: Connection, challenge: str) -> Found:
    """The row, once all who take applications have ended; none begins until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_GATE, func.hashtext(challenge))))
    row = connection.execute(select(_windows).where(_windows.c.challenge == challenge).with_for_update()).one_or_none()
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
        update(_windows).where(_windows.c.challenge == row.challenge).values(sealed_at=at, sealed_count=count)
    )
    return count
