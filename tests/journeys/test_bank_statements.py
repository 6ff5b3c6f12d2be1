"""Payments in files for a bank that sends statements of the account, and no reports on files."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.announcements.occasions import Occasion
from domain.payments.payment import PaymentStatus
from domain.payments.reference import short_reference
from domain.values.refusals import RailRefused
from gateways.banking.credit_transfers import end_to_end_id
from tests.gateways.statement import Entry, Part, end_to_end, statement
from tests.gateways.status_report import bank_time
from tests.journeys.filing import paying_by_files
from tests.rounds import FINANCE, OPERATOR


def booked(folder: Path, *entries: Entry) -> Path:
    """A statement on which these entries were booked just now."""
    file, now = folder / "statement.xml", bank_time()
    file.write_bytes(statement(*(each._replace(booked=now) for each in entries), made=now))
    return file


def entry(transfer: str, amount: str = "2000.00 GBP", returned: str | None = None) -> Entry:
    part = Part(end_to_end(end_to_end_id(transfer)), amount, returned=returned)
    return Entry(amount, [part], credit=returned is not None)


async def test_statements_alone_bring_payments_to_their_end(tmp_path: Path) -> None:
    """Fails where a statement does not reach a payment's run, or where what came back cannot be paid again."""
    async with paying_by_files(tmp_path, 2) as (play, (good, bad)):
        await play.submit(FINANCE)
        for key in (good, bad):
            await play.stands(key, PaymentStatus.SUBMITTED)
        changed = await play.settle(booked(tmp_path, entry(f"{good}/1"), entry(f"{bad}/1")), FINANCE)
        assert {payment.key for payment in changed} == {good, bad}
        for key in (good, bad):
            await play.stands(key, PaymentStatus.SETTLED)

        await play.settle(booked(tmp_path, entry(f"{bad}/1", returned="AC04")), FINANCE)
        payment = await play.stands(bad, PaymentStatus.RETURNED)
        assert payment.reason == "the account is closed"
        assert play.told(Occasion.PAYMENT_RETURNED) == {payment.team: 1, OPERATOR: 1, FINANCE: 1}

        await play.release(bad)
        await play.submit(FINANCE)
        await play.stands(bad, PaymentStatus.SUBMITTED)
        with pytest.raises(RailRefused, match="£1,999 left the account for"):
            await play.settle(booked(tmp_path, entry(f"{bad}/2", "1999.00 GBP")), FINANCE)
        assert play.payment(bad).status is PaymentStatus.SUBMITTED

        # A bank that keeps nothing but the payee's reference.
        by_reference = Entry("2000.00 GBP", note=f"FPS {short_reference(f'{bad}/2')} GB")
        [changed_last] = await play.settle(booked(tmp_path, by_reference), FINANCE)
        assert changed_last.key == bad
        assert (await play.stands(bad, PaymentStatus.SETTLED)).attempt == 2
        await play.payments_over()
        assert (await play.reconcile()).differences == ()
