"""Payments that leave in files for a bank, and the bank's reports on them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import select, update
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowUpdateFailedError
from whenever import Date

from desk.payment_files import PaymentFile
from domain.announcements.occasions import Occasion
from domain.challenges.state import OrderState
from domain.payments.payment import PaymentSnapshot, PaymentStatus
from domain.payments.rails import PaymentRail, Progress, Transfer
from domain.values.calendar import spoken_day
from domain.values.refusals import FileRefused, RailRefused, ReasonMissing, TooLate, Unavailable, UnknownPayment
from gateways.banking.credit_transfers import Version, end_to_end_id, validate
from gateways.banking.payment_folder import PaymentFolder
from store.database import tables
from store.database.database import Database
from store.payments.bank_reports import Contradiction
from store.payments.file_rail import FileRail
from tests.gateways.status_report import Said, end_to_end_ids, status_report
from tests.play import Play
from tests.playing import playing
from tests.rails import Making
from tests.replay import recording
from tests.rounds import FINANCE, OPERATOR
from tests.servers import dev_server
from tests.waiting import eventually
from workflows import interface

OTHER = "40047784"
PAYER = {"payer_holder": "Digital Directorate", "payer_sort_code": "20-00-00", "payer_number": "55779911"}


@asynccontextmanager
async def paying_by_files(
    folder: Path, count: int, rail: Callable[[Database], PaymentRail] | None = None, form: Version = Version.V09
) -> AsyncIterator[tuple[Play, list[str]]]:
    """A challenge whose payments leave in files of a form, with so many of them released; their keys."""
    options: dict[str, Any] = {"payment_rail": "files", "payment_form": str(form), **PAYER}
    async with (
        dev_server() as client,
        playing(folder, client, options=options, rail=rail, at_once=True) as play,
    ):
        keys = await play.owed(count)
        await play.released()
        yield play, keys


async def turned_away(play: Play, key: str, folder: Path) -> str:
    """Lets a released payment leave in a file, and the bank reject it; the id of the file."""
    (file,) = await play.submit(FINANCE)
    await play.stands(key, PaymentStatus.SUBMITTED)
    await play.settle(said(folder, file.id, {f"{key}/1": Said("RJCT", "AC06")}), FINANCE)
    await play.stands(key, PaymentStatus.REJECTED)
    return file.id


def said(folder: Path, file: str, statuses: dict[str, Said]) -> Path:
    """A bank's report on a payment file, by transfer."""
    report = folder / "report.xml"
    named = {end_to_end_id(transfer): status for transfer, status in statuses.items()}
    report.write_bytes(status_report(named, original=file))
    return report


def numbers(xml: bytes) -> list[str]:
    """The account numbers that a payment file pays to."""
    found = etree.fromstring(xml).findall(".//{*}CdtrAcct//{*}Othr/{*}Id")
    return [element.text or "" for element in found]


