"""What a bank says of the transfers in payment files; or a person, if the bank sends no reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from uuid import uuid4

from sqlalchemy import Connection, exists, select, update
from whenever import Date, Instant

from domain.keys import payment_of
from domain.payments.rails import FAILED, Progress
from domain.values.model import Value
from domain.values.refusals import FileRefused, TooLate, UnknownPayment
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.record.record import needs_nobody

from .file_record import write_lines

_transfers, _files, _filed = tables.transfers, tables.payment_files, tables.filed_transfers
_BY_TRANSFER = TotalOrder(_filed.c.transfer)


class Contradiction(Value):
    """A transfer on which ledger and bank disagree.

    By the ledger the transfer failed and was never settled. The bank says that it is settled.

    Args:
        transfer: the transfer's id.
        reported: when the bank's report was read.
        followed: whether a later attempt of the same payment may have left.
    """

    transfer: str
    reported: Instant
    followed: bool


class Reported(Value):
    """What a bank says of one transfer.

    Args:
        end_to_end: the id by which the bank knows the transfer.
        progress: how far the transfer has come.
        reason: why the transfer was rejected, cancelled or returned, without personal data.
        arrived_on: for a settled transfer, the day on which the bank says so.
    """

    end_to_end: str
    progress: Progress
    reason: str = ""
    arrived_on: Date | None = None


def report(
    database: Database,
    file: str,
    statuses: Callable[[tuple[str, ...]], Iterable[Reported]],
    by: str,
    roles: Mapping[str, str],
    at: Instant,
    *,
    rejects_all: bool = False,
) -> tuple[str, ...]:
    """Notes what a bank reported about the transfers in a file. You can safely call this again.

    A settled transfer can come back. If the report says that a failed transfer is settled, that is noted too (see
    `contradicted`), unless the ledger knows that the transfer was settled before it failed: then it is no news.

    Args:
        database: where to.
        file: id of the message that the bank reports on.
        statuses: what the report says of each transfer. It gets the ids by which the bank knows the file's transfers.
        by: who brings the report.
        roles: the person's role in each challenge.
        at: when.
        rejects_all: whether the bank rejects the whole file.

    Returns:
        The keys of the payments about which the report says something new.

    Raises:
        UnknownPayment: no such file was made here.
        FileRefused: the report rejects a whole file in which something is settled.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        inside = _held(connection, file)
        if rejects_all:
            _check_can_be_rejected(file, inside.values())
        reached = {name: Progress(row.progress) for name, row in inside.items()}
        changed = []
        for status in statuses(tuple(inside)):
            row, before = inside[status.end_to_end], reached[status.end_to_end]
            progress = _since(before, status.progress, was_settled=row.settled_at is not None)
            if progress is before:
                continue
            reached[status.end_to_end] = progress
            _note(connection, row.transfer, status.model_copy(update={"progress": progress}), by, at)
            changed.append(payment_of(row.transfer))
        keys, text = tuple(dict.fromkeys(changed)), f"Report on payment file {file} read"
        write_lines(connection, keys, f"bank-report/{file}/{uuid4().hex}", text, by, roles, at)
        return keys


def contradicted(database: Database, file: str) -> tuple[Contradiction, ...]:
    """The transfers in a file about which the ledger and the bank disagree.

    Raises:
        Unavailable: the database cannot be read.
    """
    later = _transfers.alias()
    followed = exists().where(
        later.c.payment == _transfers.c.payment, later.c.attempt > _transfers.c.attempt, later.c.begun_at.is_not(None)
    )
    wanted = (
        select(_filed.c.transfer, _filed.c.reported_at.label("reported"), followed.label("followed"))
        .join(_transfers, _transfers.c.id == _filed.c.transfer)
        .where(_filed.c.file == file, _filed.c.progress == "settled")
        .where(_transfers.c.returned_at.is_not(None), _transfers.c.settled_at.is_(None))
        .order_by(*_BY_TRANSFER)
    )
    with database.reading() as connection:
        return tuple(Contradiction.model_validate(dict(row._mapping)) for row in connection.execute(wanted))


def unheard(database: Database, file: str | None = None) -> tuple[str, ...]:
    """The keys of payments whose file was written, or on which a bank has reported, without the ledger knowing it yet.

    The process that noted it may have been interrupted before it informed the payments.

    Args:
        database: where from.
        file: only the payments in this file; those in all files if left out.

    Raises:
        Unavailable: the database cannot be read.
    """
    left, settled, returned = _transfers.c.submitted_at, _transfers.c.settled_at, _transfers.c.returned_at
    wanted = (
        select(_filed.c.transfer)
        .join(_files, _files.c.id == _filed.c.file)
        .join(_transfers, _transfers.c.id == _filed.c.transfer)
        .where(_files.c.written_at.is_not(None), returned.is_(None))
        .where(left.is_(None) | _filed.c.progress.in_(FAILED) | (_filed.c.progress == "settled") & settled.is_(None))
        .order_by(*_BY_TRANSFER)
    )
    if file is not None:
        wanted = wanted.where(_files.c.id == file)
    with database.reading() as connection:
        return tuple(map(payment_of, connection.scalars(wanted)))


