"""When a payment is due, and when people are reminded of it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import groupby

from whenever import Instant

from domain.values.calendar import earlier, end_of_period, later

from .payment import PaymentSnapshot, PaymentToMake


def due_dates(payment: PaymentToMake, valid_since: Instant) -> tuple[Instant, Instant]:
    """The day by which a payment is promised, and the day by which it is due by law.

    The law is section 4 of the Late Payment of Commercial Debts (Interest) Act 1998, as it has stood since 2015. A
    public authority must pay at the latest on the last day of the period of 30 days "beginning with" the day
    on which the work was done, the amount was known or the work was accepted, whichever came last (subsections 2D and
    2H). So that day itself is the first of the 30, and interest starts to run on the day after the last (subsection 2).

    Args:
        payment: the payment.
        valid_since: when the request became valid: it was due, and the payee was known.
    """
    on_time, zone, off = payment.on_time, payment.zone, payment.holidays
    return later(valid_since, on_time.within, zone, off), end_of_period(valid_since, on_time.by_law, zone, off)


def next_reminder(payment: PaymentToMake, snapshot: PaymentSnapshot, since: Instant) -> Instant | None:
    """When the next reminder of a payment is due; None once the payment is settled or cancelled.

    Args:
        payment: the payment.
        snapshot: where it stands.
        since: reminders due up to this instant are dealt with.
    """
    if snapshot.is_over:
        return None
    return next(rung for rung in rungs(payment, snapshot) if rung > since)


def rungs(payment: PaymentToMake, snapshot: PaymentSnapshot) -> Iterator[Instant]:
    """Until the payee is known, the team is reminded at regular intervals.

    Then the releasers are reminded before and on the promised day, before and on the day set by law, and at regular
    intervals after the first of the two days.
    """
    dates = [date for date in (snapshot.pay_by, snapshot.pay_by_law) if date is not None]
    before = [earlier(date, each, payment.zone) for date in dates for each in payment.remind_before]
    again = _again_and_again(payment, snapshot.requested if snapshot.pay_by is None else snapshot.pay_by)
    # Two reminders may be due at the same moment.
    yield from (rung for rung, _ in groupby(heapq.merge(sorted([*dates, *before]), again)))


def _again_and_again(payment: PaymentToMake, since: Instant) -> Iterator[Instant]:
    while True:
        since = later(since, payment.remind_every, payment.zone, payment.holidays)
        yield since