@pytest.mark.parametrize("form", Version)
async def test_payments_leave_in_one_file_and_what_the_bank_rejects_leaves_corrected_in_the_next(
    tmp_path: Path, form: Version
) -> None:
    """Holds the whole way of money by files. Fails where a report does not reach the payment, where what came back
    is not in the next file, and where what has left is in it again."""
    async with paying_by_files(tmp_path, 2, form=form) as (play, (good, bad)):
        (file,) = await play.submit(FINANCE)
        xml = file.path.read_bytes()
        validate(xml, form)
        assert (file.count, str(file.control_sum), file.currency) == (2, "4000.00", "GBP")
        assert sorted(end_to_end_ids(xml)) == sorted(end_to_end_id(f"{key}/1") for key in (good, bad))
        for key in (good, bad):
            payment = await play.stands(key, PaymentStatus.SUBMITTED)
            assert payment.reference == file.id
        sent = [notice.body for notice in play.books.notices() if notice.occasion == Occasion.PAYMENT_SENT]
        assert len(sent) == 2
        assert all(f"The bank pays it on {spoken_day(file.execute_on)}." in body for body in sent)
        assert await play.submit(FINANCE) == ()
        with pytest.raises(TooLate, match="was submitted"):
            await play.decide_payment(bad, "cancel", FINANCE, reason="Too late.")

        report = said(tmp_path, file.id, {f"{good}/1": Said("ACSC"), f"{bad}/1": Said("RJCT", "AC04")})
        changed = await play.settle(report, FINANCE)
        assert {payment.key for payment in changed} == {good, bad}
        await play.stands(good, PaymentStatus.SETTLED)
        payment = await play.stands(bad, PaymentStatus.REJECTED)
        assert payment.reason == "the account is closed"
        assert play.told(Occasion.PAYMENT_RETURNED) == {payment.team: 1, OPERATOR: 1, FINANCE: 1}
        before = play.books.payments()
        assert await play.settle(report, FINANCE) == ()
        assert play.books.payments() == before

        await play.give_payee(payment.team, number=OTHER)
        await play.release(bad)
        (second,) = await play.submit(FINANCE)
        xml = second.path.read_bytes()
        validate(xml, form)
        assert end_to_end_ids(xml) == (end_to_end_id(f"{bad}/2"),)
        assert numbers(xml) == [OTHER]
        await play.stands(bad, PaymentStatus.SUBMITTED)
        await play.settle(said(tmp_path, second.id, {f"{bad}/2": Said("ACSC")}), FINANCE)
        payment = await play.stands(bad, PaymentStatus.SETTLED)
        assert payment.attempt == 2
        await play.payments_over()
        assert len(play.record("paid")) == 2


async def test_what_had_arrived_and_comes_back_by_a_later_report_is_released_again(tmp_path: Path) -> None:
    """Fails where a run that is started for the report finds the payment settled and asks no further: the report is
    read, and nobody hears that the money is gone."""
    async with paying_by_files(tmp_path, 1) as (play, (key,)):
        (file,) = await play.submit(FINANCE)
        await play.stands(key, PaymentStatus.SUBMITTED)
        await play.settle(said(tmp_path, file.id, {f"{key}/1": Said("ACSC")}), FINANCE)
        await play.payments_over()

        await play.settle(said(tmp_path, file.id, {f"{key}/1": Said("RJCT", "AC06")}), FINANCE)
        payment = await play.stands(key, PaymentStatus.RETURNED)
        assert payment.settled is None
        assert play.told(Occasion.PAYMENT_RETURNED) == {payment.team: 1, OPERATOR: 1, FINANCE: 1}
        await play.until(lambda state: state.unpaid == (key,))
        await play.release(key)
        (file,) = await play.submit(FINANCE)
        assert end_to_end_ids(file.path.read_bytes()) == (end_to_end_id(f"{key}/2"),)


