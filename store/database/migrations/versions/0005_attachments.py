"""Attachments."""

from __future__ import annotations

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """The tables come with the first attachment."""
