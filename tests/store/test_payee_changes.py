"""Bank details that change: what was released to those before is released again, by a second person."""

from __future__ import annotations

import pytest

from domain.announcements.occasions import Occasion
from domain.payments.payment import PaymentStatus
from domain.values.refusals import AnotherDecision, TooLate
from store.database.database import Database
from store.record.record import read_notices, read_record
from tests.store.paying import RELEASER, SECOND_RELEASER, Till, give_payee, lines, to_make
from tests.store.said import AIR, applied

STATUSES = list(PaymentStatus)


def test_details_that_change_before_a_rail_is_asked_make_the_release_void(till: Till) -> None:
    """Fails when `give_payee` leaves releases as they are: money would go where nobody has let it go."""
    till.brought_to(PaymentStatus.RELEASED)
    assert give_payee(till.database, till.team, 2).payments == (till.key,)

    assert till.begin() is None
    assert (till.now.status, till.transfers) == (PaymentStatus.PAYEE_KNOWN, [])
    assert till.request().released_by == ""
    till.release("2")
    assert till.begun().sealed == "sealed 2"


def test_a_release_finds_details_of_which_nobody_has_told_the_payment(till: Till) -> None:
    """As when the desk dies as soon as it has kept them. Fails when only a look at the ledger notes the payee."""
    till.request()
    give_payee(till.database, till.team)
    assert till.now.status is PaymentStatus.REQUESTED

    released = till.release()

    assert (released.status, released.pay_by is None) == (PaymentStatus.RELEASED, False)
    assert lines(till) == ["requested", "payee-known", "release/1"]


@pytest.mark.parametrize("status", [PaymentStatus.PAYEE_KNOWN, PaymentStatus.RELEASED, PaymentStatus.RETURNED])
def test_releasers_are_told_of_every_change_of_details_before_the_money_leaves(
    till: Till, status: PaymentStatus
) -> None:
    """In the same transaction: whoever crashes after it cannot keep it from them. Fails when only a release that is
    void is told, when nothing but the workflow tells it, and when two changes are told under one key."""
    begun = till.brought_to(status)
    before = len(lines(till))
    for version in (2, 3):
        given = give_payee(till.database, till.team, version)
        assert given.on_its_way == ()
        assert till.now.payee_version == till.request().payee_version == version
        till.release(f"to-{version}")

    assert begun is None or till.now.attempt == 2
    written = [line for line in lines(till)[before:] if line.startswith("payee-")]
    assert written == ["payee-2", "payee-3"]
    for version in (2, 3):
        letters = [each for each in read_notices(till.database) if f"{till.key}/payee-{version}/" in each.key]
        assert sorted(each.recipient for each in letters) == [RELEASER, SECOND_RELEASER]
        assert all(f"account: masked {version}; " in each.body for each in letters)
        assert all(f"payee_version: {version}; " in each.body for each in letters)
    void = [line.action for line in read_record(till.database, AIR) if line.key.startswith(f"{till.key}/payee-")]
    released = status is PaymentStatus.RELEASED
    assert void[-2:] == ["payment-release-void" if released else "payee-changed", "payment-release-void"]


def test_an_id_is_of_one_decision_for_ever(till: Till) -> None:
    """What was decided is answered again from the record, and nothing else under its id. Fails when only the id is
    looked for: whoever used it again would be told that it was done."""
    till.brought_to(PaymentStatus.RELEASED)
    till.begun()
    for by, version in ((SECOND_RELEASER, 1), (RELEASER, 2)):
        with pytest.raises(AnotherDecision, match="The id '1' was used for another decision"):
            till.release(by=by, payee_version=version)
    till.give_back()
    with pytest.raises(AnotherDecision, match="The id '1' was used for another decision"):
        till.give_back(by=RELEASER)
    assert till.release(payee_version=1).status is PaymentStatus.REJECTED
    assert len(till.transfers) == 1


def test_nothing_is_released_to_details_that_its_releaser_did_not_see(till: Till) -> None:
    """Fails when a release goes to whatever details count once it is written."""
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    give_payee(till.database, till.team, 2)
    for version in (1, 3):
        with pytest.raises(TooLate, match=f"goes to version 2 of .* this release is for version {version}"):
            till.release(str(version), payee_version=version)
    assert till.transfers == []
    till.release("2", payee_version=2)
    assert till.begun().sealed == "sealed 2"


def test_whoever_changes_details_is_told_what_still_goes_to_those_before(till: Till) -> None:
    """And so is the team. Fails when only the details are noted: everybody would think that they count for all."""
    other = Till(till.database, to_make(till.team, 2))
    other.brought_to(PaymentStatus.SUBMITTED)
    till.brought_to(PaymentStatus.RELEASED)
    till.begin()
    given = give_payee(till.database, till.team, 2)

    assert given.on_its_way == (till.key, other.key)
    assert given.text == f"Bank details 2 of {till.team} given; still on their way to the old details: " + ", ".join(
        given.on_its_way
    )
    letter = [each for each in read_notices(till.database) if each.occasion == Occasion.PAYEE_GIVEN][-1]
    assert f"on_its_way: {till.key}, {other.key}; " in letter.body


def test_details_that_change_once_a_rail_may_have_been_asked_count_for_the_next_attempt(till: Till) -> None:
    """Fails when a transfer does not keep the version that it was released for."""
    till.brought_to(PaymentStatus.RELEASED)
    begun = till.begun()
    give_payee(till.database, till.team, 2)

    assert till.begin() == begun
    assert (begun.sealed, till.now.payee) == ("sealed 1", "masked 1")
    till.submit(begun)
    till.come_back(begun)
    assert till.now.payee == "masked 2", "whoever releases it again sees where it would go now"
    till.release("2")
    assert till.begun().sealed == "sealed 2"


def test_details_of_a_team_change_all_of_its_payments_that_are_not_over_and_no_others(open_: Database) -> None:
    team, other = applied(open_), applied(open_, "Clear Ltd")
    first, second, others = (Till(open_, to_make(*each)) for each in ((team, 1), (team, 2), (other, 1)))
    first.brought_to(PaymentStatus.SETTLED)
    second.request()
    second.release()
    others.brought_to(PaymentStatus.RELEASED)

    assert give_payee(open_, team, 2).payments == (second.key,)

    assert (first.now.status, first.now.payee) == (PaymentStatus.SETTLED, "masked 1")
    assert second.now.status is PaymentStatus.PAYEE_KNOWN
    assert others.now.status is PaymentStatus.RELEASED
