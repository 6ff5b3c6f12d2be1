"""Files of keys: who may read them, what is in them, and how the first one is made.

The keys seal what the database keeps of bank details and of attached files, and chain the lines of the record. The keys
are never in the database.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography.fernet import Fernet, MultiFernet

from domain.values.refusals import Unavailable

_KEY = re.compile(r"[A-Za-z0-9_-]{43}=")  # 32 bytes
_READ_AND_WRITE_BY_ITS_OWNER = 0o600


class Use(NamedTuple):
    """What the keys of a file are for.

    Args:
        setting: the environment variable that names the file.
        does: what they do, for the comment in a new file, such as "Seals bank details".
        lost: what nobody can do without them.
        leaked: what to do if others could read the file.
    """

    setting: str
    does: str
    lost: str
    leaked: str


def sealing(setting: str, sealed: str) -> Use:
    """The use of keys that seal something, such as "bank details"."""
    return Use(
        setting=setting,
        does=f"Seals {sealed}",
        lost=f"read the {sealed} that were sealed under them",
        leaked="add a new key and run `reseal`",
    )


def fernets(keys: Sequence[str]) -> MultiFernet:
    """Keys as one: the first seals, and every key opens.

    Raises:
        ValueError: there is no key, or a text is not a key. The message does not repeat the text.
    """
    made = [fernet for fernet in map(_fernet, keys) if fernet]
    if not made or len(made) < len(keys):
        raise ValueError("sealing needs at least one key, and only keys that Fernet has made")
    return MultiFernet(made)


def keys_in(path: Path, use: Use) -> list[str]:
    """The keys of a file: one key on each line, the newest first. A comment begins with #.

    Args:
        path: of the file.
        use: what the keys are for.

    Raises:
        Unavailable: the file is missing, cannot be read, is open to other users, has no key, or has a line that is not
            a key. The message gives the number of the line and never repeats the line.
    """
    keys = []
    for number, line in enumerate(_lines_of(path, use), start=1):
        key = line.partition("#")[0].strip()
        if key and _fernet(key) is None:
            raise Unavailable(
                f"Line {number} of the key file {path} is not a key: write one key of 44 characters on each line, "
                "exactly as it was made, and # before a comment."
            )
        keys += [key] if key else []
    if not keys:
        raise Unavailable(
            f"The key file {path} holds no key: restore it from its backup, or name another in {use.setting}."
        )
    return keys


def make_key_file(path: Path, use: Use) -> bool:
    """Makes a file with a new key, and its folder. An existing file stays unchanged.

    Several processes may call this at once: one makes the file, and nobody ever sees half a file.

    Args:
        path, use: see `keys_in`.

    Returns:
        Whether this call made the file. Then the people who run the service should be told to keep a copy elsewhere.

    Raises:
        Unavailable: the file cannot be made there.
    """
    try:
        if path.exists():
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_new(path, f"# {use.does}. Put a newer key above this one.\n{Fernet.generate_key().decode()}\n")
    except OSError as error:
        raise Unavailable(
            f"The key file {path} cannot be made ({error.strerror}): name another in {use.setting}, on a disk of this "
            "machine that has room and that the service may write to."
        ) from None


def write_new(path: Path, text: str) -> bool:
    """Writes a new file that only its owner can read: beside its place, and linked there when it is complete.

    Args:
        path: of the file, in a folder that exists.
        text: what the file says, in ASCII.

    Returns:
        Whether this call made the file; otherwise another file was there first, and stays unchanged.

    Raises:
        OSError: the file cannot be made there.
    """
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # exclusive, and 0600
    try:
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)
    except FileExistsError:
        return False
    finally:
        os.unlink(beside)
    _keep_the_name_of(path)
    return True


def _keep_the_name_of(path: Path) -> None:
    """Makes the disk keep the new name. If a power cut lost the key, nobody could read what was sealed under it."""
    if os.name != "posix":
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _lines_of(path: Path, use: Use) -> list[str]:
    try:
        with path.open("rb") as file:
            others_may = os.fstat(file.fileno()).st_mode & 0o777 & ~_READ_AND_WRITE_BY_ITS_OWNER
            if os.name == "posix" and others_may:
                raise Unavailable(
                    f"The key file {path} is open to more than its owner: run chmod 600 {path}. "
                    f"If others could read the file, {use.leaked}."
                )
            return file.read().decode("utf-8-sig", errors="replace").splitlines()
    except FileNotFoundError:
        raise Unavailable(
            f"There is no key file {path}: restore it from its backup, or name another in {use.setting}. "
            f"Without its keys nobody can {use.lost}."
        ) from None
    except OSError as error:
        raise Unavailable(
            f"The key file {path} cannot be read ({error.strerror}): check who owns it, or name another in "
            f"{use.setting}."
        ) from None


def _fernet(key: str) -> Fernet | None:
    # Fernet itself would also take two keys on one line, and silently use the first.
    return Fernet(key) if _KEY.fullmatch(key) else None
