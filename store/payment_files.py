"""Payment files: which transfers leave together, that each leaves once, and what the bank reported of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Connection, exists, insert, select, update
from whenever import Date, Instant

from domain.announcement import Entry
from domain.model import Value
from domain.money import Money
from domain.payment import PaymentStatus
from domain.refusals import UnknownPayment
from domain.round import REHEARSAL
from domain.transfer import payment_of

from . import tables
from .database import Database
from .record import write_line
from .tables import Found

_payments, _transfers, _payees = tables.payments, tables.transfers, tables.payees
_files, _filed = tables.payment_files, tables.filed_transfers

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
    """

    transfer: str
    team: str
    amount: Money
    reference: str
    sealed: str


class Collected(Value):
    """What goes into one file. Made again from the database, it is the same.

    Args:
        id: of the message, which the bank reports back.
        form: which form the file has, such as "pain.001.001.09".
        currency: of all its transfers.
        execute_on: when the bank is to pay.
        made: when it was put together.
        lines: in order.
    """

    id: str
    form: str
    currency: str
    execute_on: Date
    made: Instant
    lines: tuple[Line, ...]


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


def collect(
    database: Database,
    id: str,  # noqa: A002
    form: str,
    execute_on: Date,
    by: str,
    at: Instant,
    end_to_end: Callable[[str], str],
) -> Collected | None:
    """Takes the released payments of one currency into a file; first of all a file that was begun and not written.

    From here on their bank details stand still, and nobody can cancel them.

    Args:
        database: where from.
        id, form, execute_on: of the new file.
        by: who makes it.
        at: when.
        end_to_end: what a bank knows a transfer by.

    Returns:
        None if nothing waits to leave.

    Raises:
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        begun = connection.scalars(select(_files.c.id).where(_files.c.written_at.is_(None)).limit(1)).first()
        if begun is not None:
            return _collected(connection, begun)
        waiting = _waiting(connection)
        if not waiting:
            return None
        currency = waiting[0].currency
        ids = [row.id for row in waiting if row.currency == currency]
        connection.execute(
            insert(_files).values(
                id=id, form=form, currency=currency, execute_on=str(execute_on), made_by=by, made_at=at
            )
        )
        connection.execute(
            insert(_filed), [{"transfer": each, "file": id, "end_to_end": end_to_end(each)} for each in ids]
        )
        _write_lines(connection, map(payment_of, ids), f"payment-file/{id}", f"Payment file {id} made", by, at)
        for each in ids:
            connection.execute(update(_transfers).where(_transfers.c.id == each).values(begun_at=at))
        return _collected(connection, id)


def mark_written(database: Database, file: str, at: Instant) -> tuple[str, ...]:
    """Notes that a file is there for the bank. What was noted first stays.

    Returns:
        The keys of the payments in it.

    Raises:
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        connection.execute(
            update(_files).where(_files.c.id == file, _files.c.written_at.is_(None)).values(written_at=at)
        )
        inside = select(_filed.c.transfer).where(_filed.c.file == file).order_by(_filed.c.transfer)
        return tuple(map(payment_of, connection.scalars(inside)))


