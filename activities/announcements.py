"""Activities that write down and announce what happened to a challenge, and that seal its window."""

from __future__ import annotations

from datetime import datetime

from temporalio import activity

from domain.announcements.announcement import Announcement
from domain.challenges.state import Sealing
from store.challenges import applications
from store.database.database import Database
from store.record import record
from store.record.notices import Compose
from workflows import stubs


class Announcing:
    """Activities on the record, the window and the notices.

    Args:
        database: where the record, the window and the notices are.
        compose: finds the words of notices.
    """

    def __init__(self, database: Database, compose: Compose) -> None:
        self._database = database
        self._compose = compose

    @stubs.ANNOUNCE.does
    def announce(self, announcement: Announcement) -> datetime:
        """Writes the line of the record, the status, the window and the notices in one transaction, once for each key.

        Returns:
            See `read_clock`.

        Raises:
            Refused: a named application is unknown or withdrawn, or the window is sealed for good.
        """
        record.announce(self._database, announcement, self._compose)
        return _asked_at()

    @stubs.SEAL_WINDOW.does
    def seal_window(self, sealing: Sealing) -> int:
        """Seals the window for good. Returns how many applications there are, the same number each time."""
        return applications.seal(self._database, sealing.challenge, sealing.at)

    @stubs.READ_CLOCK.does
    def read_clock(self, _: None) -> datetime:
        """The instant at which this activity was scheduled, by Temporal's clock."""
        return _asked_at()


def _asked_at() -> datetime:
    return activity.info().scheduled_time
