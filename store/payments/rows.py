"""The rows of payments and their attempts: locked, read and changed in the caller's transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from domain.challenges.awards import PaymentOrder
from domain.payments.payment import PaymentStatus, status_after
from domain.payments.rails import Progress
from domain.values.money import Amount, Money
from domain.values.refusals import AnotherPayment, UnknownPayment
from store.database import tables
from store.database.tables import Found

_payments, _transfers = tables.payments, tables.transfers


def taken(connection: Connection, key: str) -> Found:
    """The row of a payment, locked until the transaction ends.

    Raises:
        UnknownPayment: the ledger has no such payment.
    """
    challenge = connection.scalars(select(_payments.c.challenge).where(_payments.c.key == key)).one_or_none()
    if challenge is None:
        raise UnknownPayment(f"The ledger has no payment {key}: request it first.")
    hold(connection, challenge)
    return connection.execute(select(_payments).where(_payments.c.key == key).with_for_update(key_share=True)).one()


def hold(connection: Connection, challenge: str) -> None:
    """Locks the row of a challenge until the transaction ends.

    A transaction that announces locks the challenge first. A transaction that changes a payment also locks the
    challenge before the payment, so that the two never wait for each other.
    """
    connection.execute(
        select(tables.challenges.c.id).where(tables.challenges.c.id == challenge).with_for_update(key_share=True)
    )


def change(connection: Connection, key: str, **values: Any) -> None:
    """Changes a payment, and counts the change."""
    changed = update(_payments).where(_payments.c.key == key)
    connection.execute(changed.values(version=_payments.c.version + 1, **values))


def change_transfer(connection: Connection, transfer: str, **values: Any) -> None:
    """Changes one attempt of a payment."""
    connection.execute(update(_transfers).where(_transfers.c.id == transfer).values(**values))


def attempts(connection: Connection, key: str) -> int:
    """How many attempts a payment has had, including the one under way."""
    last = select(func.max(_transfers.c.attempt)).where(_transfers.c.payment == key)
    return connection.scalars(last).one() or 0


def has_begun(connection: Connection, key: str) -> bool:
    """Whether a rail may have the payment's attempt that is under way."""
    begun = select(_transfers.c.id).where(
        _transfers.c.payment == key, _transfers.c.begun_at.is_not(None), _transfers.c.returned_at.is_(None)
    )
    return connection.execute(begun).first() is not None


def take_release_back(connection: Connection, key: str) -> bool:
    """Takes back a release that no rail was asked for. Returns whether there was one."""
    gone = connection.execute(
        delete(_transfers).where(
            _transfers.c.payment == key, _transfers.c.begun_at.is_(None), _transfers.c.returned_at.is_(None)
        )
    )
    if gone.rowcount:
        last = (_transfers.c.payment == key, _transfers.c.attempt == attempts(connection, key))
        ended_as = connection.scalars(select(_transfers.c.ended_as).where(*last)).one_or_none()
        change(connection, key, status=status_after(Progress(ended_as)) if ended_as else PaymentStatus.PAYEE_KNOWN)
    return bool(gone.rowcount)


def order_of(row: Found) -> PaymentOrder:
    """The order of a payment, made from its row."""
    kept = dict(row._mapping) | {"amount": Amount(net=Money(row.net), vat=Money(row.vat))}
    return PaymentOrder.model_validate({name: kept[name] for name in PaymentOrder.model_fields})


def check_same(row: Found, order: PaymentOrder) -> None:
    """Checks that a requested payment is the payment that the ledger has under its key.

    Raises:
        AnotherPayment: it is not.
    """
    kept = order_of(row)
    for name in PaymentOrder.model_fields:
        there, asked = getattr(kept, name), getattr(order, name)
        if there != asked:
            raise AnotherPayment(
                f"{order.key} is in the ledger with {name} {_shown(there)}, and was requested again with "
                f"{_shown(asked)}: a key belongs to one payment, which never changes."
            )


def _shown(value: object) -> str:
    return f"{value.net} and {value.vat} VAT" if isinstance(value, Amount) else repr(value)
