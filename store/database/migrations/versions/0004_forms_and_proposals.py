"""Forms, what was sent, and what is still being written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _what_was_sent()
    _drafts()


def _what_was_sent() -> None:
    op.create_table(
        "forms",
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("challenge", "stage", name="forms_pk"),
        sa.ForeignKeyConstraint(["challenge"], ["challenges.id"], name="forms_challenge_fk"),
    )
    op.create_table(
        "proposals",
        sa.Column("application", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("application", "stage", name="proposals_pk"),
        sa.ForeignKeyConstraint(["application"], ["applications.id"], name="proposals_application_fk"),
        sa.CheckConstraint("version >= 1", name=op.f("proposals_version_counts_from_one")),
    )


def _drafts() -> None:
    op.create_table(
        "invited",
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("application", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("challenge", "stage", "application", name="invited_pk"),
        sa.ForeignKeyConstraint(
            ["challenge", "stage"], ["windows.challenge", "windows.stage"], name="invited_window_fk"
        ),
        sa.ForeignKeyConstraint(["application"], ["applications.id"], name="invited_application_fk"),
    )
    op.create_index("invited_application", "invited", ["application"])
    op.create_table(
        "drafts",
        sa.Column("application", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("application", "stage", name="drafts_pk"),
        sa.ForeignKeyConstraint(["challenge"], ["challenges.id"], name="drafts_challenge_fk"),
    )
    op.create_index("drafts_challenge", "drafts", ["challenge"])
    op.create_index("drafts_email", "drafts", ["email"])
    op.create_table(
        "draft_answers",
        sa.Column("application", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("builds_on", sa.Integer(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("application", "stage", "question", "version", name="draft_answers_pk"),
        sa.ForeignKeyConstraint(
            ["application", "stage"], ["drafts.application", "drafts.stage"], name="draft_answers_draft_fk"
        ),
        sa.CheckConstraint("version >= 1", name=op.f("draft_answers_version_counts_from_one")),
        sa.CheckConstraint(
            "builds_on >= 0 AND builds_on < version", name=op.f("draft_answers_builds_on_an_earlier_one")
        ),
    )
    op.create_index(
        "draft_answers_one_counts",
        "draft_answers",
        ["application", "stage", "question", "builds_on"],
        unique=True,
        sqlite_where=sa.text("counts"),
        postgresql_where=sa.text("counts"),
    )
