"""Lines are added to the record here, and nowhere else: each follows from the last line of its challenge.

The challenge's row has the number and the hash of its last line. Whoever adds a line has that row locked, so the chain
never forks. The row is read after the lock: at PostgreSQL's level READ COMMITTED, only a locked row is surely the
latest.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, exists, select, update
from sqlalchemy.dialects import postgresql, sqlite

from domain.announcements.announcement import Entry
from domain.values.refusals import UnknownChallenge
from store.database import tables
from store.database.prepared import Prepared
from store.database.tables import Found

from . import chain
from .keys import KeepsKeys, RecordKeys

_challenges, _record = tables.challenges, tables.record

# Made once, because making a statement takes longer than running it.
# Not the strongest lock: applications refer to this row, and must not wait.
_CHALLENGE = Prepared(
    select(_challenges).where(_challenges.c.id == bindparam("challenge")).with_for_update(key_share=True)
)
_LINE = {column: bindparam(column.name, type_=column.type) for column in _record.columns if column is not _record.c.id}


def taken(connection: Connection, challenge: str) -> Found:
    """The row of a challenge, locked until the transaction ends: nobody else adds to its record.

    A transaction takes challenges before anything else that it locks, and several of them in the order of their ids, so
    that no two transactions wait for each other.

    Raises:
        UnknownChallenge: there is no such challenge.
    """
    row: Found | None = _CHALLENGE.one_or_none(connection, {"challenge": challenge})
    if row is None:
        raise UnknownChallenge(f"No challenge {challenge!r} was opened: open its round first.")
    return row


def add(
    connection: Connection,
    challenge: Found,
    key: str,
    entry: Entry,
    *,
    status: Mapping[str, object] | None = None,
) -> bool:
    """Adds a line to the record of a challenge, unless the record has its key.

    Args:
        connection: in a transaction that writes.
        challenge: the challenge's row, as `taken` gave it; nothing was added since.
        key: the line's business key.
        entry: the line.
        status: columns of the challenge that change with the line. This saves a statement.

    Returns:
        Whether the line is new. Otherwise nothing was changed.

    Raises:
        Unavailable: the keys of the chain cannot be used.
    """
    number, previous = challenge.record_lines + 1, challenge.record_head or chain.NOTHING
    hashed = _keys(connection).hash(chain.content(previous, number, challenge.id, key, entry))
    line = {"key": key, "challenge": challenge.id, **dict(entry)}
    values = line | {"number": number, "previous": previous, "hash": hashed}
    values |= {f"new_{name}": value for name, value in (status or {}).items()}  # both tables have a column "stage"
    statements = _statements(connection.dialect.name, frozenset(status or ()))
    return all(each.execute(connection, values) > 0 for each in statements)


def write_line(connection: Connection, key: str, challenge: str, entry: Entry) -> None:
    """Adds a line to the record, in a transaction that writes.

    The transaction must have taken the challenge before anything else that it has locked; see `taken`.
    """
    if not add(connection, taken(connection, challenge), key, entry):
        raise LookupError(f"the record has a line {key} already")


def _keys(connection: Connection) -> RecordKeys:
    keeps: KeepsKeys | None = connection.get_execution_options().get("record_keys")
    if keeps is None:
        raise LookupError("a Database that writes lines of the record has to be made with the keys of the chain")
    return keeps.for_writing(connection)


@cache
def _statements(dialect: str, status: frozenset[str]) -> tuple[Prepared, ...]:
    """The insert of a line, and the update of its challenge unless the record has the line's key.

    PostgreSQL does both in one statement, which saves a round trip.
    """
    changed: dict[str, Any] = {"record_lines": bindparam("number"), "record_head": bindparam("hash")}
    changed |= {name: bindparam(f"new_{name}", type_=_challenges.c[name].type) for name in sorted(status)}
    head = update(_challenges).where(_challenges.c.id == bindparam("challenge")).values(changed)
    if dialect == "sqlite":
        line = sqlite.insert(_record).values(_LINE).on_conflict_do_nothing(index_elements=["key"])
        return Prepared(line), Prepared(head)
    new = postgresql.insert(_record).values(_LINE).on_conflict_do_nothing(index_elements=["key"])
    written = new.returning(_record.c.id).cte("written")
    return (Prepared(head.where(exists(select(written.c.id)))),)
