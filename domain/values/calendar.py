"""Dates as people mean them: durations in a time zone, ends of days, working days, and how dates are shown.

The parts of the service exchange only absolute `Instant`s. A time zone is needed only to compute an instant from a
calendar rule, or to show an instant to people.
"""

from __future__ import annotations

import datetime
import re
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    PlainValidator,
)
from pydantic_core import CoreSchema, core_schema
from whenever import Date as Date
from whenever import (
    Instant,
    ItemizedDelta,
    OffsetDateTime,
    PlainDateTime,
    RepeatedTime,
    SkippedTime,
    Time,
    TimeDelta,
    ZonedDateTime,
)

from .places import Holidays, known_zone
from .written_times import MONTHS, WEEKDAYS, WrittenTime, parse, read_day

_A_LEAP_DAY = ZonedDateTime(2016, 2, 29, tz="UTC")
_TOO_LONG = _A_LEAP_DAY.add(years=30)


def _read_duration(value: object) -> ItemizedDelta:
    if isinstance(value, ItemizedDelta):
        return value
    try:
        duration = ItemizedDelta.parse_iso(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError("is not a duration: write ISO 8601 such as P2W, P3M or PT0S") from None
    if duration.sign() < 0:
        raise ValueError("is a negative duration: leave out the minus")
    try:
        too_long = _A_LEAP_DAY.add(duration) > _TOO_LONG
    except ValueError:  # beyond the last year that the calendar has
        too_long = True
    if too_long:
        raise ValueError("is longer than 30 years: write a shorter one")
    return duration


Duration = Annotated[
    ItemizedDelta,
    PlainValidator(_read_duration, json_schema_input_type=str),
    PlainSerializer(ItemizedDelta.format_iso, return_type=str),
    Field(json_schema_extra={"pattern": "^P"}, examples=["P2W", "P3M"]),
]


class WorkingDays:
    """A number of working days, written "10 working days"; at least one.

    Args:
        number: how many.
    """

    _FORM = re.compile(r"([1-9][0-9]{0,2}) working days?")

    def __init__(self, number: int) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WorkingDays) and other.number == self.number

    def __hash__(self) -> int:
        return hash(self.number)

    def __str__(self) -> str:
        return f"{self.number} working day{'s' if self.number > 1 else ''}"

    def __repr__(self) -> str:
        return f"WorkingDays({self.number})"

    @classmethod
    def parse(cls, text: str) -> WorkingDays:
        """Reads "10 working days".

        Raises:
            ValueError: `text` is not a number of working days.
        """
        match = cls._FORM.fullmatch(text)
        if match is None:
            raise ValueError('is not a number of working days: write it such as "10 working days"')
        return cls(int(match[1]))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            lambda value: value if isinstance(value, WorkingDays) else cls.parse(str(value)),
            serialization=core_schema.to_string_ser_schema(),
            json_schema_input_schema=core_schema.str_schema(pattern=f"^{cls._FORM.pattern}$"),
        )


def _read_time_allowed(value: object) -> ItemizedDelta | WorkingDays:
    if isinstance(value, WorkingDays):
        return value
    if isinstance(value, str) and "working" in value:
        return WorkingDays.parse(value)
    try:
        return _read_duration(value)
    except ValueError as error:
        raise ValueError(f'{error}, or "10 working days"') from None


def _written_time_allowed(value: ItemizedDelta | WorkingDays) -> str:
    return str(value) if isinstance(value, WorkingDays) else value.format_iso()


TimeAllowed = Annotated[
    ItemizedDelta | WorkingDays,
    PlainValidator(_read_time_allowed, json_schema_input_type=str),
    PlainSerializer(_written_time_allowed, return_type=str),
    Field(
        json_schema_extra={"pattern": f"^P|^{WorkingDays._FORM.pattern}$"},
        examples=["10 working days", "P2W"],
    ),
]


_DAYS = {"years": 365, "months": 30, "weeks": 7, "days": 1}
_DAYS_IN_A_WORKING_DAY = Fraction(7, 5)


def days_in(allowed: ItemizedDelta | WorkingDays) -> Fraction:
    """About how many days a time has, to compare two times: a month counts 30, and five working days count 7."""
    if isinstance(allowed, WorkingDays):
        return allowed.number * _DAYS_IN_A_WORKING_DAY
    date, time = allowed.date_and_time_parts()
    days = sum(_DAYS[unit] * number for unit, number in (date or {}).items())
    return days + Fraction(time.total("nanoseconds") if time else 0) / (24 * 60 * 60 * 10**9)


