"""A team changes its bank details: payments released to the old details must be released again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import select
from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.challenges.awards import PaymentOrder
from domain.payments import announcements
from domain.payments.payment import OVER, PaymentStatus, PaymentToMake
from domain.values.model import Value
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.record.notices import Compose
from store.record.record import put

from . import payees
from .rows import has_begun, hold, order_of, take_release_back
from .sealing import Kept
from .snapshots import snapshot
from .twins import looked_at

_payments = tables.payments
_BY_KEY = TotalOrder(_payments.c.key)


class PayeeGiven(Value):
    """The result of a change of a team's bank details.

    Args:
        text: what the record says.
        payments: the keys of the team's payments that are not over. Their workflows should look at the change.
        on_its_way: the keys of the payments that still go to the old details, because a rail may have them.
    """

    text: str
    payments: tuple[str, ...]
    on_its_way: tuple[str, ...]


def give_payee(
    database: Database,
    challenge: str,
    team: str,
    kept: Kept,
    announcing: Callable[[int, Sequence[str]], Announcement],
    to_make: Callable[[PaymentOrder], PaymentToMake],
    at: Instant,
    compose: Compose,
) -> PayeeGiven:
    """Keeps the bank details of a team. Payments released to the old details must be released again.

    In the same transaction the releasers are told about each payment that goes to the new details and has not left.

    Args:
        database: where to.
        challenge: id of the team's challenge.
        team: the id of the team.
        kept: what is kept of the details.
        announcing: makes the announcement of who gives the details. It gets the version of the details and the keys of
            the payments that still go to the old ones.
        to_make: finds everything about a payment that was ordered.
        at: when.
        compose: finds the words of notices.

    Raises:
        UnknownTeam: the team is not an application to that challenge, or it was withdrawn.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        # Lock before reading the payments. Then no payment that is requested or released meanwhile is missed, and
        # versions count one by one.
        hold(connection, challenge)
        version = (payees.latest_version(connection, team) or 0) + 1
        open_ones = (
            select(_payments)
            .where(_payments.c.team == team, _payments.c.status.not_in([str(each) for each in OVER]))
            .order_by(*_BY_KEY)
            .with_for_update(key_share=True)
        )
        rows = connection.execute(open_ones).all()
        gone = tuple(row.key for row in rows if has_begun(connection, row.key))
        announcement = announcing(version, gone)
        put(connection, announcement, compose)
        payees.add(connection, team, version, kept, announcement.entry.by, at)
        for row in rows:
            if row.key in gone or row.status == PaymentStatus.REQUESTED:
                continue  # a payment that waits for the first details is announced when those are noted
            was_released = take_release_back(connection, row.key)
            now = snapshot(connection, row.key, at)
            masked, twice = looked_at(connection, team, row.currency)
            payment = to_make(order_of(row)).led_by(now)
            changed = announcements.payee_changed(payment, now, masked, was_released, twice)
            put(connection, changed, compose)
        keys = tuple(row.key for row in rows)
        return PayeeGiven(text=announcement.entry.text, payments=keys, on_its_way=gone)
