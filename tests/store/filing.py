"""What tests of payment files say to the store, in short."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from sqlalchemy import select
from whenever import Date, Instant

from domain.payments.bank_reports import BankReport, BankWord, TransferWord
from domain.payments.payment import PaymentStatus
from domain.payments.rails import Progress
from store.database import tables
from store.database.database import Database
from store.payments import bank_reports, payment_files
from store.payments.bank_reports import Noted
from store.payments.payment_files import Batch, Line
from tests.store.paying import Till, to_make
from tests.store.said import AIR, CLOSES, applied

FORM, ON = "pain.001.001.09", Date(2016, 8, 3)


def batch(database: Database, name: str = "FILE1", at: Instant = CLOSES) -> Batch | None:
    """A file of what waits to leave."""
    return batching(database, name, at)[0]


def batching(
    database: Database, name: str = "FILE1", at: Instant = CLOSES, check: Callable[[Line], None] = lambda line: None
) -> tuple[Batch | None, dict[str, str]]:
    """As `batch`, with what is left out."""
    return payment_files.batch(
        database, name, FORM, ON, "olivia", {AIR: "operator"}, at, lambda transfer: f"E-{transfer[-32:]}", check
    )


def written(database: Database, name: str = "FILE1") -> Batch:
    """A file that was made and is there for the bank."""
    made = batch(database, name)
    assert made is not None
    payment_files.mark_written(database, made.id, CLOSES)
    return made


def released(database: Database, team: str = "", number: int = 1, **order: object) -> Till:
    """A payment that was released."""
    payment = to_make(team or applied(database), number)
    payment = payment.model_copy(update={"order": payment.order.model_copy(update=order)})
    till = Till(database, payment)
    till.brought_to(PaymentStatus.RELEASED)
    return till


def report(
    database: Database,
    *said: tuple[str, str],
    file: str = "FILE1",
    made: Instant | None = None,
    whole: BankWord | None = None,
    believed: str = "",
) -> tuple[str, ...]:
    """A bank's report on a file; says of each transfer that it names how far it has come. What is new."""
    return noted(database, *said, file=file, made=made, whole=whole, believed=believed).new


def noted(
    database: Database,
    *said: tuple[str, str],
    file: str = "FILE1",
    made: Instant | None = None,
    whole: BankWord | None = None,
    believed: str = "",
) -> Noted:
    """As `report`, with all that became of it. Without a time, the report is the bank's latest."""
    at = made or CLOSES.add(seconds=next(_SECONDS))
    transfers = tuple(word(transfer, progress, at) for transfer, progress in said)
    read = BankReport(message_id="STATUS", made_at=at, file=file, whole=whole, transfers=transfers)
    return bank_reports.report(database, read, "olivia", {AIR: "operator"}, CLOSES, "Europe/London", believed=believed)


_SECONDS = count(1)


def word(transfer: str, progress: str, at: Instant) -> TransferWord:
    """What a bank says about one transfer. "copy" is a copy that the bank turns away."""
    how = Progress.REJECTED if progress == "copy" else Progress(progress)
    return TransferWord(
        end_to_end=f"E-{transfer[-32:]}",
        progress=None if how is Progress.TAKEN else how,
        at=at,
        reason="closed" if how.has_failed else "",
        explains=True,
        is_duplicate=progress == "copy",
    )


def progress(database: Database) -> dict[str, tuple[str, str]]:
    """What is noted of each transfer in any file."""
    with database.reading() as connection:
        rows = connection.execute(select(tables.filed_transfers))
        return {row.transfer: (row.progress, row.reason) for row in rows}
