"""Payment files: which transfers leave together. Each transfer leaves once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection, Label, ScalarSelect, delete, exists, func, insert, select, update
from whenever import Date, Instant

from domain.keys import challenge_of, payment_of
from domain.payments.bank_account import crosses_border
from domain.payments.payment import PaymentStatus
from domain.payments.reference import plain_reference
from domain.programmes.round import REHEARSAL
from domain.values.model import Value
from domain.values.money import Money
from domain.values.refusals import Refused, TooLate
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found

from . import payees
from .file_record import write_lines
from .rows import hold_all, take_release_back

_payments, _transfers, _payees = tables.payments, tables.transfers, tables.payees
_files, _filed, _applications = tables.payment_files, tables.filed_transfers, tables.applications
_words = tables.bank_words
_AS_MADE = TotalOrder(_files.c.made_at, _files.c.id)
_FILED = TotalOrder(_filed.c.transfer)
_PAYMENTS = TotalOrder(_payments.c.key)
_PAYMENTS_BY_CURRENCY = TotalOrder(_payments.c.currency, _payments.c.key)
_TRANSFERS_BY_CURRENCY = TotalOrder(_payments.c.currency, _transfers.c.id)

RAIL = "files"
"""The name in the ledger of the rail that pays by files."""

MOST = 10_000
"""How many transfers one file may have."""


class Line(Value):
    """A transfer in a file.

    Args:
        transfer: the transfer's id.
        team: the team that is paid.
        amount, currency: what is paid.
        sealed: the payee's bank details, sealed for the team.
        arrived: an earlier attempt of the same payment about which a person has to find out whether it has arrived
            (see `positions.Doubt`); normally empty.
        left: whether the team has left since the transfer was released; known only of a file that was begun.
    """

    transfer: str
    team: str
    amount: Money
    currency: str
    sealed: str
    arrived: str = ""
    left: bool = False


class Batch(Value):
    """The content of one file. Read from the database again, it is the same.

    Args:
        id: id of the message. The bank's reports repeat it.
        form: the format of the file, such as "pain.001.001.09".
        currency: the currency of all transfers in the file.
        abroad: whether all transfers in the file cross a border; otherwise none does.
        execute_on: the day on which the bank should pay.
        made, made_by: when the file was made, and by whom.
        lines: the transfers, in order.
    """

    id: str
    form: str
    currency: str
    abroad: bool
    execute_on: Date
    made: Instant
    made_by: str
    lines: tuple[Line, ...]


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
    reason: str = "",
    proof: str = "",
) -> tuple[Batch | None, dict[str, str]]:
    """Puts the released payments of one currency into a file. If a file was begun and not written, gives that file.

    Payments that cross a border are in files of their own, because banks make such payments in another way. From then
    on the bank details of these payments stay unchanged, and nobody can cancel them.

    Args:
        database: where from.
        id, form, execute_on: of the new file.
        by, roles, proof: who makes the file, their role in each challenge, and how they were proven.
        at: when.
        end_to_end: makes the id by which a bank knows a transfer.
        check: refuses a transfer that cannot be in a file. The transfer is left out and waits; the others leave.
        reason: why the bank is to pay so late; normally empty.

    Returns:
        The file, or None if no payment waits; and the reason for each payment that is left out, by key.

    Raises:
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        unwritten = select(_files.c.id).where(_files.c.written_at.is_(None)).order_by(*_AS_MADE)
        begun = connection.scalars(unwritten.limit(1)).first()
        if begun is not None:
            return _batch(connection, begun), {}
        waiting, left_out = _checked(_waiting(connection), check)
        if not waiting:
            return None, left_out
        currency, abroad = _together(waiting[0])
        pence = {row.transfer: row.pence for row in waiting if _together(row) == (currency, abroad)}
        which = {"id": id, "form": form, "currency": currency, "abroad": abroad, "execute_on": str(execute_on)}
        connection.execute(insert(_files).values(**which, made_by=by, made_at=at))
        names = {each: {"end_to_end": end_to_end(each), "plain_reference": plain_reference(each)} for each in pence}
        rows = [{"transfer": each, "file": id, "pence": amount, **names[each]} for each, amount in pence.items()]
        connection.execute(insert(_filed), rows)
        key, text = f"payment-file/{id}", f"Payment file {id} made"
        write_lines(connection, map(payment_of, pence), key, text, by, roles, at, reason, proof)
        for each in pence:
            connection.execute(update(_transfers).where(_transfers.c.id == each).values(begun_at=at, rail=RAIL))
        return _batch(connection, id), left_out


