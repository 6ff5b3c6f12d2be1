"""Dates, money and numbers on pages, in the language of whoever reads them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from whenever import Date, Instant, ItemizedDelta

from console import showing
from domain.programmes.pay import Pay
from domain.values.calendar import WorkingDays, end_of_day
from domain.values.money import Money, Vat
from domain.values.words import AsWritten, Language, speaking

AT_FIVE = Instant.from_utc(2016, 8, 1, 16)
LONDON = "Europe/London"


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        (LONDON, "Monday 1 August 2016, 5:00 pm (British Summer Time, UTC+1)"),
        ("UTC", "Monday 1 August 2016, 4:00 pm (UTC)"),
        ("Asia/Kolkata", "Monday 1 August 2016, 9:30 pm (India Standard Time, UTC+5:30)"),
        ("America/New_York", "Monday 1 August 2016, 12:00 pm (Eastern Daylight Time, UTC-4)"),
    ],
)
def test_a_moment_has_its_day_its_time_and_its_clock(zone: str, said: str) -> None:
    assert showing.moment(AT_FIVE.add(seconds=59), zone) == said
    assert showing.when(AT_FIVE, zone) == f'<time datetime="2016-08-01T16:00:00Z">{said}</time>'


def test_a_deadline_is_shown_to_the_second_and_the_end_of_a_day_as_that_days() -> None:
    """Fails when a deadline is rounded, or when midnight is shown as the beginning of the day after."""
    assert showing.deadline(AT_FIVE.add(seconds=7), LONDON).startswith("Monday 1 August 2016, 5:00:07 pm (")
    midnight = end_of_day(Date(2016, 8, 1), LONDON)
    assert showing.deadline(midnight, LONDON) == (
        "Monday 1 August 2016, midnight at the end of the day (British Summer Time, UTC+1)"
    )
    assert showing.deadline(midnight, LONDON, begins=True).startswith("Tuesday 2 August 2016, 12:00 am (")
    assert 'datetime="2016-08-01T23:00:00Z"' in showing.until(midnight, LONDON)


@pytest.mark.parametrize(
    ("lasts", "said"),
    [
        ("P12W", "12 weeks"),
        ("P2W", "2 weeks"),
        ("P1M", "1 month"),
        ("P1Y2DT1H", "1 year, 2 days, 1 hour"),
        ("PT0S", "no time"),
    ],
)
def test_a_duration_is_said_in_the_units_in_which_it_is_written(lasts: str, said: str) -> None:
    """Fails with Babel's own words, which make three months of twelve weeks."""
    assert showing.duration(ItemizedDelta.parse_iso(lasts)) == said
    assert showing.duration(WorkingDays(10)) == "10 working days"


def test_money_has_pence_only_where_there_are_some() -> None:
    assert showing.money(Money(200000)) == "£2,000"
    assert showing.money(Money(200050)) == "£2,000.50"
    assert showing.money(Money(200000), "EUR") == "€2,000"
    assert showing.money(Money(200000), "SEK") == "SEK\N{NO-BREAK SPACE}2,000"
    assert showing.fee(Pay(fixed=Money(200000), vat=Vat.ADDED)) == "£2,000 plus VAT"
    assert showing.fee(Pay(agreed_up_to=Money(5000000))) == "up to £50,000"
    assert showing.number(Decimal("12500.5")) == "12,500.5"


def test_another_language_has_its_own_names_numbers_and_patterns() -> None:
    class Words(AsWritten):
        def gettext(self, message: str, /) -> str:
            return {"EEEE d MMMM y": "EEEE, d. MMMM y", "h:mm a": "HH:mm 'Uhr'"}.get(message, message)

    with speaking(Language("de", Words())):
        assert showing.day(AT_FIVE, LONDON) == "Montag, 1. August 2016"
        assert showing.moment(AT_FIVE, LONDON) == "Montag, 1. August 2016, 17:00 Uhr (Britische Sommerzeit, UTC+1)"
        assert showing.money(Money(200050), "EUR") == "2.000,50\N{NO-BREAK SPACE}€"
        assert showing.number(12500) == "12.500"
    assert showing.number(12500) == "12,500"
