"""A releaser declares a conflict of interest with a team: what they released and has not left is taken back."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, select
from whenever import Instant

from domain.challenges.awards import PaymentOrder
from domain.payments import announcements
from domain.payments.payment import PaymentToMake
from domain.values.refusals import Unavailable
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.record.notices import Compose
from store.record.record import put

from .rows import order_of, take_release_back
from .snapshots import snapshot
from .twins import looked_at

_payments, _transfers = tables.payments, tables.transfers
_BY_KEY = TotalOrder(_payments.c.key)

ToMake = Callable[[PaymentOrder], PaymentToMake]
"""Finds everything about a payment that was ordered."""


def has_released(database: Database, team: str, person: str) -> bool:
    """Whether somebody has released a payment to a team that no rail was asked for yet.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return bool(_released(connection, team, person))


def take_back(
    connection: Connection, team: str, person: str, to_make: ToMake | None, at: Instant, compose: Compose
) -> tuple[str, ...]:
    """Takes back what somebody released to a team and no rail was asked for, and tells the releasers.

    Args:
        connection: in the transaction that keeps the declaration. The challenge is locked.
        team: the id of the team.
        person: id of the person who declares a conflict of interest.
        to_make: finds everything about a payment; None if the caller knew of no release.
        at: when.
        compose: finds the words of notices.

    Returns:
        The keys of the payments, whose workflows should look at the ledger.

    Raises:
        Unavailable: a payment was released at this very moment.
    """
    keys = _released(connection, team, person)
    if keys and to_make is None:
        raise Unavailable(f"{person} has released a payment to {team} at this moment: send the declaration again.")
    rows = connection.execute(
        select(_payments).where(_payments.c.key.in_(keys)).order_by(*_BY_KEY).with_for_update(key_share=True)
    ).all()
    taken = []
    for row in rows:
        assert to_make is not None, "checked above"
        if row.key in _released(connection, team, person) and take_release_back(connection, row.key):
            now = snapshot(connection, row.key, at)
            masked, twice = looked_at(connection, row.team, row.currency)
            payment = to_make(order_of(row)).led_by(now)
            put(connection, announcements.releaser_shut_out(payment, now, masked, person, twice), compose)
            taken.append(row.key)
    return tuple(taken)


def _released(connection: Connection, team: str, person: str) -> tuple[str, ...]:
    wanted = (
        select(_payments.c.key)
        .join(_transfers, _transfers.c.payment == _payments.c.key)
        .where(_payments.c.team == team, _transfers.c.released_by == person)
        .where(_transfers.c.begun_at.is_(None), _transfers.c.returned_at.is_(None))
    )
    return tuple(connection.scalars(wanted.order_by(*_BY_KEY)))
