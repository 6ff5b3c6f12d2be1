"""Indexes by which every list is read in its order, page by page, and the next notice is found among any number."""

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
    op.create_index("applications_challenge_received_id", "applications", ["challenge", "received", "id"])
