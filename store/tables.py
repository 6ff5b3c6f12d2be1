"""The tables, and what may never stand in them. `migrations/` makes them; a test holds the two equal."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
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
    Column("opened_at", Moment, nullable=False),
    # Where it stands: a copy of what the workflow knows, empty until it says something.
    Column("stage", String, nullable=False, server_default=""),
    Column("waits_for", String, nullable=False, server_default=""),
    Column("until", Moment),
    Column("attention", String, nullable=False, server_default=""),
    Column("outcome", String, nullable=False, server_default=""),
    Column("outcome_reason", String, nullable=False, server_default=""),
    Column("status_at", Moment),
    UniqueConstraint("round", "slug"),
    CheckConstraint("id = round || '/' || slug", name="id_is_round_and_slug"),
    CheckConstraint("proposal_limit > 0", name="proposals_have_room"),
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
    Column("submitted_at", Moment),
    Column("settled_at", Moment),
    Column("rail_reference", String, nullable=False, server_default=""),
    UniqueConstraint("challenge", "stage", "team", "number"),
    CheckConstraint("net >= 0 AND vat >= 0", name="amount_not_negative"),
    CheckConstraint("number BETWEEN 1 AND of", name="number_is_one_of_them"),
    CheckConstraint("settled_at IS NULL OR submitted_at IS NOT NULL", name="submitted_before_it_is_settled"),
    CheckConstraint("(submitted_at IS NULL) = (rail_reference = '')", name="submitted_under_a_reference"),
)

notices = Table(
    "notices",
    METADATA,
    Column("key", String, primary_key=True),
    Column("challenge", ForeignKey(challenges.c.id), nullable=False, index=True),
    Column("occasion", String, nullable=False),
    Column("recipient", String, nullable=False),
    Column("address", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
)

# Append-only: triggers made by the migration refuse to change or delete a line.
record = Table(
    "record",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("key", String, nullable=False, unique=True),
    Column("challenge", ForeignKey(challenges.c.id), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("by", String, nullable=False),
    Column("role", String, nullable=False),
    Column("action", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("refused", Boolean, nullable=False),
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
)
