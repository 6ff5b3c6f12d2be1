"""Time zones and public holidays are those of the tz list and of countries, wherever the service runs."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from whenever import Date, Instant

from domain.values.places import Holidays, WrittenHolidays, Zone

SCOTLAND = Holidays.of("GB-SCT")


@pytest.mark.parametrize("name", ["Europe/London", "America/Argentina/Buenos_Aires", "Asia/Kolkata", "Etc/UTC", "UTC"])
def test_a_time_zone_is_a_name_of_the_tz_list(name: str) -> None:
    assert TypeAdapter(Zone).validate_python(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("Europe/Edinburgh", "../../etc/passwd", "", "Europe/", "europe/london", " Europe/London"),
        *(
            "right/Europe/London",
            "posix/Europe/London",
            "posixrules",
            "localtime",
            "Factory",
            "BST",
            "+01:00",
            "tzdata.zi",
        ),
    ],
)
def test_what_only_a_machine_knows_is_no_time_zone(name: str) -> None:
    """Fails when a machine's own files are looked at: some count leap seconds, and `localtime` is another anywhere."""
    with pytest.raises(ValidationError, match="is not a time zone: write one as in the tz database"):
        TypeAdapter(Zone).validate_python(name)


@pytest.mark.parametrize("code", ["GB", "GB-SCT", "GB-NIR", "DE-BY", "US", "US-CA", "IE", "FR", "CA-QC", "IN", "LK"])
def test_holidays_are_those_of_a_country_or_of_a_part_of_it(code: str) -> None:
    """India and Sri Lanka too, of which the package knows fewer years than the service keeps of others."""
    assert len(Holidays.of(code).days) > 50


@pytest.mark.parametrize(
    "code",
    [
        *("GB-EDI", "", "GB-", "-SCT", "Scotland", "gb-sct", "GB-SCT-", "GB--SCT", "XX"),
        *(
            "utils",
            "HolidayBase",
            "HolidaySum",
            "NYSE",
            "XNYS",
            "ECB",
            "UnitedKingdom",
            "registry",
            "constants",
            "__doc__",
        ),
    ],
)
def test_what_is_no_country_has_no_holidays(code: str) -> None:
    """Fails when a name is looked up in the package, which has markets, classes and modules beside the countries."""
    with pytest.raises(
        ValidationError, match="has no known holidays: write a country, or country-part, such as GB-SCT"
    ):
        TypeAdapter(WrittenHolidays).validate_python(code)


def test_the_holidays_that_a_challenge_is_frozen_with_are_those_it_can_meet_and_are_read_back() -> None:
    """Fails when the days are looked up again where a challenge goes on, or fewer than its own years are kept."""
    frozen = SCOTLAND.around(Instant("2016-07-06T08:00Z"))
    assert {day.year for day in frozen.days} == {2016, 2017, 2018, 2019, 2020, 2021}
    assert Date(2016, 8, 1) in frozen.days
    adapter: TypeAdapter[Holidays] = TypeAdapter(WrittenHolidays)
    assert adapter.validate_json(adapter.dump_json(frozen)) == frozen
    assert adapter.validate_python("GB-SCT") == SCOTLAND


@pytest.mark.parametrize(
    ("code", "opens", "years"),
    [
        ("GB-SCT", "2016-07-06T08:00Z", range(2016, 2022)),
        ("GB-SCT", "2058-01-01T12:00Z", range(2058, 2061)),
        ("GB-SCT", "2008-01-01T12:00Z", range(2009, 2014)),
        ("GB-SCT", "2027-01-01T11:59Z", range(2026, 2033)),
        ("GB-SCT", "2061-01-04T09:00Z", range(2061, 2061)),
        ("LK", "2025-01-01T12:00Z", range(2025, 2027)),
        ("IN", "2033-01-01T12:00Z", range(2033, 2036)),
    ],
)
def test_the_years_of_a_challenge_are_those_that_it_is_frozen_with_and_that_are_known(
    code: str, opens: str, years: Any
) -> None:
    assert list(Holidays.of(code).years_around(Instant(opens))) == list(years)
