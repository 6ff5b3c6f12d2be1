"""The amounts of payments that have not left are amended, in the transaction that announces the amendment."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, exists, or_, select
from whenever import Instant

from domain.payments import announcements
from domain.payments.payment import PaymentStatus, PaymentToMake
from domain.values.refusals import TooLate
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.record.notices import Compose
from store.record.record import put

from .rows import amount_of, change, take_release_back
from .snapshots import snapshot
from .twins import looked_at

_payments, _transfers = tables.payments, tables.transfers
_BY_KEY = TotalOrder(_payments.c.key)


def read_unchangeable(database: Database, keys: Collection[str]) -> tuple[str, ...]:
    """The payments, among these, whose amount cannot be amended: a rail may have had them, or they were cancelled.

    Args:
        database: where from.
        keys: of the payments.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return _unchangeable(connection, keys)


def amend(connection: Connection, amended: Sequence[PaymentToMake], by: str, at: Instant, compose: Compose) -> None:
    """Amends payments. Releases of the old amounts are void, and whoever has to act on a payment is told.

    Args:
        connection: in the transaction that announces the amendment; its challenge is locked.
        amended: the payments with their new amounts.
        by: who amended the award. This person cannot release the payments.
        at: when.
        compose: finds the words of notices.

    Raises:
        TooLate: one of the payments was released meanwhile and may have left, or was cancelled.
    """
    if not amended:
        return
    to_make = {payment.order.key: payment for payment in amended}
    wanted = select(_payments).where(_payments.c.key.in_(to_make)).order_by(*_BY_KEY)
    rows = connection.execute(wanted.with_for_update(key_share=True)).all()
    # Asked after the payments are locked: whoever begins a transfer locks its payment first.
    if late := _unchangeable(connection, to_make):
        raise TooLate(
            f"{', '.join(late)} was released or cancelled at this moment: look at `payments`, then say it again."
        )
    for row in rows:
        payment = to_make[row.key]
        was = amount_of(row).gross.shown(row.currency)
        was_released = take_release_back(connection, row.key)
        amount = payment.order.amount
        change(connection, row.key, net=amount.net.pence, vat=amount.vat.pence, amended_by=by)
        has_payee = row.status != PaymentStatus.REQUESTED
        masked, twice = looked_at(connection, row.team, row.currency) if has_payee else ("", ())
        now = snapshot(connection, row.key, at)
        put(connection, announcements.amended(payment, now, was, masked, was_released, twice), compose)


def _unchangeable(connection: Connection, keys: Collection[str]) -> tuple[str, ...]:
    begun = exists().where(_transfers.c.payment == _payments.c.key, _transfers.c.begun_at.is_not(None))
    gone = or_(_payments.c.status == str(PaymentStatus.CANCELLED), begun)
    return tuple(connection.scalars(select(_payments.c.key).where(_payments.c.key.in_(keys), gone).order_by(*_BY_KEY)))