def confirm_settled(database: Database, transfer: str, by: str, role: str, at: Instant, on: Date | None = None) -> bool:
    """Notes that a transfer has arrived because a person says so. A bank's report stays, except for the day.

    Args:
        database: where to.
        transfer: the transfer's id.
        by: who says so.
        role: in what role.
        at: when.
        on: the day on which the money arrived, if the person names one.

    Returns:
        Whether this is news.

    Raises:
        UnknownPayment: the transfer is in no file that was written.
        TooLate: the transfer came back.
        Unavailable: the database cannot be written to.
    """
    key, challenge = payment_of(transfer), "/".join(transfer.split("/")[:2])
    with database.writing() as connection:
        filed = connection.execute(
            select(_filed.c.progress, _filed.c.arrived_on, _transfers.c.returned_at)
            .join(_files, _files.c.id == _filed.c.file)
            .join(_transfers, _transfers.c.id == _filed.c.transfer)
            .where(_filed.c.transfer == transfer, _files.c.written_at.is_not(None))
            .with_for_update(of=_filed)
        ).one_or_none()
        if filed is None:
            raise UnknownPayment(f"{key} left in no file: you can confirm only payments that left in a payment file.")
        if Progress(filed.progress).has_failed or filed.returned_at is not None:
            raise TooLate(f"{transfer} came back: if it did arrive after all, use `undo-return {transfer}`.")
        if filed.progress == "settled" and (on is None or filed.arrived_on == _written(on)):
            return False
        connection.execute(
            update(_filed)
            .where(_filed.c.transfer == transfer)
            .values(progress="settled", arrived_on=_written(on), reported_at=at, reported_by=by)
        )
        said = f"{key}: confirmed as arrived" + (f" on {on}" if on else "")
        write_lines(connection, [key], f"confirm-settled/{transfer}/{at}", said, by, {challenge: role}, at)
        return True


def _held(connection: Connection, file: str) -> dict[str, Found]:
    """The transfers in a file by the ids that the bank knows, locked until the transaction ends.

    Raises:
        UnknownPayment: no such file was made here.
    """
    rows = connection.execute(
        select(_filed, _transfers.c.settled_at)
        .join(_transfers, _transfers.c.id == _filed.c.transfer)
        .where(_filed.c.file == file)
        .order_by(*_BY_TRANSFER)
        .with_for_update(of=_filed)
    ).all()
    if not rows:
        raise UnknownPayment(f"The report is on file {file!r}, which was not made here: check which file it is on.")
    return {row.end_to_end: row for row in rows}


def _since(before: Progress, said: Progress, *, was_settled: bool) -> Progress:
    """How far a transfer has come after a report; the same as before if the report says nothing new.

    Args:
        before: how far it had come by earlier reports.
        said: what this report says.
        was_settled: whether the ledger knows that the transfer was settled. If it failed later, that is then no news.
    """
    if said is Progress.TAKEN or (before.has_failed and (said.has_failed or was_settled)):
        return before
    return Progress.RETURNED if said.has_failed and before is Progress.SETTLED else said


def _check_can_be_rejected(file: str, inside: Iterable[Found]) -> None:
    """Checks that nothing is settled in a file that the bank rejects as a whole.

    Raises:
        FileRefused: something is.
    """
    settled = next((row.transfer for row in inside if row.progress == "settled"), None)
    if settled is not None:
        raise FileRefused(
            f"The report rejects the whole payment file {file}, but {settled} in this file is settled. "
            "Nothing was noted: ask the bank whether it got the file twice or means another file."
        )


def _note(connection: Connection, transfer: str, status: Reported, by: str, at: Instant) -> None:
    said = {"progress": status.progress, "reason": status.reason, "arrived_on": _written(status.arrived_on)}
    connection.execute(
        update(_filed).where(_filed.c.transfer == transfer).values(**said, reported_at=at, reported_by=by)
    )
    if status.progress.has_failed:
        needs_nobody(connection, transfer)  # bank and ledger agree again, or will once the ledger hears of this


def _written(day: Date | None) -> str | None:
    return None if day is None else str(day)
