"""What a bank, or a person, says of a payment after the payment has left in a file, and how the books come to agree."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from whenever import Instant

from domain.announcements.occasions import Occasion
from domain.challenges.state import OrderState
from domain.payments.payment import PaymentStatus
from domain.payments.rails import Progress, Transfer
from domain.values.refusals import FileRefused, RailRefused, ReasonMissing, TooLate
from gateways.banking.credit_transfers import end_to_end_id
from store.database.database import Database
from store.payments.contradictions import Contradiction
from store.payments.file_rail import FileRail
from tests.gateways.status_report import Said, end_to_end_ids
from tests.journeys.filing import OTHER, paying_by_files, said, turned_away
from tests.play import Play
from tests.rails import Making
from tests.rounds import FINANCE, OPERATOR
from tests.waiting import eventually
from workflows import interface


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
        super().__init__(database)
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
        assert (payment.attempt, payment.arrived_on) == (1, Instant.now().to_tz("Europe/London").date())
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
            "attempt 1 is settled according to the rail, but came back according to the ledger"
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
        assert "attempt 1 is settled according to the rail, but came back according to the ledger" in found
        await play.decide_payment(key, "cancel", FINANCE, reason="The team has its money.")
        assert play.payment(key).status is PaymentStatus.CANCELLED


async def test_a_person_says_that_the_money_of_a_cancelled_payment_is_back(tmp_path: Path) -> None:
    """Fails when a contradiction about a payment that was cancelled meanwhile can never be settled."""
    async with paying_by_files(tmp_path, 1) as (play, (key,)):
        file = await turned_away(play, key, tmp_path)
        await play.decide_payment(key, "cancel", FINANCE, reason="Paid by cheque.")
        await play.payments_over()
        with pytest.raises(RailRefused, match=f"{key}/1 came back according to the ledger, but is settled"):
            await play.settle(said(tmp_path, file, {f"{key}/1": Said("ACSC")}), FINANCE)
        await play.decide_payment(key, "return", OPERATOR, attempt=1, reason="It is back on our account.")
        assert (play.payment(key).status, play.payment(key).attention) == (PaymentStatus.CANCELLED, "")
        await books_agree(play)
