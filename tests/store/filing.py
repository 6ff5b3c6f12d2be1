"""What tests of payment files say to the store, in short."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import select
from whenever import Date, Instant

from domain.payments.payment import PaymentStatus
from domain.payments.rails import Progress
from store.database import tables
from store.database.database import Database
from store.payments import bank_reports, payment_files
from store.payments.bank_reports import Reported
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
    at: Instant = CLOSES,
    rejects_all: bool = False,
) -> tuple[str, ...]:
    """A bank's report on a file; says of each transfer that it names how far it has come."""

    def statuses(names: tuple[str, ...]) -> Iterable[Reported]:
        for name in names:
            for transfer, progress in said:
                if name == f"E-{transfer[-32:]}":
                    how = Progress(progress)
                    yield Reported(end_to_end=name, progress=how, reason="closed" if how.has_failed else "")

    roles = {AIR: "operator"}
    return bank_reports.report(database, file, statuses, "olivia", roles, at, rejects_all=rejects_all)


def progress(database: Database) -> dict[str, tuple[str, str]]:
    """What is noted of each transfer in any file."""
    with database.reading() as connection:
        rows = connection.execute(select(tables.filed_transfers))
        return {row.transfer: (row.progress, row.reason) for row in rows}
