"""What the law adds to a late payment: simple interest, and a fixed sum for the trouble.

The Late Payment of Commercial Debts (Interest) Act 1998: section 4 (from when interest runs, which counts whole days:
see `due_dates`), 5A (the fixed sum) and 6 (the rate), with the Late Payment of Commercial Debts (Rate of
Interest) (No. 3) Order 2002, SI 2002/1675; Scotland has an order of its own to the same effect. The caller decides
whether the Act applies to a payment, and which day was the last day to pay.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Annotated

from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo, computed_field, field_validator

from domain.values.calendar import Date
from domain.values.model import Value
from domain.values.money import Money
from domain.values.percent import Percent
from domain.values.written_times import read_day

_OVER_THE_BASE_RATE = Decimal(8)
# The Order gives a rate for a year and is silent about leap years. Official guidance and the courts' forms divide by
# 365 in every year: a day then costs the same whenever it is, and the team is never paid less than by a count of 366.
_DAYS_IN_A_YEAR = 365
_FIXED_SUMS = ((Money(1_000_000), Money(10_000)), (Money(100_000), Money(7_000)), (Money(0), Money(4_000)))
"""The smallest debt for each fixed sum, and the sum; the highest first."""


def _read_day(value: object) -> Date:
    if isinstance(value, Date):
        return value
    if type(value) is datetime.date:
        return Date(value)
    try:
        return read_day(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError("is not a date: write it such as 2025-12-18") from None


_Day = Annotated[
    Date,
    PlainValidator(_read_day, json_schema_input_type=str),
    PlainSerializer(Date.format_iso, return_type=str),
    Field(examples=["2025-12-18"]),
]


class RateChange(Value):
    """A change of the Bank of England's official rate.

    Args:
        on: the first day on which the rate was in force.
        rate: per cent a year.
    """

    on: _Day
    rate: Annotated[Percent, Field(ge=0, le=25, description="per cent a year, in quotes", examples=["0.50"])]


class ReferenceRate(Value):
    """The official rate that counts for a debt, for as long as the debt stays unpaid.

    Args:
        rate: per cent a year.
        of: the 30 June or 31 December on which this rate applied.
        certain: whether the rate of that day is known; if not, this is the nearest known rate.
    """

    rate: Decimal
    of: Date
    certain: bool


class BaseRates(Value):
    """The Bank of England's official rate through the years.

    Args:
        changes: in the order of their dates, at least one.
        complete_until: the last day up to which no change is missing.
    """

    changes: Annotated[tuple[RateChange, ...], Field(min_length=1)]
    complete_until: _Day

    @field_validator("changes")
    @classmethod
    def _is_in_order(cls, changes: tuple[RateChange, ...]) -> tuple[RateChange, ...]:
        for before, after in pairwise(changes):
            if after.on <= before.on:
                raise ValueError(f"has {after.on} after {before.on}: put the dates in order, each of them once")
        return changes

    @field_validator("complete_until")
    @classmethod
    def _reaches_the_last_change(cls, day: Date, info: ValidationInfo) -> Date:
        changes: tuple[RateChange, ...] = info.data.get("changes", ())
        if changes and day < changes[-1].on:
            raise ValueError(f"is before the last change: write {changes[-1].on} or a later day")
        return day

    def rate_for(self, late_since: Date) -> ReferenceRate:
        """The rate for a debt, which is fixed on the day on which it becomes late and then stays.

        Article 4 of the Order depends on the day on which interest starts to run. In the first half of a year the rate
        of the 31 December before counts, in the second half the rate of 30 June, whatever the Bank does later. A debt
        that was due on 30 June is late from 1 July, and the rate of that same 30 June counts.

        Args:
            late_since: the first day on which interest runs, the day after the last day for payment.

        Returns:
            The rate; if the table does not cover its day, the nearest rate, marked as not certain.
        """
        of = Date(late_since.year - 1, 12, 31) if late_since.month <= 6 else Date(late_since.year, 6, 30)
        in_force = [change for change in self.changes if change.on <= of]
        nearest = in_force[-1] if in_force else self.changes[0]
        return ReferenceRate(rate=nearest.rate, of=of, certain=bool(in_force) and of <= self.complete_until)


class LateInterest(Value):
    """The interest and the fixed sum owed on a late payment.

    Args:
        days: for how many days interest is due.
        reference: the official rate that counts.
        interest: the interest for those days.
        fixed_sum: for the trouble, once for each debt.
    """

    days: int
    reference: ReferenceRate
    interest: Money
    fixed_sum: Money

    @computed_field  # type: ignore[prop-decorator]
    @property
    def rate(self) -> Decimal:
        """Per cent a year: the official rate plus what the law adds to it."""
        return _statutory(self.reference)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def total(self) -> Money:
        """Interest and fixed sum."""
        return self.interest + self.fixed_sum

    @property
    def certain(self) -> bool:
        """Whether the official rate for this debt is known; if not, the interest is an estimate."""
        return self.reference.certain


def late_interest(gross: Money, last_day: Date, until: Date, rates: BaseRates) -> LateInterest | None:
    """What the law has added to a payment by a given day.

    Interest is simple and runs from the day after the last day for payment up to and including `until`. It is rounded
    once, at the end, to the nearest penny; half a penny rounds up.

    Args:
        gross: the whole debt, with its VAT.
        last_day: the last day on which payment would have been in time.
        until: the day of payment, or today.
        rates: the official rates.

    Returns:
        Interest and fixed sum; None if the payment is not late or the debt is 0.
    """
    days = (until.to_stdlib() - last_day.to_stdlib()).days
    if days <= 0 or not gross.pence:
        return None
    reference = rates.rate_for(last_day.add(days=1))
    exact = gross.pence * Fraction(_statutory(reference)) / 100 * days / _DAYS_IN_A_YEAR
    return LateInterest(
        days=days,
        reference=reference,
        interest=Money(int(exact + Fraction(1, 2))),
        fixed_sum=next(fixed for least, fixed in _FIXED_SUMS if gross >= least),
    )


def _statutory(reference: ReferenceRate) -> Decimal:
    return _OVER_THE_BASE_RATE + reference.rate
