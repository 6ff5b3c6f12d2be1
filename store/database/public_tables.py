"""The tables of what the public sees and says: the public copy of each challenge, and questions about it."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, String, Table, Text

from .instants import Moment
from .metadata import METADATA

# What the public may know of a challenge, so that pages need nobody else. Written in the transaction of an
# announcement.
public_copies = Table(
    "public_copies",
    METADATA,
    Column("challenge", ForeignKey("challenges.id"), primary_key=True),
    Column("posed", Text, nullable=False),  # JSON; see `domain.publishing.posed`: what the files said at the opening
    Column("snapshot", Text, nullable=False, server_default=""),  # JSON; see `domain.publishing.snapshot`
    Column("at", Moment, nullable=False),  # as of when
)

# Questions about a challenge. The answer goes to all; who has asked is told to nobody.
questions = Table(
    "questions",
    METADATA,
    Column("id", String, primary_key=True),
    Column("challenge", ForeignKey("challenges.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("mailbox", String, nullable=False, server_default=""),  # of who has asked; empty if they did not say
    Column("asked_at", Moment, nullable=False),
    Column("late", Boolean, nullable=False),  # whether it came after the last moment for questions
    Column("answer", Text, nullable=False, server_default=""),
    Column("answered_at", Moment),
    Column("answered_by", String, nullable=False, server_default=""),
    Column("dropped_at", Moment),  # when somebody decided that it is not answered for all
    Column("dropped_by", String, nullable=False, server_default=""),
    CheckConstraint("(answered_at IS NULL) = (answer = '')", name="answered_with_an_answer"),
    CheckConstraint("answered_at IS NULL OR dropped_at IS NULL", name="answered_or_dropped"),
    Index(None, "challenge", "asked_at", "id"),
)
