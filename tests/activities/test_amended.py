"""A payment whose amount was amended, by activities to which its workflow still gives the old amount."""

from __future__ import annotations

import json

import pytest

from domain.payments.decisions import CancelPayment
from domain.payments.payment import PaymentStatus
from domain.values.money import Money
from store.record.record import read_record
from tests.activities.paying import Cashier, release
from tests.gateways.provider import Provider
from tests.store.paying import OPERATOR
from tests.store.said import AIR
from tests.store.test_amendments import NEW, amend


def amounts_asked_for(provider: Provider) -> list[str]:
    return [json.loads(each.body)["amount"] for each in provider.requests if each.method == "POST"]


def texts(cashier: Cashier, action: str) -> list[str]:
    return [each.text for each in read_record(cashier.till.database, AIR) if each.action == action]


@pytest.mark.parametrize("at_once", [True, False])
def test_the_rail_is_asked_for_the_amount_of_the_ledger(cashier: Cashier, provider: Provider, at_once: bool) -> None:
    """Fails when a rail is asked for what the workflow of a payment was started with: the old amount would be paid."""
    cashier.run(cashier.paying.request)
    amend(cashier.till)
    releasing = release().model_copy(update={"amount": NEW})
    if at_once:
        cashier.run(cashier.paying.release, releasing)
    else:
        cashier.till.release(amount=NEW)
        cashier.run(cashier.paying.submit)
    snapshot = cashier.run(cashier.paying.settle)

    assert amounts_asked_for(provider) == ["1800.00"]
    assert snapshot.amended is not None
    assert snapshot.amended.gross == NEW
    assert snapshot.status in (PaymentStatus.SUBMITTED, PaymentStatus.SETTLED)
    assert [each.startswith("£1,800 for ") for each in texts(cashier, "payment-submitted")] == [True]


async def test_a_release_of_the_old_amount_reaches_no_rail(cashier: Cashier, provider: Provider) -> None:
    cashier.run(cashier.paying.request)
    amend(cashier.till)
    for amount in (None, Money.parse("2400")):
        late = release().model_copy(update={"amount": amount})
        assert await cashier.failure(cashier.paying.release, late) == ("too-late", True)
    assert amounts_asked_for(provider) == []


def test_a_cancelled_payment_is_said_with_the_amount_that_it_had(cashier: Cashier) -> None:
    cashier.run(cashier.paying.request)
    amend(cashier.till)
    cashier.run(cashier.paying.cancel, CancelPayment(by=OPERATOR, decision_id="1", reason="Paid by cheque."))
    assert [each.startswith("£1,800 for ") for each in texts(cashier, "payment-cancel")] == [True]
