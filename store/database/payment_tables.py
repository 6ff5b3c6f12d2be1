"""The tables of payments, of bank details, of files for the bank, and of what the bank says."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from .instants import Moment
from .metadata import METADATA

payments = Table(
    "payments",
    METADATA,
    Column("key", String, primary_key=True),
    Column("challenge", ForeignKey("challenges.id"), nullable=False, index=True),
    Column("stage", String, nullable=False),
    Column("team", ForeignKey("applications.id"), nullable=False),
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
    Column("team", ForeignKey("applications.id"), primary_key=True),
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
