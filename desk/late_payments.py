"""Late payments, and the interest that the law gives the payee."""

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
    """A payment that is late, or was made late.

    Args:
        payment: the payment in the ledger.
        by_law: whether the payment is also later than the law allows.
        interest: the interest that the law gives the payee. None if the payment is not late by law, or not in pounds.
    """

    payment: Payment
    by_law: bool
    interest: LateInterest | None


def late_payments(payments: Sequence[Payment], zones: Mapping[str, str], now: Instant) -> tuple[Late, ...]:
    """Finds the payments that are late, or were made later than promised.

    Args:
        payments: the payments in the ledger.
        zones: the time zone of each challenge, by the challenge's id.
        now: the present. The days of delay of an unpaid payment count until now.

    Raises:
        FileRefused: the table of base rates is wrong.
    """
    rates = load_base_rates()
    found = []
    for payment in payments:
        if payment.status is PaymentStatus.CANCELLED or payment.pay_by is None or payment.pay_by_law is None:
            continue
        # The promise and the law count in days, not hours.
        zone = zones[payment.challenge]
        paid = payment.arrived_on or (payment.settled or now).to_tz(zone).date()
        promised, last_day = day_of(payment.pay_by, zone), day_of(payment.pay_by_law, zone)
        if paid <= min(promised, last_day):
            continue
        in_pounds = payment.currency == "GBP"
        interest = late_interest(payment.amount.gross, last_day, paid, rates) if in_pounds else None
        found.append(Late(payment=payment, by_law=paid > last_day, interest=interest))
    return tuple(found)
