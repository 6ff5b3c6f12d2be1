"""Whoever writes a line of the record locks its challenge before anything else, so that nobody waits in a circle."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, Table, select
from whenever import Date

from store.database import tables
from store.database.database import Database
from store.payments import bank_reports, payment_days, payment_files
from store.record.lines import taken
from store.record.verifying import verify
from tests.store.filing import batch, released, report
from tests.store.said import AIR, CLOSES
from tests.store.test_races import wait_for_waiting
from tests.waiting import HANGS

_ROLES = {AIR: "operator"}
_LATER = Date(2016, 8, 4)
_WRITERS: dict[str, Callable[[Database, str], object]] = {
    "a file is moved": lambda kept, _: payment_days.move(kept, "FILE1", _LATER, "olivia", _ROLES, CLOSES),
    "a file is dropped": lambda kept, _: payment_files.drop(kept, "FILE1", "olivia", _ROLES, CLOSES),
    "a report is read": lambda kept, transfer: report(kept, (transfer, "settled")),
    "an arrival is confirmed": lambda kept, transfer: bank_reports.confirm_settled(
        kept, transfer, "olivia", "operator", CLOSES, on=Date(2016, 8, 3)
    ),
    "another file is made": lambda kept, _: batch(kept, "FILE2"),
}


@pytest.mark.parametrize("writer", _WRITERS)
def test_what_is_done_with_a_payment_file_waits_for_the_challenge_and_holds_nothing_meanwhile(
    open_: Database, writer: str
) -> None:
    """Fails as a deadlock if something is locked before the challenge."""
    if open_.engine.dialect.name == "sqlite":
        pytest.skip("on SQLite one writes at a time")
    till = released(open_)
    if writer != "another file is made":
        made = batch(open_)
        assert made is not None
        if writer in ("a report is read", "an arrival is confirmed"):
            payment_files.mark_written(open_, made.id, CLOSES)
    with ThreadPoolExecutor(1) as pool:
        with open_.writing() as connection:
            taken(connection, AIR)
            waits = pool.submit(_WRITERS[writer], open_, f"{till.key}/1")
            wait_for_waiting(open_, [waits])
            for table in (tables.payments, tables.transfers, tables.payment_files, tables.filed_transfers):
                _lock(connection, table)
        waits.result(HANGS)

    assert verify(open_).fault is None


def _lock(connection: Connection, table: Table) -> None:
    connection.execute(select(table).with_for_update(nowait=True))
