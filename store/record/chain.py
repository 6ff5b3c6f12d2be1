"""How the lines of a challenge's record hang together: the hash of each line covers the hash of the line before.

A line's hash is BLAKE2b (RFC 7693) with 256 bits, keyed with a key that is not in the database, of the canonical JSON
(RFC 8785) of the array

    [previous hash, number, challenge, key, at, by, role, action, stage, text, reason, refused, proof, signed,
     principal]

where "at" is in UTC, to the microsecond, and "refused" is 0 or 1. Whoever has the database's own password can write any
hash, but cannot find the right one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import ColumnElement, Select, cast, func, select, type_coerce
from sqlalchemy.types import Integer, String
from whenever import Instant

from domain.announcements.announcement import Entry
from store.database import tables

NOTHING = "0" * 64
"""Stands for the hash of the line before the first."""

_record = tables.record
_HASHED = (
    *("previous", "number", "challenge", "key", "at", "by", "role", "action", "stage", "text", "reason", "refused"),
    *("proof", "signed", "principal"),
)


def content(previous: str, number: int, challenge: str, key: str, entry: Entry) -> bytes:
    """What the hash of a new line covers.

    Args:
        previous: the hash of the line before; `NOTHING` for the first.
        number: the number of the line in its challenge, from 1.
        challenge, key, entry: the line.
    """
    said = (entry.by, entry.role, entry.action, entry.stage, entry.text, entry.reason, int(entry.refused))
    proof = (entry.proof, entry.signed, entry.principal)
    return canonical((previous, number, challenge, key, _written(entry.at), *said, *proof))


def canonical(line: Sequence[Any]) -> bytes:
    """The array above, as its hash covers it: for texts and small whole numbers, this encoder does what RFC 8785 says.

    Raises:
        ValueError: a value is of a kind that no line has.
    """
    return to_json(line)


def stored(dialect: str) -> Select[Any]:
    """Selects lines of the record as they are stored: the id, the hash, and then the array that was hashed.

    Args:
        dialect: the kind of database.
    """
    columns: dict[str, ColumnElement[Any]] = {name: _record.c[name] for name in _HASHED}
    columns |= {"at": _at(dialect), "refused": _refused(dialect)}
    return select(_record.c.id, _record.c.hash, *columns.values())


def _at(dialect: str) -> ColumnElement[str]:
    if dialect == "sqlite":
        return func.replace(type_coerce(_record.c.at, String), " ", "T").concat("Z")
    return func.to_char(func.timezone("UTC", _record.c.at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')


def _refused(dialect: str) -> ColumnElement[int]:
    if dialect == "sqlite":
        return type_coerce(_record.c.refused, Integer)  # SQLite keeps 0 or 1, or whatever else somebody has put there
    return cast(_record.c.refused, Integer)


def _written(at: Instant) -> str:
    return at.to_stdlib().replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
