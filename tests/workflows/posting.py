"""The activity that sends notices, one step after the other, by a clock that stands still."""

from __future__ import annotations

from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from whenever import Instant, TimeDelta

from activities.delivery import Delivering
from domain.announcements.announcement import Announcement, Entry, OutgoingNotice, Status, to_people
from domain.announcements.occasions import FACTS, Occasion
from domain.delivery.delivery import Outbox, Sending
from gateways.messaging.channels import Channel
from gateways.messaging.letters import Letters
from store.challenges.rounds import keep_round
from store.database.database import Database
from store.record.record import Notice, announce, read_notices
from tests.rounds import AIR, SPONSOR, pilot

COMPOSE = Letters().compose
ONE = Sending(seconds=0)


class Post:
    """An outbox, and the activity that sends what is in it through a channel.

    Args:
        database: migrated.
        channel: how notices leave.
    """

    def __init__(self, database: Database, channel: Channel) -> None:
        self.database = database
        self.now = self._start = Instant.now()
        self.delivers_through(channel, 1000)
        round_, programme, challenges = pilot()
        keep_round(database, round_, programme, challenges, self.now)

    def delivers_through(self, channel: Channel, rate: float) -> None:
        """From now on notices leave so, and so many in a second."""
        self._delivering = Delivering(self.database, channel, rate, COMPOSE, lambda: self.now, self._seconds)

    def _seconds(self) -> float:
        return (self.now - self._start).total("seconds")

    def write(self, *people: str, lapses: bool = False, waits_for: str = "applications") -> str:
        """A notice to each of some people; the key of the first."""
        people = people or (SPONSOR,)
        occasion, key = Occasion.CLOSING_SOON, f"{AIR}/test/{len(read_notices(self.database))}"
        notice: OutgoingNotice = to_people(people, occasion, dict.fromkeys(FACTS[occasion], "-"))
        status = Status(stage="window", waits_for=waits_for, until=None)
        entry = Entry(at=self.now, by="service", role="service", action="test", text="test")
        notices = (notice.model_copy(update={"lapses": lapses}),)
        announce(
            self.database,
            Announcement(key=key, challenge=AIR, entry=entry, status=status, notices=notices),
            COMPOSE,
        )
        return f"{key}/{occasion}/{people[0]}"

    def step(self, seconds: float = 0, sending: Sending = ONE) -> Outbox:
        """Deals with one notice, if one is due after so many seconds."""
        self.now = self.now + TimeDelta(seconds=max(seconds, 0.01))
        environment = ActivityEnvironment()
        outbox: Outbox = environment.run(self._delivering.deliver, sending)
        return outbox

    def calls(self, steps: int, seconds: float) -> list[ApplicationError]:
        """The calls for a person while so many notices are dealt with, one each time after so many seconds."""
        calls = []
        for _ in range(steps):
            try:
                self.step(seconds)
            except ApplicationError as call:
                calls.append(call)
        assert all((call.type, call.non_retryable) == ("unavailable", True) for call in calls)
        return calls

    def notice(self, key: str) -> Notice:
        """As lists show it."""
        return next(each for each in read_notices(self.database) if each.key == key)
