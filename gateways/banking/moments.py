"""Dates and times in ISO 20022 messages, as XML Schema writes them."""

from __future__ import annotations

import re

from whenever import Date, Instant, OffsetDateTime, PlainDateTime

_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)T(?P<time>\d\d:\d\d:\d\d)(?P<fraction>\.\d+)?(?P<offset>Z|[+-]\d\d:\d\d)?", re.ASCII
)
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?", re.ASCII)
_MIDNIGHT = "24:00:00"
_NANOSECONDS = 10
"""The digits of a fraction that count, with its dot. XML Schema allows any number of digits."""


def instant_of(text: str, zone: str) -> Instant:
    """The instant of an xs:dateTime. White space around it is allowed, and so is 24:00:00, the end of a day.

    Args:
        text: with an offset, or in the bank's local time. A local time that the clock shows twice is the later one, and
            one that it skips is the one after the change: what a bank reports had certainly happened by then. Taken as
            too old, a report would change nothing, and nobody would see it.
        zone: the time zone of the bank's clock.

    Raises:
        ValueError: this is no such time, or one that nobody can place. Second 60 is no second of XML Schema.
    """
    found = _MOMENT.fullmatch(text.strip())
    if found is None or found["time"].endswith(":60"):
        raise ValueError("is not a time")
    ends = found["time"] == _MIDNIGHT and not (found["fraction"] or "").strip(".0")
    try:
        day = Date.parse_iso(found["day"]).add(days=int(ends))
        time = "00:00:00" if ends else found["time"] + (found["fraction"] or "")[:_NANOSECONDS]
        if found["offset"]:
            return OffsetDateTime.parse_iso(f"{day}T{time}{found['offset']}").to_instant()
        return PlainDateTime.parse_iso(f"{day}T{time}").assume_tz(zone, disambiguation="later").to_instant()
    except ValueError:
        raise ValueError("is not a time") from None


def day_of(text: str) -> Date:
    """The day of an xs:date, as the bank counts days. White space around it is allowed; an offset is left out.

    Raises:
        ValueError: this is no such day.
    """
    found = _DAY.fullmatch(text.strip())
    if found is None:
        raise ValueError("is not a day")
    try:
        return Date.parse_iso(found[1])
    except ValueError:
        raise ValueError("is not a day") from None
