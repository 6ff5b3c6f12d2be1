"""The windows of a challenge: one row each, which every transaction that takes a proposal locks until it commits.

The window of the applications has the empty text for its stage. A stage that asks for a further proposal has another.

Applications share the lock. A transaction that moves or seals the window waits for all of them, and new applications
wait for it. So the count at the sealing has every application, and none comes in after it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, select, true, update
from whenever import Instant

from domain.announcements.announcement import Window
from domain.challenges.steps import Sealed
from domain.values.calendar import spoken
from domain.values.refusals import OnHold, TooEarly, TooLate, UnknownChallenge, UnknownStage
from store.database import tables
from store.database.inserts import inserting
from store.database.prepared import Prepared
from store.database.tables import Found

from . import invited

_windows = tables.windows

SHOWN = tuple(_windows.c[name] for name in ("challenge", "stage", "opens", "closes", "held", "sealed_at"))
"""What `check_open` needs of a window."""

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


def seal(connection: Connection, challenge: str, at: Instant, stage: str = "") -> Sealed:
    """Seals a window for good, and says what was sent. You can safely call this again.

    Args:
        connection: in a transaction that writes.
        challenge: id of the challenge.
        at: when the window is sealed. If it was sealed before, the first time stays.
        stage: the stage that asks for a further proposal; empty for the applications.

    Raises:
        UnknownChallenge: there is no such challenge.
        UnknownStage: that stage has no window.
    """
    number = _sealed(connection, taken(connection, challenge, stage), at)
    return Sealed(number=number, sent=invited.have_sent(connection, challenge, stage) if stage else ())


def note_read(connection: Connection, challenge: str, at: Instant, stage: str = "") -> None:
    """Notes that somebody reads what was sent. From then on no late application is admitted.

    Args:
        connection: in a transaction that writes.
        challenge: id of the challenge, whose window is sealed.
        at: when. If it was read before, the first time stays.
        stage: as in `seal`.

    Raises:
        UnknownChallenge: there is no such challenge.
        UnknownStage: that stage has no window.
    """
    taken(connection, challenge, stage)
    connection.execute(update(_windows).where(*_is(challenge, stage), _windows.c.read_at.is_(None)).values(read_at=at))


def put(connection: Connection, challenge: str, window: Window, at: Instant) -> None:
    """Moves, holds, resumes or seals a window. The window of a further proposal is opened like this, too.

    Args:
        connection: in a transaction that writes.
        challenge: id of the challenge.
        window: the new state of the window.
        at: when.

    Raises:
        UnknownChallenge: there is no such challenge.
        TooLate: the window is sealed. Sealing it again is allowed.
    """
    stage, dates = window.stage, {"opens": window.opens, "closes": window.closes, "held": window.held}
    if stage:
        new = inserting(connection, _windows).values(challenge=challenge, stage=stage, **dates)
        connection.execute(new.on_conflict_do_nothing())
    row = taken(connection, challenge, stage)
    if row.sealed_at is not None:
        if window.sealed:
            return
        name = name_of(challenge, stage)
        raise TooLate(f"The window of {name} is sealed for good: it cannot be opened, moved or held any more.")
    connection.execute(update(_windows).where(*_is(challenge, stage)).values(dates))
    if stage and not window.sealed:
        invited.put(connection, challenge, stage, window.teams)
    if window.sealed:
        _sealed(connection, row, at)


def taken(connection: Connection, challenge: str, stage: str = "") -> Found:
    """The row of a window, locked after all running applications ended. No other begins until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_GATE, func.hashtext(challenge))))
    row = connection.execute(select(_windows).where(*_is(challenge, stage)).with_for_update()).one_or_none()
    if row is None and stage:
        raise UnknownStage(f"{challenge} takes no proposals for {stage!r} yet, or that stage asks for none.")
    if row is None:
        raise UnknownChallenge(f"No challenge {challenge!r} was opened: it has no window.")
    return row


def name_of(challenge: str, stage: str) -> str:
    """What people call a window: the challenge's id, and the stage if the window is not that of the applications."""
    return f"{challenge} ({stage})" if stage else challenge


def check_open(window: Found, now: Instant) -> None:
    """Checks that a window takes proposals.

    Args:
        window: its row, unchanged until the transaction ends, with the challenge's time zone.
        now: the time, read once the window cannot change.

    Raises:
        OnHold: the challenge is on hold.
        TooLate: the window has closed. The message says how long ago, to the microsecond.
        TooEarly: the window is not open yet.
    """
    name = name_of(window.challenge, window.stage)
    what, send = ("proposal", "send it") if window.stage else ("application", "apply")
    if window.held and window.sealed_at is None:
        # Also after the closing, because the closing moves when the challenge is resumed.
        raise OnHold(f"{name} is on hold and takes no {what} now: {send} once it goes on.")
    if now >= window.closes:
        closes = spoken(window.closes, window.time_zone)
        raise TooLate(
            f"Too late for {name}: its window closed ({closes}), and the {what} came {_lateness(now, window.closes)}."
        )
    if window.sealed_at is not None:
        sealed = spoken(window.sealed_at, window.time_zone)
        raise TooLate(f"Too late for {name}: its window was sealed for good ({sealed}).")
    if now < window.opens:
        opens = spoken(window.opens, window.time_zone, begins=True)
        raise TooEarly(f"Too early for {name}: its window opens ({opens}); {send} from then on.")


def _is(challenge: str, stage: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _windows.c.challenge == challenge, _windows.c.stage == stage


def _sealed(connection: Connection, row: Found, at: Instant) -> int:
    if row.sealed_at is not None:
        return int(row.sealed_count)
    table, sent = tables.applications, tables.proposals
    counted = select(func.count()).where(table.c.challenge == row.challenge, table.c.withdrawn.is_(None))
    if row.stage:  # every application was sent: those are counted without a look at their proposals
        counted = counted.join_from(table, sent, sent.c.application == table.c.id).where(sent.c.stage == row.stage)
    count = connection.scalars(counted).one()
    connection.execute(update(_windows).where(*_is(row.challenge, row.stage)).values(sealed_at=at, sealed_count=count))
    return count


def _lateness(now: Instant, closes: Instant) -> str:
    """How long after the closing, to the microsecond: "1 day 2 hours 0.000001 seconds after that"."""
    rest = (now - closes).total("nanoseconds") // 1000
    if rest == 0:
        return "at that very instant: the last one is taken just before it"
    parts = []
    for size, unit in ((86_400_000_000, "day"), (3_600_000_000, "hour"), (60_000_000, "minute")):
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number} {unit}{'' if number == 1 else 's'}")
    if rest:
        seconds, micro = divmod(rest, 1_000_000)
        shown = f"{seconds}.{micro:06d}" if micro else f"{seconds}"
        parts.append(f"{shown} second{'' if shown == '1' else 's'}")
    return f"{' '.join(parts)} after that"
