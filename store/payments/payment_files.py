"""Payment files: which transfers leave together, that each leaves once, and what the bank reported of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import uuid4

from sqlalchemy import Connection, ScalarSelect, delete, exists, func, insert, select, update
from whenever import Date, Instant

from domain.announcements.announcement import Entry
from domain.keys import payment_of
from domain.payments.payment import PaymentStatus
from domain.programmes.round import REHEARSAL
from domain.values.model import Value
from domain.values.money import Money
from domain.values.paging import Page, Paged, everything
from domain.values.refusals import FileRefused, Refused, TooLate, UnknownPayment
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.record.record import needs_nobody, write_line

from . import ledger, payees

_payments, _transfers, _payees = tables.payments, tables.transfers, tables.payees
_files, _filed = tables.payment_files, tables.filed_transfers
_AS_MADE = TotalOrder(_files.c.made_at, _files.c.id)
_FILED = TotalOrder(_filed.c.transfer)
_PAYMENTS = TotalOrder(_payments.c.key)
_PAYMENTS_BY_CURRENCY = TotalOrder(_payments.c.currency, _payments.c.key)
_TRANSFERS_BY_CURRENCY = TotalOrder(_payments.c.currency, _transfers.c.id)

RAIL = "files"
"""What the ledger calls the rail that pays by files."""

MOST = 10_000
"""Transfers in one file."""


class Line(Value):
    """A transfer in a file.

    Args:
        transfer: its id.
        team: whose.
        amount: what is paid.
        reference: what the payee reads.
        sealed: the payee's bank details, sealed for the team.
        arrived: an earlier attempt of the same payment that came back by the ledger, and has arrived by the bank; empty
            if there is none, as there should be.
    """

    transfer: str
    team: str
    amount: Money
    reference: str
    sealed: str
    arrived: str = ""


class Batch(Value):
    """What goes into one file. Made again from the database, it is the same.

    Args:
        id: of the message, which the bank reports back.
        form: which form the file has, such as "pain.001.001.09".
        currency: of all its transfers.
        execute_on: when the bank is to pay.
        made, made_by: when it was put together, and by whom.
        lines: in order.
    """

    id: str
    form: str
    currency: str
    execute_on: Date
    made: Instant
    made_by: str
    lines: tuple[Line, ...]


class File(Value):
    """A payment file that was begun.

    Args:
        id, currency, execute_on, made, made_by: as in `Batch`.
        written: whether it is there for the bank.
        count, control_sum: how many transfers it has, and what they sum to.
    """

    id: str
    currency: str
    execute_on: Date
    made: Instant
    made_by: str
    written: bool
    count: int
    control_sum: Money


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
        progress: "taken" while it is in process, "settled" or "returned".
        reason: why it was returned, in words that may go anywhere.
        arrived_on: of a transfer that settled, the day by which it had.
    """

    end_to_end: str
    progress: str
    reason: str = ""
    arrived_on: Date | None = None


