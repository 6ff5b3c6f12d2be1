"""The tables and their constraints. `migrations/` makes the tables; a test checks that both agree."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from .attachment_tables import attachments, files
from .evidence_tables import evidence_drafts, evidence_files, evidence_judged, evidence_sent
from .identity_tables import (
    begun_sign_ins,
    calendar_feeds,
    links,
    passkey_challenges,
    passkeys,
    sessions,
    terminal_keys,
    unconfirmed,
)
from .instants import Moment
from .judging_tables import agreed_marks, assignments, interests, readers, scorecards, scores
from .metadata import METADATA, Found
from .payment_tables import (
    bank_words,
    filed_transfers,
    payees,
    payment_files,
    payments,
    rail_transfers,
    transfers,
)
from .proposal_tables import draft_answers, drafts, forms, invited, proposals, writers
from .public_tables import public_copies, questions

__all__ = [
    "METADATA",
    "Found",
    "agreed_marks",
    "applications",
    "assignments",
    "attachments",
    "attention",
    "bank_words",
    "begun_sign_ins",
    "calendar_feeds",
    "challenges",
    "draft_answers",
    "drafts",
    "evidence_drafts",
    "evidence_files",
    "evidence_judged",
    "evidence_sent",
    "feedback",
    "filed_transfers",
    "files",
    "forms",
    "frozen",
    "hand_overs",
    "interests",
    "invited",
    "late_applications",
    "links",
    "notices",
    "passkey_challenges",
    "passkeys",
    "payees",
    "payment_files",
    "payments",
    "people",
    "proposals",
    "public_copies",
    "questions",
    "rail_transfers",
    "readers",
    "record",
    "scorecards",
    "scores",
    "sessions",
    "terminal_keys",
    "transfers",
    "unconfirmed",
    "windows",
    "writers",
]

people = Table(
    "people",
    METADATA,
    Column("round", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("email", String, nullable=False),
    Column("mailbox", String, nullable=False, server_default=""),  # the address as `mailbox_of` writes it
    Column("former", Text, nullable=False, server_default=""),  # their addresses before, each on a line
    Column(
        "role", String, nullable=False, server_default=""
    ),  # operator, releaser, sponsor or reader; empty if handed over
    Column("sponsor", String, nullable=False, server_default=""),  # the sponsor for whom they decide
    # The organisation with which they sign in, and who they are there; empty if the mailbox is enough.
    Column("issuer", String, nullable=False, server_default=""),
    Column("subject", String, nullable=False, server_default=""),
    Index(None, "mailbox", "role"),  # both are asked at every request of somebody who is signed in
    Index(None, "issuer", "subject"),
)

# Roles that somebody has handed over to a successor, in a round.
hand_overs = Table(
    "hand_overs",
    METADATA,
    Column("round", String, primary_key=True),
    Column("number", Integer, primary_key=True),  # counts them in the round, from 1
    Column("person", String, nullable=False),
    Column("successor", String, nullable=False),
    Column("role", String, nullable=False),
    Column("sponsor", String, nullable=False),  # the sponsor for whom they decide
    Column("by", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
    CheckConstraint("number >= 1", name="number_counts_from_one"),
    CheckConstraint("person <> successor", name="goes_to_somebody_else"),
)

challenges = Table(
    "challenges",
    METADATA,
    Column("id", String, primary_key=True),
    Column("round", String, nullable=False),
    Column("slug", String, nullable=False),
    Column("position", Integer, nullable=False),  # its place in the round file
    Column("question", String, nullable=False),
    Column("sponsor", String, nullable=False),
    Column("sponsor_name", String, nullable=False),
    Column("time_zone", String, nullable=False),
    Column("currency", String, nullable=False),
    Column("contact", String, nullable=False, server_default=""),  # whom people can ask
    Column("opened_at", Moment, nullable=False),
    # What becomes of a decision that comes without a proof; see `domain.identity.proof.Unproven`.
    Column("unproven", String, nullable=False, server_default="accept"),
    # The record's last line, so that the next one can follow from it.
    Column("record_lines", Integer, nullable=False, server_default="0"),
    Column("record_head", String, nullable=False, server_default=""),
    # The challenge's state: a copy of what the workflow knows, empty until the workflow first reports.
    Column("stage", String, nullable=False, server_default=""),
    Column("waits_for", String, nullable=False, server_default=""),
    Column("until", Moment),
    Column("outcome", String, nullable=False, server_default=""),
    Column("outcome_reason", String, nullable=False, server_default=""),
    Column("status_at", Moment),
    UniqueConstraint("round", "slug"),
    CheckConstraint("id = round || '/' || slug", name="id_is_round_and_slug"),
)

# What the files said of a challenge when it was opened; see `domain.programmes.edits.Frozen`.
frozen = Table(
    "frozen",
    METADATA,
    Column("challenge", ForeignKey(challenges.c.id), primary_key=True),
    Column("said", Text, nullable=False),  # JSON
)

# What needs a person: one row for each workflow of a challenge, including its payments, with that workflow's latest
# word; and one for each attempt about which ledger and bank disagree.
attention = Table(
    "attention",
    METADATA,
    Column("workflow", String, primary_key=True),  # its id; or the name of the attempt
    Column("challenge", ForeignKey(challenges.c.id), nullable=False, index=True),
    Column("text", Text, nullable=False),  # empty once nothing needs a person
    Column("at", Moment, nullable=False),
)

windows = Table(
    "windows",
    METADATA,
    Column("challenge", ForeignKey(challenges.c.id), primary_key=True),
    Column("stage", String, primary_key=True, server_default=""),  # empty: for the applications themselves
    Column("opens", Moment, nullable=False),
    Column("closes", Moment, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("sealed_at", Moment),
    Column("sealed_count", Integer),
    Column("admitted_count", Integer, nullable=False, server_default="0"),  # late applications, since the sealing
    Column("read_at", Moment),  # when somebody first read the applications: none is admitted any more
    CheckConstraint("opens < closes", name="opens_before_it_closes"),
    CheckConstraint("(sealed_at IS NULL) = (sealed_count IS NULL)", name="sealed_with_its_count"),
    CheckConstraint("sealed_count >= 0", name="count_not_negative"),
    CheckConstraint("read_at IS NULL OR sealed_at IS NOT NULL", name="read_once_sealed"),
)

applications = Table(
    "applications",
    METADATA,
    Column("id", String, primary_key=True),
    Column("challenge", ForeignKey(challenges.c.id), nullable=False),
    Column("organisation", String, nullable=False),
    # The organisation, so that its twin is found.
    Column("firm", String, nullable=False, server_default=""),
    Column("email", String, nullable=False),
    Column("mailbox", String, nullable=False, server_default=""),  # the address as `mailbox_of` writes it
    Column("former", Text, nullable=False, server_default=""),  # the addresses before, each on a line
    # What was sent, here and not in a row of its own: people wait for one another when applications are taken.
    Column("form", String, nullable=False, server_default=""),  # the version of the form
    Column("answers", Text, nullable=False, server_default=""),  # JSON, by question
    Column("submission", String, nullable=False),
    Column("received", Moment, nullable=False),
    Column("sent_at", Moment),  # when it was sent again, if it was changed
    Column("version", Integer, nullable=False, server_default="1"),  # counts how often it was sent
    Column("withdrawn", Moment),
    Column("contact_by", Text, nullable=False, server_default=""),  # ids of those who changed the contact, with spaces
    Column("erased", Moment),  # from here on organisation, email and answers are empty
    # Of itself: an index that begins with the challenge would look as good for finding one, and read all of them.
    UniqueConstraint("submission"),
    # For lists in their order. The count at the sealing, too, reads only this index: each index costs every applicant.
    Index(None, "challenge", "received", "id", "withdrawn"),
    Index(None, "firm"),
    Index(None, "mailbox"),  # roles are looked up at every request
)

# Applications that came after the closing, for as long as it takes to decide whether they are admitted. Then they are
# among the applications, or gone.
late_applications = Table(
    "late_applications",
    METADATA,
    Column("id", String, primary_key=True),
    Column("challenge", ForeignKey(challenges.c.id), nullable=False),
    Column("organisation", String, nullable=False),
    Column("firm", String, nullable=False),
    Column("email", String, nullable=False),
    Column("form", String, nullable=False),  # the version of the form
    Column("answers", Text, nullable=False),  # JSON; see `proposals`
    Column("submission", String, nullable=False),
    Column("received", Moment, nullable=False),
    UniqueConstraint("submission"),
)

notices = Table(
    "notices",
    METADATA,
    Column("key", String, primary_key=True),
    Column("challenge", ForeignKey(challenges.c.id), nullable=False),
    Column("occasion", String, nullable=False),
    Column("recipient", String, nullable=False),
    Column("address", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    # While this holds, the notice is still true. Empty if the notice is always true.
    Column("while_waiting_for", String, nullable=False, server_default=""),
    Column("while_until", Moment),
    Column("while_payment", ForeignKey(payments.c.key)),
    # The delivery of the notice by a channel.
    Column("status", String, nullable=False, server_default="created"),
    Column("status_at", Moment),
    Column("reason", String, nullable=False, server_default=""),  # why it failed, or was not sent
    Column("channel", String, nullable=False, server_default=""),
    Column("reference", String, nullable=False, server_default=""),  # the channel's own name for the message
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("maybe_sent", Integer, nullable=False, server_default="0"),  # how often a send went without an answer
    Column("next_try", Moment),
    Column("resent_at", Moment),  # when a person last sent the notice again after it failed
    CheckConstraint(
        "status IN ('created', 'sending', 'sent', 'delivered', 'failed', 'lapsed')", name="status_is_one_of_them"
    ),
    Index(None, "challenge", "created_at", "key"),
    Index(None, "status", "next_try", "created_at", "key"),
)

# A sponsor's feedback to an applicant or team that was not selected. Kept here, never in Temporal.
feedback = Table(
    "feedback",
    METADATA,
    Column("team", ForeignKey(applications.c.id), primary_key=True),
    Column("stage", String, primary_key=True),
    Column("text", Text, nullable=False),
    Column("given_by", String, nullable=False),
    Column("given_at", Moment, nullable=False),
    Column("told_at", Moment),  # empty while the feedback waits for a decision
)

# Append-only: triggers refuse to change or delete a line. The migration makes them.
record = Table(
    "record",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("key", String, nullable=False, unique=True),
    Column("challenge", ForeignKey(challenges.c.id), nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", String, nullable=False),
    Column("role", String, nullable=False),
    Column("action", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("refused", Boolean, nullable=False),
    Column("proof", String, nullable=False, server_default=""),  # how the person was proven
    Column("signed", Text, nullable=False, server_default=""),  # what they signed, with the signature
    Column("principal", String, nullable=False, server_default=""),  # the sender, as the Temporal server says
    # The chain: what nobody can change, take away or put elsewhere unseen. Lines from before it have number 0.
    Column("number", Integer, nullable=False, server_default="0"),  # counts the lines of the challenge
    Column("previous", String, nullable=False, server_default=""),  # the hash of the line before
    Column("hash", String, nullable=False, server_default=""),
    Index(None, "challenge", "id"),
    Index(
        None,
        "challenge",
        "proof",
        sqlite_where=text("proof = 'not proven'"),
        postgresql_where=text("proof = 'not proven'"),
    ),
    Index(
        None, "challenge", "number", unique=True, sqlite_where=text("number > 0"), postgresql_where=text("number > 0")
    ),
    sqlite_autoincrement=True,
)
