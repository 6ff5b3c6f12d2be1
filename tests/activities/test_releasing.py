"""A payment is released and goes as far as it can at once: handed to its rail, and noted as the rail has it."""

from __future__ import annotations

import pytest
from whenever import Instant

from domain.announcements.occasions import Occasion
from domain.payments.payment import PaymentSnapshot, PaymentStatus
from domain.payments.rails import Instruction, Progress, Transfer
from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from domain.values.money import Money
from gateways.banking.http_rail import HttpRail
from store.challenges.rounds import keep_round
from store.database.database import Database
from store.payments.embedded_rail import EmbeddedRail
from store.payments.file_rail import FileRail
from store.record.record import announce
from tests.activities.paying import LOST, RELEASED, SECRETS, Cashier, cancelled, released
from tests.gateways.provider import Fault, Provider
from tests.gateways.serving import Answer
from tests.store.filing import batch
from tests.store.paying import lines, told
from tests.store.said import CLOSES, OPENS, compose, opened

REHEARSED = "test-2016-rehearsal-1/air-quality"


def asked(provider: Provider) -> list[str]:
    """What the provider was asked, in order: GET looks a transfer up, POST has it made."""
    return [each.method for each in provider.requests]


# --- All in one go -------------------------------------------------------------------------------------------------


def test_a_released_payment_is_handed_over_and_noted_in_one_go(
    requested: Cashier, provider: Provider, rail: HttpRail
) -> None:
    snapshot = released(requested)

    assert (snapshot.status, snapshot.attempt, snapshot.released_by) == (PaymentStatus.SUBMITTED, 1, "fiona")
    assert (snapshot.released, snapshot.submitted, snapshot.is_batched) == (CLOSES, CLOSES, False)
    requested.check_names_nobody(snapshot)
    assert asked(provider) == ["GET", "POST"]
    assert provider.paid(requested.first) == 240_000
    assert lines(requested.till) == [*RELEASED, "submitted-1"]
    assert told(requested.till.database, Occasion.PAYMENT_SENT) == [requested.till.team]
    assert requested.till.now.reference == "tr-1"
    assert [(each.begun_at, each.rail) for each in requested.till.transfers] == [(CLOSES, rail.name)]
    assert requested.runs.told == [], "it is neither over nor owed again"


def test_what_its_rail_settles_at_once_is_over_and_its_challenge_is_told(requested: Cashier) -> None:
    """Fails when a second step has to ask what the rail has said already."""
    embedded = requested.on(EmbeddedRail(requested.till.database))
    snapshot = released(embedded)

    assert (snapshot.status, snapshot.settled) == (PaymentStatus.SETTLED, CLOSES)
    assert lines(embedded.till) == [*RELEASED, "submitted-1", "settled-1"]
    assert embedded.runs.told == [(embedded.till.key, PaymentStatus.SETTLED)]


class RejectingRail(EmbeddedRail):
    """A rail that takes every transfer and says at once that it will never leave."""

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """See `PaymentRail`."""
        taken = super().transfer(instruction, at)
        return taken.model_copy(update={"progress": Progress.REJECTED, "reason": "Lovelace has no account"})


def test_what_its_rail_rejects_at_once_is_owed_again_and_its_challenge_is_told(requested: Cashier) -> None:
    """Fails when only a rail that is asked later is believed, or the account's holder is named to Temporal."""
    rejecting = requested.on(RejectingRail(requested.till.database))
    snapshot = released(rejecting)

    assert (snapshot.status, snapshot.reason) == (PaymentStatus.REJECTED, "•••• has no account")
    assert lines(rejecting.till) == [*RELEASED, "submitted-1", "returned-1"]
    assert rejecting.runs.told == [(rejecting.till.key, PaymentStatus.REJECTED)]


def test_a_rehearsed_payment_is_released_on_no_real_rail(
    open_: Database, round_: Round, programme: Programme, rail: HttpRail, provider: Provider
) -> None:
    rehearsed = round_.model_copy(update={"id": REHEARSED.partition("/")[0]})
    keep_round(open_, rehearsed, programme, challenges_of(rehearsed, programme), OPENS)
    announce(open_, opened(REHEARSED), compose)
    cashier = Cashier.of(open_, rail, REHEARSED)
    cashier.run(cashier.paying.request)

    assert released(cashier).status is PaymentStatus.SETTLED
    assert provider.requests == []
    assert EmbeddedRail(open_).find(cashier.first) is not None


