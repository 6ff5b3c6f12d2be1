"""What the commands print about terminal keys."""

from __future__ import annotations

from collections.abc import Sequence

from commands.terminal import show_table, when
from desk.terminal_keys import TerminalKey


def keys(rows: Sequence[TerminalKey]) -> None:
    """Prints keys. Nobody has their secrets."""
    show_table(
        "",
        ["=key", "person", "made by", "=made", "=last used", "=ended", "ended by"],
        [
            (
                row.id,
                row.mailbox,
                row.made_by,
                when(row.made_at, "UTC"),
                when(row.used_at, "UTC"),
                when(row.ended_at, "UTC"),
                row.ended_by,
            )
            for row in rows
        ],
        "No terminal key was made yet.",
    )