def batch(
    database: Database,
    id: str,  # noqa: A002
    form: str,
    execute_on: Date,
    by: str,
    roles: Mapping[str, str],
    at: Instant,
    end_to_end: Callable[[str], str],
    check: Callable[[Line], None],
) -> tuple[Batch | None, dict[str, str]]:
    """Takes the released payments of one currency into a file; first of all a file that was begun and not written.

    From here on their bank details stand still, and nobody can cancel them.

    Args:
        database: where from.
        id, form, execute_on: of the new file.
        by: who makes it.
        roles: in what role, by challenge.
        at: when.
        end_to_end: what a bank knows a transfer by.
        check: refuses a transfer that cannot stand in a file. It is left out and waits on: none holds up the others.

    Returns:
        The file, or None if nothing waits to leave; and the keys of the payments that are left out, with why.

    Raises:
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        unwritten = select(_files.c.id).where(_files.c.written_at.is_(None)).order_by(*_AS_MADE)
        begun = connection.scalars(unwritten.limit(1)).first()
        if begun is not None:
            return _batch(connection, begun), {}
        waiting, left_out = [], {}
        for row in _waiting(connection):
            try:
                check(_line(row))
            except Refused as refusal:
                left_out[payment_of(row.transfer)] = str(refusal)
            else:
                waiting.append(row)
        if not waiting:
            return None, left_out
        currency = waiting[0].currency
        pence = {row.transfer: row.pence for row in waiting if row.currency == currency}
        connection.execute(
            insert(_files).values(
                id=id, form=form, currency=currency, execute_on=str(execute_on), made_by=by, made_at=at
            )
        )
        connection.execute(
            insert(_filed),
            [
                {"transfer": each, "file": id, "end_to_end": end_to_end(each), "pence": amount}
                for each, amount in pence.items()
            ],
        )
        _write_lines(connection, map(payment_of, pence), f"payment-file/{id}", f"Payment file {id} made", by, roles, at)
        for each in pence:
            connection.execute(update(_transfers).where(_transfers.c.id == each).values(begun_at=at, rail=RAIL))
        return _batch(connection, id), left_out


def challenges_concerned(database: Database, file: str | None = None) -> tuple[str, ...]:
    """The challenges of which a payment is in a file; or, if none is named, would be in the next.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = select(_payments.c.challenge).distinct()
    if file is None:
        begun = _transfers.c.begun_at.is_(None) | _files.c.written_at.is_(None) & _files.c.id.is_not(None)
        wanted = wanted.where(*_CAN_LEAVE, begun)
    else:
        wanted = wanted.where(_filed.c.file == file)
    wanted = (
        wanted.select_from(_payments)
        .join(_transfers, (_transfers.c.payment == _payments.c.key))
        .join(_filed, _filed.c.transfer == _transfers.c.id, isouter=True)
        .join(_files, _files.c.id == _filed.c.file, isouter=True)
    )
    with database.reading() as connection:
        return tuple(sorted(connection.scalars(wanted)))


def move(database: Database, file: str, execute_on: Date) -> None:
    """Has a file that was begun and not written be paid on another day.

    Raises:
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        unwritten = (_files.c.id == file, _files.c.written_at.is_(None))
        connection.execute(update(_files).where(*unwritten).values(execute_on=str(execute_on)))


def drop(database: Database, file: str, by: str, roles: Mapping[str, str], at: Instant) -> tuple[str, ...]:
    """Forgets a file that was begun and not written: its payments wait to leave as they did before.

    The caller knows that the file is nowhere. What was released to bank details that were changed meanwhile has to be
    released again.

    Args:
        database: where from.
        file: its id.
        by: who drops it.
        roles: in what role, by challenge.
        at: when.

    Returns:
        The keys of the payments that were in it.

    Raises:
        TooLate: it was written.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        inside = list(connection.scalars(select(_filed.c.transfer).where(_filed.c.file == file)))
        keys = tuple(sorted(map(payment_of, inside)))
        # Payments first, as everywhere; see `_waiting`.
        connection.execute(
            select(_payments.c.key)
            .where(_payments.c.key.in_(keys))
            .order_by(*_PAYMENTS)
            .with_for_update(key_share=True)
        )
        unwritten = select(_files.c.id).where(_files.c.id == file, _files.c.written_at.is_(None))
        if connection.execute(unwritten.with_for_update()).first() is None:
            raise TooLate(f"The payment file {file} was written, or dropped before: it cannot be dropped.")
        connection.execute(delete(_filed).where(_filed.c.file == file))
        connection.execute(delete(_files).where(_files.c.id == file))
        connection.execute(update(_transfers).where(_transfers.c.id.in_(inside)).values(begun_at=None, rail=""))
        for row in connection.execute(select(_transfers).where(_transfers.c.id.in_(inside))).all():
            if row.payee_version != payees.latest_version(connection, row.team):
                ledger.take_release_back(connection, row.payment)
        text = f"Payment file {file} dropped, before it was written"
        _write_lines(connection, keys, f"payment-file-dropped/{file}", text, by, roles, at)
        return keys


