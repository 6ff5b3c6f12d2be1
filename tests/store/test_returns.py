"""Money that comes back, and payments that are cancelled."""

from __future__ import annotations

import pytest

from domain.announcements.announcement import Status
from domain.announcements.occasions import Occasion
from domain.payments.payment import PaymentStatus
from domain.payments.rails import Progress
from domain.values.refusals import TooEarly, TooLate
from store.challenges.rounds import find_challenge
from store.record.record import announce
from tests.store.paying import LATER, RELEASER, SECOND_RELEASER, Till, give_payee, lines, told
from tests.store.said import AIR, CLOSES, announcing, compose

STATUSES = list(PaymentStatus)


# --- What comes back -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_a_person", [True, False])
@pytest.mark.parametrize("reached", ["begun", "submitted", "settled"])
def test_money_that_came_back_is_released_again_as_another_attempt(till: Till, reached: str, by_a_person: bool) -> None:
    """Fails when an attempt that came back stays under way."""
    till.brought_to(PaymentStatus.RELEASED)
    first = till.begun()
    if reached != "begun":
        till.submit(first)
    if reached == "settled":
        till.settle(first)
    snapshot = till.give_back() if by_a_person else till.come_back(first)
    never_left = by_a_person and reached != "settled"  # the rail says itself that it sent the money back
    assert snapshot.status is (PaymentStatus.REJECTED if never_left else PaymentStatus.RETURNED)
    assert [row.ended_as for row in till.transfers] == [str(snapshot.status)]
    assert snapshot.released_by == ""
    assert snapshot.reason == ("The bank called." if by_a_person else "account closed")
    assert till.now.settled is None, "what came back was not paid"
    assert till.begin() is None
    over = Status(stage="exploration", waits_for="nothing", until=None, outcome="completed")
    announce(till.database, announcing("paid-up", at=LATER, status=over), compose)
    assert find_challenge(till.database, AIR).waits_for == "payments", "an ended challenge that owes money again"

    assert till.release("2", SECOND_RELEASER).attempt == 2
    second = till.begun()
    assert (second.id, second.attempt) == (f"{till.key}/2", 2)
    till.submit(second, "rail-2")
    till.settle(second, LATER)
    again = till.now
    assert (again.status, again.settled, again.reference) == (PaymentStatus.SETTLED, LATER, "rail-2")
    assert [row.returned_at for row in till.transfers] == [CLOSES, None]
    assert till.now.reason == ""
    assert find_challenge(till.database, AIR).waits_for == "nothing"


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("how", [Progress.REJECTED, Progress.CANCELLED, Progress.RETURNED])
def test_it_is_kept_how_an_attempt_ended_and_what_had_settled_was_returned(
    till: Till, how: Progress, settled: bool
) -> None:
    """Fails when a bank that rejects what it had settled leaves a payment that is said never to have left."""
    begun = till.brought_to(PaymentStatus.SETTLED if settled else PaymentStatus.SUBMITTED)
    assert begun is not None
    snapshot = till.come_back(begun, how=how)
    ended_as = Progress.RETURNED if settled else how
    assert [row.ended_as for row in till.transfers] == [str(ended_as)]
    assert snapshot.status is (PaymentStatus.RETURNED if ended_as is Progress.RETURNED else PaymentStatus.REJECTED)
    till.release("2", SECOND_RELEASER)
    give_payee(till.database, till.team, 2)
    assert till.now.status is snapshot.status, "the release was taken back, and the attempt before counts again"


@pytest.mark.parametrize("reached", [PaymentStatus.RELEASED, PaymentStatus.SUBMITTED])
def test_a_late_answer_about_an_earlier_attempt_changes_nothing(till: Till, reached: PaymentStatus) -> None:
    """Fails when an answer is not compared with the attempt under way: the second would count as the first's."""
    till.brought_to(PaymentStatus.RELEASED)
    first = till.begun()
    till.give_back()
    till.release("2")
    second = till.begun()
    if reached is PaymentStatus.SUBMITTED:
        till.submit(second, "rail-2")
    before, transfers, written = till.now, till.transfers, lines(till)

    assert [late.status for late in (till.submit(first), till.settle(first), till.come_back(first))] == [reached] * 3
    assert (till.now, till.transfers, lines(till)) == (before, transfers, written)


@pytest.mark.parametrize(
    "status",
    [PaymentStatus.REQUESTED, PaymentStatus.PAYEE_KNOWN, PaymentStatus.RELEASED, PaymentStatus.CANCELLED],
)
def test_nothing_comes_back_that_no_rail_was_asked_for(till: Till, status: PaymentStatus) -> None:
    till.brought_to(status)
    refused = TooLate if status is PaymentStatus.CANCELLED else TooEarly
    with pytest.raises(refused, match="no money is on its way that could come back"):
        till.give_back()
    assert till.now.status is status


def test_it_is_told_to_the_team_and_to_whoever_releases_again(till: Till) -> None:
    begun = till.brought_to(PaymentStatus.SUBMITTED)
    assert begun is not None
    till.come_back(begun)
    assert told(till.database, Occasion.PAYMENT_RETURNED) == sorted(["olivia", RELEASER, SECOND_RELEASER, till.team])


# --- What is never paid --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status",
    [PaymentStatus.REQUESTED, PaymentStatus.PAYEE_KNOWN, PaymentStatus.RELEASED, PaymentStatus.RETURNED],
)
def test_a_payment_is_cancelled_as_long_as_no_rail_can_have_it(till: Till, status: PaymentStatus) -> None:
    till.brought_to(status)
    snapshot = till.cancel()
    assert (snapshot.status, snapshot.reason) == (PaymentStatus.CANCELLED, "Asked for in error.")
    assert till.begin() is None
    assert all(row.returned_at for row in till.transfers)
    assert told(till.database, Occasion.PAYMENT_CANCELLED) == [till.team]


def test_what_a_rail_may_have_is_not_cancelled(till: Till) -> None:
    """Fails without the look at `begun_at`: the money could arrive for a payment that was called off."""
    till.brought_to(PaymentStatus.RELEASED)
    begun = till.begun()
    with pytest.raises(TooLate, match="is on its way: a payment that may have left cannot be cancelled"):
        till.cancel()
    till.submit(begun)
    with pytest.raises(TooLate, match="was submitted: a payment that has left cannot be cancelled"):
        till.cancel()
    till.settle(begun)
    with pytest.raises(TooLate, match="was settled: a payment that has left cannot be cancelled"):
        till.cancel()
    assert till.now.status is PaymentStatus.SETTLED


def test_what_was_cancelled_is_not_cancelled_by_another_decision(till: Till) -> None:
    """Fails without the look at the status: the team would be told twice, the second time for another reason."""
    till.brought_to(PaymentStatus.CANCELLED)
    with pytest.raises(TooLate, match="was cancelled before"):
        till.cancel("2")
    assert told(till.database, Occasion.PAYMENT_CANCELLED) == [till.team]
