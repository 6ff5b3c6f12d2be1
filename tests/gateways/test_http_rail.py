"""The rail to a payment provider: one request a call, and nobody is paid twice whatever goes wrong on the way."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.payments.rails import Instruction, Progress, Transfer
from domain.values.money import Money
from domain.values.refusals import Unavailable
from gateways.banking.http_rail import HttpRail
from tests.gateways.provider import TOKEN, Fault, Mischief, Provider
from tests.gateways.serving import Answer
from tests.gateways.transfers import AT, HOLDER, IBAN, ID, NUMBER, SORT_CODE, answered, instruction, rail_to
from tests.waiting import HANGS, SOON

_LOST = 0.5
"""Seconds after which an answer counts as lost, where many are; one that is only slow may count as lost, too."""


def paid_in_the_end(rail: HttpRail, wanted: Instruction) -> Transfer:
    """Asks as the service does: looks it up before it asks again, until there is an answer."""
    for _ in range(200):
        try:
            return rail.find(wanted.id) or rail.transfer(wanted, AT)
        except Unavailable:
            continue
    raise AssertionError("200 tries were not enough")


def test_a_transfer_is_asked_for_in_one_request_as_the_api_has_it(provider: Provider, rail: HttpRail) -> None:
    transfer = rail.transfer(instruction(), AT)

    assert transfer == Transfer(
        id=ID, amount=Money.parse("2400"), currency="GBP", reference="tr-1", at=AT, progress=Progress.TAKEN
    )
    [request] = provider.requests
    assert (request.method, request.path) == ("POST", "/transfers")
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["Idempotency-Key"] == ID
    assert json.loads(request.body) == {
        "id": ID,
        "amount": "2400.00",
        "currency": "GBP",
        "payee": {"holder": HOLDER, "sort_code": SORT_CODE, "number": NUMBER},
        "reference": "Exploration 1 of 2",
    }


@pytest.mark.parametrize("bic", ["", "NWBKGB2L"])
def test_an_account_abroad_is_sent_by_its_iban_with_the_bic_that_was_given(
    provider: Provider, rail: HttpRail, bic: str
) -> None:
    """Fails when a BIC is looked up: after a change of the tables the same key would come with another body."""
    rail.transfer(instruction(sort_code="", number="", iban=IBAN, bic=bic), AT)

    expected = {"holder": HOLDER, "iban": IBAN} | ({"bic": bic} if bic else {})
    assert json.loads(provider.requests[0].body)["payee"] == expected


def test_a_roll_number_and_where_the_payee_is_are_sent_if_they_were_given(provider: Provider, rail: HttpRail) -> None:
    """Fails when the provider gets the account of a building society without the member's own number."""
    rail.transfer(instruction(roll_number="B/123", town="Leeds", country="GB"), AT)

    payee = json.loads(provider.requests[0].body)["payee"]
    assert (payee["roll_number"], payee["town"], payee["country"]) == ("B/123", "Leeds", "GB")


def test_whoever_asks_again_gets_the_same_transfer_and_pays_once(provider: Provider, rail: HttpRail) -> None:
    first = rail.transfer(instruction(), AT)

    assert rail.transfer(instruction(), AT) == first == rail.find(ID)
    assert (provider.times_booked(ID), provider.paid(ID)) == (1, 240_000)
    assert len(provider.requests) == 3


def test_an_id_is_one_part_of_the_address_whatever_is_in_it(provider: Provider, rail: HttpRail) -> None:
    """Fails without the percent-encoding."""
    strange = "a/b?c#d%2F../e&f"
    rail.transfer(instruction(strange), AT)
    found = rail.find(strange)

    assert found is not None
    assert found.id == strange
    assert provider.requests[1].path == "/transfers/a%2Fb%3Fc%23d%252F..%2Fe%26f"


def test_a_transfer_that_nobody_asked_for_is_not_found(provider: Provider, rail: HttpRail) -> None:
    assert rail.find(ID) is None
    assert len(provider.requests) == 1


def test_how_far_a_transfer_has_come_is_found(provider: Provider, rail: HttpRail) -> None:
    rail.transfer(instruction(), AT)
    provider.settle(ID)
    settled = rail.find(ID)
    provider.return_(ID, "account closed")
    returned = rail.find(ID)

    assert settled is not None
    assert (settled.progress, settled.reason) == (Progress.SETTLED, "")
    assert returned is not None
    assert (returned.progress, returned.reason) == (Progress.RETURNED, "account closed")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"account {NUMBER} at 60-16-13 is closed", "account •••• at •••• is closed"),
        (f"{IBAN} is closed", "•••• is closed"),
        ("GB29 NWBK 6016 1331 9268 19 is closed", "•••• is closed"),
        ("closed\nin\x00May", "closed in May"),
        ("why " * 100, ("why " * 100)[:300]),
        ("", "the provider gave no reason"),
        (None, "the provider gave no reason"),
    ],
)
def test_a_reason_is_one_short_line_without_the_number_of_an_account(
    provider: Provider, rail: HttpRail, said: str | None, kept: str
) -> None:
    """Fails when the provider's words are taken as they are."""
    provider.will(Answer(200, answered(progress="returned", reason=said)))
    found = rail.find(ID)

    assert found is not None
    assert found.reason == kept


