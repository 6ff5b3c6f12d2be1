"""Payments that are due because of what happened: entered with it in one transaction, and their workflows started."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from whenever import TimeDelta

from activities.announcements import Announcing
from activities.rails import Rails
from domain.challenges.steps import Orders, ToAnnounce
from domain.payments.payment import PaymentStatus, PaymentToMake
from domain.payments.rails import PaymentRail
from store.challenges.rounds import find_challenge
from store.database.database import Database
from store.payments.embedded_rail import EmbeddedRail
from store.payments.file_rail import FileRail
from store.payments.reading import find_payment, read_payments
from store.record.notices import read_notices
from store.record.record import read_record
from tests.activities.running import failure_of, run
from tests.activities.runs import RememberingRuns
from tests.identity.signing import judge_on
from tests.store.paying import Till, give_payee, lines, to_make
from tests.store.said import AIR, CLOSES, announcing, applied, compose, status

HOUR = TimeDelta(hours=1)
STARTED = announcing("stage", status=status("evidence"), at=CLOSES)
"""A stage begins, so that its payments are due."""


def announcing_on(database: Database, runs: RememberingRuns, rail: PaymentRail | None = None) -> Announcing:
    """The activities, where the service is set to a rail."""
    embedded = EmbeddedRail(database)
    return Announcing(database, Rails(rail or embedded, embedded), runs, compose, judge_on(database))


@pytest.fixture
def runs() -> RememberingRuns:
    """The workflows."""
    return RememberingRuns()


@pytest.fixture
def activities(open_: Database, runs: RememberingRuns) -> Announcing:
    """The activities, on a challenge whose window is open."""
    return announcing_on(open_, runs)


@pytest.fixture
def due(open_: Database) -> tuple[PaymentToMake, PaymentToMake]:
    """A payment whose team has given no bank details, and a payment whose team has."""
    without, with_ = to_make(applied(open_)), to_make(applied(open_, "Tay Ltd"))
    give_payee(open_, with_.order.team)
    return without, with_


def written(database: Database) -> tuple[object, ...]:
    """All that an announcement with payments can write."""
    return (
        find_challenge(database, AIR),
        read_record(database, AIR),
        read_notices(database),
        read_payments(database),
    )


def started(runs: RememberingRuns) -> list[tuple[str, PaymentStatus | None]]:
    """The workflows that were started, and how each knows its payment to stand."""
    return [(each.order.key, each.snapshot.status if each.snapshot else None) for each in runs.started]


def test_payments_are_entered_with_what_they_are_due_for_and_their_workflows_start(
    open_: Database, activities: Announcing, runs: RememberingRuns, due: Sequence[PaymentToMake]
) -> None:
    """Fails when a payment's workflow has to look at the ledger first, or another step has to order the payment."""
    without, with_ = due
    told_at = run(activities.announce, ToAnnounce(announcement=STARTED, payments=tuple(due)), CLOSES + HOUR)

    assert told_at == (CLOSES + HOUR).to_stdlib()
    assert find_challenge(open_, AIR).waits_for == "evidence"
    assert [line.key for line in read_record(open_, AIR)][-4:] == [
        STARTED.key,
        f"{without.order.key}/requested",
        f"{with_.order.key}/requested",
        f"{with_.order.key}/payee-known",
    ]
    rows = read_payments(open_)
    assert {(each.key, each.status, each.requested) for each in rows} == {
        (without.order.key, PaymentStatus.REQUESTED, CLOSES + HOUR),
        (with_.order.key, PaymentStatus.PAYEE_KNOWN, CLOSES + HOUR),
    }
    assert started(runs) == [
        (without.order.key, PaymentStatus.REQUESTED),
        (with_.order.key, PaymentStatus.PAYEE_KNOWN),
    ]
    assert [each.model_copy(update={"snapshot": None}) for each in runs.started] == list(due)
    known = runs.started[1].snapshot
    assert known is not None
    assert (known.payee_version, known.pay_by, known.is_batched) == (
        1,
        find_payment(open_, with_.order.key).pay_by,
        False,
    )
    assert runs.looks == []


def test_a_workflow_starts_with_the_knowledge_that_people_carry_its_payment_to_the_bank(
    open_: Database, runs: RememberingRuns, due: Sequence[PaymentToMake]
) -> None:
    """Fails when only the ledger is asked, which knows no rail: the workflow would ask a rail that nobody can ask."""
    filed = announcing_on(open_, runs, FileRail(open_))
    run(filed.announce, ToAnnounce(announcement=STARTED, payments=tuple(due)))
    assert [each.snapshot and each.snapshot.is_batched for each in runs.started] == [True, True]


