"""A payment is given to its rail: once, to the right rail, for the right amount, whatever the rail answers."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import update

from domain.payments.payment import PaymentStatus
from domain.payments.rails import Instruction
from domain.payments.reference import reference_of
from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from domain.values.money import Money
from gateways.banking.http_rail import HttpRail
from store.challenges.rounds import keep_round
from store.database import tables
from store.database.database import Database
from store.payments import payment_files
from store.payments.embedded_rail import EmbeddedRail
from store.payments.file_rail import FileRail
from store.record.record import announce
from tests.activities.paying import ACCOUNT, LOST, SEALS, Cashier, came_back, cancelled, release
from tests.gateways.provider import Fault, Provider
from tests.gateways.serving import Answer
from tests.store.filing import batch
from tests.store.paying import lines
from tests.store.said import CLOSES, OPENS, compose, opened

REHEARSED = "test-2016-rehearsal-1/air-quality"


def instruction(id: str, amount: str = "2400") -> Instruction:  # noqa: A002
    """What somebody asks the provider for, without the service."""
    return Instruction(id=id, amount=Money.parse(amount), currency="GBP", payee=ACCOUNT, reference="x")


def test_the_rail_is_asked_for_what_was_ordered_and_the_answer_names_nobody(
    cashier: Cashier, provider: Provider
) -> None:
    snapshot = cashier.submitted()

    assert (snapshot.status, snapshot.attempt, snapshot.submitted) == (PaymentStatus.SUBMITTED, 1, CLOSES)
    cashier.check_names_nobody(snapshot)
    [asked] = [json.loads(each.body) for each in provider.requests if each.method == "POST"]
    assert asked == {
        "id": cashier.first,
        "amount": "2400.00",
        "currency": "GBP",
        "payee": {"holder": "Ada Lovelace", "sort_code": "601613", "number": "31926819"},
        "reference": reference_of(f"{cashier.till.key}/1", ACCOUNT),
    }
    assert cashier.till.now.reference == "tr-1"


def test_every_step_that_runs_again_repeats_nothing(cashier: Cashier, provider: Provider) -> None:
    """Fails when a key is made from the attempt of an activity, or a step looks at nothing before it acts."""
    provider_says = cashier.submitted()
    again = [
        cashier.run(cashier.paying.request),
        cashier.run(cashier.paying.release, release()),
        cashier.run(cashier.paying.submit),
    ]

    assert [each.status for each in again] == [PaymentStatus.SUBMITTED] * 3
    assert {each.version for each in again} == {provider_says.version}
    assert provider.times_booked(cashier.first) == 1
    assert lines(cashier.till) == ["requested", "payee-known", "release/1", "submitted-1"]


def test_nothing_leaves_before_a_second_person_has_released_it(cashier: Cashier, provider: Provider) -> None:
    cashier.run(cashier.paying.request)
    assert cashier.run(cashier.paying.submit).status is PaymentStatus.PAYEE_KNOWN
    assert provider.requests == []


@pytest.mark.parametrize("fault", LOST)
async def test_an_answer_that_is_lost_is_asked_for_again_and_pays_once(
    cashier: Cashier, provider: Provider, fault: Fault
) -> None:
    cashier.released()
    provider.will(Fault.NONE, fault)  # it is looked up before it is asked for

    assert await cashier.failure(cashier.paying.submit) == ("unavailable", False)
    assert cashier.status is PaymentStatus.RELEASED
    assert cashier.run(cashier.paying.submit).status is PaymentStatus.SUBMITTED
    assert (provider.times_booked(cashier.first), provider.paid(cashier.first)) == (1, 240_000)


async def test_what_a_rail_may_have_cannot_be_cancelled(cashier: Cashier, provider: Provider) -> None:
    """Fails when the ledger notes only after the rail was asked that the rail may have it."""
    cashier.released()
    provider.will(Fault.NONE, Fault.DROPPED_AFTER)
    assert await cashier.failure(cashier.paying.submit) == ("unavailable", False)
    assert await cashier.failure(cashier.paying.cancel, cancelled()) == ("too-late", True)


async def test_while_the_rail_is_away_nothing_is_begun_and_the_payment_can_be_cancelled(
    cashier: Cashier, provider: Provider
) -> None:
    cashier.released()
    with provider.away():
        assert await cashier.failure(cashier.paying.submit) == ("unavailable", False)
    assert cashier.run(cashier.paying.cancel, cancelled()).status is PaymentStatus.CANCELLED
    assert cashier.run(cashier.paying.submit).status is PaymentStatus.CANCELLED
    assert provider.bookings == []


@pytest.mark.parametrize("status", [400, 401, 409, 422])
async def test_what_the_rail_refuses_waits_for_a_person(cashier: Cashier, provider: Provider, status: int) -> None:
    cashier.released()
    provider.will(Fault.NONE, Answer(status, b'{"code": "no_such_account", "message": "Ada Lovelace 31926819"}'))

    assert await cashier.failure(cashier.paying.submit) == ("rail-refused", True)
    assert cashier.status is PaymentStatus.RELEASED


async def test_a_transfer_that_another_rail_may_have_is_asked_for_nowhere_else(
    cashier: Cashier, provider: Provider
) -> None:
    cashier.released()
    provider.will(Fault.NONE, Fault.DROPPED_AFTER)
    await cashier.failure(cashier.paying.submit)
    other = EmbeddedRail(cashier.till.database)

    replaced = cashier.on(other)
    assert await replaced.failure(replaced.paying.submit) == ("rail-refused", True)
    assert other.find(cashier.first) is None


async def test_a_rail_that_has_another_amount_under_the_name_is_not_believed(cashier: Cashier, rail: HttpRail) -> None:
    cashier.released()
    rail.transfer(instruction(cashier.first, "0.01"), CLOSES)

    assert await cashier.failure(cashier.paying.submit) == ("rail-refused", True)
    assert cashier.status is PaymentStatus.RELEASED


async def test_bank_details_that_were_put_in_place_of_others_get_nothing(cashier: Cashier, provider: Provider) -> None:
    cashier.released()
    with cashier.till.database.writing() as connection:
        connection.execute(update(tables.payees).values(sealed=SEALS.seal(ACCOUNT, "another-team")))

    assert await cashier.failure(cashier.paying.submit) == ("unavailable", False)
    assert provider.bookings == []


def test_a_rehearsed_round_never_reaches_the_real_rail(
    open_: Database,
    round_: Round,
    programme: Programme,
    rail: HttpRail,
    provider: Provider,
) -> None:
    rehearsed = round_.model_copy(update={"id": REHEARSED.partition("/")[0]})
    keep_round(open_, rehearsed, programme, challenges_of(rehearsed, programme), OPENS)
    announce(open_, opened(REHEARSED), compose)
    cashier = Cashier.of(open_, rail, REHEARSED)

    assert cashier.submitted().status is PaymentStatus.SETTLED
    assert cashier.run(cashier.paying.settle).status is PaymentStatus.SETTLED
    assert provider.requests == []
    booked = EmbeddedRail(open_).find(cashier.first)
    assert booked is not None
    assert booked.amount == Money.parse("2400")


async def test_an_attempt_that_the_rail_has_after_all_stops_the_next_one(cashier: Cashier, provider: Provider) -> None:
    """Fails when a payment leaves a second time because a rail once said that the first had come back."""
    cashier.submitted()
    provider.return_(cashier.first, "closed")
    cashier.run(cashier.paying.settle)
    cashier.run(cashier.paying.release, release("2"))
    provider.settle(cashier.first)

    assert await cashier.failure(cashier.paying.submit) == ("rail-refused", True)
    assert [booking.id for booking in provider.bookings] == [cashier.first]

    provider.return_(cashier.first, "closed")
    assert cashier.run(cashier.paying.submit).attempt == 2
    assert [booking.id for booking in provider.bookings] == [cashier.first, f"{cashier.till.key}/2"]


async def test_a_person_is_believed_that_what_had_arrived_came_back(cashier: Cashier, provider: Provider) -> None:
    cashier.submitted()
    provider.settle(cashier.first)
    cashier.run(cashier.paying.settle)
    cashier.run(cashier.paying.give_back, came_back())
    cashier.run(cashier.paying.release, release("2", by="frank"))

    assert cashier.run(cashier.paying.submit).status is PaymentStatus.SUBMITTED
    assert len(provider.bookings) == 2


def test_a_payment_that_leaves_in_a_file_waits_for_the_file(cashier: Cashier) -> None:
    filed = cashier.on(FileRail(cashier.till.database))
    filed.released()

    waiting = filed.run(filed.paying.submit)
    assert (waiting.status, waiting.is_batched) == (PaymentStatus.RELEASED, True)
    made = batch(filed.till.database)
    assert made is not None
    assert filed.run(filed.paying.submit).status is PaymentStatus.RELEASED
    payment_files.mark_written(filed.till.database, made.id, CLOSES)
    assert filed.run(filed.paying.submit).status is PaymentStatus.SUBMITTED
    assert filed.till.now.reference == made.id


def test_the_ledger_has_the_instants_at_which_temporal_asked_and_not_those_of_the_machine(
    cashier: Cashier, provider: Provider
) -> None:
    """Fails when a try that comes late writes down when it came."""
    cashier.run(cashier.paying.request)
    with provider.away():
        cashier.run(cashier.paying.release, release())
    assert (cashier.till.now.requested, cashier.till.now.released) == (CLOSES, CLOSES)
    assert [each.begun_at for each in cashier.till.transfers] == [None]
    cashier.run(cashier.paying.submit)
    assert [each.begun_at for each in cashier.till.transfers] == [CLOSES]


async def test_what_a_provider_may_have_goes_into_no_file(cashier: Cashier, provider: Provider) -> None:
    """Fails when only a rail that is asked at once looks at which rail was asked before."""
    cashier.released()
    provider.will(Fault.NONE, Fault.DROPPED_AFTER)
    await cashier.failure(cashier.paying.submit)

    filed = cashier.on(FileRail(cashier.till.database))
    assert await filed.failure(filed.paying.submit) == ("rail-refused", True)
