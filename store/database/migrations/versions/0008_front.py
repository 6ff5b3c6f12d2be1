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
    _evidence()


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


def _evidence() -> None:
    instalment = ("team", "stage", "number")
    op.create_table(
        "evidence_sent",
        sa.Column("team", sa.String(), sa.ForeignKey("applications.id"), primary_key=True),
        sa.Column("stage", sa.String(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True),
        sa.Column("challenge", sa.String(), sa.ForeignKey("challenges.id"), nullable=False),
        sa.Column("submission", sa.String(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.UniqueConstraint(*instalment, "submission"),
        sa.CheckConstraint("version >= 1", name="version_counts_from_one"),
    )
    op.create_table(
        "evidence_files",
        sa.Column("attachment", sa.String(), sa.ForeignKey("attachments.id"), primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("team", "stage")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("number", "version")),
        sa.ForeignKeyConstraint(
            [*instalment, "version"],
            [f"evidence_sent.{name}" for name in (*instalment, "version")],
            name="evidence_files_sent_fk",
        ),
    )
    op.create_index("evidence_files_team_stage_number_version", "evidence_files", [*instalment, "version"])
    op.create_table(
        "evidence_drafts",
        sa.Column("team", sa.String(), sa.ForeignKey("applications.id"), primary_key=True),
        sa.Column("stage", sa.String(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("saved_at", MOMENT, nullable=False),
    )
    op.create_table(
        "evidence_judged",
        sa.Column("line", sa.String(), primary_key=True),
        sa.Column("team", sa.String(), sa.ForeignKey("applications.id"), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.CheckConstraint("final OR NOT accepted", name="accepted_for_good"),
    )
    op.create_index("evidence_judged_team_stage_number", "evidence_judged", list(instalment))
