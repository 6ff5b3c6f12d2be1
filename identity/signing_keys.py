"""The files of the keys that sign decisions: private halves for the desk, public halves for whoever checks.

Whoever has a private half can decide in anybody's name. Only the desk reads the private file. The worker needs the
public file alone, so that whoever breaks into a worker signs nothing. Whoever can write the public file can add a key
of their own: its owner alone may write to it.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from whenever import Instant

from domain.values.model import Value
from domain.values.refusals import NotReadable, TooLate, Unavailable
from service.settings import PREFIX
from store.whole_files import one_at_a_time, replace

_PRIVATE = f"{PREFIX}SIGNING_KEY_FILE"
_PUBLIC = f"{PREFIX}PUBLIC_KEY_FILE"
_READ_AND_WRITE_BY_ITS_OWNER = 0o600
_KEY = re.compile(r"[A-Za-z0-9+/]{43}=")  # 32 bytes
_PUBLIC_LINE = re.compile(r"([0-9a-f]{16}) ([A-Za-z0-9+/]{43}=)(?: made (\S+))?(?: retired (\S+))?")
_ID = re.compile(r"[0-9a-f]{16}")
_PRIVATE_HEAD = "# Signs decisions. The first key signs. Whoever reads this file can decide in anybody's name.\n"
_PUBLIC_HEAD = "# Decisions are checked with these keys. A retired key still shows that an old signature is right.\n"

_Read = TypeVar("_Read")


class PublicKey(Value):
    """The public half of a key.

    Args:
        id: the first 16 characters of the public key's SHA-256, in hexadecimal.
        public: the public key, in base64.
        made: when it was made; None if nobody noted it.
        retired: since when nothing new may be signed with the key; None if it may.
    """

    id: str
    public: str
    made: Instant | None = None
    retired: Instant | None = None

    @classmethod
    def of(cls, key: Ed25519PrivateKey, made: Instant | None = None) -> Self:
        """The public half of a private key."""
        raw = key.public_key().public_bytes_raw()
        return cls(id=_id_of(raw), public=base64.b64encode(raw).decode(), made=made)

    @property
    def key(self) -> Ed25519PublicKey:
        """The key that checks signatures."""
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(self.public))

    @property
    def line(self) -> str:
        """The key's line in the file."""
        made = f" made {self.made}" if self.made else ""
        return f"{self.id} {self.public}{made}{f' retired {self.retired}' if self.retired else ''}\n"


def read_private(path: Path) -> tuple[Ed25519PrivateKey, ...]:
    """The private halves, the one that signs first.

    Raises:
        Unavailable: the file is missing, cannot be read, is open to other users, or has no key or a line that is no
            key. The message gives the number of the line and never repeats the line.
    """
    keys = []
    for number, line in _lines_of(path, _PRIVATE, private=True):
        if not _KEY.fullmatch(line):
            raise Unavailable(
                f"Line {number} of the key file {path} is not a key: restore the file from its backup, or move the "
                "file away and run `keys make`."
            )
        keys.append(Ed25519PrivateKey.from_private_bytes(base64.b64decode(line)))
    if not keys:
        raise Unavailable(f"The key file {path} holds no key: run `keys make`, or name another in {_PRIVATE}.")
    return tuple(keys)


def read_public(path: Path) -> tuple[PublicKey, ...]:
    """The public halves, the newest first; none if there is no file.

    Raises:
        Unavailable: the file cannot be read, or has a line that is not a public key.
    """
    return tuple(_public_key(path, number, line) for number, line in _lines_of(path, _PUBLIC, private=False))


def make_first_key(private: Path, public: Path, now: Instant) -> bool:
    """Makes the first key, unless there is one, and puts its public half into the public file.

    Several processes may call this at once: one makes the key.

    Args:
        private, public: the two files.
        now: when.

    Returns:
        Whether this call made the key.

    Raises:
        Unavailable: a file cannot be read or written.
    """

    def make() -> bool:
        if is_new := not private.exists():
            _add_key(private, public, now)
        _publish(public, read_private(private))
        return is_new

    return _changing(private, public, make)


def make_key(private: Path, public: Path, now: Instant) -> PublicKey:
    """Makes a new key, which signs from now on. The older keys stay, so that what they signed is still taken.

    Raises:
        Unavailable: a file cannot be read or written. Nothing signs with the new key then.
    """

    def make() -> PublicKey:
        if private.exists():
            read_private(private)  # never above a line that nobody can read
        return _add_key(private, public, now)

    return _changing(private, public, make)


