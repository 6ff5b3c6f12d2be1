"""An agreed amount is amended: what has not left is paid with its new amount, and what may have left stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from domain.announcements.announcement import Announcement
from domain.announcements.occasions import Occasion
from domain.payments.payment import PaymentSnapshot, PaymentStatus, PaymentToMake
from domain.values.money import Amount, Money
from domain.values.refusals import AnotherPayment, NotAllowed, TooLate
from store.database import tables
from store.database.database import Database
from store.payments.amendments import read_unchangeable
from store.payments.ledger import Ledger
from store.record.record import read_notices, read_record
from tests.chained import KEYS
from tests.store.filing import batch
from tests.store.paying import RELEASER, SECOND_RELEASER, SELECTOR, Till, give_payee, to_make, told
from tests.store.said import AIR, CLOSES, announcing, applied, compose
from tests.store.test_paying_at_once import at_once

AMENDED = CLOSES.add(hours=1)
OLD, NEW = Money.parse("2400"), Money.parse("1800")


@pytest.fixture
def till(open_: Database) -> Till:
    return Till(open_, to_make(applied(open_)))


@pytest.fixture
def elsewhere(url: str) -> Iterator[Database]:
    """The same database, from another process as it were."""
    database = Database(url, KEYS)
    yield database
    database.close()


def amended(till: Till) -> PaymentToMake:
    """The payment with a smaller amount."""
    return till.payment.amounting(Amount(net=Money.parse("1500"), vat=Money.parse("300")))


def announcement(by: str = SELECTOR, key: str = "amend/1") -> Announcement:
    said = announcing(key, at=AMENDED)
    return said.model_copy(update={"entry": said.entry.model_copy(update={"by": by})})


def amend(
    till: Till, database: Database | None = None, by: str = SELECTOR, key: str = "amend/1"
) -> tuple[PaymentSnapshot, ...]:
    """The award that the payment belongs to is amended."""
    return Ledger(database or till.database, compose).announce(
        announcement(by, key), (), AMENDED, amended=(amended(till),)
    )


def line(till: Till) -> tuple[str, str]:
    """The line of the record that says what became of the payment."""
    [found] = [each for each in read_record(till.database, AIR) if each.key.startswith(f"{till.key}/amended-")]
    return found.action, found.text


@pytest.mark.parametrize("status", [PaymentStatus.REQUESTED, PaymentStatus.PAYEE_KNOWN, PaymentStatus.RELEASED])
def test_what_has_not_left_has_its_new_amount_and_who_must_act_is_told(till: Till, status: PaymentStatus) -> None:
    """Fails when the ledger keeps the old amount, or a release of the old amount stands."""
    till.brought_to(status)
    assert read_unchangeable(till.database, [till.key]) == ()
    amend(till)
    amend(till)  # as after a crash

    was_released = status is PaymentStatus.RELEASED
    assert till.now.amount.gross == NEW
    assert till.now.status is (PaymentStatus.PAYEE_KNOWN if was_released else status)
    assert till.transfers == []
    action, text = line(till)
    assert action == ("payment-release-void" if was_released else "payment-amended")
    assert text.startswith(f"{till.key}: the amount is £1,800 instead of £2,400")
    told_now = [each for each in read_notices(till.database) if "/amended-" in each.key]
    if status is PaymentStatus.REQUESTED:
        assert [(each.occasion, each.recipient) for each in told_now] == [("payment-requested", till.team)]
    else:
        assert {each.recipient for each in told_now} == {RELEASER, SECOND_RELEASER}
        assert all("change: The amount is £1,800 instead of £2,400" in each.body for each in told_now)
    assert all("amount: £1,800;" in each.body for each in told_now)


def test_a_workflow_that_has_not_heard_of_it_learns_the_new_amount_from_any_answer(till: Till) -> None:
    """Fails when a payment that is asked for with its old amount is another payment, or is paid with the old one."""
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    amend(till)
    snapshot = till.request()
    assert snapshot.amended is not None
    assert (snapshot.amended.gross, snapshot.amended_by) == (NEW, SELECTOR)
    till.release(amount=NEW)
    begun = till.begun()
    assert begun.amended == snapshot.amended
    till.submit(begun)
    texts = [each.text for each in read_record(till.database, AIR) if each.action == "payment-submitted"]
    assert texts == [f"£1,800 for {till.team}, Exploration, instalment 1 of 2: submitted"]
    sent = [each.body for each in read_notices(till.database) if each.occasion == Occasion.PAYMENT_SENT]
    assert ["amount: £1,800;" in each for each in sent] == [True]


def test_a_payment_that_nobody_amended_never_changes(till: Till) -> None:
    till.request()
    with pytest.raises(AnotherPayment):
        Ledger(till.database, compose).request(amended(till), CLOSES)


@pytest.mark.parametrize("amount", [None, OLD])
def test_a_release_of_the_old_amount_is_refused(till: Till, amount: Money | None) -> None:
    """Fails when a releaser who saw the old amount releases another."""
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    assert amount is None or till.payment.order.amount.gross == amount
    amend(till)
    with pytest.raises(TooLate, match="is of £1,800, and this release is"):
        till.release(amount=amount)
    assert till.release(amount=NEW).status is PaymentStatus.RELEASED


def test_a_release_of_another_amount_is_refused_also_if_nobody_amended_it(till: Till) -> None:
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    with pytest.raises(TooLate, match="this release is for £1,800"):
        till.release(amount=NEW)
    assert till.release(amount=OLD).status is PaymentStatus.RELEASED


def test_whoever_amended_the_amount_does_not_release_it_and_the_database_agrees(till: Till) -> None:
    """Fails when the two-person rule knows only who selected the team."""
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    amend(till, by=RELEASER)
    with pytest.raises(NotAllowed, match=f"{RELEASER} amended its amount"):
        till.release(amount=NEW)
    with pytest.raises(IntegrityError, match="released by whoever"), till.database.writing() as connection:
        connection.execute(
            tables.transfers.insert().values(
                id=f"{till.key}/1",
                payment=till.key,
                attempt=1,
                team=till.team,
                payee_version=1,
                released_by=RELEASER,
                released_at=CLOSES,
            )
        )
    till.release(by=SECOND_RELEASER, amount=NEW)


def gone(how: str, till: Till) -> None:
    """Brings a payment to where its amount can change no more."""
    match how:
        case "filed":
            till.brought_to(PaymentStatus.RELEASED)
            assert batch(till.database) is not None
        case _:
            till.brought_to(PaymentStatus(how))


@pytest.mark.parametrize("how", ["filed", "submitted", "settled", "rejected", "returned", "cancelled"])
def test_what_may_have_left_or_was_cancelled_keeps_its_amount(till: Till, how: str) -> None:
    """Fails when the ledger says another amount than the one that is paid."""
    gone(how, till)
    status = till.now.status
    assert read_unchangeable(till.database, [till.key, "another"]) == (till.key,)
    with pytest.raises(TooLate, match="was released or cancelled at this moment"):
        amend(till)
    assert (till.now.amount.gross, till.now.status) == (OLD, status)
    assert f"{AIR}/amend/1" not in [each.key for each in read_record(till.database, AIR)]
    if how != "cancelled":
        with pytest.raises(IntegrityError, match="may have left stays"), till.database.writing() as connection:
            connection.execute(update(tables.payments).values(net=1))


def through(action: Callable[[Till], Any], till: Till) -> Callable[[Database], Any]:
    return lambda database: action(Till(database, till.payment))


@pytest.mark.parametrize("first", ["release", "amend"])
@pytest.mark.parametrize("rail", ["embedded", ""])
def test_of_an_amendment_and_a_release_at_once_one_wins_and_the_ledger_agrees(
    till: Till, elsewhere: Database, first: str, rail: str
) -> None:
    """Fails when a releaser releases an amount that nobody has shown, or an amendment changes what a rail may have."""
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    release = through(lambda each: each.release(rail=rail, amount=OLD), till)
    both = [release, lambda database: amend(till, database)]
    one, other = both if first == "release" else reversed(both)
    answers = at_once(till.database, elsewhere, one, other)

    refused = [each for each in answers if isinstance(each, Exception)]
    assert all(isinstance(each, TooLate) for each in refused)
    now = till.now
    begun = [row.begun_at is not None for row in till.transfers]
    if now.amount.gross == OLD:
        assert (now.status, begun, len(refused)) == (PaymentStatus.RELEASED, [True], 1), "the release came first"
    else:
        assert (now.amount.gross, now.status, begun) == (NEW, PaymentStatus.PAYEE_KNOWN, [])
        # A release that had come first and not left is taken back; one that came later is refused.
        assert len(refused) <= 1
        assert told(till.database, Occasion.PAYMENT_TO_RELEASE).count(RELEASER) == 2


@pytest.mark.parametrize("first", ["file", "amend"])
def test_of_an_amendment_and_a_payment_file_at_once_one_wins_and_the_file_has_the_amount_of_the_ledger(
    till: Till, elsewhere: Database, first: str
) -> None:
    """Fails when a payment is filed with an amount that the ledger has no more."""
    till.brought_to(PaymentStatus.RELEASED)
    both = [lambda database: batch(database), lambda database: amend(till, database)]
    one, other = both if first == "file" else reversed(both)
    answers = at_once(till.database, elsewhere, one, other)

    filed = [each for each in answers if hasattr(each, "lines")]
    if filed:
        assert [each.amount for each in filed[0].lines] == [till.now.amount.gross] == [OLD]
        assert [type(each) for each in answers if isinstance(each, Exception)] == [TooLate]
    else:
        assert (till.now.amount.gross, till.now.status, till.transfers) == (NEW, PaymentStatus.PAYEE_KNOWN, [])


def test_another_amendment_and_new_bank_details_do_not_disturb_each_other(till: Till) -> None:
    till.brought_to(PaymentStatus.RELEASED)
    amend(till)
    give_payee(till.database, till.team, version=2)
    till.release("2", amount=NEW)
    amend(till, key="amend/2", by="deputy")
    assert (till.now.status, till.request().amended_by) == (PaymentStatus.PAYEE_KNOWN, "deputy")
