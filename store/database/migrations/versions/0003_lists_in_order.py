"""Indexes for reading every list in order, page by page, and for finding the next notice however many there are."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.drop_index("notices_challenge", "notices")
    op.create_index("notices_challenge_created_at_key", "notices", ["challenge", "created_at", "key"])
    op.drop_index("notices_status_next_try_created_at", "notices")
    op.create_index("notices_status_next_try_created_at_key", "notices", ["status", "next_try", "created_at", "key"])
    op.drop_index("record_challenge", "record")
    op.create_index("record_challenge_id", "record", ["challenge", "id"])
    op.create_index(
        "applications_challenge_received_id_withdrawn", "applications", ["challenge", "received", "id", "withdrawn"]
    )
