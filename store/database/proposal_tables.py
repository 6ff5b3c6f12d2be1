"""The tables of forms, of what was sent, and of what is still being written."""

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
    text,
)

from .instants import Moment
from .metadata import METADATA

# The forms of a challenge, frozen when it was opened. The stage is empty for the form of the application itself.
forms = Table(
    "forms",
    METADATA,
    Column("challenge", ForeignKey("challenges.id"), primary_key=True),
    Column("stage", String, primary_key=True),
    Column("title", String, nullable=False),  # of what is asked for
    Column("version", String, nullable=False),
    Column("said", Text, nullable=False),  # JSON
)

# What teams sent when a later stage asked for it. What was sent with an application stands in `applications`.
proposals = Table(
    "proposals",
    METADATA,
    Column("application", ForeignKey("applications.id"), primary_key=True),
    Column("stage", String, primary_key=True),
    Column("form", String, nullable=False),  # the version of the form
    Column("answers", Text, nullable=False),  # JSON, by question; empty once it is erased
    Column("sent_at", Moment, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),  # counts how often it was sent
    CheckConstraint("version >= 1", name="version_counts_from_one"),
)

# Who may send the further proposal that a stage asks for: the teams from which the next teams are selected.
invited = Table(
    "invited",
    METADATA,
    Column("challenge", String, primary_key=True),
    Column("stage", String, primary_key=True),
    Column("application", ForeignKey("applications.id"), primary_key=True),
    ForeignKeyConstraint(["challenge", "stage"], ["windows.challenge", "windows.stage"], name="invited_window_fk"),
    Index(None, "application"),
)

# What somebody is writing. It has the id that the application will have once it is sent.
drafts = Table(
    "drafts",
    METADATA,
    Column("application", String, primary_key=True),
    Column("stage", String, primary_key=True),  # empty: the application itself
    Column("challenge", ForeignKey("challenges.id"), nullable=False),
    Column("organisation", String, nullable=False),
    Column("email", String, nullable=False),
    Column("mailbox", String, nullable=False, server_default=""),  # the address as `mailbox_of` writes it
    Column("form", String, nullable=False),  # the version of the form
    Column("begun_at", Moment, nullable=False),
    Column("size", Integer, nullable=False, server_default="0"),  # characters in all versions of all answers
    Index(None, "challenge"),
    Index(None, "mailbox"),
)

# All that was ever typed into a draft. Rows are only added. The last version of a question that counts is its answer.
draft_answers = Table(
    "draft_answers",
    METADATA,
    Column("application", String, primary_key=True),
    Column("stage", String, primary_key=True),
    Column("question", String, primary_key=True),
    Column("version", Integer, primary_key=True),  # counts how often it was saved
    Column("builds_on", Integer, nullable=False),  # the version that whoever typed this had before them; 0: none
    Column("counts", Boolean, nullable=False),  # not if another save had taken the place of that version
    Column("answer", Text, nullable=False),  # JSON
    Column("saved_at", Moment, nullable=False),
    ForeignKeyConstraint(
        ["application", "stage"], ["drafts.application", "drafts.stage"], name="draft_answers_draft_fk"
    ),
    CheckConstraint("version >= 1", name="version_counts_from_one"),
    CheckConstraint("builds_on >= 0 AND builds_on < version", name="builds_on_an_earlier_one"),
    # Of two that build on the same version, one counts.
    Index(
        "draft_answers_one_counts",
        *("application", "stage", "question", "builds_on"),
        unique=True,
        sqlite_where=text("counts"),
        postgresql_where=text("counts"),
    ),
)

# Who writes a draft beside whoever has its address: people whom they have invited, and the browser in which it was
# begun.
writers = Table(
    "writers",
    METADATA,
    Column("application", String, primary_key=True),
    Column("mailbox", String, primary_key=True, server_default=""),  # of an invited person; empty for a browser
    Column("browser", String, primary_key=True, server_default=""),  # hash of its secret; empty for a person
    Column("invited_by", String, nullable=False, server_default=""),  # mailbox of who has invited them
    Column("since", Moment, nullable=False),
    Column("until", Moment),  # the first moment at which they write no more
    CheckConstraint("(mailbox = '') <> (browser = '')", name="is_a_person_or_a_browser"),
    Index(None, "mailbox"),
    Index(None, "browser"),
)
