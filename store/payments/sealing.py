"""Payee details at rest: encrypted with keys from a file, which are never in the database.

A sealed text says for whom it was sealed. A row that somebody swaps for another in the database does not open.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import ValidationError

from domain.payments.bank_account import BankAccount
from domain.values.model import Value
from domain.values.refusals import Unavailable

SETTING = "CHALLENGES_PAYEE_KEY_FILE"
"""The environment variable that names the file of keys."""

_KEY = re.compile(r"[A-Za-z0-9_-]{43}=")  # 32 bytes
_READ_AND_WRITE_BY_ITS_OWNER = 0o600


class _Content(Value):
    """What is encrypted."""

    bound_to: str
    account: BankAccount


class Seals:
    """Seals payee details, and opens what was sealed.

    Args:
        keys: Fernet keys, at least one. The first seals; all of them open, so that what was sealed before a new first
            key came can still be read, and sealed anew with `reseal`.

    Raises:
        ValueError: there is none, or one is no key. The message does not repeat it.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        fernets = [fernet for fernet in map(_fernet, keys) if fernet]
        if not fernets or len(fernets) < len(keys):
            raise ValueError("sealing needs at least one key, each as Fernet makes them")
        self._fernet = MultiFernet(fernets)

    @classmethod
    def from_file(cls, path: Path) -> Seals:
        """The seals of a file with a key on each line, the newest first; what follows # is a comment.

        Raises:
            Unavailable: the file is missing, cannot be read, may be read by others, or holds no key or a line that is
                none. The message names the line and never repeats it.
        """
        keys = []
        for number, line in enumerate(_lines_of(path), start=1):
            key = line.partition("#")[0].strip()
            if key and _fernet(key) is None:
                raise Unavailable(
                    f"Line {number} of the key file {path} is no key: write one key a line, 44 characters as they were "
                    "made, or put # before what is not one."
                )
            keys += [key] if key else []
        if not keys:
            raise Unavailable(
                f"The key file {path} holds no key: restore it from its backup, or name another in {SETTING}."
            )
        return cls(keys)

    def seal(self, account: BankAccount, bound_to: str) -> str:
        """A text that only the holder of a key can read, and that nobody can change unnoticed.

        Args:
            account: whose full details go in.
            bound_to: for whom: the text opens for the same alone. Such as a team's id.
        """
        content = _Content(bound_to=bound_to, account=account)
        return self._fernet.encrypt(content.model_dump_json().encode()).decode()

    def open(self, sealed: str, bound_to: str) -> BankAccount:
        """The account in a sealed text.

        Args:
            sealed: as `seal` or `reseal` gave it.
            bound_to: as it was sealed.

        Raises:
            Unavailable: none of the keys opens it, or it was sealed for somebody else.
        """
        content = self._content(sealed, bound_to)
        if content.bound_to != bound_to:
            raise Unavailable(
                f"What is kept as the payee details of {bound_to} was not sealed for this team: somebody changed the "
                "row. Find out who did, and restore the row from a backup or ask the team for its details again."
            )
        return content.account

    def reseal(self, sealed: str, bound_to: str) -> str:
        """The same content under the newest key, so that older keys can be taken out of the file.

        Args:
            sealed: as `seal` or `reseal` gave it.
            bound_to: as it was sealed.

        Raises:
            Unavailable: see `open`.
        """
        return self.seal(self.open(sealed, bound_to), bound_to)

    def _content(self, sealed: str, bound_to: str) -> _Content:
        # Refusals are raised after the error is dealt with, not while: it can hold the details, and would go along.
        text = None
        with suppress(InvalidToken, ValueError):
            text = self._fernet.decrypt(sealed)
        if text is None:
            raise Unavailable(
                f"The payee details of {bound_to} do not open with any key that {SETTING} names: put the key that they "
                "were sealed under back into that file, below the newest. If it is there, somebody changed the row: "
                "restore it from a backup."
            )
        content = None
        with suppress(ValidationError):
            content = _Content.model_validate_json(text)
        if content is None:
            raise Unavailable(
                f"The payee details of {bound_to} open but do not pass the checks of this release: "
                "ask the team for them again."
            )
        return content


def make_key_file(path: Path) -> bool:
    """Makes a file with a new key, and its folder, if there is no such file; leaves one that is there as it is.

    Several processes may do it at once: one makes it, and nobody ever sees half of it.

    Returns:
        Whether this call made it. Whoever runs the service should then be told to keep a copy elsewhere.

    Raises:
        Unavailable: it cannot be made there.
    """
    try:
        if path.exists():
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        return _linked(path, f"# Seals payee details. A newer key goes above.\n{Fernet.generate_key().decode()}\n")
    except OSError as error:
        raise Unavailable(
            f"The key file {path} cannot be made ({error.strerror}): name another in {SETTING}, on a disk of this "
            "machine with room and where the service may write."
        ) from None


def _linked(path: Path, text: str) -> bool:
    """Writes a file beside its place and links it there when it is whole; False if another was there first."""
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
    """Has the disk keep a new name: a key that a power cut takes away leaves what it sealed unreadable."""
    if os.name != "posix":
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _lines_of(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            others_may = os.fstat(file.fileno()).st_mode & 0o777 & ~_READ_AND_WRITE_BY_ITS_OWNER
            if os.name == "posix" and others_may:
                raise Unavailable(
                    f"The key file {path} is open to more than its owner: run chmod 600 {path}. "
                    "If others could read it, make a new key and seal everything anew."
                )
            return file.read().decode("utf-8-sig", errors="replace").splitlines()
    except FileNotFoundError:
        raise Unavailable(
            f"There is no key file {path}: restore it from its backup, or name another in {SETTING}. "
            "Without its keys nobody can read the payee details that were sealed under them."
        ) from None
    except OSError as error:
        raise Unavailable(
            f"The key file {path} cannot be read ({error.strerror}): check who owns it, or name another in {SETTING}."
        ) from None


def _fernet(key: str) -> Fernet | None:
    # Fernet itself takes more than a key, such as two on one line, and goes by the first without a word.
    return Fernet(key) if _KEY.fullmatch(key) else None
