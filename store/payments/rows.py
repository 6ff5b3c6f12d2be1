"""The rows of payments and their attempts: locked, read and changed in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, true, update
from sqlalchemy.exc import IntegrityError
from whenever import Instant

from domain.challenges.awards import PaymentOrder
from domain.keys import transfer_id
from domain.payments.payment import PaymentStatus, PaymentToMake, status_after
from domain.payments.rails import Progress
from domain.values.money import Amount, Money
from domain.values.refusals import AnotherPayment, NotAllowed, UnknownPayment
from store.database import tables
from store.database.inserts import unless_there
from store.database.prepared import Prepared
from store.database.tables import Found

_payments, _transfers, _challenges = tables.payments, tables.transfers, tables.challenges
_ONES_OWN = "released by whoever"
"""The beginning of the trigger's error when a person releases a payment that follows from their own decision."""

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
_NEW_PAYMENT = unless_there(_payments.c.key, also=("selected_by", "accepted_by"))
_RELEASED = ("id", "payment", "attempt", "team", "payee_version", "released_by", "released_at", "begun_at", "rail")
_NEW_TRANSFER = Prepared(insert(_transfers).values({name: bindparam(name) for name in _RELEASED}))
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


def add_payment(connection: Connection, payment: PaymentToMake, at: Instant) -> None:
    """Adds a payment that is requested, unless there is one with its key."""
    order = payment.order
    values = dict(order) | {"net": order.amount.net.pence, "vat": order.amount.vat.pence, "requested_at": at}
    by = {"selected_by": payment.selected_by, "accepted_by": payment.accepted_by}
    _NEW_PAYMENT.execute(connection, values | by)


def add_transfer(
    connection: Connection, payment: Found, attempt: int, payee_version: int, by: str, at: Instant, rail: str
) -> None:
    """Adds an attempt of a payment, which is released.

    Args:
        connection: in a transaction that writes.
        payment: its row.
        attempt: the number of the attempt.
        payee_version: the version of the bank details to which the payment is released.
        by: who releases it.
        at: when.
        rail: the name of the rail that may have it from now on; empty if it has not begun.

    Raises:
        NotAllowed: this person may not release this payment.
    """
    released = {"payee_version": payee_version, "released_by": by, "released_at": at}
    begun = {"begun_at": at if rail else None, "rail": rail}
    which = {"id": transfer_id(payment.key, attempt), "payment": payment.key, "attempt": attempt, "team": payment.team}
    try:
        _NEW_TRANSFER.execute(connection, which | released | begun)
    except IntegrityError as error:
        if _ONES_OWN not in str(error.orig):
            raise
        raise NotAllowed(f"{by} may not release {payment.key}: a second person must release it.") from None


def hold(connection: Connection, challenge: str) -> None:
    """Locks the row of a challenge until the transaction ends.

    A transaction that announces locks the challenge first. A transaction that changes a payment also locks the
    challenge before the payment, so that the two never wait for each other.
    """
    _HOLD.execute(connection, {"challenge": challenge})


def hold_all(connection: Connection, challenges: Iterable[str]) -> None:
    """Locks the rows of challenges, always in the same order; see `hold`."""
    for challenge in sorted(set(challenges)):
        hold(connection, challenge)


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
    return PaymentOrder(**kept, amount=amount_of(row))


def amount_of(row: Found) -> Amount:
    """The amount of a payment, made from its row."""
    return Amount(net=Money(row.net), vat=Money(row.vat))


def as_amended(payment: PaymentToMake, row: Found) -> PaymentToMake:
    """A payment with the amount that the ledger has, if it was amended: its workflow may not have heard of that yet."""
    return payment.amounting(amount_of(row)) if row.amended_by else payment


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
