"""Late interest: by the right rate, for the right days, to the penny."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from whenever import Date

from domain.payments.interest import BaseRates, LateInterest, RateChange, late_interest
from domain.values.money import Money

RATES = BaseRates(
    changes=(
        RateChange(on=Date(2009, 3, 5), rate=Decimal("0.50")),
        RateChange(on=Date(2022, 6, 16), rate=Decimal("1.25")),
        RateChange(on=Date(2022, 12, 15), rate=Decimal("3.50")),
        RateChange(on=Date(2023, 6, 22), rate=Decimal("5.00")),
        RateChange(on=Date(2023, 8, 3), rate=Decimal("5.25")),
        RateChange(on=Date(2025, 6, 30), rate=Decimal("4.25")),
        RateChange(on=Date(2025, 12, 18), rate=Decimal("3.75")),
    ),
    complete_until=Date(2025, 12, 31),
)

dates = st.dates(min_value=Date(2005, 1, 1).to_stdlib(), max_value=Date(2035, 12, 31).to_stdlib()).map(Date)
debts = st.integers(1, 10**9).map(Money)
numbers_of_days = st.integers(1, 2000)


def by(last_day: str, until: str, gross: str) -> LateInterest:
    """The late interest on a debt that has some."""
    found = late_interest(Money.parse(gross), Date(last_day), Date(until), RATES)
    assert found is not None
    return found


# --- Worked by hand ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last_day", "until", "gross", "days", "rate", "interest", "fixed_sum"),
    [
        # 2,400 × 11.75% = 282.00 a year; × 30 / 365 = 23.178…
        ("2026-01-31", "2026-03-02", "2400.00", 30, "11.75", "23.18", "70.00"),
        # 1,000 × 8.5% = 85.00 a year; × 50 / 365 = 11.643…
        ("2014-01-31", "2014-03-22", "1000.00", 50, "8.50", "11.64", "70.00"),
        # 10,000 × 9.25% = 925.00 a year; × 120 / 365 = 304.109…; the rise of December 2022 changes nothing for it
        ("2022-12-01", "2023-03-31", "10000.00", 120, "9.25", "304.11", "100.00"),
        # 36,500 × 13.25% / 365 = 13.25 a day, also over the 29 February of a leap year
        ("2024-01-31", "2024-03-01", "36500.00", 30, "13.25", "397.50", "100.00"),
        # 100 × 11.75% × 365 / 365
        ("2026-01-31", "2027-01-31", "100.00", 365, "11.75", "11.75", "40.00"),
    ],
)
def test_interest_is_what_it_is_by_hand(
    last_day: str, until: str, gross: str, days: int, rate: str, interest: str, fixed_sum: str
) -> None:
    found = by(last_day, until, gross)
    assert (found.days, found.rate) == (days, Decimal(rate))
    assert (str(found.interest), str(found.fixed_sum)) == (interest, fixed_sum)
    assert found.total == found.interest + found.fixed_sum


def test_a_year_with_29_february_costs_366_days() -> None:
    """Fails when a leap year's interest is divided by 366: 365.00 × 13.25% is 0.1325 a day."""
    found = by("2024-01-31", "2025-01-31", "365.00")
    assert (found.days, str(found.interest)) == (366, "48.50")  # 366 × 0.1325 = 48.495


@pytest.mark.parametrize(("gross", "pence"), [("18.24", 0), ("18.25", 1)])
def test_half_a_penny_is_rounded_up(gross: str, pence: int) -> None:
    """At 10% a year, £18.25 costs exactly half a penny a day. Fails when halves go to the even penny, or down."""
    rates = BaseRates(changes=(RateChange(on=Date(2009, 3, 5), rate=Decimal(2)),), complete_until=Date(2025, 12, 31))
    found = late_interest(Money.parse(gross), Date(2020, 1, 1), Date(2020, 1, 2), rates)
    assert found is not None
    assert found.interest.pence == pence


@pytest.mark.parametrize(
    ("gross", "fixed_sum"),
    [
        ("0.01", "40.00"),
        ("999.99", "40.00"),
        ("1000.00", "70.00"),
        ("9999.99", "70.00"),
        ("10000.00", "100.00"),
        ("2500000.00", "100.00"),
    ],
)
def test_the_fixed_sum_goes_by_the_size_of_the_debt(gross: str, fixed_sum: str) -> None:
    assert str(by("2026-01-31", "2026-02-01", gross).fixed_sum) == fixed_sum


# --- The rate ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("late_since", "of", "rate"),
    [
        ("2022-01-01", "2021-12-31", "0.50"),
        ("2022-06-30", "2021-12-31", "0.50"),  # not the rate of that very day
        ("2022-07-01", "2022-06-30", "1.25"),
        ("2022-12-31", "2022-06-30", "1.25"),
        ("2023-01-01", "2022-12-31", "3.50"),
        ("2023-08-03", "2023-06-30", "5.00"),  # the rise of that day comes too late
        ("2025-07-01", "2025-06-30", "4.25"),  # changed on the day that counts: in force on it
        ("2026-06-30", "2025-12-31", "3.75"),
    ],
)
def test_the_rate_is_that_of_the_end_of_the_half_year_before_the_debt_became_late(
    late_since: str, of: str, rate: str
) -> None:
    found = RATES.rate_for(Date(late_since))
    assert (found.of, found.rate, found.certain) == (Date(of), Decimal(rate), True)


