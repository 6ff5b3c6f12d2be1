"""The tables and their constraints. `migrations/` makes the tables; a test checks that both agree."""

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
    Column("former", Text, nullable=False, server_default=""),  # their addresses before, each on a line
    Column("role", String, nullable=False, server_default=""),  # operator, releaser or sponsor; empty if handed over
    Column("sponsor", String, nullable=False, server_default=""),  # the sponsor for whom they decide
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
    Column("proposal_limit", Integer, nullable=False),
    Column("contact", String, nullable=False, server_default=""),  # whom people can ask
    Column("opened_at", Moment, nullable=False),
    # The challenge's state: a copy of what the workflow knows, empty until the workflow first reports.
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
    Column("proposal", Text, nullable=False),
    Column("submission", String, nullable=False),
    Column("received", Moment, nullable=False),
    Column("withdrawn", Moment),
    Column("contact_by", Text, nullable=False, server_default=""),  # ids of those who changed the contact, with spaces
    Column("erased", Moment),  # from here on organisation, email and proposal are empty
    UniqueConstraint("challenge", "submission"),
    # The count at the sealing reads only this index.
    Index(None, "challenge", "withdrawn"),
    Index(None, "challenge", "received", "id"),
    Index(None, "firm"),
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
    Column("proposal", Text, nullable=False),
    Column("submission", String, nullable=False),
    Column("received", Moment, nullable=False),
    UniqueConstraint("challenge", "submission"),
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
    Column("amended_by", String, nullable=False, server_default=""),  # who amended the amount last
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

# A team's bank details, one row for each time they were given. The last version counts. Sealed: see `sealing`.
payees = Table(
    "payees",
    METADATA,
    Column("team", ForeignKey(applications.c.id), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("masked", String, nullable=False),
    Column("country", String, nullable=False, server_default=""),  # of the account
    # The same for the same account, and nothing to anybody without the key: see `sealing`.
    Column("fingerprint", String, nullable=False, server_default=""),
    Column("given_by", String, nullable=False),
    Column("given_at", Moment, nullable=False),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
    Index(None, "fingerprint"),
)

# One attempt of a payment, from its release on. Triggers refuse a release by a person who selected the team, accepted
# its evidence, amended its amount, ever gave its bank details, or said that the previous attempt came back. The
# migration makes them. Another trigger keeps the amount of a payment that a rail may have.
transfers = Table(
    "transfers",
    METADATA,
    Column("id", String, primary_key=True),  # payment/attempt: the id that rails know
    Column("payment", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("team", String, nullable=False),
    Column("payee_version", Integer),  # which bank details; none if paid before the service asked for them
    Column("released_by", String, nullable=False),
    Column("released_at", Moment, nullable=False),
    Column("begun_at", Moment),  # from here on a rail may have the transfer
    Column("rail", String, nullable=False, server_default=""),  # the name of that rail
    Column("submitted_at", Moment),
    Column("settled_at", Moment),
    Column("returned_at", Moment),
    Column("returned_by", String, nullable=False, server_default=""),  # the person who said so; empty if the rail did
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
    # Never two transfers under way for one payment.
    Index(
        "transfers_one_under_way",
        "payment",
        unique=True,
        sqlite_where=text("returned_at IS NULL"),
        postgresql_where=text("returned_at IS NULL"),
    ),
)

# A payment file, the transfers in it, and what the bank said about each transfer.
payment_files = Table(
    "payment_files",
    METADATA,
    Column("id", String(35), primary_key=True),  # the message id, which the bank's reports repeat
    Column("form", String, nullable=False),  # pain.001.001.09 or .03
    Column("currency", String, nullable=False),
    Column("abroad", Boolean, nullable=False, server_default=text("false")),  # whether its payments cross a border
    Column("execute_on", String, nullable=False),
    Column("made_by", String, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("written_at", Moment),
    Column("written_by", String, nullable=False, server_default=""),  # who was told to take it to the bank
)

filed_transfers = Table(
    "filed_transfers",
    METADATA,
    Column("transfer", ForeignKey(transfers.c.id), primary_key=True),
    Column("file", ForeignKey(payment_files.c.id), nullable=False, index=True),
    Column("end_to_end", String(35), nullable=False, unique=True),  # the id that the bank knows
    Column("plain_reference", String(16), nullable=False, index=True),  # what a bank keeps of the reference
    Column("pence", BigInteger, nullable=False),  # the amount in the file
    Column("progress", String, nullable=False, server_default="taken"),
    Column("arrived_on", String),  # the day, if a bank or a person has named it
    Column("reason", Text, nullable=False, server_default=""),
    Column("said_by", String, nullable=False, server_default=""),  # the person who says that it failed
    Column("news_at", Moment),  # when the last news was said, by the clock of whoever said it
    Column("doubt", String, nullable=False, server_default=""),  # what a person has to find out
    Column("reported_at", Moment),
    Column("reported_by", String, nullable=False, server_default=""),
    CheckConstraint(
        "progress IN ('taken', 'settled', 'rejected', 'cancelled', 'returned')", name="progress_is_one_of_them"
    ),
)

# All that a bank, or a person, has said about the transfers in payment files. Their progress follows from this.
bank_words = Table(
    "bank_words",
    METADATA,
    Column("transfer", ForeignKey(filed_transfers.c.transfer), primary_key=True),
    Column("number", Integer, primary_key=True),  # in the order in which the service heard the words
    Column("progress", String, nullable=False),
    Column("at", Moment, nullable=False),  # when it was said, by the clock of whoever said it
    Column("reason", Text, nullable=False),
    Column("whole", Boolean, nullable=False),  # said of the whole file
    Column("is_copy", Boolean, nullable=False),  # the bank rejects a copy of what it has
    Column("person", String, nullable=False),  # who says so; empty for the bank
    Column("arrived_on", String),
    Column("booked_on", String),  # the day by a statement of the account
    Column("by_day", Boolean, nullable=False),  # that statement gives only the day
    Column("heard_at", Moment, nullable=False),
    Column("heard_by", String, nullable=False),
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
    Index(None, "challenge", "id"),
    sqlite_autoincrement=True,
)

# The embedded rail's own record. Only the rail reads and writes this table.
rail_transfers = Table(
    "rail_transfers",
    METADATA,
    Column("key", String(300), primary_key=True),
    Column("reference", String(100), nullable=False),
    Column("pence", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("currency", String, nullable=False, server_default=""),
)
