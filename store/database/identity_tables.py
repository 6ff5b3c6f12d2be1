"""The tables of sign-in. Secrets are kept as hashes only; a mailbox in the one form that can be compared."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from .instants import Moment
from .metadata import METADATA

sessions = Table(
    "sessions",
    METADATA,
    Column("id", String, primary_key=True),  # public, for lists
    Column("secret", String, nullable=False, unique=True),  # hash of what the browser's cookie holds
    Column("mailbox", String, nullable=False),
    Column("way", String, nullable=False),
    Column("passkey", Boolean, nullable=False),
    Column("issuer", String, nullable=False, server_default=""),  # of the organisation's sign-in
    Column("subject", String, nullable=False, server_default=""),
    Column("where", String, nullable=False),  # browser and network in words, for the person's own list
    Column("begun_at", Moment, nullable=False),
    Column("used_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),  # for good, however much it is used
    Column("ended_at", Moment),
    Index(None, "mailbox", "begun_at", "id"),
)

# Links to sign in with, each asked for once. The secret is made when the letter is sent.
links = Table(
    "links",
    METADATA,
    Column("id", String, primary_key=True),
    Column("mailbox", String, nullable=False),
    Column("address", String, nullable=False),  # as it is written to; empty if nobody has this mailbox
    Column("secret", String, unique=True),  # hash; empty until the letter is sent
    Column("browser", String, nullable=False),  # hash of what the browser holds that asked for it
    Column("code", String, nullable=False),  # hash of the six digits which that browser shows
    Column("tries", Integer, nullable=False, server_default="0"),  # of codes
    Column("wanted", String, nullable=False, server_default=""),  # the page to go on to
    Column("asked_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("ended_at", Moment),  # a newer link has ended it, or too many tries
    # The letter.
    Column("status", String, nullable=False, server_default="waiting"),
    Column("letters", Integer, nullable=False, server_default="0"),  # how often it was handed to a channel
    Column("next_try", Moment),
    Column("reason", String, nullable=False, server_default=""),
    CheckConstraint("status IN ('waiting', 'sending', 'sent', 'failed', 'printed')", name="status_is_one_of_them"),
    Index(None, "mailbox", "asked_at", "id"),
    Index(None, "browser"),
    Index(None, "status", "next_try", "asked_at", "id"),
)

# Sign-ins with an organisation that were begun, by the state that comes back. Nonce and verifier of PKCE are not kept:
# both are made again from the state and from what the browser holds.
begun_sign_ins = Table(
    "begun_sign_ins",
    METADATA,
    Column("state", String, primary_key=True),  # hash
    Column("issuer", String, nullable=False),
    Column("browser", String, nullable=False),  # hash of what the browser holds that began
    Column("wanted", String, nullable=False, server_default=""),
    Column("begun_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("used_at", Moment),
)

passkeys = Table(
    "passkeys",
    METADATA,
    Column("id", String, primary_key=True),  # the credential's own
    Column("mailbox", String, nullable=False),
    Column("handle", LargeBinary, nullable=False),  # by which authenticators know the person: chance, no personal data
    Column("public_key", LargeBinary, nullable=False),
    Column("signatures", BigInteger, nullable=False),  # how many, as the authenticator last said
    Column("name", String, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("removed_at", Moment),
    Column("removed_by", String, nullable=False, server_default=""),
    Index(None, "mailbox", "made_at", "id"),
)

# What passkeys are asked to sign, each once, and in one session.
passkey_challenges = Table(
    "passkey_challenges",
    METADATA,
    Column("challenge", String, primary_key=True),
    Column("session", String, nullable=False),
    Column("purpose", String, nullable=False),  # to add a passkey, or to use one
    Column("ends_at", Moment, nullable=False),
    CheckConstraint("purpose IN ('add', 'use')", name="purpose_is_one_of_them"),
    Index(None, "ends_at"),
)

terminal_keys = Table(
    "terminal_keys",
    METADATA,
    Column("id", String, primary_key=True),
    Column("mailbox", String, nullable=False),
    Column("secret", String, nullable=False, unique=True),  # hash of what the file holds
    Column("made_by", String, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("ended_at", Moment),
    Column("ended_by", String, nullable=False, server_default=""),
    Index(None, "mailbox", "made_at", "id"),
)

# Decisions that came without a proof, and wait for the person whom they name.
unconfirmed = Table(
    "unconfirmed",
    METADATA,
    Column("id", String, primary_key=True),
    Column("challenge", ForeignKey("challenges.id"), nullable=False),
    Column("workflow", String, nullable=False),  # the challenge, or the payment's key
    Column("kind", String, nullable=False),
    Column("decision_id", String, nullable=False),
    Column("content", Text, nullable=False),  # what the decision says, in the form that is signed
    Column("person", String, nullable=False),  # whom it names
    Column("principal", String, nullable=False, server_default=""),  # who sent it, as the Temporal server says
    Column("came_at", Moment, nullable=False),
    Column("settled_at", Moment),
    Column("settled_how", String, nullable=False, server_default=""),  # confirmed, or dropped
    CheckConstraint("settled_how IN ('', 'confirmed', 'dropped')", name="settled_how_is_one_of_them"),
    CheckConstraint("(settled_at IS NULL) = (settled_how = '')", name="settled_somehow"),
    Index(None, "challenge", "came_at", "id"),
    Index(None, "person", "came_at", "id"),
)

# Private addresses of calendars. Whoever has one sees the dates of a mailbox's own applications, and nothing else.
calendar_feeds = Table(
    "calendar_feeds",
    METADATA,
    Column("secret", String, primary_key=True),  # hash of the last part of the address
    Column("mailbox", String, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index(None, "mailbox"),
)
