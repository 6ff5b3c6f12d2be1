"""One firm is found under names that are written differently, and others are left apart."""

from __future__ import annotations

import pytest

from domain.challenges.firm import firm_of


@pytest.mark.parametrize(
    "name", ["Tay & Sons Ltd", "TAY AND SONS LIMITED", " tay &  sons, ltd. ", "The Tay & Sons Co. Ltd", "Ｔａｙ & Sons"]
)
def test_a_firm_is_the_same_however_its_name_is_written(name: str) -> None:
    assert firm_of(name) == "tay and sons"


@pytest.mark.parametrize(
    ("name", "firm"),
    [
        ("Café Zoë GmbH", "cafe zoe"),
        ("O'Brien", "obrien"),
        ("Limited", "limited"),
        ("The", "the"),
        ("空気", "kongqi"),
        ("🚀", "rocket"),
        ("...", ""),
    ],
)
def test_what_is_left_of_a_name(name: str, firm: str) -> None:
    assert firm_of(name) == firm


def test_two_firms_are_not_one() -> None:
    names = ["Tay Ltd", "Tay Bridge Ltd", "Tay Sensors", "Forth Ltd"]
    assert len({firm_of(name) for name in names}) == len(names)
