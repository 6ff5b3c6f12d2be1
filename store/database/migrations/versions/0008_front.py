"""The web front: what the public sees and says, and who writes a draft."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _public_copies()
    _questions()
    _writers()
    _calendar_feeds()


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False, server_default="")


def _public_copies() -> None:
    op.create_table(
        "public_copies",
        sa.Column("challenge", sa.String(), sa.ForeignKey("challenges.id"), primary_key=True),
        sa.Column("posed", sa.Text(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False, server_default=""),
        sa.Column("at", MOMENT, nullable=False),
    )


def _questions() -> None:
    op.create_table(
        "questions",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("challenge", sa.String(), sa.ForeignKey("challenges.id"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _text("mailbox"),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False, server_default=""),
        sa.Column("answered_at", MOMENT),
        _text("answered_by"),
        sa.Column("dropped_at", MOMENT),
        _text("dropped_by"),
        sa.CheckConstraint("(answered_at IS NULL) = (answer = '')", name="answered_with_an_answer"),
        sa.CheckConstraint("answered_at IS NULL OR dropped_at IS NULL", name="answered_or_dropped"),
    )
    op.create_index("questions_challenge_asked_at_id", "questions", ["challenge", "asked_at", "id"])


def _writers() -> None:
    op.create_table(
        "writers",
        sa.Column("application", sa.String(), primary_key=True),
        sa.Column("mailbox", sa.String(), primary_key=True, server_default=""),
        sa.Column("browser", sa.String(), primary_key=True, server_default=""),
        _text("invited_by"),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT),
        sa.CheckConstraint("(mailbox = '') <> (browser = '')", name="is_a_person_or_a_browser"),
    )
    op.create_index("writers_mailbox", "writers", ["mailbox"])
    op.create_index("writers_browser", "writers", ["browser"])


def _calendar_feeds() -> None:
    op.create_table(
        "calendar_feeds",
        sa.Column("secret", sa.String(), primary_key=True),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
    )
    op.create_index("calendar_feeds_mailbox", "calendar_feeds", ["mailbox"])