class SlowToAnswer(FileRail):
    """A rail that takes its time to say that something has arrived."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.engine)
        self.gate, self.asked = threading.Event(), threading.Event()

    def find(self, id: str) -> Transfer | None:  # noqa: A002
        """See `PaymentRail`."""
        transfer = super().find(id)
        if transfer and transfer.progress is Progress.SETTLED:
            self.asked.set()
            self.gate.wait(15)
        return transfer


async def test_a_report_that_comes_while_another_is_dealt_with_is_heard(tmp_path: Path) -> None:
    """Fails where a payment that is just being settled does not ask the rail again when it hears of another report: a
    report is told of once."""
    slow = Making(SlowToAnswer)
    async with paying_by_files(tmp_path, 1, slow) as (play, (key,)):
        (file,) = await play.submit(FINANCE)
        await play.stands(key, PaymentStatus.SUBMITTED)
        await play.settle(said(tmp_path, file.id, {f"{key}/1": Said("ACSC")}), FINANCE)
        await asyncio.to_thread(slow.rail.asked.wait, 15)
        await play.settle(said(tmp_path, file.id, {f"{key}/1": Said("RJCT", "AC06")}), FINANCE)
        slow.rail.gate.set()
        payment = await play.stands(key, PaymentStatus.RETURNED)
        assert payment.reason == "the account is blocked"


async def test_a_decision_sent_again_to_a_fresh_run_is_answered_from_the_record(tmp_path: Path) -> None:
    """Holds that a decision's id stands for it across continue-as-new. Fails where a run that knows nothing of it looks
    whether it may still be taken, and where another decision under its id is told that it was done."""
    async with paying_by_files(tmp_path, 1) as (play, (key,)):
        await play.stands(key, PaymentStatus.RELEASED)
        (line,) = play.record("payment-release")
        run = await recording.latest_run(play.client, key)
        await play.client.get_workflow_handle(key).signal(interface.RENEW)

        async def is_another() -> bool:
            return await recording.latest_run(play.client, key) != run

        await eventually(is_another)
        decision_id = line.key.rpartition("/")[2]
        assert await play.release(key, decision_id=decision_id) == line.text
        other = {"by": FINANCE, "payee_version": 1, "reason": "Another.", "decision_id": decision_id}
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await play.client.get_workflow_handle(key).execute_update("release", other)
        assert "was used for another decision" in str(refused.value.cause)
        assert len(play.record("payment-release")) == 2, "the refusal, and nothing else"


async def test_bank_details_that_change_before_the_file_is_made_need_another_release(tmp_path: Path) -> None:
    """Holds that a release is of one account, that the releasers are asked again, and that the same words by hand
    release anew. Fails where `give_payee` leaves the release, where nobody is told that it is void, and where a
    decision without an id is known by the attempt alone."""
    async with paying_by_files(tmp_path, 1) as (play, (key,)):
        team = play.payment(key).team
        by_hand: dict[str, Any] = {"by": FINANCE, "payee_version": 1, "reason": "By hand."}
        handle = play.client.get_workflow_handle(key)

        async def released() -> bool:
            snapshot = await handle.query(interface.SNAPSHOT, result_type=PaymentSnapshot)
            return snapshot.status is PaymentStatus.RELEASED

        await eventually(released)
        for times, number in enumerate((OTHER, "31926819"), start=2):
            await play.give_payee(team, number=number)
            await play.until_told(Occasion.PAYMENT_TO_RELEASE, {FINANCE: times})
            assert play.payment(key).status is PaymentStatus.PAYEE_KNOWN
            assert await play.submit(FINANCE) == ()
            with pytest.raises(
                TooLate, match=f"goes to version {times} of .* was to be released to version {times - 1}"
            ):
                await play.release(key, **by_hand)
            by_hand["payee_version"] = times
            await handle.signal("release", by_hand)
            await eventually(released)

        (file,) = await play.submit(FINANCE)
        assert numbers(file.path.read_bytes()) == ["31926819"]
        await play.give_payee(team, number=OTHER)
        payment = await play.stands(key, PaymentStatus.SUBMITTED)
        assert (payment.attempt, payment.payee[-3:]) == (1, "819")


async def books_agree(play: Play) -> None:
    """Once all payments are over, all books say the same."""
    await play.payments_over()
    assert (await play.reconcile()).differences == ()


async def test_what_had_arrived_and_came_back_by_a_persons_word_is_paid_again_and_the_books_agree(
    tmp_path: Path,
) -> None:
    """Fails where a bank has to see what a person sees on a statement: it calls the first attempt settled for ever."""
    async with paying_by_files(tmp_path, 1) as (play, (key,)):
        await play.submit(FINANCE)
        await play.stands(key, PaymentStatus.SUBMITTED)
        await play.confirm_settled(key, FINANCE)
        await play.payments_over()
        await play.decide_payment(key, "return", OPERATOR, reason="It is back on our account.")
        await play.give_payee(play.payment(key).team, number=OTHER)
        await play.release(key)
        await play.submit(FINANCE)
        await play.stands(key, PaymentStatus.SUBMITTED)
        await play.confirm_settled(key, FINANCE)
        assert (await play.stands(key, PaymentStatus.SETTLED)).attempt == 2
        await books_agree(play)


@pytest.mark.parametrize("then", ["waits", "released", "cancelled"])
@pytest.mark.parametrize("slip", [False, True])
async def test_what_came_back_by_mistake_and_has_arrived_is_settled_and_the_books_agree(
    tmp_path: Path, slip: bool, then: str
) -> None:
    """The mistake is a person's slip, or a report that the bank corrects later. Fails where a payment that was made can
    only be given up; where a run that waits, stands still or has ended is not moved on; and where nobody is shown that
    they have to see to it."""
    async with paying_by_files(tmp_path, 1) as (play, (key,)):
        (file,) = await play.submit(FINANCE)
        team = (await play.stands(key, PaymentStatus.SUBMITTED)).team
        if slip:
            await play.decide_payment(key, "return", OPERATOR, reason="A slip.")
        else:
            await play.settle(said(tmp_path, file.id, {f"{key}/1": Said("RJCT", "AC06")}), FINANCE)
        await play.stands(key, PaymentStatus.REJECTED)
        if then == "released":
            await play.release(key)
        if then == "cancelled":
            await play.decide_payment(key, "cancel", FINANCE, reason="Paid by cheque.")
            await play.payments_over()
        command = f"run `starter.py undo-return {key}/1 --as PERSON"
        with pytest.raises(RailRefused, match=command):
            await play.settle(said(tmp_path, file.id, {f"{key}/1": Said("ACSC")}), FINANCE)
        await eventually(partial(needs_attention, play, key))
        assert f"{key}/1" in play.books.challenge(play.challenge.id).attention
        if then != "cancelled":
            await eventually(partial(is_listed_as_needing_attention, play, key))
            assert f"{key}/1 came back" in await play.retry(key)
        assert any(command in each.body for each in play.books.notices() if each.occasion == Occasion.ATTENTION)

        with pytest.raises(ReasonMissing):
            await play.decide_payment(key, "undo-return", FINANCE, attempt=1)
        await play.decide_payment(key, "undo-return", FINANCE, attempt=1, reason="It is on the statement.")
        payment = await play.stands(key, PaymentStatus.SETTLED)
        assert (payment.attempt, str(payment.arrived_on)) == (1, "2026-02-01")
        assert play.told(Occasion.PAYMENT_RETURN_UNDONE) == {team: 1, OPERATOR: 1, FINANCE: 1}
        await books_agree(play)
        assert (await play.state()).payments[key] is OrderState.SETTLED
        assert (play.payment(key).attention, play.books.challenge(play.challenge.id).attention) == ("", "")
        assert not await is_listed_as_needing_attention(play, key)
        assert await play.submit(FINANCE) == ()


async def needs_attention(play: Play, key: str) -> bool:
    """Whether `payments` says so."""
    return bool(play.payment(key).attention)


async def is_listed_as_needing_attention(play: Play, key: str) -> bool:
    """Whether the list of runs in Temporal says so."""
    columns = (await play.client.get_workflow_handle(key).describe()).typed_search_attributes
    return columns.get(interface.NEEDS_ATTENTION, False)


async def test_a_payment_that_looked_before_its_operators_were_called_is_listed_as_needing_attention(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails where a payment is let know of a report, and not of what that contradicts."""
    async with paying_by_files(tmp_path, 1) as (play, (key,)):
        file = await turned_away(play, key, tmp_path)
        call, before = play.desk.bank_reports._call_operators, await looks(play, key)

        async def has_looked() -> bool:
            return await looks(play, key) > before

        async def call_late(contradiction: Contradiction) -> None:
            await eventually(has_looked)
            await call(contradiction)

        monkeypatch.setattr(play.desk.bank_reports, "_call_operators", call_late)
        with pytest.raises(RailRefused):
            await play.settle(said(tmp_path, file, {f"{key}/1": Said("ACSC")}), FINANCE)
        await eventually(partial(is_listed_as_needing_attention, play, key))