def report(
    database: Database, file: str, statuses: Callable[[tuple[str, ...]], Iterable[Reported]], by: str, at: Instant
) -> tuple[str, ...]:
    """Notes what a bank reported of the transfers of a file. Again is harmless; what has come back stays so.

    Args:
        database: where to.
        file: id of the message that the bank reports on.
        statuses: what it says of each transfer in the file, given all their names.
        by: who brings the report.
        at: when.

    Returns:
        The keys of the payments of which it says something new.

    Raises:
        UnknownPayment: no such file was made here.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        inside = {
            row.end_to_end: row
            for row in connection.execute(select(_filed).where(_filed.c.file == file).with_for_update())
        }
        if not inside:
            raise UnknownPayment(
                f"The report is on a file {file!r}, which was not made here: check which file it is on."
            )
        reached = {name: row.progress for name, row in inside.items()}
        changed = []
        for status in statuses(tuple(inside)):
            row = inside[status.end_to_end]
            # What has arrived can still come back; what came back has a new attempt of its own.
            if status.progress == "taken" or reached[status.end_to_end] in (status.progress, "returned"):
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
            changed.append(payment_of(row.transfer))
        return tuple(dict.fromkeys(changed))


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
        .order_by(_filed.c.transfer)
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
        .where(_payments.c.status == PaymentStatus.RELEASED)
        .where(_payments.c.challenge.not_like(f"%{REHEARSAL}%/%"))
        .where(exists().where(_transfers.c.payment == _payments.c.key, _transfers.c.begun_at.is_(None)))
        .order_by(_payments.c.currency, _payments.c.key)
        .limit(MOST)
        .with_for_update(of=_payments, key_share=True)
    ).all()
    return connection.execute(
        select(_transfers.c.id, _payments.c.currency)
        .join(_payments, _payments.c.key == _transfers.c.payment)
        .where(_payments.c.key.in_(held), _transfers.c.begun_at.is_(None))
        .order_by(_payments.c.currency, _transfers.c.id)
    ).all()


def note_arrived(database: Database, transfer: str, by: str, at: Instant, on: Date | None = None) -> None:
    """Notes that a transfer has arrived, as somebody says. What a bank reported stays, but for the day.

    Args:
        database: where to.
        transfer: its id.
        by: who says so.
        at: when.
        on: the day on which the money arrived, if they name one.

    Raises:
        UnknownPayment: it is in no file.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        news = _filed.c.progress == "taken"
        if on is not None:
            news |= (_filed.c.progress == "settled") & _filed.c.arrived_on.is_distinct_from(_written(on))
        noted = connection.execute(
            update(_filed)
            .where(_filed.c.transfer == transfer, news)
            .values(progress="settled", arrived_on=_written(on), reported_at=at, reported_by=by)
        )
        key = payment_of(transfer)
        if noted.rowcount:
            said = f"{key}: said to have arrived" + (f" on {on}" if on else "")
            _write_lines(connection, [key], f"arrived/{transfer}/{at}", said, by, at)
        elif not connection.execute(select(_filed).where(_filed.c.transfer == transfer)).first():
            raise UnknownPayment(f"{key} left in no file: only what did can be said to have arrived.")


def _written(day: Date | None) -> str | None:
    return None if day is None else str(day)


def _write_lines(connection: Connection, payments: Iterable[str], key: str, text: str, by: str, at: Instant) -> None:
    """Who did it, on the record of each challenge that it concerns."""
    counted = Counter("/".join(payment.split("/")[:2]) for payment in payments)
    for challenge, count in counted.items():
        number = f", with {count} of this challenge's payments" if count > 1 else ""
        entry = Entry(at=at, by=by, role="unknown", action=key.partition("/")[0], text=text + number)
        write_line(connection, f"{challenge}/{key}", challenge, entry)


def _collected(connection: Connection, file: str) -> Collected:
    row = connection.execute(select(_files).where(_files.c.id == file)).one()
    lines = connection.execute(
        select(_filed.c.transfer, _payments, _payees.c.sealed)
        .join(_transfers, _transfers.c.id == _filed.c.transfer)
        .join(_payments, _payments.c.key == _transfers.c.payment)
        .join(_payees, (_payees.c.team == _transfers.c.team) & (_payees.c.version == _transfers.c.payee_version))
        .where(_filed.c.file == file)
        .order_by(_filed.c.transfer)
    )
    return Collected(
        id=row.id,
        form=row.form,
        currency=row.currency,
        execute_on=Date.parse_iso(row.execute_on),
        made=row.made_at,
        lines=tuple(
            Line(
                transfer=line.transfer,
                team=line.team,
                amount=Money(line.net + line.vat),
                reference=f"{line.team} {line.stage} {line.number}",
                sealed=line.sealed,
            )
            for line in lines
        ),
    )
