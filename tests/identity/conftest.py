"""What tests of identity share with those of the store: both databases, and a round in them."""

from __future__ import annotations

import pytest
from whenever import Instant, TimeDelta

from tests.store.conftest import (  # noqa: F401
    database,
    kept,
    migrated_postgres,
    open_,
    postgres,
    programme,
    round_,
    sqlite_folder,
    url,
)


class Clock:
    """A clock that goes on only if it is told to."""

    def __init__(self) -> None:
        self.now = Instant.from_utc(2016, 7, 20, 9, 30)

    def __call__(self) -> Instant:
        return self.now

    def go_on(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0, microseconds: float = 0) -> None:
        """So much later."""
        self.now += TimeDelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=microseconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()