def later(start: Instant, allowed: ItemizedDelta | WorkingDays, zone: str, off: Holidays) -> Instant:
    """When a time that begins at `start` is over, by the calendar of a place.

    Months and days keep the local time of day (three months from 22 August 17:00 is 22 November 17:00 in Edinburgh);
    a day that the month lacks becomes its last. A local time that summer time skips moves forward by the skipped
    hour; where a local time occurs twice, the first counts. Working days end at the end of the last working day.

    Args:
        start: when the time begins.
        allowed: calendar duration or working days.
        zone: tz database name of the place.
        off: the public holidays, which are not working days.
    """
    local = start.to_tz(zone)
    if isinstance(allowed, WorkingDays):
        return end_of_day(working_days_later(day_of(start, zone), allowed.number, off), zone)
    return local.add(allowed, disambiguation="compatible").to_instant()


def earlier(end: Instant, before: ItemizedDelta, zone: str) -> Instant:
    """The instant that is a calendar duration before `end`, in a place; see `later`."""
    return end.to_tz(zone).subtract(before, disambiguation="compatible").to_instant()


def pushed_back(deadline: Instant, held: Instant, resumed: Instant, zone: str) -> Instant:
    """The new deadline of a challenge that was on hold: later by the length of the hold, measured on the local clock.

    A month's hold across the end of summer time moves a deadline at 17:00 to another 17:00.

    Args:
        deadline: as it stood when the hold began.
        held: when the hold began.
        resumed: when it ended.
        zone: tz database name of the place.
    """

    def wall(instant: Instant) -> datetime.datetime:
        return instant.to_tz(zone).to_plain().to_stdlib()

    moved = wall(deadline) + (wall(resumed) - wall(held))
    later_on = max(PlainDateTime(moved).assume_tz(zone, disambiguation="compatible").to_instant(), deadline)
    # If the clocks went back during the hold, local time alone could put the deadline before the resumption.
    return later_on if later_on > resumed else resumed + (deadline - held)


def end_of_period(start: Instant, lasts: ItemizedDelta | WorkingDays, zone: str, off: Holidays) -> Instant:
    """When a period is over, counted as statutes count: the day of `start` is the first day of the period.

    30 days that begin with 1 September end at the last instant of 30 September, at whatever time of day `start` is.
    Working days, and times that include hours, are counted as in `later`, because no statute uses them.

    Args:
        start: an instant of the first day.
        lasts: how long it is.
        zone: tz database name of the place.
        off: the public holidays.
    """
    days, hours = (None, None) if isinstance(lasts, WorkingDays) else lasts.date_and_time_parts()
    if not days or not days.sign() or hours:
        return later(start, lasts, zone, off)
    return end_of_day(day_of(start, zone).add(days).subtract(days=1), zone)


def day_of(instant: Instant, zone: str) -> Date:
    """The day of an instant, in a place. Midnight belongs to the day that it ends."""
    return instant.to_tz(zone).subtract(nanoseconds=1).date()


def end_of_day(day: Date, zone: str) -> Instant:
    """When a day is over, in a place: the first instant of the next day."""
    return day.add(days=1).at(Time()).assume_tz(zone, disambiguation="compatible").to_instant()


def working_days_later(day: Date, number: int, off: Holidays) -> Date:
    """The last of `number` working days after `day`; weekends and public holidays do not count.

    Args:
        day: the day after which counting starts.
        number: how many working days, at least 1.
        off: the public holidays.
    """
    while number > 0:
        day = day.add(days=1)
        if day.day_of_week().value <= 5 and day not in off.days:
            number -= 1
    return day


def moment(written: str | datetime.date | datetime.datetime, zone: str) -> Instant:
    """The instant that a person means by a date, or a date and time, in a place.

    Args:
        written: a date ("2016-08-01", meaning the end of that day), a local date and time ("2016-08-01T17:00"), or
            one with its offset or zone ("2016-08-01T17:00+01:00", "2016-08-01T16:00Z",
            "2016-08-01T18:00[Europe/Paris]"), or as this service shows it ("Monday 1 August 2016, 24:00 BST").
        zone: tz database name of the place that local times are in, if no other is written.

    Raises:
        ValueError: the text is not a date or time, the date does not exist, the clocks there skip or repeat the local
            time, offset and zone do not go together, or the year is before 2000 or after 2199.
    """
    read = parse(written.isoformat() if isinstance(written, datetime.date) else written)
    place = _place(read, zone)
    if read.offset:
        return _at_offset(read, place)
    if read.clock:
        return _by_the_clock_named(read, place)
    if read.time is None:
        return end_of_day(read.day, place)
    try:
        return read.local.assume_tz(place, disambiguation="raise").to_instant()
    except SkippedTime:
        raise ValueError(
            f"{read.text} does not exist in {place}, where clocks go forward: write another time"
        ) from None
    except RepeatedTime:
        example = read.local.assume_tz(place, disambiguation="earlier").to_fixed_offset().format_iso()
        raise ValueError(f"{read.text} occurs twice in {place}: write it with its offset, such as {example}") from None


