"""What tests of the outbox say to the store, in short."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import insert, select, update
from whenever import Instant, TimeDelta

from domain.announcements.announcement import OutgoingNotice, Status, to_people
from domain.announcements.occasions import Occasion
from store.database import tables
from store.database.database import Database
from store.outbox.outbox import (
    Claim,
    claim,
)
from store.record.record import Notice, announce, read_notices
from tests.chained import KEYS
from tests.store.said import AIR, MIDWAY, announcing, compose, facts

POST = "test-post"
SECOND = TimeDelta(seconds=1)
GONE = "The address does not exist."


def told(
    database: Database,
    *people: str,
    occasion: Occasion = Occasion.HELD,
    number: int = 0,
    status: Status | None = None,
    lapses: bool = False,
    payment: str = "",
    at: Instant = MIDWAY,
) -> str:
    """Writes notices to people, one each; the key of the first."""
    notice: OutgoingNotice = to_people(people or ("sam",), occasion, facts(occasion))
    notice = notice.model_copy(update={"lapses": lapses, "payment": payment})
    announce(database, announcing(f"told/{number}", notice, at=at, status=status), compose)
    return f"{AIR}/told/{number}/{occasion}/{(people or ('sam',))[0]}"


def taken(database: Database, now: Instant = MIDWAY, channel: str = POST) -> Claim:
    """The claim to the next notice, which there is."""
    found = claim(database, channel, now, compose)
    assert found is not None, "there is something to be sent"
    return found


def nothing(database: Database, now: Instant = MIDWAY) -> bool:
    """Whether nothing is to be sent."""
    return claim(database, POST, now, compose) is None


def notice(database: Database, key: str) -> Notice:
    """A notice as lists show it."""
    return next(each for each in read_notices(database) if each.key == key)


def paying(database: Database, status: str) -> str:
    """A payment in the ledger that stands so; its key."""
    with database.writing() as connection:
        key = f"{AIR}/exploration/payment"
        if connection.scalars(select(tables.payments.c.key)).first() is None:
            team = connection.scalars(select(tables.applications.c.id)).one()
            row = {"challenge": AIR, "stage": "exploration", "team": team, "number": 1, "of": 1, "net": 1, "vat": 0}
            connection.execute(
                insert(tables.payments).values(key=key, currency="GBP", requested_at=MIDWAY, status=status, **row)
            )
        connection.execute(update(tables.payments).values(status=status))
    return key


@contextmanager
def other_sender(url: str) -> Iterator[Database]:
    """The same database, as another worker has it open."""
    database = Database(url, KEYS)
    yield database
    database.close()


def calls_for_operators(database: Database) -> list[str]:
    """What the notices say by which operators are called."""
    return [each.body for each in read_notices(database) if each.occasion == Occasion.ATTENTION]
