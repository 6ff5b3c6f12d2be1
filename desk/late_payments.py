"""Payments that are late, and what the law gives for that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from whenever import Instant

from domain.payments.interest import LateInterest, late_interest
from domain.payments.payment import PaymentStatus
from domain.values.calendar import day_of
from domain.values.model import Value
from store.payments.reading import Payment

from .base_rates import load_base_rates


class Late(Value):
    """A payment that is not made by when it should have been, or was made later.

    Args:
        payment: as the ledger has it.
        by_law: whether it is later than the law allows, too.
        interest: what the payee is owed for that by statute; None if not late by law, or not in pounds.
    """

    payment: Payment
    by_law: bool
    interest: LateInterest | None


def late_payments(payments: Sequence[Payment], zones: Mapping[str, str], now: Instant) -> tuple[Late, ...]:
    """Those of some payments that are or were made later than promised.

    Args:
        payments: as the ledger has them.
        zones: the time zones of their challenges, by id.
        now: until when those that are not made are late.

    Raises:
        FileRefused: the table of base rates is wrong.
    """
    rates = load_base_rates()
    found = []
    for payment in payments:
        if payment.status is PaymentStatus.CANCELLED or payment.pay_by is None or payment.pay_by_law is None:
            continue
        # Neither a promise nor the law knows a time of day.
        zone = zones[payment.challenge]
        paid = payment.arrived_on or (payment.settled or now).to_tz(zone).date()
        promised, last_day = day_of(payment.pay_by, zone), day_of(payment.pay_by_law, zone)
        if paid <= min(promised, last_day):
            continue
        in_pounds = payment.currency == "GBP"
        interest = late_interest(payment.amount.gross, last_day, paid, rates) if in_pounds else None
        found.append(Late(payment=payment, by_law=paid > last_day, interest=interest))
    return tuple(found)
