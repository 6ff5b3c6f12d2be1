"""Whether the public copy of a challenge is what its workflow knows, and has the dates that are enforced."""

from __future__ import annotations

from whenever import Instant

from domain.challenges.publishing import snapshot_of
from domain.challenges.state import State
from store.database.database import Database
from store.public import reading


def is_public_copy_of(database: Database, state: State) -> bool:
    """Whether the public sees of a challenge exactly what may be known of it.

    Args:
        database: where the copy is.
        state: all that the workflow knows.
    """
    seen = reading.find(database, state.challenge.id, state.opens, rehearsals=True)
    enforced = (seen.opens, seen.closes) == (_kept(state.opens), _kept(state.closes))
    held = seen.is_held == (state.held is not None) or not state.takes_applications
    return enforced and held and seen.snapshot == snapshot_of(state)


def _kept(instant: Instant) -> Instant:
    """An instant as the database keeps it."""
    return instant.round("microsecond", mode="floor")
