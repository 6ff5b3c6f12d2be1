"""The tables of scorecards and readers, their interests, their scores, and of what was agreed."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from .instants import Moment
from .metadata import METADATA

# The scorecards of a challenge's stages, frozen when it was opened. Public from then on.
scorecards = Table(
    "scorecards",
    METADATA,
    Column("challenge", ForeignKey("challenges.id"), primary_key=True),
    Column("stage", String, primary_key=True),
    Column("said", Text, nullable=False),  # JSON
)

# Who reads the applications to which challenges. A decider who reads has a row here, too.
readers = Table(
    "readers",
    METADATA,
    Column("round", String, primary_key=True),
    Column("person", String, primary_key=True),
    Column("sponsor", String, primary_key=True, server_default=""),  # all challenges of this sponsor, or
    Column("challenge", String, primary_key=True, server_default=""),  # this challenge
    CheckConstraint("(sponsor = '') <> (challenge = '')", name="for_a_sponsor_or_a_challenge"),
)

# Which applications a reader is to read. Without a row for a challenge, everybody reads all.
assignments = Table(
    "assignments",
    METADATA,
    Column("application", ForeignKey("applications.id"), primary_key=True),
    Column("person", String, primary_key=True),
    Column("by", String, nullable=False),
    Column("at", Moment, nullable=False),
)

# What people have to do with applicants, as they declared it. The last version counts. Rows only change when they are
# blanked.
interests = Table(
    "interests",
    METADATA,
    Column("application", ForeignKey("applications.id"), primary_key=True),
    Column("person", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("conflict", Boolean, nullable=False),
    Column("what", Text, nullable=False),  # empty: none
    Column("at", Moment, nullable=False),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
    CheckConstraint("NOT conflict OR what <> ''", name="a_conflict_is_named"),
    Index(None, "person"),
)

# A reader's mark for a criterion of a stage. The last version counts; rows never change.
scores = Table(
    "scores",
    METADATA,
    Column("application", ForeignKey("applications.id"), primary_key=True),
    Column("stage", String, primary_key=True),
    Column("person", String, primary_key=True),
    Column("criterion", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("mark", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
)

# What the readers agreed on in the moderation. The last version counts; rows never change.
agreed_marks = Table(
    "agreed_marks",
    METADATA,
    Column("application", ForeignKey("applications.id"), primary_key=True),
    Column("stage", String, primary_key=True),
    Column("criterion", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("mark", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Moment, nullable=False),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
)
