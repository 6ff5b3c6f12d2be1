"""Attachments, and the files that hold their content."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("scan", sa.String(), nullable=False),
        sa.Column("scanned_at", MOMENT),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("stored_at", MOMENT),
        sa.Column("going_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="files_pk"),
        sa.CheckConstraint("size > 0", name=op.f("files_a_file_is_not_empty")),
    )
    still = sa.text("going_at IS NULL")
    op.create_index("files_digest", "files", ["digest"], unique=True, sqlite_where=still, postgresql_where=still)
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("application", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("attached_at", MOMENT),
        sa.Column("detached_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="attachments_pk"),
        sa.ForeignKeyConstraint(["file"], ["files.id"], name="attachments_file_fk"),
    )
    op.create_index("attachments_application_stage", "attachments", ["application", "stage"])
    op.create_index("attachments_file", "attachments", ["file"])
