"""Statements of the paying account, brought to the desk: what they settle and return, and what a person has to see."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import update
from whenever import TimeDelta

from desk.bank_reports import Settled
from desk.desk import Desk
from desk.payment_workflows import PaymentWorkflows
from domain.payments.bank_account import BankAccount
from domain.payments.reference import short_reference
from domain.permissions import Actor
from domain.values.refusals import FileRefused, NotAllowed, RailRefused, Unavailable
from service.settings import Settings
from service.wiring import seals_of
from store.database import tables
from store.database.database import Database
from tests.desk.asking import acting, desk_on, refusals
from tests.gateways.statement import Entry, Part, end_to_end, statement
from tests.gateways.status_report import Said, end_to_end_ids, status_report
from tests.store.filing import progress, released
from tests.store.said import CLOSES, applied

PAYER = {"payer_holder": "Fund", "payer_sort_code": "200000", "payer_number": "55779911"}
BOOKED, MADE = "2016-08-01", "2016-08-02T06:00:00Z"
"""The day on which the file is made, and when the bank makes its statement of that day."""
LATER = CLOSES + TimeDelta(hours=48)


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """A service that pays by files."""
    return PAYER | {
        "payment_rail": "files",
        "payment_files": tmp_path / "payments",
        "payee_key_file": tmp_path / "payee.key",
    }


class Bank:
    """A bank that has one payment file with two payments, and the desk to which its statements are brought.

    Args:
        desk: two days after the file was made, without Temporal.
        names: of the payments in the file, in the order of the transfers.
        transfers: their ids.
    """

    def __init__(self, desk: Desk, database: Database, file: str, names: list[str], transfers: list[str]) -> None:
        self.desk, self.database = desk, database
        self.file, self.names, self.transfers = file, names, transfers

    async def settle(self, xml: bytes, who: str = "fiona") -> Settled:
        """Somebody brings a statement."""
        return await self.desk.bank_reports.settle(await acting(self.desk, who), xml)

    def stands(self) -> list[str]:
        """How far the two payments have come."""
        found = progress(self.database)
        return [found[each][0] for each in self.transfers]


async def _let_know(workflows: PaymentWorkflows, actor: Actor, keys: Iterable[str]) -> None:
    """The payments hear of everything that somebody brings."""


async def _changed(workflows: PaymentWorkflows, keys: Iterable[str]) -> None:
    """The payments hear of everything that the ledger says."""


@pytest_asyncio.fixture
async def bank(open_: Database, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bank]:
    """See `Bank`."""
    seals, team = seals_of(Settings(**settings), open_), applied(open_)
    keys = [released(open_, team, number).key for number in (1, 2)]
    sealed = seals.seal(BankAccount(holder="Ada Lovelace", sort_code="601613", number="31926819"), team)
    with open_.writing() as connection:
        connection.execute(update(tables.payees).values(sealed=sealed))
    monkeypatch.setattr(PaymentWorkflows, "let_know", _let_know)
    monkeypatch.setattr(PaymentWorkflows, "ledger_changed", _changed)
    async with desk_on(open_, CLOSES, **settings) as desk:
        [made] = await desk.payment_files.submit(await acting(desk, "olivia"))
    names = [*end_to_end_ids(made.path.read_bytes())]
    async with desk_on(open_, LATER, **settings) as desk:
        yield Bank(desk, open_, made.id, names, [f"{key}/1" for key in keys])


def paid(name: str, **more: Any) -> Entry:
    return Entry(parts=[Part(end_to_end(name), "2400.00 GBP")], booked=BOOKED, **more)


def back(name: str, reason: str = "AC04") -> Entry:
    part = Part(end_to_end(name), "2400.00 GBP", returned=reason)
    return Entry(parts=[part], booked=BOOKED, credit=True)


def said(*entries: Entry, **more: Any) -> bytes:
    return statement(*entries, **{"made": MADE} | more)


@pytest.mark.parametrize("name", ["camt.053.001.02", "camt.053.001.13", "camt.054.001.02", "camt.054.001.08"])
async def test_a_statement_settles_and_returns_what_it_names(bank: Bank, name: str) -> None:
    one, other = bank.names
    await bank.settle(said(paid(one), paid(other), back(other), paid("RENT"), paid(one, status="PDNG"), name=name))

    assert bank.stands() == ["settled", "returned"]
    assert progress(bank.database)[bank.transfers[1]][1] == "the account is closed"


async def test_what_is_booked_as_back_is_back_also_without_a_reason(bank: Bank) -> None:
    """Fails where it is taken for a file that a bank turns away in its own words, which a person has to believe."""
    await bank.settle(said(*(back(name, "") for name in bank.names)))

    assert bank.stands() == ["returned", "returned"]
    assert {reason for _, reason in progress(bank.database).values()} == {"the bank gives no reason"}


async def test_a_payment_is_found_by_its_reference_alone(bank: Bank) -> None:
    """Fails where the reference in the file is not the one that is looked for."""
    one = Entry(note=f"FASTER PAYMENT {short_reference(bank.transfers[0]).replace('-', ' ')}", booked=BOOKED)
    await bank.settle(said(one))

    assert bank.stands() == ["settled", "taken"]


async def test_an_entry_for_the_whole_file_settles_all_payments_in_it(bank: Bank) -> None:
    whole = Part(f"<PmtInfId>{bank.file}</PmtInfId>", "4800.00 GBP")
    await bank.settle(said(Entry("4800.00 GBP", [whole], booked=BOOKED)))

    assert bank.stands() == ["settled", "settled"]


async def test_the_same_entry_in_a_notice_and_in_a_statement_is_no_second_news(bank: Bank) -> None:
    """Fails where a debit that is told again is later than the return, and then seems to contradict the return."""
    one, _ = bank.names
    at = "2016-08-01T{}:00:00Z"
    notice = [paid(one)._replace(booked=at.format(17)), back(one)._replace(booked=at.format(18))]
    for xml in (said(*notice, name="camt.054.001.08"), said(paid(one)), said(paid(one), back(one), id="WEEK")):
        await bank.settle(xml)
        assert bank.stands() == ["returned", "taken"]


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (lambda name: Entry("2000.00 EUR", [Part(end_to_end(name), "2000.00 EUR")], booked=BOOKED), "€2,000 left the"),
        (lambda name: paid(name, reverses="true"), "takes back money that had come in"),
        (lambda name: paid(name)._replace(booked="2016-07-31"), "before its payment file was made"),
    ],
)
async def test_what_is_unclear_settles_nothing_and_is_told_and_on_record(bank: Bank, entry: Any, says: str) -> None:
    """Fails where euros are taken for pounds, or the rest of the statement is lost with what is unclear."""
    one, other = bank.names
    told, olivia = list[Settled](), await acting(bank.desk, "olivia")
    with pytest.raises(RailRefused, match=f"but nothing of these lines. Statement ST-1, line 4: .*{says}"):
        await bank.desk.bank_reports.settle(olivia, said(paid(other), entry(one)), told=told.append)

    assert bank.stands() == ["taken", "settled"]
    assert says in told[0].unclear[0]
    assert [says in line.text for line in refusals(bank.database)] == [True]


async def test_what_changes_nothing_is_counted_with_the_reason(bank: Bank) -> None:
    told = await bank.settle(said(paid("RENT"), paid("TAX"), paid(bank.names[0], status="PDNG")))

    assert [(each.payment, each.why) for each in told.ignored] == [
        ("", "1 movement not booked yet, or only announced"),
        ("", "2 movements about no payment in a payment file"),
    ]
    assert bank.stands() == ["taken", "taken"]


async def test_a_statement_of_another_account_is_refused_and_its_number_not_repeated(bank: Bank) -> None:
    other = said(paid(bank.names[0]), account="<Othr><Id>31926819</Id></Othr>")
    with pytest.raises(FileRefused, match=r"ST-1 is not of the account that pays \(sort code ••••, account ••••911\)"):
        await bank.settle(other)
    assert bank.stands() == ["taken", "taken"]

    both = b"<Out>" + b"".join(each.partition(b"\n")[2] for each in (other, said(paid(bank.names[1])))) + b"</Out>"
    await bank.settle(both)
    assert bank.stands() == ["taken", "settled"]


async def test_only_who_handles_money_brings_statements(bank: Bank) -> None:
    for who in ("sam", "breathe@applicants.example", ""):
        with pytest.raises(NotAllowed):
            await bank.settle(said(paid(bank.names[0])), who)
    assert bank.stands() == ["taken", "taken"]


async def test_all_that_is_in_a_file_is_noted_while_temporal_is_away(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails where the rest of a file is lost when the payments of its first report cannot hear of it."""

    async def away(workflows: PaymentWorkflows, actor: Actor, keys: Iterable[str]) -> None:
        raise Unavailable("No Temporal server answers.")

    monkeypatch.setattr(PaymentWorkflows, "let_know", away)
    one, other = bank.names
    report = status_report({one: Said("RJCT", "AC06")}, original=bank.file, made=MADE)
    both = b"<Out>" + b"".join(each.partition(b"\n")[2] for each in (report, said(paid(other)))) + b"</Out>"
    with pytest.raises(Unavailable, match="No Temporal server answers"):
        await bank.settle(both)
    assert bank.stands() == ["rejected", "settled"]


async def test_a_status_report_and_a_statement_in_one_file_count_by_their_times(bank: Bank) -> None:
    """The report is of the morning after, and says that what was booked has come back."""
    one, _ = bank.names
    report = status_report({one: Said("RJCT", "AC06")}, original=bank.file, made=MADE)
    both = b"<Out>" + b"".join(each.partition(b"\n")[2] for each in (report, said(paid(one)))) + b"</Out>"
    for xml in (both, said(paid(one))):
        await bank.settle(xml)
        assert bank.stands() == ["returned", "taken"]
