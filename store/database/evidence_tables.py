"""The tables of the evidence that teams send for instalments, and of the decisions on it.

The files are rows of `attachments`, in whose `stage` stands "evidence/STAGE/NUMBER". Those that wait to be sent are
attached; those that were sent are detached, and named in `evidence_files`.
"""

from __future__ import annotations

from sqlalchemy import (
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
)

from .instants import Moment
from .metadata import METADATA

# What was sent, and never changes: what is sent after it is another version.
evidence_sent = Table(
    "evidence_sent",
    METADATA,
    Column("team", ForeignKey("applications.id"), primary_key=True),
    Column("stage", String, primary_key=True),
    Column("number", Integer, primary_key=True),  # of the instalment
    Column("version", Integer, primary_key=True),
    Column("challenge", ForeignKey("challenges.id"), nullable=False),
    Column("submission", String, nullable=False),  # of the form, so that a form that comes twice is one version
    Column("statement", Text, nullable=False),  # empty once it is erased
    Column("sent_at", Moment, nullable=False),
    UniqueConstraint("team", "stage", "number", "submission"),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
)

evidence_files = Table(
    "evidence_files",
    METADATA,
    Column("attachment", ForeignKey("attachments.id"), primary_key=True),
    Column("team", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    ForeignKeyConstraint(
        ["team", "stage", "number", "version"],
        [f"evidence_sent.{name}" for name in ("team", "stage", "number", "version")],
        name="evidence_files_sent_fk",
    ),
    Index(None, "team", "stage", "number", "version"),
)

# What a team has written and not sent.
evidence_drafts = Table(
    "evidence_drafts",
    METADATA,
    Column("team", ForeignKey("applications.id"), primary_key=True),
    Column("stage", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("statement", Text, nullable=False),
    Column("saved_at", Moment, nullable=False),
)

# Decisions. Who has decided, when and why stands in the line of the record.
evidence_judged = Table(
    "evidence_judged",
    METADATA,
    Column("line", String, primary_key=True),  # the key of the line
    Column("team", ForeignKey("applications.id"), nullable=False),
    Column("stage", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("final", Boolean, nullable=False),
    CheckConstraint("final OR NOT accepted", name="accepted_for_good"),
    Index(None, "team", "stage", "number"),
)
