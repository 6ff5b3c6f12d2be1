"""What the desk signs when somebody decides: who decided what, where, and how the person was proven.

A statement names no mailbox and repeats nothing of the decision: it travels through Temporal, and stays on the record.
"""

from __future__ import annotations

import base64
import hashlib
from json import JSONEncoder
from typing import Annotated, Literal

import rfc8785
from pydantic import StringConstraints, ValidationError
from whenever import Instant

from domain.values.model import Value
from domain.values.refusals import NotProven

from .proof import Proof, Way

LONGEST = 4000
"""How many characters of a header are read. A header of the desk has about 700."""

# For texts, truth values and small whole numbers, this is what RFC 8785 prescribes, and the encoder is in C.
_encode = JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode

_Text = Annotated[str, StringConstraints(max_length=300)]
_Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_KeyId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
_Signature = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{86}==$")]


class Statement(Value):
    """Who decided what, where, and how the person was proven. All of this is signed.

    Args:
        version: of this form.
        workflow: id of the challenge, or key of the payment, that the decision is sent to.
        kind: name of the decision, or of another message, such as "retry".
        content: see `content_hash`.
        decision: id of the decision.
        person: id of the person who decides, as the record names them.
        role: the role in which they decide.
        way, passkey, signed_in: see `Proof`.
        key: id of the key that signs.
    """

    version: Literal[1] = 1
    workflow: _Text
    kind: _Text
    content: _Hash
    decision: _Text
    person: _Text
    role: _Text
    way: Way
    passkey: bool
    signed_in: Instant | None
    key: _KeyId

    @property
    def proof(self) -> Proof:
        """How the person was proven."""
        return Proof(way=self.way, passkey=self.passkey, at=self.signed_in)

    @property
    def to_sign(self) -> bytes:
        """The bytes that are signed: the statement in its one canonical form (RFC 8785)."""
        return _encode(self.model_dump(mode="json")).encode()


class Signed(Value):
    """A statement with its signature, as it travels.

    Args:
        statement: the statement.
        signature: Ed25519, over the statement's canonical form, in base64.
    """

    statement: Statement
    signature: _Signature

    @property
    def header(self) -> str:
        """The text that travels with a message, in canonical form too."""
        return header_of(self.statement.to_sign, self.signature)

    @property
    def signature_bytes(self) -> bytes:
        """The signature itself."""
        return base64.b64decode(self.signature)


def header_of(signed: bytes, signature: str) -> str:
    """The text that travels with a message, in canonical form.

    Args:
        signed: the bytes of a statement that are signed.
        signature: of these bytes, in base64.
    """
    return f'{{"signature":"{signature}","statement":{signed.decode()}}}'


def read_header(header: str) -> Signed:
    """The statement in a header.

    Raises:
        NotProven: it is not one. The message repeats nothing of the header, which anybody can have written.
    """
    try:
        if len(header) > LONGEST:
            raise ValueError("too long")
        return Signed.model_validate_json(header)
    except (ValidationError, ValueError):
        raise NotProven(
            "The proof that came with the message cannot be read: send the message from the desk, or without a proof."
        ) from None


def content_of(decision: Value | None) -> str:
    """What a decision says, in canonical form, without the decision's own id; empty if it cannot have this form.

    What has its default is left out, so that a key that decisions get later does not void what was signed before.

    Args:
        decision: the decision; None for a message that says nothing else than its name.
    """
    if decision is None:
        return "{}"
    said = decision.model_dump(mode="json", exclude={"decision_id"}, exclude_defaults=True)
    try:
        return rfc8785.dumps(said).decode()
    except rfc8785.CanonicalizationError:  # a number beyond 2^53: nobody can sign that, and no rule takes it
        return ""


def content_hash(content: str) -> str:
    """SHA-256 of what a decision says: see `content_of`."""
    return hashlib.sha256(content.encode()).hexdigest()
