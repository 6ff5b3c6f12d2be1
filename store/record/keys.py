"""The keys of the record's chain. They are in a file, and never in the database or in a statement that goes to it."""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy import Connection, func, select

from domain.values.refusals import Unavailable
from store.database import tables
from store.key_file import Use, keys_in, make_key_file

from . import chain

SETTING = "CHALLENGES_RECORD_KEY_FILE"
"""The environment variable that names the file of keys."""
_USE = Use(
    setting=SETTING,
    does="Chains the lines of the record",
    lost="show that the record is as it was written",
    leaked="put a new key above the others, and keep the heads of the record elsewhere (`record heads`)",
)
_LOOKED_AT = 20
"""At how many of the last lines the keys are tried, to find out whether the keys are those of this database."""

_logger = structlog.get_logger("record")
_record = tables.record


class RecordKeys:
    """Keys under which lines are hashed.

    Args:
        keys: as `store.key_file` makes them, at least one, the newest first. New lines are hashed under the first key.
            A line counts under any of them.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._newest, *self._older = (_keyed(urlsafe_b64decode(key)) for key in keys)

    def hash(self, content: bytes) -> str:
        """The hash of a new line, in hexadecimal digits."""
        return _hash(self._newest, content)

    def has_made(self, written: str, content: bytes) -> bool:
        """Whether a hash was made of this content under one of the keys."""
        return written == _hash(self._newest, content) or any(written == _hash(key, content) for key in self._older)

    def for_writing(self, connection: Connection) -> RecordKeys:  # noqa: ARG002
        """These keys."""
        return self

    def for_reading(self) -> RecordKeys:
        """These keys."""
        return self


def _keyed(key: bytes) -> blake2b:
    return blake2b(key=key, digest_size=32)


def _hash(keyed: blake2b, content: bytes) -> str:
    hashed = keyed.copy()  # a copy costs less than to begin with the key again
    hashed.update(content)
    return hashed.hexdigest()


class KeepsKeys(Protocol):
    """Where the keys of the record come from: keys at hand, or a file."""

    def for_writing(self, connection: Connection) -> RecordKeys:
        """The keys, for a line that is written in this transaction."""

    def for_reading(self) -> RecordKeys:
        """The keys, to check lines."""


class RecordKeyFile:
    """The keys in a file, which is made when the first line is written.

    A key that is put above the others counts from the next line on, in every process, without a restart.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[object, RecordKeys] | None = None

    def for_writing(self, connection: Connection) -> RecordKeys:
        """The keys, for a line that is written in this transaction.

        Raises:
            Unavailable: the file cannot be used, or is gone although lines are chained, or has none of the keys under
                which the last lines were written. The chain could not be checked otherwise.
        """
        state = self._state()
        if self._read is not None and (state is None or state == self._read[0]):
            return self._read[1]
        if state is None:
            self._make(connection)
            state = self._state()
        keys = self.for_reading()
        self._check_fits(connection, keys)
        self._read = state, keys
        return keys

    def for_reading(self) -> RecordKeys:
        """The keys, to check lines.

        Raises:
            Unavailable: the file cannot be used; see `store.key_file.keys_in`.
        """
        return RecordKeys(keys_in(self._path, _USE))

    def _state(self) -> object:
        try:
            found = os.stat(self._path)
        except OSError:
            return None  # what is wrong shows when the file is read
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _make(self, connection: Connection) -> None:
        if connection.execute(select(_record.c.id).where(_record.c.number > 0).limit(1)).first() is not None:
            raise Unavailable(
                f"The key file {self._path} is gone, and the record is chained with its keys: restore it from its "
                f"backup, or name it in {SETTING}."
            )
        if make_key_file(self._path, _USE):
            _logger.warning("the record is chained with a new key: keep a copy of it elsewhere", file=str(self._path))

    def _check_fits(self, connection: Connection, keys: RecordKeys) -> None:
        """Somebody may have changed the last line. If no key fits any of the last lines, the file is another one."""
        last = select(func.max(_record.c.id)).where(_record.c.number > 0).scalar_subquery()
        recent = chain.stored(connection.dialect.name).where(_record.c.number > 0, _record.c.id > last - _LOOKED_AT)
        lines = connection.execute(recent).all()
        if lines and not any(keys.has_made(hashed, chain.canonical(said)) for _, hashed, *said in lines):
            raise Unavailable(
                f"The key file {self._path} has none of the keys under which the record of this database was written: "
                f"put those keys back, below the newest, or name their file in {SETTING}."
            )
