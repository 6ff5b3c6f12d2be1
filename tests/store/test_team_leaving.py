"""A team leaves: money that was released does not leave without a releaser who says so again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from domain.announcements.announcement import Announcement
from domain.announcements.occasions import Occasion
from domain.payments.payment import PaymentSnapshot, PaymentStatus
from domain.values.refusals import TooLate
from store.database.database import Database
from store.payments import payment_files
from store.payments.ledger import Ledger
from store.record.record import read_notices, read_record
from tests.chained import KEYS
from tests.store.filing import batch, batching
from tests.store.paying import LATER, OPERATOR, RELEASER, SECOND_RELEASER, Till, give_payee, told
from tests.store.said import AIR, CLOSES, announcing, compose
from tests.store.test_paying_at_once import at_once

LEFT = CLOSES.add(hours=1)
BOTH = [RELEASER, SECOND_RELEASER]


@pytest.fixture
def elsewhere(url: str) -> Iterator[Database]:
    """The same database, from another process as it were."""
    database = Database(url, KEYS)
    yield database
    database.close()


def leaving(till: Till, key: str = "withdraw/1") -> Announcement:
    return announcing(key, at=LEFT, withdrawn=till.team)


def leaves(till: Till, key: str = "withdraw/1", database: Database | None = None) -> tuple[PaymentSnapshot, ...]:
    """The team of a payment leaves."""
    return Ledger(database or till.database, compose).announce(leaving(till, key), (), LEFT, (till.payment,))


def letters(till: Till, occasion: Occasion) -> list[str]:
    """What was written about the leaving, on an occasion."""
    found = [each for each in read_notices(till.database) if f"{till.key}/team-left/{occasion}" in each.key]
    return [each.body for each in found]


def line(till: Till) -> tuple[str, str]:
    """The line of the record that says what becomes of the payment."""
    [found] = [each for each in read_record(till.database, AIR) if each.key == f"{till.key}/team-left"]
    return found.action, found.text


def test_a_release_is_void_once_the_team_has_left_and_the_releasers_are_asked_again(till: Till) -> None:
    """Fails when a withdrawal leaves releases as they are: the money would go to a team that has left."""
    till.brought_to(PaymentStatus.RELEASED)
    leaves(till)

    assert batch(till.database) is None
    assert till.begin() is None
    assert (till.now.status, till.now.team_left, till.transfers) == (PaymentStatus.PAYEE_KNOWN, LEFT, [])
    assert till.request().team_left == LEFT
    assert line(till) == (
        "payment-release-void",
        f"{till.key}: the team has left, and the release before that is void",
    )
    words = letters(till, Occasion.PAYMENT_TO_RELEASE)
    assert len(words) == len(BOTH)
    assert all(
        "change: The team has left, and the release before that is void. Release the pay" in each for each in words
    )

    with pytest.raises(TooLate, match=r"the team .* left on Monday 1 August 2016, 18:00 BST. Look at `payments`"):
        till.release("unaware", at=LATER, team_left=False)
    till.release("2", at=LATER)
    assert batch(till.database) is not None, "somebody has said again that it is paid"


def test_what_is_announced_again_takes_no_later_release_back(till: Till) -> None:
    """As after a crash or a reset in Temporal. Fails when it is held back each time that it is announced."""
    till.brought_to(PaymentStatus.RELEASED)
    leaves(till)
    till.release("2", at=LATER)
    leaves(till)

    assert till.now.status is PaymentStatus.RELEASED
    assert len(till.transfers) == 1


@pytest.mark.parametrize("status", [PaymentStatus.PAYEE_KNOWN, PaymentStatus.REJECTED, PaymentStatus.RETURNED])
def test_releasers_hear_that_the_team_has_left_before_they_release(till: Till, status: PaymentStatus) -> None:
    till.brought_to(status)
    leaves(till)

    assert till.now.status is status
    assert line(till) == ("payment-team-left", f"{till.key}: the team has left")
    assert len(letters(till, Occasion.PAYMENT_TO_RELEASE)) == len(BOTH)


def test_a_payment_that_gets_its_payee_later_says_that_the_team_has_left(till: Till) -> None:
    till.request()
    leaves(till)
    assert till.now.status is PaymentStatus.REQUESTED
    give_payee(till.database, till.team, at=LATER)
    till.request(LATER)

    asked = [each.body for each in read_notices(till.database) if each.occasion == Occasion.PAYMENT_TO_RELEASE]
    assert asked
    assert all("change: The team has left. Release the payment only if it is still owed" in each for each in asked)


def test_what_a_provider_may_have_is_not_held_and_is_said(till: Till) -> None:
    """Fails when a transfer that was begun is taken back: it would be paid twice."""
    till.brought_to(PaymentStatus.SUBMITTED)
    leaves(till)

    assert till.now.status is PaymentStatus.SUBMITTED
    where = "it is with the payment provider"
    assert line(till) == ("payment-not-held", f"{till.key}: the team has left, and the payment cannot be held: {where}")
    assert told(till.database, Occasion.PAYMENT_NOT_HELD) == sorted([*BOTH, OPERATOR])


@pytest.mark.parametrize("status", [PaymentStatus.SETTLED, PaymentStatus.CANCELLED])
def test_a_payment_that_is_over_is_left_alone(till: Till, status: PaymentStatus) -> None:
    till.brought_to(status)
    leaves(till)

    assert till.now.status is status
    assert not [each for each in read_record(till.database, AIR) if each.key.endswith("team-left")]


def test_what_is_in_a_file_is_said_with_the_file(till: Till) -> None:
    till.brought_to(PaymentStatus.RELEASED)
    batch(till.database)
    payment_files.mark_written(till.database, "FILE1", CLOSES)
    leaves(till)

    assert line(till)[1].endswith("the payment cannot be held: it is in the payment file FILE1")
    assert all("where: in the payment file FILE1" in each for each in letters(till, Occasion.PAYMENT_NOT_HELD))


def test_a_file_that_is_not_finished_names_the_team_that_left_and_is_dropped_without_it(till: Till) -> None:
    """Fails when `drop` leaves the release as it is: the next file would have the payment."""
    till.brought_to(PaymentStatus.RELEASED)
    batch(till.database)
    leaves(till)
    assert line(till)[1].endswith("it is in the payment file FILE1, which is not finished")
    begun = batch(till.database, "FILE2")
    assert begun is not None
    assert [each.left for each in begun.lines] == [True]

    payment_files.drop(till.database, "FILE1", OPERATOR, {AIR: "operator"}, LATER)
    assert till.now.status is PaymentStatus.PAYEE_KNOWN
    assert batch(till.database, "FILE2") is None
    till.release("2", at=LATER.add(hours=1))
    made, left_out = batching(till.database, "FILE3", LATER)
    assert made is not None
    assert (left_out, [each.left for each in made.lines]) == ({}, [False])


Action = Callable[[Database], Any]


@pytest.mark.parametrize("first", ["file", "team"])
def test_a_team_that_leaves_while_the_file_is_made_is_in_it_or_held_and_is_told_which(
    till: Till, elsewhere: Database, first: str
) -> None:
    """Fails when either of the two does not hold the payment's row: it would be in the file, and said to be held."""
    till.brought_to(PaymentStatus.RELEASED)
    acts: list[Action] = [batch, lambda database: leaves(till, database=database)]
    made = at_once(till.database, elsewhere, *(acts if first == "file" else reversed(acts)))

    assert not [each for each in made if isinstance(each, Exception)]
    in_file = till.now.status is PaymentStatus.RELEASED
    assert any(isinstance(each, payment_files.Batch) for each in made) == in_file
    assert line(till)[0] == ("payment-not-held" if in_file else "payment-release-void")
