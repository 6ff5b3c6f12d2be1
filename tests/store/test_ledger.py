"""The ledger: every payment once, from request to settled."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from domain.announcement import Occasion
from domain.money import Amount, Money
from domain.refusals import AnotherPayment, NotSubmitted, UnknownPayment
from gateways.rails import EmbeddedRail
from store.database import Database
from store.ledger import (
    Payment,
    mark_settled,
    mark_submitted,
    read_payments,
    request,
)
from store.record import read_notices, read_record
from tests.store.said import AIR, CLOSES, MICROSECOND, ROADS, applied, compose, order


def only_payment(database: Database) -> Payment:
    [payment] = read_payments(database)
    return payment


def test_a_payment_goes_from_requested_through_submitted_to_settled(open_: Database) -> None:
    asked = order(applied(open_))
    request(open_, asked, CLOSES)
    assert only_payment(open_).status == "requested"

    mark_submitted(open_, asked.key, "rail-1", CLOSES + MICROSECOND)
    assert only_payment(open_).status == "submitted"

    mark_settled(open_, asked.key, CLOSES + MICROSECOND + MICROSECOND, compose)
    payment = only_payment(open_)
    assert payment.status == "settled"
    assert (payment.requested, payment.reference) == (CLOSES, "rail-1")
    assert payment.amount == Amount(net=Money.parse("2000"), vat=Money.parse("400"))
    assert payment.settled == CLOSES + MICROSECOND + MICROSECOND


def test_a_payment_requested_again_is_there_once(open_: Database) -> None:
    asked = order(applied(open_))
    request(open_, asked, CLOSES)
    request(open_, asked, CLOSES + MICROSECOND)

    assert only_payment(open_).requested == CLOSES


def test_a_key_that_is_requested_for_another_amount_is_refused_and_keeps_the_first(open_: Database) -> None:
    """Fails without the comparison in `request`."""
    team = applied(open_)
    request(open_, order(team), CLOSES)

    with pytest.raises(AnotherPayment, match=r"amount 2000\.00 and 400\.00 VAT.*again with 3000\.00"):
        request(open_, order(team, "3000"), CLOSES)

    assert only_payment(open_).amount.net == Money.parse("2000")


def test_an_instalment_cannot_be_requested_under_two_keys(open_: Database) -> None:
    """Fails without the unique constraint on what a payment is for."""
    asked = order(applied(open_))
    request(open_, asked, CLOSES)

    with pytest.raises(IntegrityError):
        request(open_, asked.model_copy(update={"key": "another"}), CLOSES)

    assert only_payment(open_).key == asked.key


def test_the_first_word_of_a_rail_stays(open_: Database) -> None:
    """Fails when `mark_submitted` writes whatever comes."""
    asked = order(applied(open_))
    request(open_, asked, CLOSES)
    mark_submitted(open_, asked.key, "first", CLOSES)
    mark_submitted(open_, asked.key, "second", CLOSES + MICROSECOND)

    payment = only_payment(open_)
    assert (payment.reference, payment.submitted) == ("first", CLOSES)


def test_a_settled_payment_is_recorded_and_told_once(open_: Database) -> None:
    """Fails when `mark_settled` does not look whether it is settled."""
    team = applied(open_)
    asked = order(team)
    request(open_, asked, CLOSES)
    mark_submitted(open_, asked.key, "rail-1", CLOSES)
    for later in (CLOSES, CLOSES + MICROSECOND):
        mark_settled(open_, asked.key, later, compose)

    assert only_payment(open_).settled == CLOSES
    line = read_record(open_, AIR)[-1]
    assert (line.key, line.by, line.action, line.stage) == (
        f"{asked.key}/settled",
        "service",
        "paid",
        "exploration",
    )
    assert line.text == f"£2,400 paid to {team} for exploration, instalment 1 of 2"
    [notice] = [notice for notice in read_notices(open_) if notice.occasion == Occasion.PAYMENT_MADE]
    assert notice.address == "breathe@applicants.example"
    assert notice.body == (
        "amount: £2,400; question: How can the air be better?; reference: rail-1; stage: exploration"
    )


def test_a_payment_is_not_settled_before_a_rail_took_it(open_: Database) -> None:
    asked = order(applied(open_))
    request(open_, asked, CLOSES)

    with pytest.raises(NotSubmitted):
        mark_settled(open_, asked.key, CLOSES, compose)

    assert only_payment(open_).status == "requested"


def test_a_payment_that_nobody_requested_cannot_be_marked(open_: Database) -> None:
    with pytest.raises(UnknownPayment, match="no payment x"):
        mark_submitted(open_, "x", "rail-1", CLOSES)
    with pytest.raises(UnknownPayment, match="no payment x"):
        mark_settled(open_, "x", CLOSES, compose)


def test_payments_are_listed_by_challenge(open_: Database) -> None:
    team = applied(open_)
    for number in (1, 2):
        request(open_, order(team, number=number), CLOSES)

    assert [payment.number for payment in read_payments(open_, AIR)] == [1, 2]
    assert read_payments(open_, ROADS) == ()


@pytest.mark.parametrize(
    "change",
    [
        "settled_at = requested_at",
        "net = -1",
        "vat = -1",
        "number = 3",
        "rail_reference = 'rail-1'",
        "submitted_at = requested_at",
        "team = 'nobody'",
        "challenge = 'nothing'",
    ],
)
def test_what_cannot_be_true_of_a_payment_cannot_be_stored(open_: Database, change: str) -> None:
    request(open_, order(applied(open_)), CLOSES)

    with pytest.raises(IntegrityError), open_.writing() as connection:
        connection.execute(text(f"UPDATE payments SET {change}"))


def test_an_amount_of_many_millions_is_kept_to_the_penny(open_: Database) -> None:
    request(open_, order(applied(open_), "99,999,999,999.99"), CLOSES)

    assert str(only_payment(open_).amount.net) == "99999999999.99"


def test_the_embedded_rail_books_a_transfer_once_in_this_database(open_: Database) -> None:
    rail = EmbeddedRail(open_.engine)
    asked = order(applied(open_), "99,999.99")
    first = rail.transfer(asked, CLOSES)

    assert rail.transfer(asked, CLOSES + MICROSECOND) == first == rail.find(asked.key)
