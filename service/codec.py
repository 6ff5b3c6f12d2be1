"""Encrypts what Temporal keeps: arguments, results, summaries, failures and headers of workflows.

Off unless the settings name a file of keys. Temporal then holds ids, times, the names of steps and the columns of its
list in clear, and nothing else. Whoever has Temporal's database, a backup of it, or may only read in its UI learns no
more than those.

The codec says nothing about who wrote a payload: what is not encrypted is taken too, so that a signal by hand still
reaches a challenge. Signatures say who decided.
"""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.common import HeaderCodecBehavior
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

from domain.values.refusals import Unavailable
from store.key_file import Use, keys_in

SETTING = "CHALLENGES_CODEC_KEY_FILE"
"""The environment variable that names the file of keys."""
ENCODING = b"binary/encrypted"
KEY_ID = "encryption-key-id"
_USE = Use(
    setting=SETTING,
    does="Encrypts what Temporal keeps",
    lost="continue the challenges that Temporal keeps under them",
    leaked="put a new key above the others",
)
_NONCE = 12
"""Bytes. Chosen by chance: one key may encrypt four thousand million payloads (NIST SP 800-38D, 8.3)."""


class Codec(PayloadCodec):
    """Encrypts payloads with AES-256-GCM, each under a nonce of its own.

    Args:
        keys: 32 bytes each, in URL-safe base64, at least one, the newest first. The first key encrypts. Every key
            decrypts, so older histories can be read as long as their keys stay in the file.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = {name_of(key): AESGCM(urlsafe_b64decode(key)) for key in keys}
        self._newest = next(iter(self._keys))

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """See `PayloadCodec`."""
        return [self._encrypted(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """See `PayloadCodec`. A payload that is not encrypted stays as it is.

        So does a payload that somebody has changed, or that only looks encrypted. Whoever it is for refuses it as not
        readable. If the codec refused it, one such signal would stop a challenge for good.

        Raises:
            Unavailable: a payload is encrypted under a key that the file does not hold. A workflow then waits until
                the worker has the key, and loses nothing.
        """
        return [self._decrypted(payload) for payload in payloads]

    def _encrypted(self, payload: Payload) -> Payload:
        nonce = secrets.token_bytes(_NONCE)
        content = self._keys[self._newest].encrypt(nonce, payload.SerializeToString(), self._newest.encode())
        return Payload(metadata={"encoding": ENCODING, KEY_ID: self._newest.encode()}, data=nonce + content)

    def _decrypted(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        name = payload.metadata.get(KEY_ID, b"").decode("ascii", errors="replace")[:40]
        key = self._keys.get(name)
        if key is None:
            raise Unavailable(
                f"Temporal holds payloads under the key {name!r}, which the key file of this process does not hold: "
                f"give the worker, the desk and the web front the same keys in {SETTING}, old keys too."
            )
        try:
            content = key.decrypt(payload.data[:_NONCE], payload.data[_NONCE:], name.encode())
            return Payload.FromString(content)
        except (InvalidTag, ValueError):  # too short for a nonce, too
            return payload


def name_of(key: str) -> str:
    """The name of a key, which tells nothing of the key."""
    return hashlib.sha256(urlsafe_b64decode(key)).hexdigest()[:16]


def codec_in(path: Path) -> Codec | None:
    """The codec with the keys of a file; None if the path is a folder, which means that nothing is encrypted.

    Raises:
        Unavailable: the file cannot be used; see `store.key_file.keys_in`. No process makes the file by itself: two
            processes with a key of their own would not understand each other.
    """
    return None if path.is_dir() else Codec(keys_in(path, _USE))


def converter_with(codec: Codec | None) -> DataConverter:
    """How values become payloads. With a codec, the texts of failures are encrypted as well."""
    if codec is None:
        return pydantic_data_converter
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def headers_with(codec: Codec | None) -> HeaderCodecBehavior:
    """Whether headers are encrypted. Without being told, Temporal's SDK leaves them in clear beside a codec."""
    return HeaderCodecBehavior.NO_CODEC if codec is None else HeaderCodecBehavior.CODEC
