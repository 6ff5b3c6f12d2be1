"""How bank details are kept: encrypted with keys from a file. The keys are never in the database.

A sealed text says for whom it was sealed. So if somebody swaps two rows in the database, neither opens.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import InvalidToken
from pydantic import ValidationError

from domain.payments.bank_account import BankAccount
from domain.values.model import Value
from domain.values.refusals import Unavailable
from store import key_file

SETTING = "CHALLENGES_PAYEE_KEY_FILE"
"""The environment variable that names the file of keys."""
_USE = key_file.sealing(SETTING, "bank details")


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
        self._fernet = key_file.fernets(keys)
        # Objects that show no key, whatever prints them.
        self._fingerprinting = tuple(hmac.new(key.encode(), digestmod="sha256") for key in keys)

    @classmethod
    def from_file(cls, path: Path) -> Seals:
        """Seals with the keys of a file.

        Raises:
            Unavailable: the file cannot be used; see `store.key_file.keys_in`.
        """
        return cls(key_file.keys_in(path, _USE))

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
    """Makes a file with a new key; see `store.key_file.make_key_file`."""
    return key_file.make_key_file(path, _USE)
