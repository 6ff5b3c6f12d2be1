"""What a place decides about dates: its time zone and its public holidays."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Annotated

import holidays
from pydantic import AfterValidator, BeforeValidator, Field
from whenever import Date, Instant

from .model import Value

_YEARS = range(2009, 2061)
"""The years of the holidays that the service keeps. Some countries are known for fewer years."""

_FROZEN_FOR = 5
"""How many years after that of its opening a challenge keeps the holidays of."""

_NO_PLACE = "Factory"
"""A name of the tz list for a clock that was never set."""

_ZONES = frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split()) - {_NO_PLACE}
"""The names of the tz list, as the locked package has them. A machine has other names too, such as `localtime`."""


def known_zone(name: str) -> str:
    """The name of a time zone, if it is one.

    Raises:
        ValueError: the tz list has no such name.
    """
    if name not in _ZONES:
        raise ValueError("is not a time zone: write one as in the tz database, such as Europe/London")
    return name


Zone = Annotated[str, AfterValidator(known_zone), Field(examples=["Europe/London"])]


class Holidays(Value):
    """The public holidays of a place. Files name the place by its code.

    Each challenge keeps the days themselves, with the rest of its programme. So a newer calendar of holidays never
    moves a deadline that people were told.

    Args:
        code: country or country-part, such as "GB-SCT" (Scotland).
        days: the holidays, in order.
    """

    code: str
    days: tuple[Date, ...]

    @classmethod
    def of(cls, code: str) -> Holidays:
        """The holidays of a place for a lifetime of programmes.

        Raises:
            ValueError: the code is not that of a country or of a part of a country, or no holidays are known there.
        """
        return cls(code=code, days=tuple(sorted({day for _, days in _by_year(code) for day in days})))

    def around(self, instant: Instant) -> Holidays:
        """The holidays that matter to a challenge that opens at this instant: those of that year and the next five."""
        years = _frozen_years(instant)
        return Holidays(code=self.code, days=tuple(day for day in self.days if day.year in years))

    def years_around(self, instant: Instant) -> range:
        """The years of `around` whose holidays are known. No working day can be counted in another year."""
        frozen, known = _frozen_years(instant), [year for year, _ in _by_year(self.code)]
        return range(max(frozen.start, known[0]), min(frozen.stop, known[-1] + 1))


def _frozen_years(instant: Instant) -> range:
    # On New Year's Day in UTC, the old year still has hours to go farther west.
    first, last = (each.to_tz("UTC").year for each in (instant.subtract(hours=12), instant))
    return range(first, last + _FROZEN_FOR + 1)


@cache
def _by_year(code: str) -> tuple[tuple[int, tuple[Date, ...]], ...]:
    """The holidays of a place in each year for which they are known, in order."""
    country, hyphen, part = code.partition("-")
    # The package also has calendars of markets and classes of its own under such names.
    if country in holidays.list_supported_countries() and bool(part) == bool(hyphen):
        try:
            if known := tuple(_read(country, part)):
                return known
        except NotImplementedError:  # there is no such part
            pass
    raise ValueError("has no known holidays: write a country, or country-part, such as GB-SCT")


def _read(country: str, part: str) -> Iterator[tuple[int, tuple[Date, ...]]]:
    bounds = holidays.country_holidays(country, subdiv=part or None)
    for year in _YEARS:
        if not bounds.start_year <= year <= bounds.end_year:
            continue
        with warnings.catch_warnings():
            # So the package says that it lacks most of a year's holidays.
            warnings.simplefilter("error", UserWarning)
            try:
                days = holidays.country_holidays(country, subdiv=part or None, years=year)
            except UserWarning:
                continue
        yield year, tuple(map(Date, days))


def _read_holidays(value: object) -> object:
    return Holidays.of(value) if isinstance(value, str) else value


WrittenHolidays = Annotated[
    Holidays, BeforeValidator(_read_holidays, json_schema_input_type=str), Field(examples=["GB-SCT"])
]
