"""A team leaves: its money that was released does not leave until a releaser says so again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select
from whenever import Instant

from domain.payments import announcements
from domain.payments.payment import OVER, PaymentStatus, PaymentToMake
from store.database import tables
from store.database.ordering import TotalOrder
from store.record.notices import Compose
from store.record.record import put

from .rows import has_begun, take_release_back
from .snapshots import snapshot
from .twins import looked_at

_payments, _transfers = tables.payments, tables.transfers
_filed, _files = tables.filed_transfers, tables.payment_files
_BY_KEY = TotalOrder(_payments.c.key)


def hold_back(connection: Connection, leaving: Sequence[PaymentToMake], at: Instant, compose: Compose) -> None:
    """Takes back the releases of a team that leaves, and tells the releasers about each payment.

    A payment that a rail may have cannot be held: the releasers and operators are told where it is.

    Args:
        connection: in the transaction that announces that the team leaves; its challenge is locked.
        leaving: the team's payments.
        at: when.
        compose: finds the words of notices.
    """
    if not leaving:
        return
    to_make = {payment.order.key: payment for payment in leaving}
    open_ones = (
        select(_payments.c.key, _payments.c.status, _payments.c.team)
        .where(_payments.c.key.in_(to_make), _payments.c.status.not_in([str(each) for each in OVER]))
        .order_by(*_BY_KEY)
        .with_for_update(key_share=True)
    )
    for row in connection.execute(open_ones).all():
        payment = to_make[row.key].led_by(snapshot(connection, row.key, at))
        if has_begun(connection, row.key):
            gone = announcements.not_held(payment, _whereabouts(connection, row.key), at)
            put(connection, gone, compose)
        elif row.status != PaymentStatus.REQUESTED:  # a payment without a payee is announced with its payee
            was_released = take_release_back(connection, row.key)
            masked, twice = looked_at(connection, row.team, payment.order.currency)
            now = snapshot(connection, row.key, at)
            put(connection, announcements.team_left(payment, now, masked, was_released, twice), compose)


def _whereabouts(connection: Connection, key: str) -> str:
    """Where a transfer is that has begun, in words."""
    wanted = (
        select(_filed.c.file, _files.c.written_at)
        .join(_files, _files.c.id == _filed.c.file)
        .join(_transfers, _transfers.c.id == _filed.c.transfer)
        .where(_transfers.c.payment == key, _transfers.c.returned_at.is_(None))
    )
    file = connection.execute(wanted).one_or_none()
    return announcements.whereabouts(file.file if file else "", is_written=bool(file and file.written_at))