def mark_written(database: Database, file: str, at: Instant) -> tuple[str, ...]:
    """Notes that a file is there for the bank. What was noted first stays.

    Returns:
        The keys of the payments in it.

    Raises:
        TooLate: it was dropped meanwhile.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        connection.execute(
            update(_files).where(_files.c.id == file, _files.c.written_at.is_(None)).values(written_at=at)
        )
        if connection.execute(select(_files.c.id).where(_files.c.id == file)).first() is None:
            raise TooLate(f"The payment file {file} was dropped while it was written.")
        inside = select(_filed.c.transfer).where(_filed.c.file == file).order_by(*_FILED)
        return tuple(map(payment_of, connection.scalars(inside)))


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
    """Notes what a bank reported of the transfers of a file. Again is harmless.

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
        The keys of the payments of which it says something new.

    Raises:
        UnknownPayment: no such file was made here.
        FileRefused: it turns away a file as a whole of which something has arrived.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        inside = {
            row.end_to_end: row
            for row in connection.execute(
                select(_filed, _transfers.c.settled_at)
                .join(_transfers, _transfers.c.id == _filed.c.transfer)
                .where(_filed.c.file == file)
                .order_by(*_FILED)
                .with_for_update(of=_filed)
            )
        }
        if not inside:
            raise UnknownPayment(
                f"The report is on a file {file!r}, which was not made here: check which file it is on."
            )
        arrived = sorted(row.transfer for row in inside.values() if row.progress == "settled")
        if rejects_all and arrived:
            raise FileRefused(
                f"The report rejects the payment file {file} as a whole, of which {arrived[0]} is settled: the bank "
                "was given the file twice, or means another. Nothing has come back, and nothing was noted."
            )
        reached = {name: row.progress for name, row in inside.items()}
        changed = []
        for status in statuses(tuple(inside)):
            row, before = inside[status.end_to_end], reached[status.end_to_end]
            if status.progress in ("taken", before) or (before == "returned" and row.settled_at is not None):
                continue
            reached[status.end_to_end] = status.progress
            connection.execute(
                update(_filed)
                .where(_filed.c.transfer == row.transfer)
                .values(
                    progress=status.progress,
                    reason=status.reason,
                    arrived_on=_written(status.arrived_on),
                    reported_at=at,
                    reported_by=by,
                )
            )
            if status.progress == "returned":
                needs_nobody(connection, row.transfer)  # it agrees with the ledger again, or is about to
            changed.append(payment_of(row.transfer))
        keys, text = tuple(dict.fromkeys(changed)), f"Report on payment file {file} read"
        _write_lines(connection, keys, f"bank-report/{file}/{uuid4().hex}", text, by, roles, at)
        return keys


