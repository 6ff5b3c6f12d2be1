"""A release that runs again, because a try was not heard of: it pays once, and answers the same."""

from __future__ import annotations

import pytest
from whenever import Instant

from domain.announcements.occasions import Occasion
from domain.payments.payment import PaymentStatus
from domain.payments.rails import Instruction, PaymentRail, Transfer
from gateways.banking.http_rail import HttpRail
from store.payments.embedded_rail import EmbeddedRail
from tests.activities.paying import RELEASED, Cashier, came_back, release, released
from tests.gateways.provider import Provider
from tests.store.paying import SECOND_RELEASER, lines, told


class Died(BaseException):
    """The worker is no more."""


class DyingRail:
    """A rail during whose first question of a kind the worker dies.

    Args:
        rail: that is asked.
        at: the question, "find" or "transfer".
        has_done: whether the rail has done what it was asked.
    """

    is_batched = False

    def __init__(self, rail: PaymentRail, at: str, has_done: bool) -> None:
        self.name = rail.name
        self._rail = rail
        self._at = at
        self._has_done = has_done

    def find(self, id: str) -> Transfer | None:  # noqa: A002
        """See `PaymentRail`."""
        self._dies("find", has_done=False)
        found = self._rail.find(id)
        self._dies("find", has_done=True)
        return found

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """See `PaymentRail`."""
        self._dies("transfer", has_done=False)
        transfer = self._rail.transfer(instruction, at)
        self._dies("transfer", has_done=True)
        return transfer

    def _dies(self, at: str, has_done: bool) -> None:
        if (self._at, self._has_done) == (at, has_done):
            self._at = ""
            raise Died


@pytest.mark.parametrize("has_done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", ["find", "transfer"])
def test_a_release_that_runs_again_pays_once_and_answers_the_same(
    requested: Cashier, rail: HttpRail, provider: Provider, at: str, has_done: bool
) -> None:
    """Invariant 1. Fails when a try that follows a death releases, asks or tells again, or gives up what was begun."""
    dying = requested.on(DyingRail(rail, at, has_done))
    with pytest.raises(Died):
        released(dying)

    first, again = released(dying), released(dying)
    assert first == again
    assert (first.status, first.attempt) == (PaymentStatus.SUBMITTED, 1)
    assert (provider.times_booked(requested.first), provider.paid(requested.first)) == (1, 240_000)
    assert lines(requested.till) == [*RELEASED, "submitted-1"]
    assert told(requested.till.database, Occasion.PAYMENT_SENT) == [requested.till.team]


def test_a_release_whose_payment_has_gone_on_meanwhile_only_says_how_it_stands(
    requested: Cashier, provider: Provider
) -> None:
    """Fails when a late try of the first release makes the second leave."""
    released(requested)
    provider.settle(requested.first)
    requested.run(requested.paying.settle)
    requested.run(requested.paying.give_back, came_back())
    assert released(requested, "1").status is PaymentStatus.RETURNED
    assert released(requested, "2", by=SECOND_RELEASER).status is PaymentStatus.RELEASED

    late = released(requested, "1")
    assert (late.status, late.attempt) == (PaymentStatus.RELEASED, 2)
    assert [booking.id for booking in provider.bookings] == [requested.first]


class OvertakenRail(EmbeddedRail):
    """An operator says that the payment came back, after the rail was asked for it and before the rail pays."""

    def __init__(self, cashier: Cashier) -> None:
        super().__init__(cashier.till.database)
        self._cashier = cashier

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """See `PaymentRail`."""
        self._cashier.till.give_back()
        return super().transfer(instruction, at)


async def test_money_that_leaves_although_it_was_said_to_be_back_is_told_to_whoever_released_it(
    requested: Cashier,
) -> None:
    """Fails when only the log has it: the payment is not released any more, so nobody looks at it again."""
    overtaken = requested.on(OvertakenRail(requested))

    assert await overtaken.failure(overtaken.paying.release, release()) == ("rail-refused", True)

    assert requested.status is PaymentStatus.REJECTED


async def test_a_challenge_that_could_not_be_told_is_told_by_the_next_try(requested: Cashier) -> None:
    """Fails when a challenge never hears that a payment is over, because Temporal was away at that moment."""
    embedded = requested.on(EmbeddedRail(requested.till.database))
    embedded.runs.away = True
    assert await embedded.failure(embedded.paying.release, release()) == ("unavailable", False)
    assert embedded.status is PaymentStatus.SETTLED

    embedded.runs.away = False
    assert released(embedded).status is PaymentStatus.SETTLED
    assert embedded.runs.told == [(embedded.till.key, PaymentStatus.SETTLED)]
    assert lines(embedded.till) == [*RELEASED, "submitted-1", "settled-1"]
