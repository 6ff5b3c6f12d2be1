"""The ledger: every payment once, from its request to the day on which the money has arrived or will never leave."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from whenever import Instant

from domain.announcements.announcement import Attention
from domain.announcements.occasions import Occasion
from domain.payments.bank_account import BankAccount
from domain.payments.payment import FAILED, PaymentSnapshot, PaymentStatus
from domain.payments.rails import Instruction, Progress
from domain.values.money import Amount, Money
from domain.values.refusals import AnotherPayment, TooEarly, TooLate, UnknownPayment
from store.challenges.rounds import find_challenge
from store.database.database import Database
from store.payments.begun import Begun
from store.payments.embedded_rail import EmbeddedRail
from store.payments.ledger import Ledger
from store.payments.reading import find_payment, read_payments, read_transfers, under_way
from store.record.record import announce, read_notices, read_record
from tests.store.paying import LATER, RELEASER, SECOND_RELEASER, Till, give_payee, lines, to_make, told
from tests.store.said import AIR, CLOSES, MICROSECOND, ROADS, announcing, applied, compose

STATUSES = list(PaymentStatus)


# --- The way of a payment ------------------------------------------------------------------------------------------


def test_a_payment_goes_from_requested_through_all_steps_to_settled(till: Till) -> None:
    assert till.request().status is PaymentStatus.REQUESTED
    give_payee(till.database, till.team)
    assert till.request().status is PaymentStatus.PAYEE_KNOWN
    released = till.release(at=CLOSES + MICROSECOND)
    assert (released.status, released.attempt, released.released_by) == (PaymentStatus.RELEASED, 1, RELEASER)
    begun = till.begun()
    assert begun == Begun(id=f"{till.key}/1", attempt=1, team=till.team, sealed="sealed 1", rail="embedded")
    assert till.submit(begun, at=CLOSES + MICROSECOND + MICROSECOND).status is PaymentStatus.SUBMITTED
    assert till.settle(begun, at=LATER).status is PaymentStatus.SETTLED

    payment = till.now
    assert payment.amount == Amount(net=Money.parse("2000"), vat=Money.parse("400"))
    assert (payment.requested, payment.released, payment.submitted, payment.settled) == (
        CLOSES,
        CLOSES + MICROSECOND,
        CLOSES + MICROSECOND + MICROSECOND,
        LATER,
    )
    assert (payment.reference, payment.payee, payment.released_by) == ("rail-1", "masked 1", RELEASER)
    [transfer] = read_transfers(till.database, AIR)
    assert (transfer.id, transfer.settled, transfer.returned) == (begun.id, LATER, None)


def test_every_step_is_recorded_once_and_told_to_whom_it_concerns(till: Till) -> None:
    """Fails when a step that is taken again is told again."""
    begun = till.brought_to(PaymentStatus.SETTLED)
    assert begun is not None
    till.request()
    till.release()
    till.submit(begun)
    till.settle(begun)

    assert lines(till) == ["requested", "payee-known", "release/1", "submitted-1", "settled-1"]
    assert told(till.database, Occasion.PAYMENT_REQUESTED) == [till.team]
    assert told(till.database, Occasion.PAYMENT_TO_RELEASE) == [RELEASER, SECOND_RELEASER]
    [sent] = [each for each in read_notices(till.database) if each.occasion == Occasion.PAYMENT_SENT]
    assert sent.address == "breathe@applicants.example"
    assert "amount: £2,400; " in sent.body
    assert "reference: rail-1; " in sent.body
    settled = read_record(till.database, AIR)[-1]
    assert (settled.by, settled.action, settled.stage) == ("service", "paid", "exploration")
    assert settled.text == f"£2,400 for {till.team}, Exploration, instalment 1 of 2: settled"


def test_a_payment_requested_again_is_there_once_with_its_first_date(till: Till) -> None:
    till.request()
    till.request(LATER)

    [payment] = read_payments(till.database)
    assert payment.requested == CLOSES


@pytest.mark.parametrize("status", STATUSES)
def test_whatever_was_done_before_can_be_asked_for_again_and_changes_nothing(till: Till, status: PaymentStatus) -> None:
    """Fails when a step does not look where the payment stands: each is asked for again in every later status."""
    begun = till.brought_to(status) or Begun(id=f"{till.key}/1", attempt=1, team=till.team, sealed="sealed 1")
    steps: list[tuple[PaymentStatus, Callable[[], PaymentSnapshot]]] = [
        (PaymentStatus.REQUESTED, lambda: till.request(LATER)),
        (PaymentStatus.RELEASED, lambda: till.release(at=LATER)),
        (PaymentStatus.SUBMITTED, lambda: till.submit(begun, "rail-2", LATER)),
        (PaymentStatus.SETTLED, lambda: till.settle(begun, LATER)),
        (PaymentStatus.REJECTED, lambda: till.come_back(begun, LATER, Progress.REJECTED)),
        (PaymentStatus.RETURNED, lambda: till.come_back(begun, LATER)),
        (PaymentStatus.CANCELLED, lambda: till.cancel(at=LATER)),
    ]
    way = [each for each in STATUSES if each not in (PaymentStatus.CANCELLED, *FAILED)]
    done = way[: way.index(status) + 1] if status in way else [PaymentStatus.REQUESTED, status]
    if status in FAILED:
        done = [*way[: way.index(PaymentStatus.SETTLED)], status]
    before, transfers, written = till.now, till.transfers, lines(till)

    for reached, again in steps:
        if reached in done:
            assert again().status is status

    assert (till.now, till.transfers, lines(till)) == (before, transfers, written)


def test_the_first_word_of_a_rail_stays(till: Till) -> None:
    """Fails when `mark_submitted` writes whatever comes."""
    begun = till.brought_to(PaymentStatus.SUBMITTED)
    assert begun is not None
    till.submit(begun, "second", LATER)

    assert (till.now.reference, till.now.submitted) == ("rail-1", CLOSES)


def test_a_payment_that_a_rail_settles_at_once_was_submitted_too(till: Till) -> None:
    """Fails when the team is not told that its payment has left."""
    till.brought_to(PaymentStatus.RELEASED)

    settled = till.settle(till.begun())

    assert settled.status is PaymentStatus.SETTLED
    assert None not in (settled.submitted, settled.settled)
    assert lines(till)[-2:] == ["submitted-1", "settled-1"]


def test_nothing_is_released_before_the_payee_is_known(till: Till) -> None:
    till.request()
    with pytest.raises(TooEarly, match="has no payee yet"):
        till.release()
    assert till.transfers == []


@pytest.mark.parametrize(
    "status", [PaymentStatus.RELEASED, PaymentStatus.SUBMITTED, PaymentStatus.SETTLED, PaymentStatus.CANCELLED]
)
def test_what_is_released_or_over_is_not_released_by_another_decision(till: Till, status: PaymentStatus) -> None:
    """Fails without the look at the status: a payment that is over would start again."""
    till.brought_to(status)
    before = till.transfers
    with pytest.raises(TooLate, match=f"is {status}: there is nothing to release"):
        till.release("2")
    assert till.transfers == before
    assert lines(till).count("release/2") == 0


@pytest.mark.parametrize("status", [each for each in STATUSES if each is not PaymentStatus.RELEASED])
def test_no_rail_is_asked_for_what_is_not_released(till: Till, status: PaymentStatus) -> None:
    """Fails when `begin` gives what is under way whatever the status."""
    till.brought_to(status)
    assert till.begin() is None


def test_a_rail_is_asked_for_the_same_transfer_again_and_again(till: Till) -> None:
    till.brought_to(PaymentStatus.RELEASED)
    assert till.begun() == till.begun(LATER) == under_way(till.database, till.key)
    assert till.transfers[0].begun_at == CLOSES


def test_a_payment_that_nobody_requested_cannot_be_moved(till: Till) -> None:
    begun = Begun(id=f"{till.key}/1", attempt=1, team=till.team, sealed="")
    for move in (
        lambda: till.release(payee_version=1),
        till.begin,
        lambda: till.submit(begun),
        lambda: till.settle(begun),
        lambda: till.come_back(begun),
        till.give_back,
        till.cancel,
    ):
        with pytest.raises(UnknownPayment, match=f"has no payment '?{till.key}'?: "):
            move()
    with pytest.raises(UnknownPayment, match="no payment 'x'"):
        find_payment(till.database, "x")


def test_payments_are_listed_by_challenge(open_: Database) -> None:
    team = applied(open_)
    for number in (1, 2):
        Ledger(open_, compose).request(to_make(team, number), CLOSES)

    assert [payment.number for payment in read_payments(open_, AIR)] == [1, 2]
    assert read_payments(open_, ROADS) == ()


@pytest.mark.parametrize("over", [PaymentStatus.SETTLED, PaymentStatus.CANCELLED])
def test_a_payment_shows_what_needs_attention_until_it_is_over(open_: Database, over: PaymentStatus) -> None:
    """Also one whose workflow was terminated, and says nothing more. Fails when only the challenge shows it, or for
    ever."""
    till = Till(open_, to_make(applied(open_)))
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    announce(open_, announcing("stuck", attention=Attention(text="the rail is down", of=till.key)), compose)
    assert till.now.attention == find_challenge(open_, AIR).attention == "the rail is down"

    if over is PaymentStatus.CANCELLED:
        till.cancel()
    else:
        till.release()
        begun = till.begun()
        till.submit(begun)
        till.settle(begun)
    assert (till.now.attention, find_challenge(open_, AIR).attention) == ("", "")


# --- By when -------------------------------------------------------------------------------------------------------

FRIDAY = Instant("2016-07-29T12:00Z")
"""At 13:00 in Edinburgh; the Monday after it is a bank holiday in Scotland, and nowhere else."""
PROMISED, LAST_BY_LAW = Instant("2016-08-15T23:00Z"), Instant("2016-08-27T23:00Z")


@pytest.mark.parametrize("details_first", [True, False])
def test_it_is_promised_within_10_working_days_of_scotland_and_late_by_law_after_30_days(
    till: Till, details_first: bool
) -> None:
    """Counted from the later of the request and the first details. Fails when one of the two counts whatever comes."""
    earlier = FRIDAY.subtract(hours=240)
    give_payee(till.database, till.team, at=earlier if details_first else FRIDAY)
    snapshot = till.request(FRIDAY if details_first else earlier)

    assert (snapshot.pay_by, snapshot.pay_by_law) == (PROMISED, LAST_BY_LAW)
    assert (till.now.pay_by, till.now.pay_by_law) == (PROMISED, LAST_BY_LAW)


def test_details_that_change_later_do_not_move_the_dates(till: Till) -> None:
    """Fails when the last details count: whoever pays late would only have to ask for them again."""
    give_payee(till.database, till.team, at=FRIDAY)
    till.request(FRIDAY)
    give_payee(till.database, till.team, 2, at=LATER)
    till.request(LATER)

    assert (till.now.pay_by, till.now.pay_by_law) == (PROMISED, LAST_BY_LAW)


def test_details_that_change_before_the_request_count_from_when_they_were_first_given(till: Till) -> None:
    give_payee(till.database, till.team, at=FRIDAY)
    give_payee(till.database, till.team, 2, at=LATER)
    assert till.request(FRIDAY.subtract(hours=1)).pay_by == PROMISED


def test_nothing_is_promised_as_long_as_nobody_knows_whom_to_pay(till: Till) -> None:
    snapshot = till.request()
    assert (snapshot.pay_by, snapshot.pay_by_law, till.now.payee) == (None, None, "")


# --- One key, one payment ------------------------------------------------------------------------------------------


def test_a_key_that_is_requested_for_another_amount_is_refused_and_keeps_the_first(open_: Database) -> None:
    """Fails without the comparison in `request`."""
    team = applied(open_)
    Ledger(open_, compose).request(to_make(team), CLOSES)

    with pytest.raises(AnotherPayment, match=r"amount 2000\.00 and 400\.00 VAT.*again with 3000\.00"):
        Ledger(open_, compose).request(to_make(team, amount="3000"), CLOSES)

    [payment] = read_payments(open_)
    assert payment.amount.net == Money.parse("2000")


def test_an_instalment_cannot_be_requested_under_two_keys(open_: Database) -> None:
    """Fails without the unique constraint on what a payment is for."""
    asked = to_make(applied(open_))
    Ledger(open_, compose).request(asked, CLOSES)
    other = asked.model_copy(update={"order": asked.order.model_copy(update={"key": "another"})})

    with pytest.raises(IntegrityError):
        Ledger(open_, compose).request(other, CLOSES)

    [payment] = read_payments(open_)
    assert payment.key == asked.order.key


@pytest.mark.parametrize(
    "change",
    [
        "payments SET net = -1",
        "payments SET vat = -1",
        "payments SET number = 3",
        "payments SET team = 'nobody'",
        "payments SET challenge = 'nothing'",
        "payments SET status = 'paid'",
        "payments SET pay_by = requested_at",
        "payees SET version = 0",
        "payees SET team = 'nobody'",
        "transfers SET attempt = 0",
        "transfers SET payment = 'nothing'",
        "transfers SET payee_version = 2",
        "transfers SET submitted_at = released_at, rail_reference = 'rail-1'",
        "transfers SET begun_at = released_at, settled_at = released_at",
        "transfers SET begun_at = released_at, submitted_at = released_at",
        "transfers SET rail_reference = 'rail-1'",
    ],
)
def test_what_cannot_be_true_of_a_payment_cannot_be_stored(till: Till, change: str) -> None:
    """Fails without the constraint of the tables that is against it."""
    till.brought_to(PaymentStatus.RELEASED)
    if change == "payments SET pay_by = requested_at":
        change += ", pay_by_law = NULL"

    with pytest.raises(IntegrityError), till.database.writing() as connection:
        connection.execute(text(f"UPDATE {change}"))


def test_an_amount_of_many_millions_is_kept_to_the_penny(open_: Database) -> None:
    Ledger(open_, compose).request(to_make(applied(open_), amount="999,999,999.99"), CLOSES)

    [payment] = read_payments(open_)
    assert str(payment.amount.net) == "999999999.99"


def test_the_embedded_rail_books_a_transfer_once_in_this_database(till: Till) -> None:
    rail = EmbeddedRail(till.database)
    till.brought_to(PaymentStatus.RELEASED)
    begun = till.begun()
    payee = BankAccount(holder="Breathe Ltd", sort_code="60-16-13", number="31926819")
    asked = Instruction(id=begun.id, amount=Money(9_999_999), currency="GBP", payee=payee, reference="exploration 1")
    first = rail.transfer(asked, CLOSES)

    assert rail.transfer(asked, CLOSES + MICROSECOND) == first == rail.find(begun.id)