def _read_instant(value: object) -> object:
    """What somebody typed into a message. The library would make second 60 into 59, and drop a zone that is none."""
    if not isinstance(value, str):
        return value
    if not (read := parse(value)).offset and not read.zone:
        raise ValueError("has no offset: write an instant such as 2027-08-09T23:00:00Z")
    return moment(value, "UTC").format_iso()  # still text: in JSON, the library reads nothing else


def _read_day(value: object) -> object:
    return read_day(value).format_iso() if isinstance(value, str) else value


WrittenInstant = Annotated[
    Instant, BeforeValidator(_read_instant), Field(description="an instant such as 2027-08-09T23:00:00Z")
]
WrittenDay = Annotated[Date, BeforeValidator(_read_day), Field(description="a day such as 2016-09-20")]
"""For messages, which people may type."""


def opening(written: str | datetime.date | datetime.datetime, zone: str) -> Instant:
    """Like `moment`, for the beginning of a time: a date alone means the start of that day.

    Raises:
        ValueError: see `moment`.
    """
    read = parse(written.isoformat() if isinstance(written, datetime.date) else written)
    instant = moment(written, zone)
    return end_of_day(read.day.subtract(days=1), _place(read, zone)) if read.is_day else instant


def _place(read: WrittenTime, zone: str) -> str:
    try:
        return known_zone(read.zone) if read.zone else zone
    except ValueError as error:
        raise ValueError(f"{read.text!r}: {read.zone} {error}") from None


def _at_offset(read: WrittenTime, place: str) -> Instant:
    """The instant of a time with its offset. A zone that is written beside the offset must have this offset then."""
    try:
        instant = OffsetDateTime.parse_iso(f"{read.local.format_iso()}{read.offset.upper()}").to_instant()
    except ValueError:
        raise ValueError(f"{read.text!r} has an offset that no clock has: write one such as +01:00 or Z") from None
    known = instant.to_tz(place)
    if read.zone and read.offset not in ("Z", "z") and known.to_plain() != read.local:
        offset = known.to_fixed_offset().format_iso()[-6:]
        raise ValueError(
            f"{read.text!r} has an offset that {place} does not have then: write the offset or the zone alone; "
            f"the offset there is {offset}"
        )
    if read.clock and (known.to_plain(), known.tz_abbrev()) != (read.local, read.clock):
        raise ValueError(f"{read.text!r} has an offset, and {read.clock} is another: write only one of the two")
    return instant


def _by_the_clock_named(read: WrittenTime, place: str) -> Instant:
    """The instant of a local time with the abbreviation of its zone, as this service shows it."""
    # A day ends on the clock that the day had, although the clock may change at that very instant.
    ways: tuple[Literal["earlier", "later"], ...] = ("earlier", "later")
    for disambiguation in ways:
        there = read.local.assume_tz(place, disambiguation=disambiguation)
        shown = there.subtract(nanoseconds=1) if there.time() == Time() else there
        if there.to_plain() == read.local and read.clock in (shown.tz_abbrev(), there.tz_abbrev()):
            return there.to_instant()
    clock = read.local.assume_tz(place, disambiguation="compatible").tz_abbrev()
    raise ValueError(f"{read.text!r} is not a time in {place}, whose clock is {clock} then: write an offset such as Z")


def spoken(instant: Instant, zone: str, *, begins: bool = False) -> str:
    """An instant as a person reads it, with its zone: "Monday 22 August 2016, 17:00 BST".

    Midnight is shown as 24:00 of the day that it ends, because a closing date means that. Seconds are rounded down
    and shown only if they are not zero.

    Args:
        instant: what is shown.
        zone: tz database name of the place.
        begins: whether something begins then, such as a window that opens. Midnight is then shown as 00:00.
    """
    local = instant.to_tz(zone)
    if local.time() == Time() and not begins:
        ended = local.subtract(nanoseconds=1)
        return f"{spoken_day(ended.date())}, 24:00 {ended.tz_abbrev()}"
    clock = f"{local.hour:02d}:{local.minute:02d}" + (
        f":{local.second:02d}" if local.second or local.nanosecond else ""
    )
    return f"{spoken_day(local.date())}, {clock} {local.tz_abbrev()}"


def spoken_day(day: Date) -> str:
    """A day as a person reads it: "Monday 22 August 2016"."""
    return f"{WEEKDAYS[day.day_of_week().value - 1]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def lasting(seconds: float) -> ItemizedDelta:
    """A duration of a number of seconds, exact to the microsecond."""
    whole, rest = divmod(round(seconds * 1_000_000), 1_000_000)
    return ItemizedDelta(seconds=whole, nanoseconds=rest * 1000)


def seconds_between(start: Instant, end: Instant) -> float:
    """Elapsed seconds from `start` to `end`; negative if `end` comes first."""
    gap: TimeDelta = end - start
    return gap.total("seconds")
