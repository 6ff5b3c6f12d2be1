"""The reasons of banks: in words, and with account numbers masked."""

from __future__ import annotations

import pytest

from gateways.banking.reasons import _REASONS, masked


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Account 31926819 at 60-16-13 closed", "Account •••• at •••• closed"),
        ("Account 31 92 68 19 closed", "Account •••• closed"),
        ("GB33BUKB20201555555555 had it", "•••• had it"),
        ("gb33 bukb 2020 1555 5555 55 had it", "gb33 bukb •••• had it"),
        ("FR14 2004 1010 0505 0001 3M02 606", "FR••••"),
        ("Sent on 2026-11-30 at 12:15, 3 of 4 for 2400.00", "Sent on 2026-11-30 at 12:15, 3 of 4 for 2400.00"),
        ("FF01 FILE SENT TWICE", "FF01 FILE SENT TWICE"),
    ],
)
def test_account_numbers_in_a_banks_words_are_masked_and_nothing_else(words: str, shown: str) -> None:
    assert masked(words) == shown


def test_every_reason_has_words_of_its_own() -> None:
    assert all(len(code) == 4 and code.isupper() for code in _REASONS)
    assert len(set(_REASONS.values())) == len(_REASONS)
