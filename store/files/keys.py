"""The keys of attached files: each file has one of its own, which the database keeps sealed.

Once the row of a file is blanked, nobody can read its content any more: not in the store, and not in the store's
backups.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import InvalidToken

from domain.values.refusals import Unavailable
from store.key_file import fernets, keys_in, sealing

SETTING = "CHALLENGES_FILES_KEY_FILE"
"""The environment variable that names the file of keys."""
USE = sealing(SETTING, "attached files")
KEY_BYTES = 32


class FileKeys:
    """Makes, seals and opens the keys of files.

    Args:
        keys: Fernet keys, at least one, the newest first. The first key seals, and every key opens.

    Raises:
        ValueError: there is no key, or a text is not a key.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = fernets(keys)
        # An object that shows no key, whatever prints it.
        self._digesting = hmac.new(keys[0].encode(), digestmod="sha256")

    @classmethod
    def from_file(cls, path: Path) -> FileKeys:
        """The keys of a file.

        Raises:
            Unavailable: the file cannot be used; see `store.key_file.keys_in`.
        """
        return cls(keys_in(path, USE))

    def digest(self, content: bytes) -> str:
        """What stands for a content in names and rows.

        Without a key nobody can tell from it whether a certain document was attached.

        Args:
            content: the SHA-256 of the content.
        """
        digesting = self._digesting.copy()
        digesting.update(b"content " + content)
        return digesting.hexdigest()

    def sealed_key(self, file: str) -> str:
        """A new key for a file, sealed.

        Args:
            file: the file's id. The key opens only for the same id.
        """
        return self._sealed(secrets.token_bytes(KEY_BYTES), file)

    def open(self, sealed: str, file: str) -> bytes:
        """The key of a file.

        Raises:
            Unavailable: no key of the key file opens the text, or the text belongs to another file.
        """
        try:
            content = self._fernet.decrypt(sealed)
        except InvalidToken:
            content = b""
        if len(content) <= KEY_BYTES or not hmac.compare_digest(content[KEY_BYTES:], _bound(file)):
            raise Unavailable(
                f"The key of an attached file does not open with any key in the file that {SETTING} names: put the key "
                "under which it was sealed back into that file, below the newest key. If the key is there, somebody "
                "changed the row: restore the row from a backup."
            )
        return content[:KEY_BYTES]

    def reseal(self, sealed: str, file: str) -> str:
        """The same key sealed under the newest key.

        Raises:
            Unavailable: see `open`.
        """
        return self._sealed(self.open(sealed, file), file)

    def _sealed(self, key: bytes, file: str) -> str:
        return self._fernet.encrypt(key + _bound(file)).decode()


def _bound(file: str) -> bytes:
    return hashlib.sha256(file.encode()).digest()
