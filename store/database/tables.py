"""The tables, and what may never stand in them. `migrations/` makes them; a test holds the two equal."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from .instants import Moment

Found = Row[*tuple[Any, ...]]
"""A row as a query found it."""

METADATA = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "fk": "%(table_name)s_%(column_0_name)s_fk",
        "uq": "%(table_name)s_%(column_0_N_name)s_uq",
        "ck": "%(table_name)s_%(constraint_name)s",
        "ix": "%(table_name)s_%(column_0_N_name)s",
    }
)

people = Table(
    "people",
    METADATA,
    Column("round", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("email", String, nullable=False),
    Column("role", String, nullable=False, server_default=""),  # operator, releaser or sponsor
    Column("sponsor", String, nullable=False, server_default=""),  # for which one they decide
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
    Column("proposal_limit", Integer, nullable=False),
    Column("contact", String, nullable=False, server_default=""),  # to whom people turn
    Column("opened_at", Moment, nullable=False),
    # Where it stands: a copy of what the workflow knows, empty until it says something.
    Column("stage", String, nullable=False, server_default=""),
    Column("waits_for", String, nullable=False, server_default=""),
    Column("until", Moment),
    Column("outcome", String, nullable=False, server_default=""),
    Column("outcome_reason", String, nullable=False, server_default=""),
    Column("status_at", Moment),
    UniqueConstraint("round", "slug"),
    CheckConstraint("id = round || '/' || slug", name="id_is_round_and_slug"),
    CheckConstraint("proposal_limit > 0", name="proposals_have_room"),
)

# What needs a person in each workflow of a challenge, its payments' included, as that last said; and in each attempt of
# which ledger and bank say two things.
attention = Table(
    "attention",
    METADATA,
    Column("workflow", String, primary_key=True),  # its id; or the name of the attempt
    Column("challenge", ForeignKey(challenges.c.id), nullable=False, index=True),
    Column("text", Text, nullable=False),  # empty once all goes on
    Column("at", Moment, nullable=False),
)

windows = Table(
    "windows",
    METADATA,
    Column("challenge", ForeignKey(challenges.c.id), primary_key=True),
    Column("opens", Moment, nullable=False),
    Column("closes", Moment, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("sealed_at", Moment),
    Column("sealed_count", Integer),
    CheckConstraint("opens < closes", name="opens_before_it_closes"),
    CheckConstraint("(sealed_at IS NULL) = (sealed_count IS NULL)", name="sealed_with_its_count"),
    CheckConstraint("sealed_count >= 0", name="count_not_negative"),
)

applications = Table(
    "applications",
    METADATA,
    Column("id", String, primary_key=True),
    Column("challenge", ForeignKey(challenges.c.id), nullable=False),
    Column("organisation", String, nullable=False),
    Column("email", String, nullable=False),
    Column("proposal", Text, nullable=False),
    Column("submission", String, nullable=False),
    Column("received", Moment, nullable=False),
    Column("withdrawn", Moment),
    UniqueConstraint("challenge", "submission"),
    # Counting those that stand, at the sealing, reads this index alone.
    Index(None, "challenge", "withdrawn"),
    Index(None, "challenge", "received", "id"),
)

payments = Table(
    "payments",
    METADATA,
    Column("key", String, primary_key=True),
    Column("challenge", ForeignKey(challenges.c.id), nullable=False, index=True),
    Column("stage", String, nullable=False),
    Column("team", ForeignKey(applications.c.id), nullable=False),
    Column("number", Integer, nullable=False),
    Column("of", Integer, nullable=False),
    Column("net", BigInteger, nullable=False),  # pence
    Column("vat", BigInteger, nullable=False),  # pence
    Column("currency", String, nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("selected_by", String, nullable=False, server_default=""),
    Column("accepted_by", String, nullable=False, server_default=""),
    Column("status", String, nullable=False, server_default="requested"),
    Column("version", Integer, nullable=False, server_default="0"),  # counts its changes
    Column("pay_by", Moment),
    Column("pay_by_law", Moment),
    Column("reason", Text, nullable=False, server_default=""),  # why it came back or was cancelled
    UniqueConstraint("challenge", "stage", "team", "number"),
    UniqueConstraint("key", "team"),  # so that a transfer's team is its payment's
    CheckConstraint("net >= 0 AND vat >= 0", name="amount_not_negative"),
    CheckConstraint("number BETWEEN 1 AND of", name="number_is_one_of_them"),
    CheckConstraint(
        "status IN ('requested', 'payee known', 'released', 'submitted', 'settled', 'rejected', 'returned', "
        "'cancelled')",
        name="status_is_one_of_them",
    ),
    CheckConstraint("(pay_by IS NULL) = (pay_by_law IS NULL)", name="both_dates_or_none"),
    Index(None, "status"),
)

# A team's bank details, as often as they were given; the last version counts. Sealed: see `sealing`.
payees = Table(
    "payees",
    METADATA,
    Column("team", ForeignKey(applications.c.id), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("masked", String, nullable=False),
    Column("given_by", String, nullable=False),
    Column("given_at", Moment, nullable=False),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
)

# One attempt of a payment, from its release on. Triggers made by the migration refuse a release by whoever selected
# the team, accepted its evidence, ever gave its bank details, or said that the attempt before came back.
transfers = Table(
    "transfers",
    METADATA,
    Column("id", String, primary_key=True),  # payment/attempt: what a rail knows it by
    Column("payment", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("team", String, nullable=False),
    Column("payee_version", Integer),  # which bank details; none for what was paid before they were asked for
    Column("released_by", String, nullable=False),
    Column("released_at", Moment, nullable=False),
    Column("begun_at", Moment),  # from here on a rail may have it
    Column("rail", String, nullable=False, server_default=""),  # which rail that is
    Column("submitted_at", Moment),
    Column("settled_at", Moment),
    Column("returned_at", Moment),
    Column("returned_by", String, nullable=False, server_default=""),  # the person whose word it is; none: the rail's
    Column("ended_as", String, nullable=False, server_default=""),  # rejected and cancelled never left; returned did
    Column("rail_reference", String, nullable=False, server_default=""),
    UniqueConstraint("payment", "attempt"),
    ForeignKeyConstraint(["payment", "team"], ["payments.key", "payments.team"], name="transfers_payment_fk"),
    ForeignKeyConstraint(["team", "payee_version"], ["payees.team", "payees.version"], name="transfers_payee_fk"),
    CheckConstraint("payee_version IS NOT NULL OR released_by = 'service'", name="goes_to_somebody"),
    CheckConstraint("attempt >= 1", name="attempt_counts_from_one"),
    CheckConstraint("submitted_at IS NULL OR begun_at IS NOT NULL", name="begun_before_it_is_submitted"),
    CheckConstraint("settled_at IS NULL OR submitted_at IS NOT NULL", name="submitted_before_it_is_settled"),
    CheckConstraint("(submitted_at IS NULL) = (rail_reference = '')", name="submitted_under_a_reference"),
    CheckConstraint("returned_by = '' OR returned_at IS NOT NULL", name="returned_if_somebody_says_so"),
    CheckConstraint("ended_as IN ('', 'rejected', 'cancelled', 'returned')", name="ended_as_is_one_of_them"),
    CheckConstraint("(ended_as = '') = (returned_at IS NULL)", name="ended_as_it_did"),
    # Never two on their way for one payment.
    Index(
        "transfers_one_under_way",
        "payment",
        unique=True,
        sqlite_where=text("returned_at IS NULL"),
        postgresql_where=text("returned_at IS NULL"),
    ),
)

# A payment file, and which transfers are in it: made once, and what the bank said of each.
payment_files = Table(
    "payment_files",
    METADATA,
    Column("id", String(35), primary_key=True),  # of the message, which the bank reports back
    Column("form", String, nullable=False),  # pain.001.001.09 or .03
    Column("currency", String, nullable=False),
    Column("execute_on", String, nullable=False),
    Column("made_by", String, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("written_at", Moment),
)

filed_transfers = Table(
    "filed_transfers",
    METADATA,
    Column("transfer", ForeignKey(transfers.c.id), primary_key=True),
    Column("file", ForeignKey(payment_files.c.id), nullable=False, index=True),
    Column("end_to_end", String(35), nullable=False, unique=True),  # what the bank knows it by
    Column("pence", BigInteger, nullable=False),  # as it stands in the file
    Column("progress", String, nullable=False, server_default="taken"),
    Column("arrived_on", String),  # the day, where a bank or a person has said it
    Column("reason", Text, nullable=False, server_default=""),
    Column("reported_at", Moment),
    Column("reported_by", String, nullable=False, server_default=""),
    CheckConstraint(
        "progress IN ('taken', 'settled', 'rejected', 'cancelled', 'returned')", name="progress_is_one_of_them"
    ),
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
    # While this is so, the notice still says what is so; empty if it always does.
    Column("while_waiting_for", String, nullable=False, server_default=""),
    Column("while_until", Moment),
    Column("while_payment", ForeignKey(payments.c.key)),
    # Its delivery by a channel.
    Column("status", String, nullable=False, server_default="created"),
    Column("status_at", Moment),
    Column("reason", String, nullable=False, server_default=""),  # why it failed, or was not sent
    Column("channel", String, nullable=False, server_default=""),
    Column("reference", String, nullable=False, server_default=""),  # the channel's own name for it
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("maybe_sent", Integer, nullable=False, server_default="0"),  # how often, without an answer
    Column("next_try", Moment),
    Column("resent_at", Moment),  # when a person last had it sent again, after it had failed
    CheckConstraint(
        "status IN ('created', 'sending', 'sent', 'delivered', 'failed', 'lapsed')", name="status_is_one_of_them"
    ),
    Index(None, "challenge", "created_at", "key"),
    Index(None, "status", "next_try", "created_at", "key"),
)

# What a sponsor says to an applicant or team that was not selected; kept here, never in Temporal.
feedback = Table(
    "feedback",
    METADATA,
    Column("team", ForeignKey(applications.c.id), primary_key=True),
    Column("stage", String, primary_key=True),
    Column("text", Text, nullable=False),
    Column("given_by", String, nullable=False),
    Column("given_at", Moment, nullable=False),
    Column("told_at", Moment),  # none as long as it waits for a decision
)

# Append-only: triggers made by the migration refuse to change or delete a line.
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
    Index(None, "challenge", "id"),
    sqlite_autoincrement=True,
)

# The embedded rail's own record; only the rail reads and writes it.
rail_transfers = Table(
    "rail_transfers",
    METADATA,
    Column("key", String(300), primary_key=True),
    Column("reference", String(100), nullable=False),
    Column("pence", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("currency", String, nullable=False, server_default=""),
)