def contradicted(database: Database, file: str) -> tuple[Contradiction, ...]:
    """The transfers of a file of which the ledger and the bank say two things.

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
        .order_by(*_FILED)
    )
    with database.reading() as connection:
        return tuple(Contradiction.model_validate(dict(row._mapping)) for row in connection.execute(wanted))


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
        execute_on=Date.parse_iso(row.execute_on),
        made=row.made_at,
        made_by=row.made_by,
        written=row.written_at is not None,
        count=row.number,
        control_sum=Money(int(row.pence)),
    )


def unheard(database: Database, file: str | None = None) -> tuple[str, ...]:
    """The keys of payments that left in a file, or of which a bank reported, and the ledger does not have that yet.

    Whoever noted it may have been cut off before they could let the payments know.

    Args:
        database: where to look.
        file: only in this one.

    Raises:
        Unavailable: the database cannot be read.
    """
    left, settled, returned = _transfers.c.submitted_at, _transfers.c.settled_at, _transfers.c.returned_at
    wanted = (
        select(_filed.c.transfer)
        .join(_files, _files.c.id == _filed.c.file)
        .join(_transfers, _transfers.c.id == _filed.c.transfer)
        .where(_files.c.written_at.is_not(None), returned.is_(None))
        .where(
            left.is_(None) | (_filed.c.progress == "returned") | (_filed.c.progress == "settled") & settled.is_(None)
        )
        .order_by(*_FILED)
    )
    if file is not None:
        wanted = wanted.where(_files.c.id == file)
    with database.reading() as connection:
        return tuple(map(payment_of, connection.scalars(wanted)))


def _waiting(connection: Connection) -> Sequence[Found]:
    """The transfers that can leave now, whose payments nobody changes until the transaction ends.

    Payments are held before their transfers are looked at, as everywhere: two who hold both never wait in a circle,
    and what another has cancelled, changed or put into a file meanwhile is not seen as it was.
    """
    held = connection.scalars(
        select(_payments.c.key)
        .where(*_CAN_LEAVE)
        .where(exists().where(_transfers.c.payment == _payments.c.key, _transfers.c.begun_at.is_(None)))
        .order_by(*_PAYMENTS_BY_CURRENCY)
        .limit(MOST)
        .with_for_update(of=_payments, key_share=True)
    ).all()
    return connection.execute(
        select(
            _transfers.c.id.label("transfer"),
            _payments,
            (_payments.c.net + _payments.c.vat).label("pence"),
            _payees.c.sealed,
            _arrived().label("arrived"),
        )
        .join(_payments, _payments.c.key == _transfers.c.payment)
        .join(_payees, (_payees.c.team == _transfers.c.team) & (_payees.c.version == _transfers.c.payee_version))
        .where(_payments.c.key.in_(held), _transfers.c.begun_at.is_(None))
        .order_by(*_TRANSFERS_BY_CURRENCY)
    ).all()


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
        if filed.progress == "returned" or filed.returned_at is not None:
            raise TooLate(f"{transfer} came back: if it has arrived after all, say `undo-return {transfer}`.")
        if filed.progress == "settled" and (on is None or filed.arrived_on == _written(on)):
            return False
        connection.execute(
            update(_filed)
            .where(_filed.c.transfer == transfer)
            .values(progress="settled", arrived_on=_written(on), reported_at=at, reported_by=by)
        )
        said = f"{key}: said to have arrived" + (f" on {on}" if on else "")
        _write_lines(connection, [key], f"confirm-settled/{transfer}/{at}", said, by, {challenge: role}, at)
        return True


_CAN_LEAVE = (
    _payments.c.status == PaymentStatus.RELEASED,
    _payments.c.challenge.not_like(f"%{REHEARSAL}%/%"),
)


def _arrived() -> ScalarSelect[str]:
    """Of a payment, an attempt that came back by the ledger, and has arrived by the bank; see `contradicted`."""
    earlier = _transfers.alias()
    return (
        select(func.min(earlier.c.id))
        .join(_filed, _filed.c.transfer == earlier.c.id)
        .where(earlier.c.payment == _payments.c.key, _filed.c.progress == "settled")
        .where(earlier.c.returned_at.is_not(None), earlier.c.settled_at.is_(None))
        .correlate(_payments)
        .scalar_subquery()
    )


def _written(day: Date | None) -> str | None:
    return None if day is None else str(day)


def _write_lines(
    connection: Connection,
    payments: Iterable[str],
    key: str,
    text: str,
    by: str,
    roles: Mapping[str, str],
    at: Instant,
) -> None:
    """Who did it, on the record of each challenge that it concerns."""
    counted = Counter("/".join(payment.split("/")[:2]) for payment in payments)
    for challenge, count in counted.items():
        number = f", with {count} of this challenge's payments" if count > 1 else ""
        entry = Entry(
            at=at, by=by, role=roles.get(challenge, "unknown"), action=key.partition("/")[0], text=text + number
        )
        write_line(connection, f"{challenge}/{key}", challenge, entry)


def _batch(connection: Connection, file: str) -> Batch:
    row = connection.execute(select(_files).where(_files.c.id == file)).one()
    lines = connection.execute(
        select(_filed.c.transfer, _filed.c.pence, _payments, _payees.c.sealed, _arrived().label("arrived"))
        .join(_transfers, _transfers.c.id == _filed.c.transfer)
        .join(_payments, _payments.c.key == _transfers.c.payment)
        .join(_payees, (_payees.c.team == _transfers.c.team) & (_payees.c.version == _transfers.c.payee_version))
        .where(_filed.c.file == file)
        .order_by(*_FILED)
    )
    return Batch(
        id=row.id,
        form=row.form,
        currency=row.currency,
        execute_on=Date.parse_iso(row.execute_on),
        made=row.made_at,
        made_by=row.made_by,
        lines=tuple(map(_line, lines)),
    )


def _line(row: Found) -> Line:
    return Line(
        transfer=row.transfer,
        team=row.team,
        amount=Money(row.pence),
        reference=f"{row.team} {row.stage} {row.number}",
        sealed=row.sealed,
        arrived=row.arrived or "",
    )
