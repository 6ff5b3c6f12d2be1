"""What the commands print about passkeys."""

from __future__ import annotations

from collections.abc import Sequence

from commands.terminal import show_table, when
from domain.identity.passkey import Passkey


def passkeys(rows: Sequence[Passkey]) -> None:
    """Prints the passkeys of a person."""
    show_table(
        "",
        ["=passkey", "name", "=added", "=last used"],
        [(row.id, row.name, when(row.made, "UTC"), when(row.used, "UTC")) for row in rows],
        "This person has no passkey.",
    )
