"""The days of payment files: when the bank should pay, and when the payments are promised."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import or_, select, update
from whenever import Date, Instant

from domain.keys import challenge_of, payment_of
from domain.payments.payment import PaymentStatus
from domain.programmes.round import REHEARSAL
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder

from .file_record import write_lines
from .rows import hold_all

_payments, _transfers = tables.payments, tables.transfers
_files, _filed = tables.payment_files, tables.filed_transfers
_BY_PROMISE = TotalOrder(_payments.c.pay_by, _payments.c.key)
_FILED = TotalOrder(_filed.c.transfer)


def first_promise(database: Database) -> tuple[str, Instant] | None:
    """The payment that is promised first, among those that leave in the next files, and when it is promised.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = (
        select(_payments.c.key, _payments.c.pay_by)
        .join(_transfers, _transfers.c.payment == _payments.c.key)
        .join(_filed, _filed.c.transfer == _transfers.c.id, isouter=True)
        .join(_files, _files.c.id == _filed.c.file, isouter=True)
        .where(_payments.c.status == PaymentStatus.RELEASED, _payments.c.pay_by.is_not(None))
        .where(_payments.c.challenge.not_like(f"%{REHEARSAL}%/%"), _transfers.c.returned_at.is_(None))
        .where(or_(_transfers.c.begun_at.is_(None), _files.c.written_at.is_(None) & _files.c.id.is_not(None)))
        .order_by(*_BY_PROMISE)
        .limit(1)
    )
    with database.reading() as connection:
        row = connection.execute(wanted).first()
    return None if row is None else (row.key, row.pay_by)


def move(
    database: Database,
    file: str,
    execute_on: Date,
    by: str,
    roles: Mapping[str, str],
    at: Instant,
    reason: str = "",
    proof: str = "",
) -> None:
    """Changes the day on which the bank should pay a file that is not written yet, on the record.

    Args:
        database: where the file is.
        file: the file's id.
        execute_on: the new day.
        by: who changes the day.
        roles: the person's role in each challenge.
        at: when.
        reason: why the bank is to pay so late; normally empty.
        proof: how the person was proven.

    Raises:
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        inside = connection.scalars(select(_filed.c.transfer).where(_filed.c.file == file).order_by(*_FILED)).all()
        hold_all(connection, map(challenge_of, inside))  # before the file: whoever drops the file does so, too
        unwritten = (_files.c.id == file, _files.c.written_at.is_(None))
        connection.execute(update(_files).where(*unwritten).values(execute_on=str(execute_on)))
        key, text = f"payment-file-moved/{file}/{at}", f"Payment file {file} is to be paid on {execute_on}"
        write_lines(connection, map(payment_of, inside), key, text, by, roles, at, reason, proof)
