"""The rows of payments and their attempts: locked, read and changed in the caller's transaction."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, func, select, true, update

from domain.challenges.awards import PaymentOrder
from domain.payments.payment import PaymentStatus, status_after
from domain.payments.rails import Progress
from domain.values.money import Amount, Money
from domain.values.refusals import AnotherPayment, UnknownPayment
from store.database import tables
from store.database.prepared import Prepared
from store.database.tables import Found

_payments, _transfers, _challenges = tables.payments, tables.transfers, tables.challenges
_UNDER_WAY = (_transfers.c.payment == bindparam("payment"), _transfers.c.returned_at.is_(None))

# Made once, because making a statement takes longer than running it.
_HELD = select(_challenges.c.id).with_for_update(key_share=True)
_HOLD = Prepared(_HELD.where(_challenges.c.id == bindparam("challenge")))
_PAYMENT = select(_payments).where(_payments.c.key == bindparam("payment"))
_ITS_CHALLENGE = select(_payments.c.challenge).where(_payments.c.key == bindparam("payment")).scalar_subquery()
_TAKEN = Prepared(
    # The join makes PostgreSQL lock the payment only after its challenge is locked.
    _PAYMENT.join(
        _HELD.where(_challenges.c.id == _ITS_CHALLENGE).cte("held").prefix_with("MATERIALIZED"), true()
    ).with_for_update(key_share=True, of=_payments),
    sqlite=_PAYMENT,  # a transaction that writes has the database for itself
)
_ATTEMPTS = Prepared(
    select(func.max(_transfers.c.attempt).label("last")).where(_transfers.c.payment == bindparam("payment"))
)
_BEGUN = Prepared(select(_transfers.c.id).where(*_UNDER_WAY, _transfers.c.begun_at.is_not(None)))


def taken(connection: Connection, key: str) -> Found:
    """The row of a payment, locked until the transaction ends, like the row of its challenge: see `hold`.

    Raises:
        UnknownPayment: the ledger has no such payment.
    """
    row: Found | None = _TAKEN.one_or_none(connection, {"payment": key})
    if row is None:
        raise UnknownPayment(f"The ledger has no payment {key}: request it first.")
    return row


def hold(connection: Connection, challenge: str) -> None:
    """Locks the row of a challenge until the transaction ends.

    A transaction that announces locks the challenge first. A transaction that changes a payment also locks the
    challenge before the payment, so that the two never wait for each other.
    """
    _HOLD.execute(connection, {"challenge": challenge})


def change(connection: Connection, key: str, **values: Any) -> None:
    """Changes a payment, and counts the change."""
    _changing_payment(tuple(values)).execute(connection, {"wanted": key, **values})


def change_transfer(connection: Connection, transfer: str, **values: Any) -> None:
    """Changes one attempt of a payment."""
    _changing_transfer(tuple(values)).execute(connection, {"wanted": transfer, **values})


def attempts(connection: Connection, key: str) -> int:
    """How many attempts a payment has had, including the one under way."""
    found = _ATTEMPTS.one_or_none(connection, {"payment": key})
    return found.last or 0 if found else 0


def has_begun(connection: Connection, key: str) -> bool:
    """Whether a rail may have the payment's attempt that is under way."""
    return _BEGUN.one_or_none(connection, {"payment": key}) is not None


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
    kept = {name: getattr(row, name) for name in PaymentOrder.model_fields if name != "amount"}
    return PaymentOrder(**kept, amount=Amount(net=Money(row.net), vat=Money(row.vat)))


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


@cache
def _changing_payment(names: tuple[str, ...]) -> Prepared:
    values = _values(_payments, names) | {"version": _payments.c.version + 1}
    return Prepared(update(_payments).where(_payments.c.key == bindparam("wanted")).values(values))


@cache
def _changing_transfer(names: tuple[str, ...]) -> Prepared:
    wanted = _transfers.c.id == bindparam("wanted")
    return Prepared(update(_transfers).where(wanted).values(_values(_transfers, names)))


def _values(table: Table, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: bindparam(name, type_=table.c[name].type) for name in names}


def _shown(value: object) -> str:
    return f"{value.net} and {value.vat} VAT" if isinstance(value, Amount) else repr(value)
