"""Challenges whose payments leave in files for a bank, and what the bank reports on the files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lxml import etree

from domain.payments.payment import PaymentStatus
from domain.payments.rails import PaymentRail
from gateways.banking.credit_transfers import Version, end_to_end_id
from store.database.database import Database
from tests.gateways.status_report import Said, bank_time, status_report
from tests.play import Play
from tests.playing import playing
from tests.rounds import FINANCE
from tests.servers import dev_server

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
    report.write_bytes(status_report(named, original=file, made=bank_time()))
    return report


def numbers(xml: bytes) -> list[str]:
    """The account numbers that a payment file pays to."""
    found = etree.fromstring(xml).findall(".//{*}CdtrAcct//{*}Othr/{*}Id")
    return [element.text or "" for element in found]