# --- What stays to be submitted ------------------------------------------------------------------------------------


def _is_released_and_not_begun(cashier: Cashier, snapshot: PaymentSnapshot) -> None:
    """That no rail has what was released, as the ledger says too."""
    assert (snapshot.status, snapshot.submitted) == (PaymentStatus.RELEASED, None)
    assert [(each.begun_at, each.rail) for each in cashier.till.transfers[snapshot.attempt - 1 :]] == [(None, "")]


def test_while_the_rail_is_away_a_release_begins_nothing_and_can_be_cancelled(
    requested: Cashier, provider: Provider
) -> None:
    """Fails when a payment is begun before its rail has answered: nobody could take it back although nothing left."""
    with provider.away():
        _is_released_and_not_begun(requested, released(requested))
    assert lines(requested.till) == RELEASED
    assert requested.runs.told == []

    assert requested.run(requested.paying.cancel, cancelled()).status is PaymentStatus.CANCELLED
    assert provider.bookings == []


@pytest.mark.parametrize("fault", [Fault.DROPPED_BEFORE, Fault.FAILS_BEFORE, Fault.BUSY, Answer(401, b"")], ids=str)
def test_what_could_not_be_looked_up_is_submitted_later_and_once(
    requested: Cashier, provider: Provider, fault: Fault | Answer
) -> None:
    provider.will(fault)
    _is_released_and_not_begun(requested, released(requested))
    assert asked(provider) == ["GET"]
    assert released(requested).status is PaymentStatus.RELEASED, "a try that was not heard of begins nothing either"
    assert provider.bookings == []

    assert requested.run(requested.paying.submit).status is PaymentStatus.SUBMITTED
    assert (provider.times_booked(requested.first), provider.paid(requested.first)) == (1, 240_000)


@pytest.mark.parametrize("fault", LOST)
async def test_what_its_rail_may_have_is_not_lost_and_is_paid_once(
    requested: Cashier, provider: Provider, rail: HttpRail, fault: Fault
) -> None:
    """Fails when a release is refused whose rail may have the money, or is undone."""
    provider.will(Fault.NONE, fault)
    snapshot = released(requested)

    assert (snapshot.status, snapshot.submitted) == (PaymentStatus.RELEASED, None)
    assert lines(requested.till) == RELEASED
    assert [(each.begun_at, each.rail) for each in requested.till.transfers] == [(CLOSES, rail.name)]
    assert await requested.failure(requested.paying.cancel, cancelled()) == ("too-late", True)

    assert requested.run(requested.paying.submit).status is PaymentStatus.SUBMITTED
    assert (provider.times_booked(requested.first), provider.paid(requested.first)) == (1, 240_000)
    assert lines(requested.till) == [*RELEASED, "submitted-1"]


@pytest.mark.parametrize("status", [400, 401, 409, 422])
async def test_what_the_rail_refuses_stays_released_and_then_waits_for_a_person(
    requested: Cashier, provider: Provider, status: int
) -> None:
    """Fails when the release itself is refused: it is on the record, and the rail was asked."""
    no = Answer(status, b'{"code": "no_such_account", "message": "Ada Lovelace 31926819"}')
    provider.will(Fault.NONE, no, Fault.NONE, no)
    assert released(requested).status is PaymentStatus.RELEASED

    assert await requested.failure(requested.paying.submit) == ("rail-refused", True)
    assert provider.bookings == []


class BrokenInside(EmbeddedRail):
    """A rail whose driver fails with an error of its own, whose words hold bank details.

    Args:
        database: of the embedded rail.
        at: the question that it fails at.
    """

    def __init__(self, database: Database, at: str) -> None:
        super().__init__(database)
        self._at = at

    def find(self, id: str) -> Transfer | None:  # noqa: A002
        """See `PaymentRail`."""
        if self._at == "find":
            raise ConnectionError("no route for 31926819 of Ada Lovelace")
        return super().find(id)

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """See `PaymentRail`."""
        if self._at == "transfer":
            raise ConnectionError("no route for 31926819 of Ada Lovelace")
        return super().transfer(instruction, at)


