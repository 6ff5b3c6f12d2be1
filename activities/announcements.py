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


class Announcing:
    """Activities on the record, the window and the notices.

    Args:
        database: where the record, the window and the notices are.
        compose: finds the words of notices.
    """

    def __init__(self, database: Database, compose: Compose) -> None:
        self._database = database
        self._compose = compose

    @activity.defn(name="announce", no_thread_cancel_exception=True)
    def announce(self, announcement: Announcement) -> datetime:
        """Writes the line of the record, the status, the window and the notices in one transaction, once for each key.

        Returns:
            See `read_clock`.

        Raises:
            Refused: a named application is unknown or withdrawn, or the window is sealed for good.
        """
        record.announce(self._database, announcement, self._compose)
        return self.read_clock()

    @activity.defn(name="seal_window", no_thread_cancel_exception=True)
    def seal_window(self, sealing: Sealing) -> int:
        """Seals the window for good. Returns how many applications there are, the same number each time."""
        return applications.seal(self._database, sealing.challenge, sealing.at)

    @activity.defn(name="read_clock", no_thread_cancel_exception=True)
    def read_clock(self) -> datetime:
        """The instant at which this activity was scheduled, by Temporal's clock."""
        return activity.info().scheduled_time
