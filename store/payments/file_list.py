"""The list of payment files."""

from __future__ import annotations

from sqlalchemy import func, select
from whenever import Date, Instant

from domain.values.model import Value
from domain.values.money import Money
from domain.values.paging import Page, Paged, everything
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found

_files, _filed = tables.payment_files, tables.filed_transfers
_AS_MADE = TotalOrder(_files.c.made_at, _files.c.id)


class File(Value):
    """A payment file, written or not.

    Args:
        id, currency, abroad, execute_on, made, made_by: as in `payment_files.Batch`.
        written: whether the file is ready for the bank.
        count, control_sum: how many transfers the file has, and their sum.
    """

    id: str
    currency: str
    abroad: bool
    execute_on: Date
    made: Instant
    made_by: str
    written: bool
    count: int
    control_sum: Money


def read_files(database: Database) -> tuple[File, ...]:
    """All payment files, in the order in which they were made.

    Raises:
        Unavailable: the database cannot be read.
    """
    return tuple(everything(lambda page: page_of_files(database, page)))


def page_of_files(database: Database, page: Page) -> Paged[File]:
    """A page of the payment files, in the order in which they were made.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    wanted = (
        select(_files, func.count().label("number"), func.sum(_filed.c.pence).label("pence"))
        .join(_filed, _filed.c.file == _files.c.id)
        .group_by(_files.c.id)
    )
    with database.reading() as connection:
        return _AS_MADE.read(connection, wanted, page, _file)


def _file(row: Found) -> File:
    return File(
        id=row.id,
        currency=row.currency,
        abroad=row.abroad,
        execute_on=Date.parse_iso(row.execute_on),
        made=row.made_at,
        made_by=row.made_by,
        written=row.written_at is not None,
        count=row.number,
        control_sum=Money(int(row.pence)),
    )
