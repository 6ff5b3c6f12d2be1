"""What a bank, or a person where a bank sends no reports, says of the transfers that left in payment files."""

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
    """A transfer that came back by the ledger and has arrived by the bank, which the ledger had not heard before.

    Args:
        transfer: its id.
        reported: when the bank's word was read.
        followed: whether a later attempt of its payment may have left.
    """

    transfer: str
    reported: Instant
    followed: bool


class Reported(Value):
    """What a bank says of one transfer.

    Args:
        end_to_end: what it knows the transfer by.
        progress: how far the transfer has come.
        reason: why it was rejected, cancelled or returned, in words that may go anywhere.
        arrived_on: of a transfer that settled, the day by which it had.
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

    What has arrived can come back. That what came back has arrived after all is noted too, unless the ledger knew that
    it had arrived before it came back: then that is no news. See `contradicted`.

    Args:
        database: where to.
        file: id of the message that the bank reports on.
        statuses: what it says of each transfer in the file, given all their names.
        by: who brings the report.
        roles: in what role, by challenge.
        at: when.
        rejects_all: whether it turns the file away as a whole.

    Returns:
        The keys of the payments about which the report says something new.

    Raises:
        UnknownPayment: no such file was made here.
        FileRefused: it turns away a file as a whole of which something has arrived.
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
    """The keys of payments that left in a file, or of which a bank reported, and the ledger does not have that yet.

    Whoever noted it may have been cut off before they could let the payments know.

    Args:
        database: where to look.
        file: only this file.

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
    """Notes that a transfer has arrived, as somebody says; whether that is new. What a bank reported stays, but for the
    day.

    Args:
        database: where to.
        transfer: its id.
        by: who says so.
        role: in what role.
        at: when.
        on: the day on which the money arrived, if they name one.

    Raises:
        UnknownPayment: it left in no file.
        TooLate: it came back.
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
            raise UnknownPayment(f"{key} left in no file: only what did can be said to have arrived.")
        if Progress(filed.progress).has_failed or filed.returned_at is not None:
            raise TooLate(f"{transfer} came back: if it has arrived after all, say `undo-return {transfer}`.")
        if filed.progress == "settled" and (on is None or filed.arrived_on == _written(on)):
            return False
        connection.execute(
            update(_filed)
            .where(_filed.c.transfer == transfer)
            .values(progress="settled", arrived_on=_written(on), reported_at=at, reported_by=by)
        )
        said = f"{key}: said to have arrived" + (f" on {on}" if on else "")
        write_lines(connection, [key], f"confirm-settled/{transfer}/{at}", said, by, {challenge: role}, at)
        return True


def _held(connection: Connection, file: str) -> dict[str, Found]:
    """The transfers of a file, by what the bank knows them by; nobody else notes anything of them meanwhile.

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
        raise UnknownPayment(f"The report is on a file {file!r}, which was not made here: check which file it is on.")
    return {row.end_to_end: row for row in rows}


def _since(before: Progress, said: Progress, *, was_settled: bool) -> Progress:
    """How far a transfer has come by a report that is read now; as before, if the report says nothing new.

    Args:
        before: how far it had come by the reports before.
        said: what this one says.
        was_settled: whether the ledger knows the transfer as settled: then it is no news that it was, before it failed.
    """
    if said is Progress.TAKEN or (before.has_failed and (said.has_failed or was_settled)):
        return before
    return Progress.RETURNED if said.has_failed and before is Progress.SETTLED else said


def _check_can_be_rejected(file: str, inside: Iterable[Found]) -> None:
    """That nothing of a file has arrived which a bank turns away as a whole.

    Raises:
        FileRefused: something has.
    """
    settled = next((row.transfer for row in inside if row.progress == "settled"), None)
    if settled is not None:
        raise FileRefused(
            f"The report rejects the payment file {file} as a whole, of which {settled} is settled: the bank "
            "was given the file twice, or means another. Nothing has come back, and nothing was noted."
        )


def _note(connection: Connection, transfer: str, status: Reported, by: str, at: Instant) -> None:
    said = {"progress": status.progress, "reason": status.reason, "arrived_on": _written(status.arrived_on)}
    connection.execute(
        update(_filed).where(_filed.c.transfer == transfer).values(**said, reported_at=at, reported_by=by)
    )
    if status.progress.has_failed:
        needs_nobody(connection, transfer)  # the bank agrees with the ledger again, or is about to


def _written(day: Date | None) -> str | None:
    return None if day is None else str(day)
