"""Dates are those that people in a place mean, and are shown as they are enforced (invariant 9)."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from whenever import Date, Instant, ItemizedDelta, TimeDelta

from domain.values.calendar import (
    Duration,
    TimeAllowed,
    WorkingDays,
    earlier,
    end_of_day,
    end_of_period,
    lasting,
    later,
    moment,
    pushed_back,
    spoken,
    working_days_later,
)
from domain.values.places import Holidays
from tests.domain.moments import days, instants, lengths, zones

EDINBURGH = "Europe/London"
SCOTLAND, ENGLAND = Holidays.of("GB-SCT"), Holidays.of("GB-ENG")


def in_edinburgh(written: str) -> Instant:
    return moment(written, EDINBURGH)


def after(written: str, allowed: str, zone: str = EDINBURGH) -> Instant:
    duration: ItemizedDelta | WorkingDays = TypeAdapter(TimeAllowed).validate_python(allowed)
    return later(moment(written, zone), duration, zone, SCOTLAND)


def test_three_months_from_22_august_17_00_is_22_november_17_00_in_edinburgh() -> None:
    """Fails when `later` adds to the instant, or to UTC, instead of the local time."""
    assert after("2016-08-22T17:00", "P3M") == in_edinburgh("2016-11-22T17:00") == Instant("2016-11-22T17:00Z")


@pytest.mark.parametrize(
    ("start", "allowed", "end"),
    [
        ("2016-11-30T12:00", "P3M", "2017-02-28T12:00"),
        ("2015-11-30T12:00", "P3M", "2016-02-29T12:00"),
        ("2016-02-29T12:00", "P1Y", "2017-02-28T12:00"),
        ("2016-08-31T12:00", "P1M", "2016-09-30T12:00"),
        ("2016-12-31T12:00", "P2W", "2017-01-14T12:00"),
    ],
)
def test_a_day_that_the_month_lacks_becomes_its_last(start: str, allowed: str, end: str) -> None:
    assert after(start, allowed) == in_edinburgh(end)


def test_a_time_that_summer_time_skips_moves_forward_by_the_hour() -> None:
    assert after("2016-03-13T01:30", "P2W") == in_edinburgh("2016-03-27T02:30")


def test_a_time_that_occurs_twice_is_the_first() -> None:
    assert after("2016-10-16T01:30", "P2W") == in_edinburgh("2016-10-30T01:30+01:00")


def test_a_day_across_the_change_of_the_clock_keeps_the_hour_and_exact_hours_do_not() -> None:
    assert after("2016-10-29T12:00", "P1D") == in_edinburgh("2016-10-30T12:00")
    assert after("2016-10-29T12:00", "PT24H") == in_edinburgh("2016-10-30T11:00")
    assert after("2016-03-26T12:00", "P1D") - in_edinburgh("2016-03-26T12:00") == TimeDelta(hours=23)


@given(instants(), st.integers(0, 40), zones())
def test_days_and_reminders_before_them_keep_the_time_of_day(start: Instant, days: int, zone: str) -> None:
    end = later(start, ItemizedDelta(days=days), zone, SCOTLAND)
    local, ended = start.to_tz(zone), end.to_tz(zone)
    assert ended.date() == local.date().add(days=days)
    wanted = local.date().add(days=days).at(local.time()).assume_tz(zone, disambiguation="compatible").to_plain()
    assert ended.to_plain() == wanted
    assume(wanted.time() == local.time())
    assert earlier(end, ItemizedDelta(days=days), zone).to_tz(zone).time() == local.time()


@given(instants(), st.integers(0, 36), st.integers(0, 36), zones())
def test_more_time_never_ends_earlier(start: Instant, less: int, more: int, zone: str) -> None:
    first, second = sorted((less, more))
    ends = [later(start, ItemizedDelta(months=months), zone, SCOTLAND) for months in (first, second)]
    assert start <= ends[0] <= ends[1]


def test_the_end_of_a_day_is_the_first_instant_of_the_next() -> None:
    assert end_of_day(Date(2016, 8, 1), EDINBURGH) == Instant("2016-08-01T23:00Z")
    assert end_of_day(Date(2016, 10, 30), EDINBURGH) == Instant("2016-10-31T00:00Z")
    assert end_of_day(Date(2016, 2, 28), EDINBURGH) == Instant("2016-02-29T00:00Z")


def test_a_day_whose_midnight_summer_time_skips_ends_when_the_next_one_begins() -> None:
    assert end_of_day(Date(2017, 10, 14), "America/Sao_Paulo") == Instant("2017-10-15T03:00Z")


def test_1_august_2016_is_a_holiday_in_scotland_and_not_in_england() -> None:
    friday = Date(2016, 7, 29)
    assert working_days_later(friday, 1, SCOTLAND) == Date(2016, 8, 2)
    assert working_days_later(friday, 1, ENGLAND) == Date(2016, 8, 1)


def test_st_andrews_day_and_the_second_of_january_are_no_working_days_in_scotland() -> None:
    assert working_days_later(Date(2016, 11, 29), 1, SCOTLAND) == Date(2016, 12, 1)
    assert working_days_later(Date(2014, 12, 31), 1, SCOTLAND) == Date(2015, 1, 5)


def test_ten_working_days_after_the_pilot_closes_end_on_15_august() -> None:
    assert after("2016-08-01", "10 working days") == in_edinburgh("2016-08-15")


def test_working_days_count_from_the_next_day_unless_a_day_has_just_ended() -> None:
    assert after("2016-08-02T09:00", "1 working day") == in_edinburgh("2016-08-03")
    assert after("2016-08-02T00:00", "1 working day") == in_edinburgh("2016-08-02")


PLACES = (SCOTLAND, ENGLAND, Holidays.of("DE-BY"), Holidays.of("US"))


@given(days(), st.integers(1, 60), st.sampled_from(PLACES))
def test_working_days_add_up_and_are_never_weekends(day: Date, number: int, place: Holidays) -> None:
    end = working_days_later(day, number, place)
    assert end.day_of_week().value <= 5
    assert end > day
    step = day
    for _ in range(number):
        step = working_days_later(step, 1, place)
    assert step == end


@pytest.mark.parametrize(
    ("start", "lasts", "end"),
    [
        # The day itself is the first of the 30, whatever time it is; midnight is still the day before.
        ("2026-09-01T09:00", "P30D", "2026-09-30"),
        ("2026-09-01T23:59", "P30D", "2026-09-30"),
        ("2026-09-02T00:00", "P30D", "2026-09-30"),
        ("2026-09-02T00:01", "P30D", "2026-10-01"),
        ("2026-10-01T12:00", "P30D", "2026-10-30"),
        ("2026-02-01T12:00", "P1M", "2026-02-28"),
        ("2026-02-02T12:00", "P2W", "2026-02-15"),
        # Nothing that a statute counts.
        ("2026-09-01T09:00", "PT12H", "2026-09-01T21:00"),
        ("2026-09-01T09:00", "P0D", "2026-09-01T09:00"),
        ("2026-09-01T09:00", "2 working days", "2026-09-03"),
    ],
)
def test_a_period_that_begins_with_a_day_has_it_for_its_first(start: str, lasts: str, end: str) -> None:
    """Fails when days are counted from the day after, which gives a debtor one day more than the law."""
    allowed: ItemizedDelta | WorkingDays = TypeAdapter(TimeAllowed).validate_python(lasts)
    assert end_of_period(in_edinburgh(start), allowed, EDINBURGH, SCOTLAND) == in_edinburgh(end)


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2016-08-01", "2016-08-01T23:00Z"),
        ("2016-08-01T17:00", "2016-08-01T16:00Z"),
        (" 2016-08-01 17:00 ", "2016-08-01T16:00Z"),
        ("2016-08-01T17:00Z", "2016-08-01T17:00Z"),
        ("2016-08-01T17:00+02:00", "2016-08-01T15:00Z"),
        (datetime.date(2016, 12, 1), "2016-12-02T00:00Z"),
        (datetime.datetime(2016, 12, 1, 17, 0), "2016-12-01T17:00Z"),  # noqa: DTZ001 - a local time, as in a file
    ],
)
def test_a_moment_is_read_as_people_write_it(written: str | datetime.date, instant: str) -> None:
    assert moment(written, EDINBURGH) == Instant(instant)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("2016-02-30", "'2016-02-30' is not a date or time: write it such as 2016-08-01"),
        ("2016-02-30T12:00", "is not a date or time"),
        ("next week", "is not a date or time"),
        ("", "is not a date or time"),
        ("2016-08-01T24:01", "no time of day that exists: write it from 00:00 to 24:00"),
        ("2016-03-27T01:30", "does not exist in Europe/London, where clocks go forward"),
        (
            "2016-10-30T01:30",
            r"occurs twice in Europe/London: write it with its offset, such as .*T01:30:00\+01:00",
        ),
        ("0216-08-01", "is not in the years 2000 to 2199"),
        ("9999-12-31T23:59", "is not in the years 2000 to 2199"),
    ],
)
def test_what_is_no_moment_is_refused_with_the_remedy(written: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        moment(written, EDINBURGH)


def test_the_offset_that_is_proposed_for_a_time_that_occurs_twice_is_one_of_that_place() -> None:
    with pytest.raises(ValueError, match=r"2016-11-06T01:30:00-04:00"):
        moment("2016-11-06T01:30", "America/New_York")


@given(st.text(max_size=30), zones())
def test_any_text_is_a_moment_or_refused(text: str, zone: str) -> None:
    try:
        said = spoken(moment(text, zone), zone)
    except ValueError as refused:
        said = str(refused)
    assert ": write" in said or re.search(r"\b2[01]\d\d\b", said)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("2016-08-22T17:00", "Monday 22 August 2016, 17:00 BST"),
        ("2016-11-22T17:00", "Tuesday 22 November 2016, 17:00 GMT"),
        ("2016-08-01", "Monday 1 August 2016, 24:00 BST"),
        ("2016-10-30", "Sunday 30 October 2016, 24:00 GMT"),
        ("2016-08-22T17:00:05", "Monday 22 August 2016, 17:00:05 BST"),
        ("2016-08-22T17:00:00.5", "Monday 22 August 2016, 17:00:00 BST"),
    ],
)
def test_an_instant_is_shown_in_local_time_with_its_zone(written: str, shown: str) -> None:
    assert spoken(in_edinburgh(written), EDINBURGH) == shown


@given(instants(), instants(), zones())
def test_two_whole_minutes_are_shown_alike_only_if_they_are_the_same(a: Instant, b: Instant, zone: str) -> None:
    same = spoken(a, zone) == spoken(b, zone)
    assert same == (a == b)


def test_a_months_hold_across_the_end_of_summer_time_keeps_17_00_at_17_00() -> None:
    moved = pushed_back(
        in_edinburgh("2016-11-22T17:00"),
        in_edinburgh("2016-10-10T09:00"),
        in_edinburgh("2016-11-10T09:00"),
        EDINBURGH,
    )
    assert moved == in_edinburgh("2016-12-23T17:00")


def test_a_hold_of_minutes_while_clocks_go_back_does_not_bring_the_deadline_nearer() -> None:
    """Fails when a deadline is moved by the local clock alone, which goes backwards during this hold."""
    deadline = in_edinburgh("2016-11-22T17:00")
    held, resumed = in_edinburgh("2016-10-30T01:50+01:00"), in_edinburgh("2016-10-30T01:10+00:00")
    assert pushed_back(deadline, held, resumed, EDINBURGH) == deadline


@given(instants(), lengths(), lengths(), zones())
@example(Instant("2026-07-25T21:26:40Z"), 10_000_000, 10_000_000, "America/New_York")
def test_a_hold_never_takes_time_away(held: Instant, ahead: int, length: int, zone: str) -> None:
    """A deadline is moved by the local clock, give or take its changes: one in the hold, another after the deadline."""
    deadline, resumed = held.add(seconds=ahead), held.add(seconds=length)
    moved = pushed_back(deadline, held, resumed, zone)
    assert moved >= deadline
    assert abs((moved - deadline) - (resumed - held)) <= TimeDelta(hours=2)


@pytest.mark.parametrize("written", ["P2W", "P3M", "PT0S", "P1Y2M3DT4H5M6S", "PT0.5S", "10 working days"])
def test_a_time_allowed_is_read_back_from_what_is_written(written: str) -> None:
    """Fails when the JSON of a state cannot be read again: whenever's own schema takes only text there."""
    adapter: TypeAdapter[ItemizedDelta | WorkingDays] = TypeAdapter(TimeAllowed)
    value = adapter.validate_python(written)
    assert adapter.validate_json(adapter.dump_json(value)) == value
    assert adapter.validate_python(value) == value


