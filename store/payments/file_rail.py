"""The rail for payment files. It knows which transfers are in a file, and what the bank reported about them.

A person makes the file, takes it to the bank, and brings the bank's reports back; see `store.payments.payment_files`.
"""

from __future__ import annotations

from sqlalchemy import select
from whenever import Date, Instant

from domain.payments.rails import Instruction, Progress, Transfer
from domain.values.money import Money
from domain.values.refusals import RailRefused
from store.database import tables
from store.database.database import Database

_files, _filed = tables.payment_files, tables.filed_transfers


class FileRail:
    """A transfer counts as taken once its file is written.

    Args:
        database: has the tables `payment_files` and `filed_transfers`.
    """

    name = "files"
    is_batched = True

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, id: str) -> Transfer | None:  # noqa: A002
        """See `PaymentRail`."""
        wanted = (
            select(_filed, _files.c.currency, _files.c.execute_on, _files.c.written_at)
            .join(_files, _files.c.id == _filed.c.file)
            .where(_filed.c.transfer == id, _files.c.written_at.is_not(None))
        )
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        return Transfer(
            id=id,
            amount=Money(row.pence),
            currency=row.currency,
            reference=row.file,
            at=row.written_at,
            progress=Progress(row.progress),
            reason=row.reason,
            pays_on=Date.parse_iso(row.execute_on),
            said_by=row.said_by,
        )

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:  # noqa: ARG002
        """Always refuses: transfers leave together in a file."""
        raise RailRefused(f"{instruction.id} leaves in the next payment file: make one with `submit`.")
