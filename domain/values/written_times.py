"""Dates and times as people write them, and as this service shows them: read into their parts, and refused if wrong.

Files, commands and messages all read with `parse`, so they take the same forms. Nothing that somebody wrote is dropped:
a part that means nothing is refused.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from whenever import Date, PlainDateTime, Time

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""Always in English: a workflow must not depend on the machine's locale."""

_YEARS = range(2000, 2200)
_LONGEST = 100
_EXAMPLE = "write it such as 2016-08-01 or 2016-08-01T17:00"
_SPOKEN = re.compile(r"(?:(?P<weekday>[A-Za-z]+) )?(?P<day>[0-9]{1,2}) (?P<month>[A-Za-z]+) (?P<year>[0-9]{4})\b,?")
_FORM = re.compile(
    r"(?P<end>end of )?(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})"
    r"(?:[Tt ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,9}))?)?"
    r"(?P<offset>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
    r"(?:\[(?P<zone>[^\[\]]*)\])?(?: (?P<clock>[A-Za-z]{2,5}|[+-][0-9]{2,4}))?"
)


class WrittenTime(NamedTuple):
    """What somebody wrote.

    Args:
        text: as written, for refusals.
        day: the day.
        time: the time of day; None if the end of the day is meant.
        is_day: whether only a day is written. Its end is meant, unless something begins then.
        offset: such as "+01:00" or "Z"; empty if none is written.
        zone: the name in brackets; empty if none is written.
        clock: the zone's abbreviation as this service shows it, such as "BST"; empty if none is written.
    """

    text: str
    day: Date
    time: Time | None
    is_day: bool
    offset: str = ""
    zone: str = ""
    clock: str = ""

    @property
    def local(self) -> PlainDateTime:
        """The local time. The end of a day is the beginning of the next."""
        return self.day.add(days=1).at(Time()) if self.time is None else self.day.at(self.time)


def parse(written: str) -> WrittenTime:
    """Reads "2016-08-01", "2016-08-01T17:00", "2016-08-01 24:00:00+01:00[Europe/London]", "Monday 1 August 2016, 24:00
    BST" and the like.

    Raises:
        ValueError: the text is not a date or time, or is one that does not exist or is before 2000 or after 2199.
    """
    text = " ".join(written.split())
    match = _FORM.fullmatch(_in_figures(text)) if len(text) <= _LONGEST else None
    if match is None or (match["end"] and match["hour"]):
        raise ValueError(f"{text[:_LONGEST]!r} is not a date or time: {_EXAMPLE}")
    year = int(match["date"][:4])
    if year not in _YEARS:
        raise ValueError(f"{text} is not in the years {_YEARS[0]} to {_YEARS[-1]}: write the year that is meant")
    try:
        day = Date.parse_iso(match["date"])
    except ValueError:
        raise ValueError(f"{text!r} is not a date or time: {_EXAMPLE}") from None
    if match["zone"] == "":
        raise ValueError(f"{text!r} has empty brackets: write a time zone in them, or leave them out")
    is_day = match["hour"] is None
    time = None if is_day else _time(match, text)
    return WrittenTime(text, day, time, is_day, match["offset"] or "", match["zone"] or "", match["clock"] or "")


def read_day(written: str) -> Date:
    """Reads a day without a time, such as "2016-08-01".

    Raises:
        ValueError: see `parse`; or a time is written.
    """
    read = parse(written)
    if not read.is_day or read.zone or read.clock:
        raise ValueError(f"{read.text!r} is more than a date: write only the day, such as {read.day}")
    return read.day


def _in_figures(text: str) -> str:
    """A date in words, in figures: "Monday 1 August 2016, 24:00 BST" becomes "2016-08-01 24:00 BST"."""
    found = _SPOKEN.match(text)
    if found is None or found["month"].capitalize() not in MONTHS:
        return text
    day = f"{found['year']}-{MONTHS.index(found['month'].capitalize()) + 1:02}-{int(found['day']):02}"
    _check_weekday(found["weekday"], day, text)
    return f"{day}{text[found.end() :]}"


def _check_weekday(weekday: str | None, day: str, text: str) -> None:
    if not weekday:
        return
    try:
        real = WEEKDAYS[Date.parse_iso(day).day_of_week().value - 1]
    except ValueError:
        return  # `parse` refuses the date itself
    if weekday.capitalize() != real:
        raise ValueError(f"{text!r} does not exist, because {day} is a {real}: write the day that is meant")


def _time(match: re.Match[str], text: str) -> Time | None:
    """The time of day; None for 24:00, the end of the day."""
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    nanosecond = int((match["fraction"] or "0").ljust(9, "0"))
    if second == 60 and hour < 24 and minute < 60:
        raise ValueError(f"{text!r} has a second 60: write second 59, or the minute after it")
    if (hour, minute, second, nanosecond) == (24, 0, 0, 0):
        return None
    try:
        return Time(hour, minute, second, nanosecond=nanosecond)
    except ValueError:
        raise ValueError(f"{text!r} has no time of day that exists: write it from 00:00 to 24:00") from None