def challenges_concerned(database: Database) -> tuple[str, ...]:
    """The challenges that would have a payment in the next file.

    Raises:
        Unavailable: the database cannot be read.
    """
    begun = _transfers.c.begun_at.is_(None) | _files.c.written_at.is_(None) & _files.c.id.is_not(None)
    wanted = (
        select(_payments.c.challenge)
        .distinct()
        .select_from(_payments)
        .join(_transfers, (_transfers.c.payment == _payments.c.key))
        .join(_filed, _filed.c.transfer == _transfers.c.id, isouter=True)
        .join(_files, _files.c.id == _filed.c.file, isouter=True)
        .where(*_CAN_LEAVE, begun)
    )
    with database.reading() as connection:
        return tuple(sorted(connection.scalars(wanted)))


def drop(
    database: Database, file: str, by: str, roles: Mapping[str, str], at: Instant, proof: str = ""
) -> tuple[str, ...]:
    """Drops a file that was begun and not written: its payments wait for the next file.

    The caller must know that no copy of the file exists. A payment must be released again if its team has changed its
    bank details since it was released, or has left.

    Args:
        database: where from.
        file: the file's id.
        by: who drops it.
        roles: the person's role in each challenge.
        at: when.
        proof: how the person was proven.

    Returns:
        The keys of the payments that were in the file.

    Raises:
        TooLate: the file was written, or dropped before, or the bank has reported on it.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        inside = list(connection.scalars(select(_filed.c.transfer).where(_filed.c.file == file)))
        keys = tuple(sorted(map(payment_of, inside)))
        # Lock the challenges first, then the payments, as everywhere; see `_waiting`.
        hold_all(connection, map(challenge_of, keys))
        connection.execute(
            select(_payments.c.key)
            .where(_payments.c.key.in_(keys))
            .order_by(*_PAYMENTS)
            .with_for_update(key_share=True)
        )
        unwritten = select(_files.c.id).where(_files.c.id == file, _files.c.written_at.is_(None))
        if connection.execute(unwritten.with_for_update()).first() is None:
            raise TooLate(f"The payment file {file} was written, or dropped before: it cannot be dropped now.")
        if connection.execute(select(_words.c.transfer).where(_words.c.transfer.in_(inside)).limit(1)).first():
            raise TooLate(f"The bank has reported on payment file {file}, so the bank has it: finish it with `submit`.")
        connection.execute(delete(_filed).where(_filed.c.file == file))
        connection.execute(delete(_files).where(_files.c.id == file))
        connection.execute(update(_transfers).where(_transfers.c.id.in_(inside)).values(begun_at=None, rail=""))
        for row in connection.execute(select(_transfers, _left()).where(_transfers.c.id.in_(inside))).all():
            if row.left or row.payee_version != payees.latest_version(connection, row.team):
                take_release_back(connection, row.payment)
        text = f"Payment file {file} dropped, before it was written"
        write_lines(connection, keys, f"payment-file-dropped/{file}", text, by, roles, at, proof=proof)
        return keys


class Marked(Value):
    """A file that is ready for the bank.

    Args:
        keys: the keys of the payments in the file.
        by: who made the file ready, and takes it to the bank.
        is_first: whether this call made it ready; otherwise somebody else has done so meanwhile.
    """

    keys: tuple[str, ...]
    by: str
    is_first: bool


def mark_written(database: Database, file: str, at: Instant, by: str = "", execute_on: Date | None = None) -> Marked:
    """Notes that a file is ready for the bank. The first note stays if this is called again.

    Args:
        database: where to.
        file: the file's id.
        at: when.
        by: who made it ready.
        execute_on: the day on which the bank is to pay, as the file has it. Two people who finish one file at the same
            moment may have wanted different days.

    Raises:
        TooLate: the file was dropped meanwhile.
        Unavailable: the database cannot be written to.
    """
    day = {"execute_on": str(execute_on)} if execute_on else {}
    with database.writing() as connection:
        unwritten = (_files.c.id == file, _files.c.written_at.is_(None))
        marked = connection.execute(update(_files).where(*unwritten).values(written_at=at, written_by=by, **day))
        row = connection.execute(select(_files).where(_files.c.id == file)).one_or_none()
        if row is None:
            raise TooLate(f"The payment file {file} was dropped while it was written: make another with `submit`.")
        inside = select(_filed.c.transfer).where(_filed.c.file == file).order_by(*_FILED)
        keys = tuple(map(payment_of, connection.scalars(inside)))
        return Marked(keys=keys, by=row.written_by or row.made_by, is_first=bool(marked.rowcount))


def _waiting(connection: Connection) -> Sequence[Found]:
    """The transfers that can leave now. Their challenges and payments are locked until the transaction ends.

    Payments are locked before their transfers are read, as everywhere. So two transactions that lock both never wait
    for each other, and what another transaction cancelled, changed or put into a file meanwhile is seen.
    """
    can_leave = (*_CAN_LEAVE, exists().where(_transfers.c.payment == _payments.c.key, _transfers.c.begun_at.is_(None)))
    challenges = connection.scalars(select(_payments.c.challenge).distinct().where(*can_leave)).all()
    hold_all(connection, challenges)
    held = connection.scalars(
        select(_payments.c.key)
        .where(*can_leave, _payments.c.challenge.in_(challenges))
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
            _payees.c.country,
            _arrived().label("arrived"),
        )
        .join(_payments, _payments.c.key == _transfers.c.payment)
        .join(_payees, (_payees.c.team == _transfers.c.team) & (_payees.c.version == _transfers.c.payee_version))
        .where(_payments.c.key.in_(held), _transfers.c.begun_at.is_(None))
        .order_by(*_TRANSFERS_BY_CURRENCY)
    ).all()


_CAN_LEAVE = (
    _payments.c.status == PaymentStatus.RELEASED,
    _payments.c.challenge.not_like(f"%{REHEARSAL}%/%"),
)


def _checked(rows: Sequence[Found], check: Callable[[Line], None]) -> tuple[list[Found], dict[str, str]]:
    """The rows that can be in a file; and the reason for each payment that cannot, by key."""
    fit, left_out = list[Found](), dict[str, str]()
    for row in rows:
        try:
            check(_line(row))
        except Refused as refusal:
            left_out[payment_of(row.transfer)] = str(refusal)
        else:
            fit.append(row)
    return fit, left_out


def _together(row: Found) -> tuple[str, bool]:
    """What all payments of a file have in common: the currency, and whether they cross a border."""
    return row.currency, crosses_border(row.country, row.currency)


def _arrived() -> ScalarSelect[str]:
    """An earlier attempt of a payment about which a person has to find out what is true; see `positions.Doubt`."""
    earlier = _transfers.alias()
    return (
        select(func.min(earlier.c.id))
        .join(_filed, _filed.c.transfer == earlier.c.id)
        .where(earlier.c.payment == _payments.c.key, _filed.c.doubt != "")
        .correlate(_payments)
        .scalar_subquery()
    )


def _left() -> Label[bool]:
    """Whether the team of a transfer has left since the transfer was released."""
    gone = exists().where(_applications.c.id == _transfers.c.team, _applications.c.withdrawn > _transfers.c.released_at)
    return gone.correlate(_transfers).label("left")


def _batch(connection: Connection, file: str) -> Batch:
    row = connection.execute(select(_files).where(_files.c.id == file)).one()
    lines = connection.execute(
        select(_filed.c.transfer, _filed.c.pence, _payments, _payees.c.sealed, _arrived().label("arrived"), _left())
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
        abroad=row.abroad,
        execute_on=Date.parse_iso(row.execute_on),
        made=row.made_at,
        made_by=row.made_by,
        lines=tuple(_line(line).model_copy(update={"left": line.left}) for line in lines),
    )


def _line(row: Found) -> Line:
    return Line(
        transfer=row.transfer,
        team=row.team,
        amount=Money(row.pence),
        currency=row.currency,
        sealed=row.sealed,
        arrived=row.arrived or "",
    )
