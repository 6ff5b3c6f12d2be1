"""What payments report to their challenge, and what the ledger says: anybody who reaches Temporal can send the same."""

from __future__ import annotations

import pytest

from domain.challenges.state import OrderState
from domain.payments.payment import FAILED, PaymentStatus
from domain.payments.reports import LedgerSays, Report, Reports
from store.payments.reports import look_up
from tests.store.paying import Till
from tests.store.said import AIR, ROADS

_HOW = {PaymentStatus.SETTLED: OrderState.SETTLED, PaymentStatus.CANCELLED: OrderState.CANCELLED}


def asked(till: Till, how: OrderState, challenge: str = AIR, key: str = "") -> LedgerSays:
    """What the ledger says about one report."""
    report = Report(key=key or till.key, how=how)
    [answer] = look_up(till.database, Reports(challenge=challenge, reports=(report,))).answers
    assert answer.report == report
    return answer


@pytest.mark.parametrize("status", list(PaymentStatus))
@pytest.mark.parametrize("how", list(OrderState))
def test_a_report_is_so_only_if_the_ledger_says_the_same(till: Till, status: PaymentStatus, how: OrderState) -> None:
    """Fails when any status passes for under way: nobody reports a payment that has never come back."""
    till.brought_to(status)

    answer = asked(till, how)

    is_so = status in FAILED if how is OrderState.UNDER_WAY else _HOW.get(status) is how
    assert (answer.how, answer.was_so) == (_HOW.get(status, OrderState.UNDER_WAY), is_so)
    if not is_so:
        assert str(answer.refusal) == (
            f"{till.key} is said to be {how}, and the ledger says that it is {answer.how}: nothing has changed."
        )


def test_a_report_that_comes_late_was_so_once(till: Till) -> None:
    """Fails when the present alone decides: a payment that came back at once would look like a forgery."""
    begun = till.brought_to(PaymentStatus.SETTLED)
    assert begun is not None
    assert not asked(till, OrderState.UNDER_WAY).was_so
    till.come_back(begun)
    assert asked(till, OrderState.SETTLED).was_so
    till.undo_return()
    answer = asked(till, OrderState.UNDER_WAY)
    assert (answer.how, answer.was_so) == (OrderState.SETTLED, True)
    assert not asked(till, OrderState.CANCELLED).was_so


def test_what_a_person_says_has_come_back_or_is_cancelled_was_so_too(till: Till) -> None:
    till.brought_to(PaymentStatus.SUBMITTED)
    till.give_back()
    assert asked(till, OrderState.UNDER_WAY).was_so
    till.cancel()
    till.undo_return()
    assert [asked(till, how).was_so for how in OrderState] == [True, True, True]


@pytest.mark.parametrize("how", list(OrderState))
def test_a_payment_of_another_challenge_is_none_here(till: Till, how: OrderState) -> None:
    till.brought_to(PaymentStatus.SETTLED)

    for answer in (asked(till, how, challenge=ROADS), asked(till, how, key=f"{till.key}1")):
        assert (answer.how, answer.was_so) == (None, False)
        assert "the ledger has no such payment here" in str(answer.refusal)
