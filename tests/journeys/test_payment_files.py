"""Payments that leave in files for a bank: each payment in one file, and no file made twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from temporalio.client import Client, WorkflowUpdateFailedError

from desk.payment_files import PaymentFile
from domain.announcements.occasions import Occasion
from domain.payments.payment import PaymentSnapshot, PaymentStatus
from domain.values.calendar import spoken_day, working_days_later
from domain.values.places import Holidays
from domain.values.refusals import FileRefused, TooLate, Unavailable, UnknownPayment
from gateways.banking.credit_transfers import Version, end_to_end_id, validate
from gateways.banking.payment_folder import PaymentFolder
from store.database import tables
from tests.gateways.status_report import Said, end_to_end_ids
from tests.journeys.filing import OTHER, numbers, paying_by_files, said
from tests.replay import recording
from tests.rounds import FINANCE, OPERATOR
from tests.waiting import eventually
from workflows import interface


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
            with pytest.raises(TooLate, match=f"goes to version {times} of .* this release is for version {times - 1}"):
                await play.release(key, **by_hand)
            by_hand["payee_version"] = times
            await handle.signal("release", by_hand)
            await eventually(released)

        (file,) = await play.submit(FINANCE)
        assert numbers(file.path.read_bytes()) == ["31926819"]
        await play.give_payee(team, number=OTHER)
        payment = await play.stands(key, PaymentStatus.SUBMITTED)
        assert (payment.attempt, payment.payee[-3:]) == (1, "819")


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
        later_day = working_days_later(file.execute_on, 30, Holidays.of("GB-ENG"))
        assert await play.submit(FINANCE, later_day, reason="Late.") == (file,)


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