def test_what_is_announced_again_with_its_payments_starts_them_again_and_writes_nothing_twice(
    open_: Database, activities: Announcing, runs: RememberingRuns, due: Sequence[PaymentToMake]
) -> None:
    what = ToAnnounce(announcement=STARTED, payments=tuple(due))
    run(activities.announce, what)
    before = written(open_)
    Till(open_, due[1]).release()
    released = written(open_)
    run(activities.announce, what, CLOSES + HOUR)

    assert written(open_) == released != before
    assert started(runs)[2:] == [
        (due[0].order.key, PaymentStatus.REQUESTED),
        (due[1].order.key, PaymentStatus.RELEASED),
    ]
    assert runs.looks == []


async def test_payments_whose_workflows_could_not_be_started_are_started_by_the_next_try(
    open_: Database, activities: Announcing, runs: RememberingRuns, due: Sequence[PaymentToMake]
) -> None:
    """Fails when a payment is in the ledger and nobody ever makes it."""
    what = ToAnnounce(announcement=STARTED, payments=tuple(due))
    runs.away = True
    failure = await failure_of(activities.announce, what)
    assert (failure.type, failure.non_retryable) == ("unavailable", False)
    before = written(open_)
    assert len(read_payments(open_)) == 2

    runs.away = False
    run(activities.announce, what)
    assert [key for key, _ in started(runs)] == [each.order.key for each in due]
    assert written(open_) == before


class GivingRuns(RememberingRuns):
    """Workflows of payments to teams that give bank details just before their payments' workflows are there."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    def start(self, payment: PaymentToMake) -> None:
        """See `PaymentRuns`."""
        give_payee(self._database, payment.order.team, 1 if not self.started else 2)
        super().start(payment)


@pytest.mark.parametrize("by", ["announce", "order_payments"])
def test_bank_details_given_before_the_workflow_was_there_are_not_missed(
    open_: Database, due: Sequence[PaymentToMake], by: str
) -> None:
    """Fails when whoever gives details tells a workflow that does not run yet, and nobody else ever does."""
    runs = GivingRuns(open_)
    activities = announcing_on(open_, runs)
    if by == "announce":
        run(activities.announce, ToAnnounce(announcement=STARTED, payments=tuple(due)))
    else:
        run(activities.order_payments, Orders(payments=tuple(due)))
    assert runs.looks == [each.order.key for each in due]


async def test_another_payment_under_a_key_fails_the_whole_announcement(
    open_: Database, activities: Announcing, runs: RememberingRuns, due: Sequence[PaymentToMake]
) -> None:
    """Fails when what happened is written down although the payments that follow from it cannot be entered."""
    Till(open_, due[1]).request()
    before = written(open_)
    other = to_make(due[1].order.team, amount="3000")

    failure = await failure_of(activities.announce, ToAnnounce(announcement=STARTED, payments=(due[0], other)))
    assert (failure.type, failure.non_retryable) == ("another-payment", True)
    assert written(open_) == before
    failure = await failure_of(activities.order_payments, Orders(payments=(other,)))
    assert (failure.type, failure.non_retryable) == ("another-payment", True)
    assert written(open_) == before
    assert runs.started == []


async def test_no_payment_is_entered_for_what_is_refused(
    open_: Database, activities: Announcing, runs: RememberingRuns, due: Sequence[PaymentToMake]
) -> None:
    refused = announcing("select", status=status("nothing"), applications=("nobody-1",))
    before = written(open_)

    failure = await failure_of(activities.announce, ToAnnounce(announcement=refused, payments=tuple(due)))
    assert (failure.type, failure.non_retryable) == ("unknown-team", True)
    assert written(open_) == before
    assert runs.started == []


def test_payments_are_ordered_without_an_announcement_as_far_as_that_was_not_done(
    open_: Database, activities: Announcing, runs: RememberingRuns, due: Sequence[PaymentToMake]
) -> None:
    """As when a person has a challenge try again. Fails when what is in the ledger already is left standing."""
    till = Till(open_, due[1])
    till.request()
    run(activities.order_payments, Orders(payments=tuple(due)), CLOSES + HOUR)

    assert [each.requested for each in read_payments(open_)] == [CLOSES, CLOSES + HOUR]
    assert started(runs) == [(due[0].order.key, PaymentStatus.REQUESTED), (due[1].order.key, PaymentStatus.PAYEE_KNOWN)]
    assert lines(till) == ["requested", "payee-known"]
    before = written(open_)
    run(activities.order_payments, Orders(payments=tuple(due)), CLOSES + HOUR)
    assert written(open_) == before
    assert len(runs.started) == 4
