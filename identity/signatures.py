"""Signing decisions, and knowing whether a signature is right. See `domain.identity.statement` for what is signed."""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from whenever import Instant

from domain.identity.asked import Asked
from domain.identity.proof import Proof
from domain.identity.statement import Signed, Statement, content_hash, header_of, read_header
from domain.values.refusals import NotProven
from service.settings import PREFIX

from .signing_keys import PublicKey, make_first_key, read_private, read_public

_Read = TypeVar("_Read")
_Stamp = tuple[int, int, int]

BY_THE_BOOKS = "service"
"""The role in a statement of the service itself, which repeats what its books say somebody has decided."""


class Signer:
    """Signs what people decide at the desk.

    Without a signature, whoever reaches Temporal can decide in anybody's name.

    Args:
        private: the file of the private keys. It is made when it is first needed.
        public: the file of the public keys.
        now: the present.
    """

    def __init__(self, private: Path, public: Path, now: Callable[[], Instant] = Instant.now) -> None:
        self._private = private
        self._public = public
        self._now = now
        self._keys = _Kept(private, self._read)

    def make_ready(self) -> None:
        """Reads the keys, and makes the first one if there is none.

        Raises:
            Unavailable: the keys cannot be read or made.
        """
        self._keys.read()

    def sign(self, workflow: str, asked: Asked, person: str, role: str, proof: Proof) -> str:
        """The header that goes with a message.

        Args:
            workflow: id of the challenge or payment to which the message goes.
            asked: the message.
            person: id of the person who sends it.
            role: in which role.
            proof: how the person was proven.

        Raises:
            Unavailable: the keys cannot be read or made.
        """
        id, key = self._keys.read()  # noqa: A001
        statement = Statement(
            workflow=workflow,
            kind=asked.kind,
            content=content_hash(asked.content),
            decision=asked.decision_id,
            person=person,
            role=role,
            way=proof.way,
            passkey=proof.passkey,
            signed_in=proof.at,
            key=id,
        )
        to_sign = statement.to_sign
        return header_of(to_sign, base64.b64encode(key.sign(to_sign)).decode())

    def _read(self) -> tuple[str, Ed25519PrivateKey]:
        make_first_key(self._private, self._public, self._now())
        key = read_private(self._private)[0]
        return PublicKey.of(key).id, key


class Verifier:
    """Knows whether a signature is right. It has public keys only, and signs nothing.

    Keys can be added and retired while it is in use.

    Args:
        public: the file of the public keys.
    """

    def __init__(self, public: Path) -> None:
        self._path = public
        self._keys = _Kept(public, lambda: {each.id: (each, each.key) for each in read_public(public)})

    def statement_of(self, workflow: str, asked: Asked) -> Statement:
        """The statement that came with a message, if it is signed and about this very message.

        Args:
            workflow: id of the workflow that the message has reached.
            asked: the message, with a header.

        Raises:
            NotProven: the signature is wrong, or made with a key that is unknown or retired; or what is signed is
                another message, as where somebody sends a signature that they have seen with a message of their own.
            Unavailable: the file of the keys cannot be read.
        """
        signed = read_header(asked.header)
        self._check_signature(signed, asked.kind)
        said = signed.statement
        for what, is_said, is_so in (
            ("for", said.workflow, workflow),
            ("of", said.kind, asked.kind),
            ("by", said.person, asked.by or said.person),
            ("of the decision", said.decision, asked.decision_id or said.decision),
        ):
            if is_said != is_so:
                raise NotProven(
                    f"The proof that came with the {asked.kind} is {what} {is_said!r}, and not {what} {is_so!r}: "
                    "send the decision from the desk."
                )
        if not asked.content or said.content != content_hash(asked.content):
            raise NotProven(
                f"The proof that came with the {asked.kind} is of another content: send the decision from the desk."
            )
        return said

    def was_signed(self, header: str) -> Statement:
        """The statement of a line of the record, signed with a key that may have been retired since.

        Raises:
            NotProven: the signature is wrong, or made with an unknown key.
            Unavailable: the file of the keys cannot be read.
        """
        signed = read_header(header)
        self._check_signature(signed, signed.statement.kind, also_retired=True)
        return signed.statement

    def _check_signature(self, signed: Signed, kind: str, *, also_retired: bool = False) -> None:
        id = signed.statement.key  # noqa: A001
        found = self._keys.read().get(id) or self._keys.read_again().get(id)
        if found is None:
            raise NotProven(
                f"The {kind} was signed with the key {id}, which {self._path} does not have: if the service made "
                f"the key, add its line from the desk's public key file, or name that file in {PREFIX}PUBLIC_KEY_FILE."
            )
        known, key = found
        if known.retired and not also_retired:
            raise NotProven(
                f"The {kind} was signed with the key {id}, which was retired on {known.retired}: send the decision "
                "again."
            )
        try:
            key.verify(signed.signature_bytes, signed.statement.to_sign)
        except InvalidSignature:
            raise NotProven(
                f"The signature that came with the {kind} is not the service's: send the decision from the desk."
            ) from None


class _Kept(Generic[_Read]):
    """What is in a file, read again only once the file has changed."""

    def __init__(self, path: Path, read: Callable[[], _Read]) -> None:
        self._path = str(path)
        self._read = read
        self._lock = threading.Lock()
        self._last: tuple[_Stamp | None, _Read] | None = None

    def read(self) -> _Read:
        """What the file says now."""
        last = self._last
        if last is not None and last[0] is not None and last[0] == self._stamp():
            return last[1]
        return self.read_again()

    def read_again(self) -> _Read:
        """What the file says now, also where its time and length say that it is the same."""
        with self._lock:
            before = self._stamp()  # what is written while it is read is read again next time
            found = self._read()
            self._last = (before, found)
            return found

    def _stamp(self) -> _Stamp | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
