"""Small files that are there whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BY_ITS_OWNER = 0o600
_READ_BY_ALL = 0o644


def replace(path: Path, text: str, *, for_all: bool = False) -> None:
    """Writes a file in the place of another, if there is one. Whoever reads meanwhile reads the one or the other.

    Args:
        path: of the file; its folder exists.
        text: what is in the file from now on, in ASCII.
        for_all: whether other users may read the file.

    Raises:
        OSError: the file cannot be written there. The old one stays.
    """
    beside = _written_beside(path, text, _READ_BY_ALL if for_all else _BY_ITS_OWNER)
    try:
        os.replace(beside, path)
    except OSError:
        os.unlink(beside)
        raise
    _keep_the_names_in(path.parent)


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Keeps other processes from changing files of a folder, if they ask in the same way.

    Raises:
        OSError: the folder cannot be opened.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # ends with the descriptor, also when the process is killed
        yield
    finally:
        os.close(descriptor)


def _written_beside(path: Path, text: str, mode: int) -> str:
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # exclusive, and 0600
    try:
        with open(descriptor, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        os.unlink(beside)
        raise
    return beside


def _keep_the_names_in(folder: Path) -> None:
    """Makes the disk keep the new name. If a power cut lost a key, nobody could read what was sealed under the key."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