@pytest.mark.parametrize(("at", "rail_kept"), [("find", ""), ("transfer", "embedded")])
def test_a_rail_that_breaks_keeps_nobody_waiting_and_its_words_are_in_no_log(
    requested: Cashier, caplog: pytest.LogCaptureFixture, at: str, rail_kept: str
) -> None:
    """Fails when only what a rail should raise is expected of it: whoever releases would wait for its mending."""
    broken = requested.on(BrokenInside(requested.till.database, at))
    assert released(broken).status is PaymentStatus.RELEASED
    assert [each.rail for each in requested.till.transfers] == [rail_kept]
    said = [
        vars(each) for each in caplog.records if each.getMessage().startswith("payment released, not submitted yet")
    ]
    assert [each["fault"] for each in said] == ["ConnectionError"]
    assert not [secret for secret in SECRETS if secret in str(said)]

    mended = requested.on(EmbeddedRail(requested.till.database))
    assert mended.run(mended.paying.submit).status is PaymentStatus.SETTLED


async def test_another_amount_at_the_rail_is_not_taken_for_the_payment(requested: Cashier) -> None:
    """Fails when what a rail answers to a release is not compared with what was ordered."""

    class WrongRail(EmbeddedRail):
        """A rail that says that it has paid a tenth."""

        def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
            """See `PaymentRail`."""
            return super().transfer(instruction.model_copy(update={"amount": Money.parse("240")}), at)

    wrong = requested.on(WrongRail(requested.till.database))
    assert released(wrong).status is PaymentStatus.RELEASED
    assert await wrong.failure(wrong.paying.submit) == ("rail-refused", True)
    assert lines(wrong.till) == RELEASED


def test_a_payment_that_leaves_in_a_file_is_only_released(requested: Cashier) -> None:
    """Fails when a rail that is asked for no single transfer is asked, or its payment can be in no file any more."""
    filed = requested.on(FileRail(requested.till.database))
    snapshot = released(filed)

    assert snapshot.is_batched
    _is_released_and_not_begun(filed, snapshot)
    made = batch(filed.till.database)
    assert made is not None
    assert [each.transfer for each in made.lines] == [filed.first]


def test_a_payment_whose_attempt_has_failed_is_only_released(requested: Cashier, provider: Provider) -> None:
    """Fails when it leaves again before anybody has looked whether the attempt before came back.

    That look is a step of its own, in which a person sees it stand still.
    """
    released(requested)
    provider.return_(requested.first, "closed")
    requested.run(requested.paying.settle)
    before = asked(provider)

    snapshot = released(requested, "2")
    assert snapshot.attempt == 2
    _is_released_and_not_begun(requested, snapshot)
    assert asked(provider) == before
    assert requested.run(requested.paying.submit).status is PaymentStatus.SUBMITTED
    assert [booking.id for booking in provider.bookings] == [requested.first, f"{requested.till.key}/2"]


async def test_what_one_rail_may_have_no_other_is_asked_for_by_the_release_that_runs_again(
    requested: Cashier, provider: Provider
) -> None:
    """Invariant 1. Fails when a worker that is set to another rail takes the same release over."""
    provider.will(Fault.NONE, Fault.DROPPED_AFTER)
    released(requested)
    other = EmbeddedRail(requested.till.database)
    replaced = requested.on(other)

    assert released(replaced).status is PaymentStatus.RELEASED
    assert other.find(requested.first) is None
    assert await replaced.failure(replaced.paying.submit) == ("rail-refused", True)
    assert requested.run(requested.paying.submit).status is PaymentStatus.SUBMITTED
    assert provider.times_booked(requested.first) == 1


def test_what_no_rail_was_asked_for_goes_to_the_rail_that_is_set_when_it_leaves(
    requested: Cashier, provider: Provider
) -> None:
    with provider.away():
        released(requested)
    other = EmbeddedRail(requested.till.database)
    replaced = requested.on(other)

    assert replaced.run(replaced.paying.submit).status is PaymentStatus.SETTLED
    assert released(requested).status is PaymentStatus.SETTLED
    assert other.find(requested.first) is not None
    assert provider.bookings == []
