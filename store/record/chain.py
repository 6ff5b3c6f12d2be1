"""How the lines of a challenge's record hang together: the hash of each line covers the hash of the line before.

A line's hash is HMAC-SHA256, under a key that is not in the database, over the canonical JSON (RFC 8785) of the array

    [previous hash, number, challenge, key, at, by, role, action, stage, text, reason, refused, proof, signed]

Whoever has the database's own password can write any hash, but cannot find the right one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from json import JSONEncoder
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, type_coerce
from sqlalchemy.types import Integer, String
from whenever import Instant

from domain.announcements.announcement import Entry
from store.database import tables

NOTHING = "0" * 64
"""Stands for the hash of the line before the first."""

_record = tables.record
_HASHED = (
    *("previous", "number", "challenge", "key", "at", "by", "role", "action", "stage", "text", "reason", "refused"),
    *("proof", "signed"),
)
_REFUSED = _HASHED.index("refused")
_TRUTH = {0: False, 1: True}  # as either database gives it
# For texts, whole numbers below 2^53 and truth values, this is what RFC 8785 prescribes, and the encoder is in C.
_encode = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def content(previous: str, number: int, challenge: str, key: str, entry: Entry) -> bytes:
    """What the hash of a line covers.

    Args:
        previous: the hash of the line before; `NOTHING` for the first.
        number: the number of the line in its challenge, from 1.
        challenge, key, entry: the line.
    """
    said = (entry.by, entry.role, entry.action, entry.stage, entry.text, entry.reason, entry.refused)
    proof = (entry.proof, entry.signed)
    return _encode((previous, number, challenge, key, _written(entry.at), *said, *proof)).encode()


def stored(dialect: str) -> Select[Any]:
    """Selects the lines of the record as they are stored: the id, the hash, and the array that was hashed.

    Args:
        dialect: the kind of database.
    """
    columns: dict[str, ColumnElement[Any]] = {name: _record.c[name] for name in _HASHED}
    columns |= {"at": _at(dialect), "refused": type_coerce(_record.c.refused, Integer)}
    return select(_record.c.id, _record.c.hash, *columns.values())


def fits(has_made: Callable[[str, bytes], bool], line: Sequence[Any]) -> bool:
    """Whether the hash of a line was made of what the line says.

    Args:
        has_made: whether a hash was made of a content.
        line: a row of `stored`.
    """
    _, written, *said = line
    try:
        said[_REFUSED] = _TRUTH[said[_REFUSED]]
        return has_made(written, _encode(said).encode())
    except (KeyError, TypeError, UnicodeEncodeError):
        return False  # SQLite keeps values of any kind in any column


def _at(dialect: str) -> ColumnElement[str]:
    if dialect == "sqlite":
        return func.replace(type_coerce(_record.c.at, String), " ", "T").concat("Z")
    return func.to_char(func.timezone("UTC", _record.c.at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')


def _written(at: Instant) -> str:
    return at.to_stdlib().replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