def test_a_debt_that_was_to_be_paid_on_30_june_goes_by_the_rate_of_that_day() -> None:
    """Fails when the half-year of the last day for payment counts: interest starts to run on 1 July."""
    assert by("2023-06-30", "2023-07-01", "100").reference.of == Date(2023, 6, 30)
    assert by("2023-06-29", "2023-07-01", "100").reference.of == Date(2022, 12, 31)


def test_the_rate_stays_however_long_the_debt_is_unpaid() -> None:
    rates = {by("2022-12-01", until, "100").rate for until in ("2022-12-02", "2023-12-01", "2026-12-01")}
    assert rates == {Decimal("9.25")}


@pytest.mark.parametrize(
    ("late_since", "rate"),
    [
        ("2026-07-01", "3.75"),  # goes by 30 June 2026, which is after what is known: the last that is
        ("2040-01-01", "3.75"),
        ("2009-01-01", "0.50"),  # goes by 31 December 2008, which is before what is known: the first that is
    ],
)
def test_a_rate_of_a_day_that_is_not_covered_is_the_nearest_and_called_not_certain(late_since: str, rate: str) -> None:
    found = RATES.rate_for(Date(late_since))
    assert (found.certain, found.rate) == (False, Decimal(rate))


def test_interest_by_a_rate_that_is_not_certain_says_so() -> None:
    assert by("2026-06-29", "2027-03-01", "100").certain
    assert not by("2026-06-30", "2027-03-01", "100").certain


@given(dates)
def test_the_day_that_counts_is_the_last_30_june_or_31_december_before(late_since: Date) -> None:
    of = RATES.rate_for(late_since).of
    assert (of.month, of.day) in {(6, 30), (12, 31)}
    assert of < late_since <= of.add(months=6, days=1)


# --- Not late ------------------------------------------------------------------------------------------------------


@given(debts, dates, st.integers(-500, 500))
def test_interest_is_due_from_the_day_after_the_last_day_and_never_before(
    gross: Money, last_day: Date, days: int
) -> None:
    found = late_interest(gross, last_day, last_day.add(days=days), RATES)
    assert (found is not None) == (days > 0)
    assert found is None or found.days == days


def test_nothing_is_due_where_nothing_is_owed() -> None:
    assert late_interest(Money(0), Date(2026, 1, 1), Date(2026, 12, 1), RATES) is None


# --- Of any debt ---------------------------------------------------------------------------------------------------


def late(gross: Money, last_day: Date, days: int) -> LateInterest:
    """The late interest after some days."""
    found = late_interest(gross, last_day, last_day.add(days=days), RATES)
    assert found is not None
    return found


@given(debts, dates, numbers_of_days)
def test_interest_is_within_half_a_penny_of_what_is_exact(gross: Money, last_day: Date, days: int) -> None:
    found = late(gross, last_day, days)
    exact = Fraction(gross.pence) * Fraction(found.rate) * days / 36_500
    assert -Fraction(1, 2) < found.interest.pence - exact <= Fraction(1, 2)


@given(debts, dates, numbers_of_days)
def test_a_longer_delay_never_costs_less(gross: Money, last_day: Date, days: int) -> None:
    before, after = late(gross, last_day, days), late(gross, last_day, days + 1)
    assert before.interest <= after.interest
    assert before.fixed_sum == after.fixed_sum <= before.total


@given(debts, debts, dates, numbers_of_days)
def test_a_greater_debt_never_costs_less(one: Money, other: Money, last_day: Date, days: int) -> None:
    less, more = (late(gross, last_day, days) for gross in sorted((one, other)))
    assert less.interest <= more.interest
    assert less.fixed_sum <= more.fixed_sum


@given(debts, dates, numbers_of_days, numbers_of_days)
def test_interest_is_simple(gross: Money, last_day: Date, first: int, then: int) -> None:
    """Two delays cost, to the penny, what one of their length does: there is no interest on interest."""
    apart = late(gross, last_day, first).interest.pence + late(gross, last_day, then).interest.pence
    assert abs(late(gross, last_day, first + then).interest.pence - apart) <= 1


# --- The rates as they are written ---------------------------------------------------------------------------------


def test_rates_are_read_back_as_they_are_written() -> None:
    assert BaseRates.model_validate_json(RATES.model_dump_json()) == RATES


def test_what_is_owed_is_written_with_its_rate_and_its_total() -> None:
    """Fails when programs have to add 8 to the base rate, and the fixed sum to the interest, themselves."""
    written = by("2026-01-31", "2026-03-02", "2400.00").model_dump(mode="json")
    assert (written["rate"], written["interest"], written["fixed_sum"], written["total"]) == (
        "11.75",
        "23.18",
        "70.00",
        "93.18",
    )


@pytest.mark.parametrize("second", [Date(2009, 3, 5), Date(2009, 3, 4)])
def test_changes_out_of_order_or_twice_are_refused(second: Date) -> None:
    changes = tuple(RateChange(on=on, rate=Decimal(1)) for on in (Date(2009, 3, 5), second))
    with pytest.raises(ValidationError, match=f"has {second} after 2009-03-05: put the dates in order"):
        BaseRates(changes=changes, complete_until=Date(2025, 12, 31))


def test_rates_cannot_be_complete_until_a_day_before_the_last_of_them() -> None:
    with pytest.raises(ValidationError, match="before the last change: write 2025-12-18 or a later day"):
        BaseRates(changes=RATES.changes, complete_until=Date(2025, 12, 17))
