"""The official rates that come with the service, and what is said of a file of them that is wrong."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from whenever import Date

from desk.base_rates import RATES, load_base_rates
from domain.values.refusals import FileRefused

# What creditors' guides list as the reference rate of each half-year: not made from the file that it is held against.
PUBLISHED = {
    "2010-01-01": "0.50",
    "2016-07-01": "0.50",
    "2017-01-01": "0.25",
    "2017-07-01": "0.25",
    "2018-01-01": "0.50",
    "2018-07-01": "0.50",
    "2019-01-01": "0.75",
    "2020-01-01": "0.75",
    "2020-07-01": "0.10",
    "2021-07-01": "0.10",
    "2022-01-01": "0.25",
    "2022-07-01": "1.25",
    "2023-01-01": "3.50",
    "2023-07-01": "5.00",
    "2024-01-01": "5.25",
    "2024-07-01": "5.25",
    "2025-01-01": "4.75",
    "2025-07-01": "4.25",
    "2026-01-01": "3.75",
}


@pytest.mark.parametrize(("late_since", "rate"), PUBLISHED.items())
def test_the_rates_that_come_with_the_service_are_those_that_were_published(late_since: str, rate: str) -> None:
    found = load_base_rates().rate_for(Date(late_since))
    assert (found.rate, found.certain) == (Decimal(rate), True)


def test_what_the_rates_do_not_cover_is_not_certain() -> None:
    assert not load_base_rates().rate_for(Date(2026, 7, 1)).certain


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "on = 2016-08-04",
            "on = 2008-08-04",
            "changes: has 2008-08-04 after 2009-03-05: put the dates in order, each of them once",
        ),
        (
            "on = 2016-08-04",
            "on = 2009-03-05",
            "changes: has 2009-03-05 after 2009-03-05: put the dates in order, each of them once",
        ),
        ('rate = "0.25"', 'rate = "25.01"', 'changes[2].rate = "25.01": is over 25: write 25 or less'),
        ('rate = "0.25"', 'rate = "-0.25"', 'changes[2].rate = "-0.25": is below 0: write 0 or more'),
        ('rate = "0.25"', 'rate = "low"', 'changes[2].rate = "low": write a number in quotes, such as "20"'),
        ('rate = "0.25"', 'rate = "NaN"', 'changes[2].rate = "NaN": write a number in quotes, such as "20"'),
        ("on = 2016-08-04", 'on = "soon"', 'changes[2].on = "soon": is not a date: write it such as 2025-12-18'),
        (
            "on = 2016-08-04",
            "on = 2016-08-04T12:00:00",
            "changes[2].on = 2016-08-04T12:00:00: is not a date: write it such as 2025-12-18",
        ),
        ('rate = "0.25"', 'rte = "0.25"', 'changes[2].rte = "0.25": unknown key: did you mean rate?'),
        (', rate = "0.25"', "", 'changes[2].rate: missing: add rate = "0.50"'),
        (
            "\ncomplete_until = 2025-12-31",
            "\ncomplete_until = 2025-12-17",
            "complete_until = 2025-12-17: is before the last change: write 2025-12-18 or a later day",
        ),
        (
            "\ncomplete_until = 2025-12-31",
            '\ncomplete_until = 2025-12-31\nsource = "the Bank"',
            'source = "the Bank": unknown key: remove it; the known keys are changes, complete_until',
        ),
        (
            "\ncomplete_until = 2025-12-31",
            "\ncomplete_till = 2025-12-31",
            "complete_till = 2025-12-31: unknown key: did you mean complete_until?",
        ),
        (
            "\ncomplete_until = 2025-12-31",
            "\ncomplete_until = 2025-11-31",
            "line 9: complete_until = 2025-11-31: this date or time does not exist: write one that is in the calendar",
        ),
    ],
)
def test_a_wrong_file_is_refused_by_key_value_and_remedy(tmp_path: Path, old: str, new: str, line: str) -> None:
    path = tmp_path / "base-rates.toml"
    text = RATES.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(FileRefused) as refused:
        load_base_rates(path)
    assert f"{path}: {line}" in str(refused.value).splitlines()


def test_a_file_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "base-rates.toml"
    with pytest.raises(FileRefused, match="there is no such file"):
        load_base_rates(path)
    path.write_text("complete_until = 2025-12-31\nchanges = []\n", encoding="utf-8")
    with pytest.raises(FileRefused, match="changes: needs at least one: add it"):
        load_base_rates(path)
