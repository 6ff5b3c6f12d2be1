"""What the commands about sign-ins print."""

from __future__ import annotations

from collections.abc import Sequence

from commands.terminal import show_table, when
from domain.identity.session import Session

_ZONE = "UTC"


def sessions(found: Sequence[Session]) -> None:
    """Prints where somebody is signed in."""
    show_table(
        "",
        ("=session", "where", "how", "=signed in", "=last used", "=ends"),
        [
            (
                each.id,
                each.where,
                each.proof.shown,
                when(each.begun, _ZONE),
                when(each.used, _ZONE),
                when(each.over_at, _ZONE),
            )
            for each in found
        ],
        "Nobody is signed in.",
    )
