"""Who can be erased, and until when the accounts of payments are kept."""

from __future__ import annotations

import pytest
from whenever import Date

from domain.challenges.erasure import check_is_out
from domain.payments.retention import kept_until
from domain.values.refusals import TooEarly
from tests.domain.challenges import (
    ON_EVIDENCE,
    A,
    B,
    C,
    D,
    F,
    accelerating,
    completed,
    explored,
    exploring,
    in_instalments,
    sealed,
)


@pytest.mark.parametrize(
    ("paid", "until"),
    [
        ("2026-03-31", "2032-03-31"),
        ("2026-04-01", "2033-03-31"),
        ("2026-12-31", "2033-03-31"),
        ("2027-01-01", "2033-03-31"),
        ("2028-02-29", "2034-03-31"),
    ],
)
def test_accounts_are_kept_for_six_years_after_the_financial_year(paid: str, until: str) -> None:
    """Fails when the years are counted from the payment itself."""
    assert kept_until(Date(paid)) == Date(until)


def test_nobody_is_out_who_can_still_be_selected_paid_or_called_from_the_reserve() -> None:
    for state, those in ((sealed(), (A, F)), (exploring(), (A, C, D)), (explored(), (A, B)), (accelerating(), (A, B))):
        for team in those:
            with pytest.raises(TooEarly, match="withdraw"):
                check_is_out(state, team)
    with pytest.raises(TooEarly, match="may still show evidence"):
        check_is_out(explored(*in_instalments(ON_EVIDENCE)), C)


def test_whoever_was_not_selected_is_out_and_at_the_end_everybody_is() -> None:
    for state, team in ((exploring(), F), (accelerating(), C), (completed(), A), (completed(), F)):
        check_is_out(state, team)
