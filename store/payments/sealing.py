"""How bank details are kept: encrypted with keys from a file. The keys are never in the database.

A sealed text says for whom it was sealed. So if somebody swaps two rows in the database, neither opens.
"""

from __future__ import annotations

import hmac
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


class Kept(Value):
    """What is kept of bank details.

    Args:
        sealed: the details, sealed for the team.
        masked: the part of the details that people may see.
        country: of the account, by its two letters.
        fingerprints: the same for the same account, one under each key, the newest key first. Without a key nobody can
            tell from a fingerprint which account it is.
    """

    sealed: str
    masked: str
    country: str
    fingerprints: tuple[str, ...]


class Seals:
    """Seals bank details, and opens sealed ones.

    Args:
        keys: Fernet keys, at least one, the newest first. The first key seals. Every key opens, so details sealed under
            an older key can still be read, and sealed again with `reseal`.

    Raises:
        ValueError: there is no key, or a text is not a key. The message does not repeat the text.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        fernets = [fernet for fernet in map(_fernet, keys) if fernet]
        if not fernets or len(fernets) < len(keys):
            raise ValueError("sealing needs at least one key, and only keys that Fernet has made")
        self._fernet = MultiFernet(fernets)
        # Objects that show no key, whatever prints them.
        self._fingerprinting = tuple(hmac.new(key.encode(), digestmod="sha256") for key in keys)

    @classmethod
    def from_file(cls, path: Path) -> Seals:
        """Seals with the keys of a file: one key on each line, the newest first. A comment begins with #.

        Raises:
            Unavailable: the file is missing, cannot be read, is open to other users, has no key, or has a line that is
                not a key. The message gives the number of the line and never repeats the line.
        """
        keys = []
        for number, line in enumerate(_lines_of(path), start=1):
            key = line.partition("#")[0].strip()
            if key and _fernet(key) is None:
                raise Unavailable(
                    f"Line {number} of the key file {path} is not a key: write one key of 44 characters on each line, "
                    "exactly as it was made, and # before a comment."
                )
            keys += [key] if key else []
        if not keys:
            raise Unavailable(
                f"The key file {path} holds no key: restore it from its backup, or name another in {SETTING}."
            )
        return cls(keys)

    def seal(self, account: BankAccount, bound_to: str) -> str:
        """Seals an account: only somebody with a key can read the text, and nobody can change it unnoticed.

        Args:
            account: the account, with its full details.
            bound_to: a team's id. The text opens only with the same id.
        """
        content = _Content(bound_to=bound_to, account=account)
        return self._fernet.encrypt(content.model_dump_json().encode()).decode()

    def open(self, sealed: str, bound_to: str) -> BankAccount:
        """The account in a sealed text.

        Args:
            sealed: a text from `seal` or `reseal`.
            bound_to: the id for which the text was sealed.

        Raises:
            Unavailable: no key opens the text, or the text was sealed for another id.
        """
        content = self._content(sealed, bound_to)
        if content.bound_to != bound_to:
            raise Unavailable(
                f"The text kept as the bank details of {bound_to} was not sealed for this team: somebody changed the "
                "row. Find out who did, and restore the row from a backup or ask the team for its details again."
            )
        return content.account

    def keep(self, account: BankAccount, bound_to: str) -> Kept:
        """What the database keeps of an account.

        Args:
            account: the account, with its full details.
            bound_to: a team's id.
        """
        fingerprints = []
        for begun in self._fingerprinting:
            fingerprint = begun.copy()
            fingerprint.update(f"account {account.identity}".encode())
            fingerprints.append(fingerprint.hexdigest())
        return Kept(
            sealed=self.seal(account, bound_to),
            masked=account.masked,
            country=account.bank_country,
            fingerprints=tuple(fingerprints),
        )

    def reseal(self, sealed: str, bound_to: str) -> Kept:
        """The same content sealed under the newest key, so that older keys can be removed from the file.

        Args:
            sealed: a text from `seal` or `reseal`.
            bound_to: the id for which the text was sealed.

        Raises:
            Unavailable: see `open`.
        """
        return self.keep(self.open(sealed, bound_to), bound_to)

    def _content(self, sealed: str, bound_to: str) -> _Content:
        # Raise the refusals outside `suppress`: the suppressed error can hold the details, and would be attached.
        text = None
        with suppress(InvalidToken, ValueError):
            text = self._fernet.decrypt(sealed)
        if text is None:
            raise Unavailable(
                f"The bank details of {bound_to} do not open with any key in the file that {SETTING} names: put the "
                "key under which they were sealed back into that file, below the newest key. If the key is there, "
                "somebody changed the row: restore the row from a backup."
            )
        content = None
        with suppress(ValidationError):
            content = _Content.model_validate_json(text)
        if content is None:
            raise Unavailable(
                f"The bank details of {bound_to} open but do not pass the checks of this release: "
                "ask the team for its details again."
            )
        return content


def make_key_file(path: Path) -> bool:
    """Makes a file with a new key, and its folder. An existing file stays unchanged.

    Several processes may call this at once: one makes the file, and nobody ever sees half a file.

    Returns:
        Whether this call made the file. Then the people who run the service should be told to keep a copy elsewhere.

    Raises:
        Unavailable: the file cannot be made there.
    """
    try:
        if path.exists():
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        return _linked(
            path, f"# Seals bank details. Put a newer key above this one.\n{Fernet.generate_key().decode()}\n"
        )
    except OSError as error:
        raise Unavailable(
            f"The key file {path} cannot be made ({error.strerror}): name another in {SETTING}, on a disk of this "
            "machine that has room and that the service may write to."
        ) from None


def _linked(path: Path, text: str) -> bool:
    """Writes a file beside its place, and links it there when it is complete. False if another file was first."""
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


def _lines_of(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            others_may = os.fstat(file.fileno()).st_mode & 0o777 & ~_READ_AND_WRITE_BY_ITS_OWNER
            if os.name == "posix" and others_may:
                raise Unavailable(
                    f"The key file {path} is open to more than its owner: run chmod 600 {path}. "
                    "If others could read the file, add a new key and run `reseal`."
                )
            return file.read().decode("utf-8-sig", errors="replace").splitlines()
    except FileNotFoundError:
        raise Unavailable(
            f"There is no key file {path}: restore it from its backup, or name another in {SETTING}. "
            "Without its keys nobody can read the bank details that were sealed under them."
        ) from None
    except OSError as error:
        raise Unavailable(
            f"The key file {path} cannot be read ({error.strerror}): check who owns it, or name another in {SETTING}."
        ) from None


def _fernet(key: str) -> Fernet | None:
    # Fernet itself would also take two keys on one line, and silently use the first.
    return Fernet(key) if _KEY.fullmatch(key) else None