async def looks(play: Play, key: str) -> int:
    """How often a payment has asked the ledger how it stands, or what else its activities do."""
    events = (await play.client.get_workflow_handle(key).fetch_history()).events
    return sum(event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED for event in events)


async def test_what_has_left_again_before_the_bank_corrected_itself_stays_a_difference_that_is_shown(
    tmp_path: Path,
) -> None:
    """Fails where that it may be paid twice is shown no more once the second attempt has arrived, or can be hidden."""
    async with paying_by_files(tmp_path, 1) as (play, (key,)):
        first = await turned_away(play, key, tmp_path)
        await play.release(key)
        (second,) = await play.submit(FINANCE)
        await play.stands(key, PaymentStatus.SUBMITTED)
        with pytest.raises(RailRefused, match="a later attempt may have left: ask the bank to stop one"):
            await play.settle(said(tmp_path, first, {f"{key}/1": Said("ACSC")}), FINANCE)
        with pytest.raises(TooLate, match=f"{key}/2 has left, or may have"):
            await play.decide_payment(key, "undo-return", FINANCE, attempt=1, reason="It is on the statement.")
        await play.settle(said(tmp_path, second.id, {f"{key}/2": Said("ACSC")}), FINANCE)
        await play.stands(key, PaymentStatus.SETTLED)
        await play.payments_over()
        assert f"{key}/1 came back according to the ledger, but is settled" in play.payment(key).attention
        assert f"{key}/1" in play.books.challenge(play.challenge.id).attention
        assert [each.what for each in (await play.reconcile()).differences] == [
            "attempt 1 is settled, says the rail, and came back by the ledger"
        ]