def test_a_provider_may_say_more_than_it_is_asked(provider: Provider, rail: HttpRail) -> None:
    provider.will(Answer(201, answered(fee="0.20", at="2016-08-01T17:00:00+01:00")))

    assert rail.transfer(instruction(), AT) == Transfer(
        id=ID, amount=Money.parse("2400"), currency="GBP", reference="tr-1", at=AT, progress=Progress.TAKEN
    )


@pytest.mark.parametrize(
    ("fault", "booked"),
    [
        (Fault.DROPPED_BEFORE, False),
        (Fault.DROPPED_AFTER, True),
        (Fault.FAILS_BEFORE, False),
        (Fault.FAILS_AFTER, True),
        (Fault.BUSY, False),
        (Fault.GARBAGE, True),
        (Fault.CUT, True),
    ],
)
def test_an_answer_that_is_not_clear_leaves_the_result_unknown_until_it_is_looked_up(
    provider: Provider, rail: HttpRail, fault: Fault, booked: bool
) -> None:
    """Also fails if the rail tries again by itself."""
    provider.will(fault)

    with pytest.raises(Unavailable, match=f"Nobody knows whether it took the transfer {ID}: look it up"):
        rail.transfer(instruction(), AT)

    assert len(provider.requests) == 1
    assert provider.times_booked(ID) == booked
    assert (rail.find(ID) is not None) == booked


@pytest.mark.parametrize("fault", [Fault.LATE_AFTER, Fault.DRIPS])
def test_an_answer_that_does_not_come_in_time_leaves_the_result_unknown(provider: Provider, fault: Fault) -> None:
    """Fails, for an answer that comes in drips, if only the single parts of it are waited for in time."""
    provider.will(fault)

    with rail_to(provider, timeout=SOON) as hurried, pytest.raises(Unavailable, match=r"in time|without an end"):
        hurried.transfer(instruction(), AT)
    provider.stop()  # by now, everything that came in has been seen to

    assert len(provider.requests) == 1
    assert provider.times_booked(ID) == 1


def test_a_transfer_that_is_booked_after_the_rail_gave_up_is_not_made_again(provider: Provider, rail: HttpRail) -> None:
    """Fails when the second request comes without the key of the first, or the provider does not look at it."""
    provider.will(Fault.LATE_BEFORE)

    with rail_to(provider, timeout=SOON) as hurried, pytest.raises(Unavailable, match="did not answer in time"):
        hurried.transfer(instruction(), AT)
    rail.transfer(instruction(), AT)
    provider.stop()  # by now, also what was late has been booked

    assert [request.headers["Idempotency-Key"] for request in provider.requests] == [ID, ID]
    assert (provider.times_booked(ID), provider.paid(ID)) == (1, 240_000)


@pytest.mark.parametrize("fault", [Fault.DROPPED_BEFORE, Fault.FAILS_BEFORE, Fault.BUSY, Fault.GARBAGE, Fault.CUT])
def test_a_look_up_without_a_clear_answer_is_not_taken_for_not_found(
    provider: Provider, rail: HttpRail, fault: Fault
) -> None:
    rail.transfer(instruction(), AT)
    provider.will(fault)

    with pytest.raises(Unavailable):
        rail.find(ID)

    assert len(provider.requests) == 2


def test_a_provider_that_is_away_is_unavailable_and_comes_back(provider: Provider, rail: HttpRail) -> None:
    first = rail.transfer(instruction(), AT)
    with provider.away():
        with pytest.raises(Unavailable, match=r"cannot be reached|broke off"):
            rail.find(ID)  # on the connection of before
        with pytest.raises(Unavailable, match="cannot be reached"):
            rail.transfer(instruction("a/2"), AT)

    assert paid_in_the_end(rail, instruction("a/2")).reference == "tr-2"
    assert rail.find(ID) == first


@pytest.mark.parametrize("seed", range(30))
def test_whatever_goes_wrong_each_id_is_paid_exactly_once(seed: int) -> None:
    """Fails with a provider that does not look at the key, or when an answer that is not clear counts as a refusal."""
    wanted = [instruction(f"{ID}/{number}", f"{number}000.00") for number in (1, 2, 3)]
    with Provider(Mischief(seed)) as provider, rail_to(provider, timeout=_LOST) as rail:
        transfers = [paid_in_the_end(rail, each) for each in wanted]

    assert [transfer.id for transfer in transfers] == [each.id for each in wanted]
    assert {each.id: provider.times_booked(each.id) for each in wanted} == {each.id: 1 for each in wanted}
    assert {each.id: provider.paid(each.id) for each in wanted} == {each.id: each.amount.pence for each in wanted}


@pytest.mark.parametrize("seed", range(3))
def test_many_who_ask_at_once_through_mischief_pay_once(seed: int) -> None:
    together = threading.Barrier(4)

    def pay(rail: HttpRail) -> Transfer:
        together.wait(timeout=HANGS)
        return paid_in_the_end(rail, instruction())

    with (
        Provider(Mischief(seed)) as provider,
        rail_to(provider, timeout=_LOST) as rail,
        ThreadPoolExecutor(4) as threads,
    ):
        transfers = list(threads.map(pay, [rail] * 4))

    assert len({transfer.reference for transfer in transfers}) == 1
    assert (provider.times_booked(ID), provider.paid(ID)) == (1, 240_000)
