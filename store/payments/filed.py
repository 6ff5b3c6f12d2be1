"""The transfers and payment files that a bank names in a statement."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, func, select

from domain.payments.matching import Filed
from domain.values.money import Money
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found

_files, _filed = tables.payment_files, tables.filed_transfers
_BY_TRANSFER = TotalOrder(_filed.c.transfer)

_AT_ONCE = 500
"""How many names one question to the database has."""


def find_filed(database: Database, names: Collection[str]) -> dict[str, Filed]:
    """The transfers and payment files among names that a statement gives, by these names.

    Args:
        database: where from.
        names: end-to-end ids, plain references and ids of payment files; others are left out.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = sorted(names)
    with database.reading() as connection:
        return {
            name: filed
            for first in range(0, len(wanted), _AT_ONCE)
            for name, filed in _named(connection, wanted[first : first + _AT_ONCE])
        }


def _named(connection: Connection, names: Collection[str]) -> Iterator[tuple[str, Filed]]:
    """The transfers and files with one of some names, each with the name that names it."""
    of_file = (_files.c.id.label("file"), _files.c.made_at, _files.c.currency)
    transfers = select(*of_file, _filed)
    transfers = transfers.join(_files, _files.c.id == _filed.c.file).order_by(*_BY_TRANSFER)
    for name in (_filed.c.end_to_end, _filed.c.plain_reference):
        for row in connection.execute(transfers.where(name.in_(names))):
            yield getattr(row, name.key), _of(row, transfer=row.transfer, end_to_end=row.end_to_end)
    files = select(*of_file, func.sum(_filed.c.pence).label("pence")).join(_filed, _filed.c.file == _files.c.id)
    for each in connection.execute(files.where(_files.c.id.in_(names)).group_by(_files.c.id)):
        yield each.file, _of(each)


def _of(row: Found, **names: str) -> Filed:
    return Filed(file=row.file, made_at=row.made_at, amount=Money(int(row.pence)), currency=row.currency, **names)