def test_a_number_of_working_days_says_itself() -> None:
    assert str(WorkingDays(1)) == "1 working day"
    assert {WorkingDays.parse("10 working days"), WorkingDays(10)} == {WorkingDays(10)}
    assert repr(WorkingDays(10)) == "WorkingDays(10)"


@pytest.mark.parametrize(
    ("kind", "written", "problem"),
    [
        (Duration, "two weeks", "is not a duration: write ISO 8601"),
        (Duration, "-P1D", "negative"),
        (Duration, 14, "is not a duration"),
        (Duration, "P31Y", "longer than 30 years"),
        (Duration, "P9999Y", "longer than 30 years"),
        (TimeAllowed, "0 working days", "is not a number of working days"),
        (TimeAllowed, "10 days", 'or "10 working days"'),
        (TimeAllowed, "working", "is not a number of working days"),
    ],
)
def test_what_is_no_time_is_refused_with_the_remedy(kind: Any, written: object, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        TypeAdapter(kind).validate_python(written)


@given(st.floats(0, 10**7))
def test_an_exact_duration_lasts_its_seconds_to_the_microsecond(seconds: float) -> None:
    start = Instant("2016-01-01T00:00Z")
    ends = later(start, lasting(seconds), "UTC", SCOTLAND)
    assert abs((ends - start).total("seconds") - seconds) < 2e-6
