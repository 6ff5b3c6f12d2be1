"""What the commands print about the keys that sign decisions."""

from __future__ import annotations

from collections.abc import Sequence

from commands.terminal import show_table, when
from desk.signing_keys import SigningKey


def keys(rows: Sequence[SigningKey]) -> None:
    """Prints keys, never the keys themselves."""
    show_table(
        "",
        ["=key", "use", "=made", "=retired"],
        [(row.id, str(row.use), when(row.made, "UTC"), when(row.retired, "UTC")) for row in rows],
        "No key was made yet: the first decision makes one.",
    )
