"""An authenticator in software: makes and uses passkeys as a browser and a device do together, and lies if asked."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url, encode_cbor

ORIGIN = "https://front.example"
_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """One device with one passkey.

    Args:
        counts: whether it counts its signatures.
    """

    def __init__(self, *, counts: bool = True) -> None:
        self.credential = secrets.token_bytes(16)
        self.signatures = 1 if counts else 0
        self._step = int(counts)
        self._key = ec.generate_private_key(ec.SECP256R1())

    def make(self, options: str, **lies: Any) -> str:
        """The browser's answer when a passkey is made.

        Args:
            options: what the service asked for.
            lies: see `_said` and `_data`.
        """
        numbers = self._key.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        own = b"\0" * 16 + len(self.credential).to_bytes(2, "big") + self.credential + encode_cbor(key)
        said = self._said(options, "webauthn.create", **lies)
        data = self._data(_ATTESTED, **lies) + own
        answer = {"attestationObject": encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})}
        return self._answer(said, answer)

    def use(self, options: str, **lies: Any) -> str:
        """The browser's answer when the passkey is used. See `make`."""
        self.signatures += self._step
        said, data = self._said(options, "webauthn.get", **lies), self._data(0, **lies)
        signature = self._key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        return self._answer(said, {"authenticatorData": data, "signature": lies.get("signature", signature)})

    def _said(self, options: str, kind: str, **lies: Any) -> bytes:
        said = {"type": kind, "challenge": json.loads(options)["challenge"], "origin": ORIGIN}
        return json.dumps(said | lies.get("said", {})).encode()

    def _data(self, own: int, **lies: Any) -> bytes:
        host = hashlib.sha256(lies.get("host", "front.example").encode()).digest()
        flags = own | lies.get("flags", _PRESENT | _VERIFIED)
        return host + bytes([flags]) + int(lies.get("signatures", self.signatures)).to_bytes(4, "big")

    def _answer(self, said: bytes, answer: dict[str, bytes]) -> str:
        parts = {name: bytes_to_base64url(value) for name, value in {"clientDataJSON": said, **answer}.items()}
        name = bytes_to_base64url(self.credential)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": parts})