def retire_key(private: Path, public: Path, id: str, now: Instant) -> PublicKey:  # noqa: A002
    """Retires a key: its private half is removed, and nothing new that it signed is taken.

    Args:
        private, public: the two files.
        id: of the key, or its beginning, from 4 characters on.
        now: since when it is retired.

    Raises:
        NotReadable: no key, or several keys, have this id.
        TooLate: the key was retired before, or is the only one that signs.
        Unavailable: a file cannot be read or written.
    """

    def retire() -> PublicKey:
        known = read_public(public)
        key = _named(known, id)
        if key.retired:
            raise TooLate(f"The key {key.id} was retired on {key.retired} already.")
        kept = [each for each in read_private(private) if PublicKey.of(each).id != key.id]
        if not kept:
            raise TooLate(f"The key {key.id} is the only one that signs: run `keys make` first.")
        retired = key.model_copy(update={"retired": now})
        # First nobody takes what it signs, then it is gone: a power cut between the two leaves no key that counts.
        _write_public(public, [retired if each.id == key.id else each for each in known])
        replace(private, _PRIVATE_HEAD + "".join(map(_private_line, kept)))
        return retired

    return _changing(private, public, retire)


def _add_key(private: Path, public: Path, now: Instant) -> PublicKey:
    key = Ed25519PrivateKey.generate()
    known = PublicKey.of(key, now)
    # The public half first: from the first signature on, whoever checks must know the key.
    _write_public(public, [known, *read_public(public)])
    older = read_private(private) if private.exists() else ()
    replace(private, _PRIVATE_HEAD + "".join(map(_private_line, (key, *older))))
    return known


def _publish(public: Path, keys: Iterable[Ed25519PrivateKey]) -> None:
    """Adds public halves that the public file lacks, as where the file was lost."""
    known = read_public(public)
    ids = {each.id for each in known}
    if missing := [each for each in map(PublicKey.of, keys) if each.id not in ids]:
        _write_public(public, [*missing, *known])


def _write_public(public: Path, keys: Iterable[PublicKey]) -> None:
    replace(public, _PUBLIC_HEAD + "".join(each.line for each in keys), for_all=True)


def _changing(private: Path, public: Path, change: Callable[[], _Read]) -> _Read:
    try:
        for path in (private, public):
            path.parent.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(private.parent):
            return change()
    except OSError as error:
        raise Unavailable(
            f"The key files {private} and {public} cannot be written ({error.strerror}): name others in {_PRIVATE} "
            f"and {_PUBLIC}, on a disk of this machine that has room and that the service may write to."
        ) from None


def _named(keys: Iterable[PublicKey], id: str) -> PublicKey:  # noqa: A002
    found = [each for each in keys if len(id) >= 4 and each.id.startswith(id)]
    if len(found) != 1:
        how = "Several keys begin with" if found else "No key has the id"
        raise NotReadable(f"{how} {id[:16]!r}: see `keys list`, and give the whole id.")
    return found[0]


def _public_key(path: Path, number: int, line: str) -> PublicKey:
    found = _PUBLIC_LINE.fullmatch(line)
    try:
        if found is None:
            raise ValueError("not of this form")
        id, public, made, retired = found.groups()  # noqa: A001
        if _id_of(base64.b64decode(public)) != id:
            raise ValueError("another key's id")
        when = [Instant.parse_iso(each) if each else None for each in (made, retired)]
        return PublicKey(id=id, public=public, made=when[0], retired=when[1])
    except ValueError:
        raise Unavailable(
            f"Line {number} of the key file {path} is not a public key: restore the file from its backup, or copy the "
            "line again from where it was made."
        ) from None


def _lines_of(path: Path, setting: str, *, private: bool) -> Iterable[tuple[int, str]]:
    """The lines of a file that say something, with their numbers. A comment begins with #."""
    try:
        with path.open("rb") as file:
            others_may = os.fstat(file.fileno()).st_mode & 0o777 & ~_READ_AND_WRITE_BY_ITS_OWNER
            if private and others_may:
                raise Unavailable(
                    f"The key file {path} is open to more than its owner: run chmod 600 {path}. If others could read "
                    "the file, run `keys make`, then `keys retire` for the older key."
                )
            lines = file.read().decode("ascii", errors="replace").splitlines()
    except FileNotFoundError:
        if not private:
            return ()
        raise Unavailable(f"There is no key file {path}: run `keys make`, or name another in {setting}.") from None
    except OSError as error:
        raise Unavailable(
            f"The key file {path} cannot be read ({error.strerror}): check who owns it, or name another in {setting}."
        ) from None
    said = ((number, line.partition("#")[0].strip()) for number, line in enumerate(lines, start=1))
    return tuple((number, line) for number, line in said if line)


def _private_line(key: Ed25519PrivateKey) -> str:
    return f"{base64.b64encode(key.private_bytes_raw()).decode()}  # {PublicKey.of(key).id}\n"


def _id_of(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:16]
