"""Payment files at the desk: made and listed by those who handle money, and made while Temporal is away, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import update
from whenever import Date

from domain.payments.bank_account import BankAccount
from domain.values.money import Money
from domain.values.refusals import FileRefused, NotAllowed, NotReadable, ReasonMissing, Unavailable, UnknownPayment
from service.settings import Settings
from service.wiring import seals_of
from store.database import tables
from store.database.database import Database
from store.payments import bank_reports
from store.record.record import read_record
from tests.desk.asking import acting, desk_on, refusals
from tests.gateways.status_report import Said, end_to_end_ids, status_report
from tests.store.filing import progress, released
from tests.store.paying import Till
from tests.store.said import AIR, CLOSES, ROADS

PAYER = {"payer_holder": "Fund", "payer_sort_code": "200000", "payer_number": "55779911"}
MONDAY, TUESDAY, SATURDAY = Date(2016, 8, 1), Date(2016, 8, 2), Date(2016, 8, 6)


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """A service that pays by files."""
    folder, keys = tmp_path / "payments", tmp_path / "payee.key"
    return PAYER | {"payment_rail": "files", "payment_files": folder, "payee_key_file": keys}


@pytest.fixture
def till(open_: Database, settings: dict[str, Any]) -> Till:
    """A payment that was released, and whose bank details are really sealed."""
    seals = seals_of(Settings(**settings), open_)
    till = released(open_)
    account = BankAccount(holder="Ada Lovelace", sort_code="601613", number="31926819")
    with open_.writing() as connection:
        connection.execute(update(tables.payees).values(sealed=seals.seal(account, till.team)))
    return till


@pytest.mark.parametrize("who", ["olivia", "fiona"])
async def test_a_file_is_made_once_for_its_owner_alone_while_temporal_is_away(
    till: Till, settings: dict[str, Any], who: str
) -> None:
    async with desk_on(till.database, CLOSES, **settings) as desk:
        actor = await acting(desk, who)
        [made] = await desk.payment_files.submit(actor, TUESDAY)
        assert await desk.payment_files.submit(actor) == ()
        assert await desk.payment_files.list(actor) == (made,)
    assert (made.count, made.control_sum, made.execute_on) == (1, Money.parse("2400"), TUESDAY)
    assert (made.made_by, made.written) == (who, True)
    assert made.path.stat().st_mode & 0o077 == 0
    accounts = [each.text for each in etree.parse(made.path).iter("{*}CdtrAcct//{*}Id", "{*}Id")]
    assert "31926819" in " ".join(filter(None, accounts))
    assert "31926819" not in " ".join(line.text for line in read_record(till.database, AIR))


async def test_nobody_else_makes_or_lists_files(till: Till, settings: dict[str, Any]) -> None:
    async with desk_on(till.database, CLOSES, **settings) as desk:
        for who in ("sam", "breathe@applicants.example", ""):
            actor = await acting(desk, who)
            with pytest.raises(NotAllowed):
                await desk.payment_files.submit(actor)
            with pytest.raises(NotAllowed):
                await desk.payment_files.list(actor)
        assert await desk.payment_files.list(await acting(desk, "fiona")) == ()
    assert [line.by for line in refusals(till.database)] == ["sam", till.team, "unknown"]
    assert refusals(till.database, ROADS) == []


@pytest.mark.parametrize(
    ("on", "said"),
    [
        (MONDAY.subtract(days=1), "is past"),
        (SATURDAY, "not a working day"),
        (MONDAY.add(years=1, days=1), "2017-08-02 is more than a year away: give a day until 2017-08-01"),
        (Date(2046, 1, 2), "more than a year away"),
    ],
)
async def test_a_day_on_which_no_bank_pays_is_refused(
    till: Till, settings: dict[str, Any], on: Date, said: str
) -> None:
    async with desk_on(till.database, CLOSES, **settings) as desk:
        with pytest.raises(NotReadable, match=said):
            await desk.payment_files.submit(await acting(desk, "olivia"), on)
    assert progress(till.database) == {}


async def test_a_day_later_than_the_promise_needs_a_reason_which_goes_on_the_record(
    till: Till, settings: dict[str, Any]
) -> None:
    """Fails when the promise of what leaves is not looked at. The last day of the promise is 15 August."""
    late, last = Date(2016, 8, 16), Date(2016, 8, 15)
    async with desk_on(till.database, CLOSES, **settings) as desk:
        actor = await acting(desk, "olivia")
        for reason in ("", " \n\u200b"):
            with pytest.raises(ReasonMissing, match=f"{late} is later than {till.key} is promised, which is {last}: "):
                await desk.payment_files.submit(actor, late, reason=reason)
        with pytest.raises(NotReadable, match="The reason has 2001 characters"):
            await desk.payment_files.submit(actor, late, reason="x" * 2001)
        assert progress(till.database) == {}
        [made] = await desk.payment_files.submit(actor, late, reason="The budget comes then.")
    assert made.execute_on == late
    [line] = [line for line in read_record(till.database, AIR) if line.action == "payment-file"]
    assert line.reason == "The budget comes then."


async def test_the_last_promised_day_and_the_next_working_day_need_no_reason(
    till: Till, settings: dict[str, Any]
) -> None:
    """Also when the promise is over: nothing can be paid sooner than the next working day."""
    async with desk_on(till.database, CLOSES.add(hours=24 * 60), **settings) as desk:
        with pytest.raises(ReasonMissing):
            await desk.payment_files.submit(await acting(desk, "olivia"), Date(2016, 10, 4))
        [made] = await desk.payment_files.submit(await acting(desk, "olivia"), Date(2016, 10, 3))
    assert made.execute_on == Date(2016, 10, 3)


async def test_a_file_that_was_begun_is_not_moved_beyond_the_promise_without_a_reason(
    till: Till, settings: dict[str, Any], tmp_path: Path
) -> None:
    in_the_way = tmp_path / "payments"
    in_the_way.write_text("", encoding="utf-8")
    async with desk_on(till.database, CLOSES, **settings) as desk:
        actor = await acting(desk, "olivia")
        with pytest.raises((FileRefused, Unavailable)):
            await desk.payment_files.submit(actor)
        in_the_way.unlink()
        with pytest.raises(ReasonMissing):
            await desk.payment_files.submit(actor, Date(2016, 8, 16))
        [made] = await desk.payment_files.submit(actor, Date(2016, 8, 16), reason="Late.")
    assert made.execute_on == Date(2016, 8, 16)
    [line] = [line for line in read_record(till.database, AIR) if line.action == "payment-file-moved"]
    assert (line.reason, line.text) == ("Late.", f"Payment file {made.id} is to be paid on 2016-08-16")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"payment_rail": "embedded"}, "CHALLENGES_PAYMENT_RAIL=files"),
        ({"payer_number": ""}, "CHALLENGES_PAYER_NUMBER"),
    ],
)
async def test_a_service_that_is_not_set_up_for_files_makes_none(
    till: Till, settings: dict[str, Any], change: dict[str, str], said: str
) -> None:
    async with desk_on(till.database, CLOSES, **(settings | change)) as desk:
        with pytest.raises(FileRefused, match=said):
            await desk.payment_files.submit(await acting(desk, "olivia"))
    assert progress(till.database) == {}


async def test_a_file_that_could_not_be_written_is_written_under_its_name_later(
    till: Till, settings: dict[str, Any], tmp_path: Path
) -> None:
    """Fails when its payments go into a second file: both may be taken to the bank."""
    in_the_way = tmp_path / "payments"
    in_the_way.touch()
    async with desk_on(till.database, CLOSES, **settings) as desk:
        olivia = await acting(desk, "olivia")
        with pytest.raises(FileRefused, match="cannot be written"):
            await desk.payment_files.submit(olivia)
        [begun] = await desk.payment_files.list(olivia)
        assert not begun.written
        in_the_way.unlink()
        [made] = await desk.payment_files.submit(olivia)
        assert (made.id, made.written) == (begun.id, True)
        assert await desk.payment_files.list(olivia) == (made,)


async def test_the_word_of_somebody_who_handles_money_settles_what_left_in_a_file(
    till: Till, settings: dict[str, Any]
) -> None:
    async with desk_on(till.database, CLOSES, **settings) as desk:
        olivia = await acting(desk, "olivia")
        with pytest.raises(UnknownPayment):
            await desk.bank_reports.confirm_settled(olivia, till.key)
        await desk.payment_files.submit(olivia, TUESDAY)
        with pytest.raises(NotAllowed):
            await desk.bank_reports.confirm_settled(await acting(desk, "sam"), till.key)
        with pytest.raises(NotReadable, match="still to come"):
            await desk.bank_reports.confirm_settled(olivia, till.key, TUESDAY)
        assert [each.key for each in await desk.bank_reports.confirm_settled(olivia, till.key)] == [till.key]
        assert await desk.bank_reports.confirm_settled(olivia, till.key) == ()
    assert progress(till.database) == {f"{till.key}/1": ("settled", "")}


@pytest.mark.parametrize("report", [b"", b"<Document/>", b"\xff\x00 no report", b"<a>" * 10])
async def test_what_is_no_report_of_a_bank_is_refused(till: Till, settings: dict[str, Any], report: bytes) -> None:
    async with desk_on(till.database, CLOSES, **settings) as desk:
        olivia = await acting(desk, "olivia")
        await desk.payment_files.submit(olivia, TUESDAY)
        with pytest.raises(FileRefused):
            await desk.bank_reports.settle(olivia, report)
    assert progress(till.database) == {f"{till.key}/1": ("taken", "")}


async def test_what_a_bank_reports_while_temporal_is_away_is_noted_and_still_to_be_heard(
    till: Till, settings: dict[str, Any]
) -> None:
    """Fails when the note hangs on whether the payment could be told of it."""
    async with desk_on(till.database, CLOSES, **settings) as desk:
        olivia = await acting(desk, "olivia")
        [made] = await desk.payment_files.submit(olivia, TUESDAY)
        [name] = end_to_end_ids(made.path.read_bytes())
        settled = status_report({name: Said("ACSC")}, original=made.id)
        with pytest.raises(NotAllowed):
            await desk.bank_reports.settle(await acting(desk, "sam"), settled)
        with pytest.raises(UnknownPayment):
            await desk.bank_reports.settle(olivia, status_report({name: Said("ACSC")}, original="ANOTHER"))
        assert progress(till.database) == {f"{till.key}/1": ("taken", "")}
        with pytest.raises(Unavailable):
            await desk.bank_reports.settle(olivia, settled)
    assert progress(till.database) == {f"{till.key}/1": ("settled", "")}
    assert bank_reports.unheard(till.database, made.id) == (till.key,)
    assert [(line.by, line.action) for line in refusals(till.database)] == [("sam", "bank-report")]
