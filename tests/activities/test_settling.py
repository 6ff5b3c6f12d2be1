"""What becomes of a payment that its rail has: it arrives, comes back, or somebody has to find out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.payments.payment import PaymentStatus
from store.payments.embedded_rail import EmbeddedRail
from store.payments.file_rail import FileRail
from tests.activities.paying import Cashier, arrived_after_all, came_back, cancelled, release
from tests.gateways.provider import Provider
from tests.store.filing import batch, report, written
from tests.store.paying import SELECTOR, lines

ON_ITS_WAY = ["requested", "payee-known", "release/1", "submitted-1"]


def _books(provider: Provider, amount: str = "2400.00", progress: str = "taken", reason: str = "") -> None:
    """From now on the provider has its one transfer so."""
    [booking] = provider.bookings
    asked = booking.asked | {"amount": amount}
    provider.bookings[:] = [replace(booking, asked=asked, progress=progress, reason=reason)]


# --- What the rail says --------------------------------------------------------------------------------------------


def test_a_payment_that_the_rail_has_taken_stays_on_its_way(cashier: Cashier) -> None:
    cashier.submitted()
    assert cashier.run(cashier.paying.settle).status is PaymentStatus.SUBMITTED
    assert lines(cashier.till) == ON_ITS_WAY


def test_a_payment_that_has_arrived_is_settled_once(cashier: Cashier, provider: Provider) -> None:
    cashier.submitted()
    provider.settle(cashier.first)

    snapshots = [cashier.run(cashier.paying.settle) for _ in range(2)]
    assert [each.status for each in snapshots] == [PaymentStatus.SETTLED] * 2
    assert lines(cashier.till) == [*ON_ITS_WAY, "settled-1"]


@pytest.mark.parametrize(
    ("progress", "status"),
    [
        ("returned", PaymentStatus.RETURNED),
        ("rejected", PaymentStatus.REJECTED),
        ("cancelled", PaymentStatus.REJECTED),
    ],
)
def test_a_payment_that_failed_says_why_and_not_whose_it_was(
    cashier: Cashier, provider: Provider, progress: str, status: PaymentStatus
) -> None:
    """Fails when a bank's own words, which name the account's holder and its number, go to Temporal as they are."""
    cashier.submitted()
    _books(provider, progress=progress, reason="Account 31926819 of ADA lovelace is closed")

    snapshot = cashier.run(cashier.paying.settle)
    assert (snapshot.status, snapshot.returned_by) == (status, "")
    assert snapshot.reason == "Account •••• of •••• •••• is closed"
    assert cashier.run(cashier.paying.settle).status is status
    assert lines(cashier.till) == [*ON_ITS_WAY, "returned-1"]


async def test_a_rail_that_is_away_is_asked_again(cashier: Cashier, provider: Provider) -> None:
    cashier.submitted()
    with provider.away():
        assert await cashier.failure(cashier.paying.settle) == ("unavailable", False)
    assert cashier.status is PaymentStatus.SUBMITTED


async def test_a_transfer_that_the_rail_has_lost_waits_for_a_person(cashier: Cashier, provider: Provider) -> None:
    """Fails when what a rail does not know is taken for what never left."""
    cashier.submitted()
    provider.bookings.clear()

    assert await cashier.failure(cashier.paying.settle) == ("rail-refused", True)
    assert cashier.run(cashier.paying.submit).status is PaymentStatus.SUBMITTED
    assert provider.bookings == []


async def test_another_amount_than_was_ordered_is_not_taken_for_the_payment(
    cashier: Cashier, provider: Provider
) -> None:
    cashier.submitted()
    provider.settle(cashier.first)
    _books(provider, amount="240.00")

    assert await cashier.failure(cashier.paying.settle) == ("rail-refused", True)
    assert cashier.status is PaymentStatus.SUBMITTED


async def test_only_the_rail_that_took_a_payment_is_asked_about_it(cashier: Cashier) -> None:
    cashier.submitted()
    replaced = cashier.on(EmbeddedRail(cashier.till.database))
    assert await replaced.failure(replaced.paying.settle) == ("rail-refused", True)


@pytest.mark.parametrize(
    ("progress", "status", "reason"),
    [
        ("settled", PaymentStatus.SETTLED, ""),
        ("returned", PaymentStatus.RETURNED, "closed"),
        ("rejected", PaymentStatus.REJECTED, "closed"),
        ("taken", PaymentStatus.SUBMITTED, ""),
    ],
)
def test_what_a_bank_reports_of_a_file_is_noted(
    cashier: Cashier, progress: str, status: PaymentStatus, reason: str
) -> None:
    filed = cashier.on(FileRail(cashier.till.database))
    filed.released()
    written(filed.till.database)
    filed.run(filed.paying.submit)

    report(filed.till.database, (filed.first, progress))
    snapshot = filed.run(filed.paying.settle)
    assert (snapshot.status, snapshot.reason, snapshot.is_batched) == (status, reason, True)


# --- What people say -----------------------------------------------------------------------------------------------


async def test_nobody_releases_what_follows_from_their_own_decision(cashier: Cashier, provider: Provider) -> None:
    """Fails when only the workflow looks at that, which may run an older release."""
    cashier.run(cashier.paying.request)
    assert await cashier.failure(cashier.paying.release, release(by=SELECTOR)) == ("not-allowed", True)
    assert cashier.run(cashier.paying.submit).status is PaymentStatus.PAYEE_KNOWN
    assert [each.method for each in provider.requests] == ["GET"], "looked up before it was released, and no more"


async def test_a_release_is_for_the_bank_details_that_were_seen(cashier: Cashier) -> None:
    cashier.run(cashier.paying.request)
    assert await cashier.failure(cashier.paying.release, release(payee_version=2)) == ("too-late", True)
    assert cashier.status is PaymentStatus.PAYEE_KNOWN


async def test_one_id_stands_for_one_decision(cashier: Cashier) -> None:
    cashier.released("1")
    assert cashier.run(cashier.paying.release, release("1")).attempt == 1
    assert await cashier.failure(cashier.paying.release, release("1", by="frank")) == ("another-decision", True)
    assert await cashier.failure(cashier.paying.release, release("2")) == ("too-late", True)


def test_a_payment_is_cancelled_once(cashier: Cashier) -> None:
    cashier.released()
    for _ in range(2):
        assert cashier.run(cashier.paying.cancel, cancelled()).status is PaymentStatus.CANCELLED
    assert lines(cashier.till)[-1] == "cancel/1"
    assert lines(cashier.till).count("cancel/1") == 1


async def test_what_the_rail_has_on_its_way_cannot_have_come_back(cashier: Cashier) -> None:
    cashier.submitted()
    assert await cashier.failure(cashier.paying.give_back, came_back()) == ("too-late", True)
    assert cashier.status is PaymentStatus.SUBMITTED


async def test_what_has_arrived_is_noted_before_it_can_come_back(cashier: Cashier, provider: Provider) -> None:
    cashier.submitted()
    provider.settle(cashier.first)
    assert await cashier.failure(cashier.paying.give_back, came_back()) == ("too-early", True)

    cashier.run(cashier.paying.settle)
    for _ in range(2):
        snapshot = cashier.run(cashier.paying.give_back, came_back())
        assert (snapshot.status, snapshot.returned_by) == (PaymentStatus.RETURNED, "olivia")
    assert lines(cashier.till)[-2:] == ["settled-1", "return/1"]


def test_what_a_rail_has_that_is_gone_comes_back_by_a_persons_word(cashier: Cashier) -> None:
    """Fails when a rail is asked for what it never had: it would know nothing, and the payment could never go on."""
    cashier.submitted()
    replaced = cashier.on(EmbeddedRail(cashier.till.database))
    assert replaced.run(replaced.paying.give_back, came_back()).status is PaymentStatus.REJECTED


async def test_what_is_in_a_file_that_was_only_begun_has_not_left_and_cannot_come_back(cashier: Cashier) -> None:
    filed = cashier.on(FileRail(cashier.till.database))
    filed.released()
    assert batch(filed.till.database) is not None
    assert await filed.failure(filed.paying.give_back, came_back()) == ("too-early", True)


async def test_a_return_is_undone_only_if_the_rail_says_that_it_has_arrived(
    cashier: Cashier, provider: Provider
) -> None:
    cashier.submitted()
    provider.return_(cashier.first, "closed")
    cashier.run(cashier.paying.settle)
    assert await cashier.failure(cashier.paying.undo_return, arrived_after_all()) == ("too-early", True)

    provider.settle(cashier.first)
    undone = cashier.run(cashier.paying.undo_return, arrived_after_all())
    again = cashier.run(cashier.paying.undo_return, arrived_after_all())
    assert [undone.status, again.status] == [PaymentStatus.SETTLED] * 2
    assert undone.version == again.version
    assert lines(cashier.till).count("undo-return/1") == 1


async def test_a_return_is_not_undone_by_another_amount(cashier: Cashier, provider: Provider) -> None:
    cashier.submitted()
    provider.return_(cashier.first, "closed")
    cashier.run(cashier.paying.settle)
    _books(provider, amount="240.00", progress="settled")

    assert await cashier.failure(cashier.paying.undo_return, arrived_after_all()) == ("rail-refused", True)
    assert cashier.status is PaymentStatus.RETURNED


# --- What the challenge is told ------------------------------------------------------------------------------------


def _told(cashier: Cashier) -> list[PaymentStatus]:
    """What the challenge was told of the payment, in order."""
    assert {key for key, _ in cashier.runs.told} <= {cashier.till.key}
    return [status for _, status in cashier.runs.told]


def test_a_challenge_is_told_nothing_of_a_payment_that_is_on_its_way(cashier: Cashier) -> None:
    """Fails when every step costs the challenge a task of its own."""
    cashier.submitted()
    for activity in (cashier.paying.request, cashier.paying.submit, cashier.paying.settle):
        assert cashier.run(activity).status is PaymentStatus.SUBMITTED
    assert _told(cashier) == []


def test_a_challenge_is_told_that_a_payment_is_over_by_every_step_that_sees_it(
    cashier: Cashier, provider: Provider
) -> None:
    """Fails when a challenge waits for ever for a payment that another step, or a lost try, has found to be over."""
    cashier.submitted()
    provider.settle(cashier.first)
    for activity in (cashier.paying.settle, cashier.paying.settle, cashier.paying.request, cashier.paying.submit):
        assert cashier.run(activity).status is PaymentStatus.SETTLED
    assert _told(cashier) == [PaymentStatus.SETTLED] * 4


def test_a_challenge_is_told_that_a_payment_is_cancelled(cashier: Cashier) -> None:
    cashier.released()
    cashier.run(cashier.paying.cancel, cancelled())
    assert _told(cashier) == [PaymentStatus.CANCELLED]


def test_a_challenge_is_told_that_a_payment_is_owed_again_and_that_it_has_arrived_after_all(
    cashier: Cashier, provider: Provider
) -> None:
    """Fails when a challenge counts a payment as made whose money has come back."""
    cashier.submitted()
    provider.settle(cashier.first)
    cashier.run(cashier.paying.settle)
    cashier.run(cashier.paying.give_back, came_back())
    cashier.run(cashier.paying.undo_return, arrived_after_all())
    assert _told(cashier) == [PaymentStatus.SETTLED, PaymentStatus.RETURNED, PaymentStatus.SETTLED]


async def test_a_challenge_is_told_nothing_of_what_is_refused(cashier: Cashier, provider: Provider) -> None:
    cashier.submitted()
    provider.settle(cashier.first)
    assert await cashier.failure(cashier.paying.cancel, cancelled()) == ("too-late", True)
    assert await cashier.failure(cashier.paying.give_back, came_back()) == ("too-early", True)
    assert _told(cashier) == []
