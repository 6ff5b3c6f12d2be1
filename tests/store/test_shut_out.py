"""A releaser with a conflict of interest: they release nothing to that team, and what has not left is taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from domain.announcements.announcement import Announcement
from domain.announcements.occasions import Occasion
from domain.judging.interests import Declared
from domain.payments.payment import PaymentStatus
from domain.values.refusals import ConflictOfInterest, Unavailable
from store.database.database import Database
from store.judging import interests
from store.judging.interests import Kept
from store.payments.shut_out import has_released
from store.record.record import read_record
from tests.chained import KEYS
from tests.store.paying import RELEASER, SECOND_RELEASER, Till, told
from tests.store.said import AIR, CLOSES, announcing, compose
from tests.store.test_interests import CONFLICT, declare
from tests.store.test_paying_at_once import at_once, by


def shuts_out(till: Till, person: str, *, known: bool = True) -> Kept:
    """A person declares a conflict of interest with the team; `known` is whether their release was known before."""

    def said(_: Sequence[Declared]) -> Announcement:
        return announcing(f"interests/{person}-{till.now.status}")

    declared = Declared(application=till.team, what=CONFLICT, conflict=True)
    to_make = (lambda order: till.payment.model_copy(update={"order": order})) if known else None
    return interests.declare(till.database, AIR, person, declared, CLOSES, said, compose, to_make)


def test_whoever_has_a_conflict_with_the_team_does_not_release_and_another_does(till: Till) -> None:
    """Fails where a release asks only who took part in the decision."""
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    declare(till.database, RELEASER, till.team, CONFLICT, conflict=True)
    record = read_record(till.database, AIR)
    with pytest.raises(ConflictOfInterest, match=f"{RELEASER} declared a conflict of interest with {till.team}"):
        till.release(by=RELEASER)
    assert (till.now.status, till.transfers) == (PaymentStatus.PAYEE_KNOWN, [])
    assert read_record(till.database, AIR) == record
    assert till.release(by=SECOND_RELEASER).status is PaymentStatus.RELEASED


def test_an_interest_that_is_no_conflict_shuts_nobody_out(till: Till) -> None:
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    declare(till.database, RELEASER, till.team, "I met them.")
    assert till.release(by=RELEASER).status is PaymentStatus.RELEASED


def test_a_release_that_has_not_left_is_taken_back_when_its_releaser_declares_a_conflict(till: Till) -> None:
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    till.release(by=RELEASER)
    assert has_released(till.database, till.team, RELEASER)
    asked = len(told(till.database, Occasion.PAYMENT_TO_RELEASE))
    kept = shuts_out(till, RELEASER)
    assert kept.void == (till.key,)
    assert (till.now.status, till.transfers) == (PaymentStatus.PAYEE_KNOWN, [])
    [line] = [each for each in read_record(till.database, AIR) if each.action == "payment-release-void"]
    assert (
        line.text
        == f"{till.key}: {RELEASER} has declared a conflict of interest with the team, and their release is void"
    )
    assert CONFLICT not in str(read_record(till.database, AIR))
    assert len(told(till.database, Occasion.PAYMENT_TO_RELEASE)) > asked
    assert shuts_out(till, RELEASER).new == ()
    with pytest.raises(ConflictOfInterest):
        till.release("again", by=RELEASER)
    assert till.release("other", by=SECOND_RELEASER).status is PaymentStatus.RELEASED


def test_what_has_begun_or_what_another_released_stays(till: Till) -> None:
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    till.release(by=RELEASER)
    assert shuts_out(till, SECOND_RELEASER).void == ()
    assert till.now.status is PaymentStatus.RELEASED
    till.begun()
    assert shuts_out(till, RELEASER).void == ()
    assert till.now.status is PaymentStatus.RELEASED
    assert len(till.transfers) == 1


def test_a_release_at_the_very_moment_of_the_declaration_leaves_nothing_half_done(till: Till) -> None:
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    till.release(by=RELEASER)
    with pytest.raises(Unavailable, match="send the declaration again"):
        shuts_out(till, RELEASER, known=False)
    assert till.now.status is PaymentStatus.RELEASED
    assert shuts_out(till, RELEASER).void == (till.key,)


@pytest.fixture
def elsewhere(url: str) -> Iterator[Database]:
    """The same database, from another process as it were."""
    database = Database(url, KEYS)
    yield database
    database.close()


@pytest.mark.parametrize("first", ["the release", "the declaration"])
def test_a_release_and_a_declaration_at_once_never_leave_a_release_by_whoever_is_shut_out(
    till: Till, elsewhere: Database, first: str
) -> None:
    """Fails where one of the two looks before it waits for the other."""
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    release, declaration = (
        by(lambda there: there.release(by=RELEASER), till),
        by(lambda there: shuts_out(there, RELEASER), till),
    )
    pair = (release, declaration) if first == "the release" else (declaration, release)
    answers = at_once(till.database, elsewhere, *pair)
    kinds = [type(each) for each in answers]
    assert Kept in kinds, kinds
    assert till.now.status is PaymentStatus.PAYEE_KNOWN
    assert till.transfers == []
    with pytest.raises(ConflictOfInterest):
        till.release("later", by=RELEASER)