async def test_what_the_bank_says_has_arrived_after_all_does_not_leave_again_and_operators_are_told(
    tmp_path: Path,
) -> None:
    """Invariant 1. Fails where "arrived" after "came back" is dropped, or does not stop the attempt that follows."""
    async with paying_by_files(tmp_path, 1) as (play, (key,)):
        file = await turned_away(play, key, tmp_path)
        await play.release(key)
        told = play.told(Occasion.ATTENTION)[OPERATOR]

        arrived = said(tmp_path, file, {f"{key}/1": Said("ACSC")})
        for _ in range(2):
            with pytest.raises(RailRefused, match=f"{key}/1 came back according to the ledger, but is settled"):
                await play.settle(arrived, FINANCE)
        with pytest.raises(FileRefused, match=f"1 payment left out of all files.*{key}: {key}/1 came back according"):
            await play.submit(FINANCE)
        assert play.told(Occasion.ATTENTION)[OPERATOR] > told
        found = [each.what for each in (await play.reconcile()).differences if each.payment == key]
        assert "attempt 1 is settled, says the rail, and came back by the ledger" in found
        await play.decide_payment(key, "cancel", FINANCE, reason="The team has its money.")
        assert play.payment(key).status is PaymentStatus.CANCELLED


async def test_a_payment_that_cannot_stand_in_a_file_holds_up_no_other_and_a_file_is_shown_whatever_fails_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails where a file is begun before its lines are opened, where one that cannot be finished cannot be dropped, and
    where Temporal has to answer before whoever made a file is told where it is."""
    async with paying_by_files(tmp_path, 2) as (play, (bad, good)):
        rows, of_team = tables.payees, tables.payees.c.team == play.payment(bad).team
        with play.desk.core.database.engine.begin() as connection:
            kept = connection.scalars(select(rows.c.sealed).where(of_team)).one()

        def damage(sealed: str) -> None:
            with play.desk.core.database.engine.begin() as connection:
                connection.execute(update(rows).where(of_team).values(sealed=sealed))

        # Begun, and cut off before it is written; then one of its payments can be opened no more.
        with monkeypatch.context() as cut:
            cut.setattr(PaymentFolder, "write", _interrupted)
            with pytest.raises(KeyboardInterrupt):
                await play.submit(FINANCE)
        damage("damaged")
        with pytest.raises(FileRefused, match=f"{bad} cannot leave in the file .* `submit --anew`"):
            await play.submit(FINANCE)

        made: list[PaymentFile] = []

        def then_away(file: PaymentFile) -> None:
            made.append(file)
            monkeypatch.setattr(play.desk.core, "client", _away)

        with pytest.raises(
            FileRefused, match=rf"1 payment left out of all files \(all others are in a file\): {bad}: "
        ):
            await play.submit(FINANCE, anew=True, made=then_away)
        monkeypatch.undo()
        assert [end_to_end_ids(file.path.read_bytes()) for file in made] == [(end_to_end_id(f"{good}/1"),)]
        assert list(await play.files()) == made

        damage(kept)
        (file,) = await play.submit(FINANCE)
        assert end_to_end_ids(file.path.read_bytes()) == (end_to_end_id(f"{bad}/1"),)
        for key in (bad, good):
            await play.stands(key, PaymentStatus.SUBMITTED)


def _interrupted(folder: PaymentFolder, file: str, content: bytes) -> Path:
    raise KeyboardInterrupt


async def _away() -> Client:
    raise Unavailable("Temporal is away")


async def test_a_file_that_was_begun_is_not_dropped_once_it_is_there(tmp_path: Path) -> None:
    """Invariant 1. Fails without the look at the folder: somebody may have taken it to the bank."""
    async with paying_by_files(tmp_path, 1) as (play, _):
        (file,) = await play.submit(FINANCE)
        with play.desk.core.database.engine.begin() as connection:
            connection.execute(update(tables.payment_files).values(written_at=None))
        with pytest.raises(TooLate, match="exists and cannot be dropped"):
            await play.submit(FINANCE, anew=True)
        # Nor is it written for another day.
        assert await play.submit(FINANCE, Date(2999, 1, 4)) == (file,)


async def test_a_file_that_is_made_again_is_the_same_and_nothing_leaves_twice(tmp_path: Path) -> None:
    """Holds what happens when the service dies between writing a file and noting that: the next try makes the same
    one. A file of that name with another content is left alone, visibly.
    Fails when a file that is in the way is taken for the one to be written."""
    async with paying_by_files(tmp_path, 1) as (play, (key,)):
        (file,) = await play.submit(FINANCE)
        await play.stands(key, PaymentStatus.SUBMITTED)
        xml = file.path.read_bytes()

        def forget() -> None:
            with play.desk.core.database.engine.begin() as connection:
                connection.execute(update(tables.payment_files).values(written_at=None))

        forget()
        (again,) = await play.submit(FINANCE)
        assert again == file
        assert file.path.read_bytes() == xml
        assert [path.name for path in file.path.parent.iterdir()] == [file.path.name]

        forget()
        file.path.write_bytes(xml + b"<!-- -->")
        with pytest.raises(FileRefused, match="already exists with other content"):
            await play.submit(FINANCE)
        file.path.write_bytes(xml)
        assert await play.submit(FINANCE) == (file,)
        assert play.payment(key).attempt == 1

        # Begun long ago and never there, it is to be paid on a day that is still to come.
        forget()
        file.path.unlink()
        with play.desk.core.database.engine.begin() as connection:
            connection.execute(update(tables.payment_files).values(execute_on="2016-08-03"))
        (late,) = await play.submit(FINANCE)
        assert late.execute_on >= file.execute_on
        assert f">{late.execute_on}<".encode() in late.path.read_bytes()
        with pytest.raises(UnknownPayment, match="was not made here"):
            await play.settle(said(tmp_path, "RUN-1", {f"{key}/1": Said("ACSC")}), FINANCE)
