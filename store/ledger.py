"""The ledger: every payment under its business key, and every attempt to make it. It is the truth of what was paid.

Whatever changes a payment does so in one transaction that holds its row, with the line of the record and the notices
that go with the change. Each change can be asked for again and then does nothing.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, case, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from whenever import Date, Instant

from domain import payment as rules
from domain.announcement import Announcement
from domain.awards import PaymentOrder
from domain.model import Value
from domain.money import Amount, Money
from domain.payment import PaymentStanding, PaymentStatus, PaymentToMake
from domain.refusals import AnotherPayment, NotAllowed, TooEarly, TooLate, UnknownPayment
from domain.transfer import transfer_id

from . import payees, tables
from .database import Database
from .inserts import inserting
from .notices import Compose
from .record import is_written, needs_nobody, put
from .tables import Found

_payments, _transfers, _payees = tables.payments, tables.transfers, tables.payees
_filed, _attention = tables.filed_transfers, tables.attention


class Payment(Value):
    """One instalment of an award, as the ledger has it.

    Args:
        key: its business key, `round/challenge/stage/team/number`: unique for ever.
        challenge, stage, team: whose and for what.
        number, of: which instalment of how many.
        amount, currency: what is paid.
        status: how far it has come.
        attempt: the transfer under way, or the last one; 0 before the first release.
        requested: when the ledger took it.
        pay_by, pay_by_law: by when it is promised and due, once the payee is known.
        released: when it was released.
        released_by: by whom.
        submitted: when a rail took it.
        settled: when the money was paid, as far as the service knew; a bank's report can come days later.
        arrived_on: the day on which it was paid, where a bank or a person has said that of a payment in a file.
        reference: the rail's own name for it; empty before it was submitted.
        payee: the bank details that it goes to, masked; empty while they are unknown.
        reason: why it came back or was cancelled.
        attention: what has to be mended by a person; empty if nothing.
    """

    key: str
    challenge: str
    stage: str
    team: str
    number: int
    of: int
    amount: Amount
    currency: str
    status: PaymentStatus
    attempt: int
    requested: Instant
    pay_by: Instant | None
    pay_by_law: Instant | None
    released: Instant | None
    released_by: str
    submitted: Instant | None
    settled: Instant | None
    arrived_on: Date | None
    reference: str
    payee: str
    reason: str
    attention: str


class Begun(Value):
    """A transfer that a rail may be asked to make, or was asked to.

    Args:
        id: what the rail knows it by.
        attempt: of its payment.
        sealed: the payee's bank details, sealed for `team`; empty if it was made before they were kept.
    """

    id: str
    attempt: int
    team: str
    sealed: str


class TransferRow(Value):
    """One attempt of a payment, as the ledger has it.

    Args:
        id: what rails know it by.
        payment: key of the payment.
        attempt: from 1.
        submitted, settled, returned: when, if it was.
    """

    id: str
    payment: str
    attempt: int
    submitted: Instant | None
    settled: Instant | None
    returned: Instant | None


def request(database: Database, payment: PaymentToMake, at: Instant, compose: Compose) -> PaymentStanding:
    """Takes a payment into the ledger; and once its team has given bank details, starts the time in which it is paid.

    Args:
        database: where to.
        payment: what is to be paid.
        at: when it is asked for.
        compose: finds the words of notices.

    Raises:
        AnotherPayment: the ledger has another payment under this key.
        Unavailable: the database cannot be written to.
    """
    order = payment.order
    values = dict(order) | {"net": order.amount.net.pence, "vat": order.amount.vat.pence}
    del values["amount"]
    with database.writing() as connection:
        insertion = inserting(connection, _payments).values(
            **values, requested_at=at, selected_by=payment.selected_by, accepted_by=payment.accepted_by
        )
        connection.execute(insertion.on_conflict_do_nothing(index_elements=["key"]))
        row = _taken(connection, order.key)
        _check_same(row, order)
        if row.status == PaymentStatus.REQUESTED:
            _know_payee(connection, payment, row, at, compose)
        return _standing(connection, order.key, at)


def release(
    database: Database, payment: PaymentToMake, announcement: Announcement, at: Instant, compose: Compose
) -> PaymentStanding:
    """Lets the money go, by a second person: the next attempt of the payment begins.

    Args:
        database: where to.
        payment: which.
        announcement: who releases it and what is written down.
        at: when.
        compose: finds the words of notices.

    Raises:
        TooEarly: the payee is not known.
        TooLate: there is nothing to release.
        NotAllowed: whoever releases it has selected the team, accepted its evidence or given its bank details.
        Unavailable: the database cannot be written to.
    """
    key, by = payment.order.key, announcement.entry.by
    with database.writing() as connection:
        row = _taken(connection, key)
        if is_written(connection, announcement.key):
            return _standing(connection, key, at)
        if row.status == PaymentStatus.REQUESTED:
            raise TooEarly(f"{key} has no payee yet: the team has to give its bank details first.")
        if row.status not in (PaymentStatus.PAYEE_KNOWN, PaymentStatus.RETURNED):
            raise TooLate(f"{key} is {row.status}: there is nothing to release.")
        put(connection, announcement, compose)
        attempt = _attempts(connection, key) + 1
        transfer = transfer_id(key, attempt)
        try:
            connection.execute(
                insert(_transfers).values(
                    id=transfer,
                    payment=key,
                    attempt=attempt,
                    team=row.team,
                    payee_version=payees.latest_version(connection, row.team),
                    released_by=by,
                    released_at=at,
                )
            )
        except IntegrityError:
            raise NotAllowed(f"{by} may not release {key}: a second person has to.") from None
        _change(connection, key, status=PaymentStatus.RELEASED, reason="")
        return _standing(connection, key, at)


def begin(database: Database, key: str, at: Instant) -> Begun | None:
    """The transfer that a rail is to be asked for; from here on its bank details and its payment stand still.

    Args:
        database: where to.
        key: of the payment.
        at: when.

    Returns:
        None if there is nothing to ask for: it is not released, or it has been submitted already.

    Raises:
        UnknownPayment: the ledger has no such payment.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        row = _taken(connection, key)
        if row.status != PaymentStatus.RELEASED:
            return None
        connection.execute(
            update(_transfers)
            .where(_transfers.c.payment == key, _transfers.c.returned_at.is_(None), _transfers.c.begun_at.is_(None))
            .values(begun_at=at)
        )
        return _under_way(connection, key)


def under_way(database: Database, key: str) -> Begun | None:
    """The transfer that is with a rail now, or was asked for; None if there is none.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return _under_way(connection, key)


def mark_submitted(
    database: Database,
    payment: PaymentToMake,
    transfer: Begun,
    reference: str,
    at: Instant,
    compose: Compose,
    pays_on: Date | None = None,
) -> PaymentStanding:
    """Notes that a rail took a transfer, and tells the team. What was noted first stays.

    Args:
        database: where to.
        payment, transfer: which.
        reference: the rail's own name for it, not empty.
        at: when the rail took it.
        compose: finds the words of notices.
        pays_on: the day on which a bank is told to pay, if it does not do so at once.

    Raises:
        UnknownPayment: the ledger has no such payment.
        Unavailable: the database cannot be written to.
    """
    key = payment.order.key
    with database.writing() as connection:
        row = _taken(connection, key)
        if row.status == PaymentStatus.RELEASED and _attempts(connection, key) == transfer.attempt:
            _change_transfer(connection, transfer.id, submitted_at=at, rail_reference=reference)
            _change(connection, key, status=PaymentStatus.SUBMITTED)
            put(connection, rules.submitted(payment, transfer.attempt, reference, at, pays_on), compose)
        return _standing(connection, key, at)


def mark_settled(
    database: Database, payment: PaymentToMake, transfer: Begun, at: Instant, compose: Compose
) -> PaymentStanding:
    """Notes that a transfer has arrived. Again is harmless.

    Args:
        database: where to.
        payment, transfer: which.
        at: when it is noted.
        compose: finds the words of notices.

    Raises:
        UnknownPayment: the ledger has no such payment.
        Unavailable: the database cannot be written to.
    """
    key = payment.order.key
    with database.writing() as connection:
        row = _taken(connection, key)
        if row.status == PaymentStatus.SUBMITTED and _attempts(connection, key) == transfer.attempt:
            _change_transfer(connection, transfer.id, settled_at=at)
            _change(connection, key, status=PaymentStatus.SETTLED)
            needs_nobody(connection, key)
            put(connection, rules.settled(payment, transfer.attempt, at), compose)
        return _standing(connection, key, at)


def mark_returned(
    database: Database, payment: PaymentToMake, transfer: Begun, reason: str, at: Instant, compose: Compose
) -> PaymentStanding:
    """Notes that a rail has sent a transfer back. Again is harmless.

    Args:
        database: where to.
        payment, transfer: which.
        reason: why, in words.
        at: when it is noted.
        compose: finds the words of notices.

    Raises:
        UnknownPayment: the ledger has no such payment.
        Unavailable: the database cannot be written to.
    """
    key = payment.order.key
    with database.writing() as connection:
        row = _taken(connection, key)
        if row.status in _ON_ITS_WAY and _attempts(connection, key) == transfer.attempt:
            _give_back(connection, transfer.id, key, reason, at)
            put(connection, rules.returned(payment, transfer.attempt, reason, at), compose)
        return _standing(connection, key, at)


def give_back(
    database: Database, payment: PaymentToMake, announcement: Announcement, at: Instant, compose: Compose
) -> PaymentStanding:
    """As `mark_returned`, because a person says so.

    Raises:
        TooEarly: no money is on its way that could come back.
        UnknownPayment: the ledger has no such payment.
        Unavailable: the database cannot be written to.
    """
    key = payment.order.key
    with database.writing() as connection:
        row = _taken(connection, key)
        if is_written(connection, announcement.key):
            return _standing(connection, key, at)
        transfer = _under_way(connection, key)
        if transfer is None or row.status not in _ON_ITS_WAY or not _has_begun(connection, key):
            raise TooEarly(f"{key} is {row.status}: no money is on its way that could come back.")
        _give_back(connection, transfer.id, key, announcement.entry.reason, at)
        put(connection, announcement, compose)
        return _standing(connection, key, at)


def cancel(
    database: Database, payment: PaymentToMake, announcement: Announcement, at: Instant, compose: Compose
) -> PaymentStanding:
    """Ends a payment for good, as long as no rail can have it.

    Raises:
        TooLate: a rail has it, or may have it.
        UnknownPayment: the ledger has no such payment.
        Unavailable: the database cannot be written to.
    """
    key = payment.order.key
    with database.writing() as connection:
        row = _taken(connection, key)
        if is_written(connection, announcement.key):
            return _standing(connection, key, at)
        if row.status == PaymentStatus.CANCELLED:
            raise TooLate(f"{key} was cancelled before.")
        if row.status in (PaymentStatus.SUBMITTED, PaymentStatus.SETTLED) or _has_begun(connection, key):
            raise TooLate(f"{key} is on its way: what may have left cannot be cancelled.")
        take_release_back(connection, key)
        _change(connection, key, status=PaymentStatus.CANCELLED, reason=announcement.entry.reason)
        needs_nobody(connection, key)
        put(connection, announcement, compose)
        return _standing(connection, key, at)


def take_release_back(connection: Connection, key: str) -> bool:
    """Forgets the release of a payment that no rail was asked for; says whether there was one."""
    gone = connection.execute(
        delete(_transfers).where(
            _transfers.c.payment == key, _transfers.c.begun_at.is_(None), _transfers.c.returned_at.is_(None)
        )
    )
    if gone.rowcount:
        earlier = _attempts(connection, key)
        status = PaymentStatus.RETURNED if earlier else PaymentStatus.PAYEE_KNOWN
        _change(connection, key, status=status)
    return bool(gone.rowcount)


def give_payee(
    database: Database,
    team: str,
    sealed: str,
    masked: str,
    announcement: Announcement,
    at: Instant,
    compose: Compose,
) -> tuple[str, ...]:
    """Keeps the bank details of a team. What was released to the ones before has to be released again.

    Args:
        database: where to.
        team: whose they are.
        sealed: the details, sealed for the team.
        masked: what people are shown of them.
        announcement: who gives them, and what is written down and told.
        at: when.
        compose: finds the words of notices.

    Returns:
        The keys of the team's payments that are not over: their workflows have something to look at.

    Raises:
        UnknownTeam: it is no application to that challenge, or it was withdrawn.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        # Before the payments are looked at: none is requested or released meanwhile that would be missed.
        put(connection, announcement, compose)  # holds the challenge's row: versions are counted one by one
        payees.add(connection, team, sealed, masked, announcement.entry.by, at)
        open_ones = (
            select(_payments.c.key)
            .where(_payments.c.team == team, _payments.c.status.not_in([str(each) for each in rules.OVER]))
            .order_by(_payments.c.key)
            .with_for_update(key_share=True)
        )
        keys = tuple(connection.scalars(open_ones))
        for key in keys:
            take_release_back(connection, key)
        return keys


def read_payments(database: Database, challenge: str | None = None) -> tuple[Payment, ...]:
    """The payments, in the order in which they were requested.

    Args:
        database: where from.
        challenge: only those of this challenge.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = _with_transfer().order_by(_payments.c.requested_at, _payments.c.key)
    if challenge is not None:
        wanted = wanted.where(_payments.c.challenge == challenge)
    with database.reading() as connection:
        return tuple(_payment(row) for row in connection.execute(wanted))


def read_transfers(database: Database, challenge: str) -> tuple[TransferRow, ...]:
    """Every attempt of every payment of a challenge.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = (
        select(_transfers)
        .join(_payments, _payments.c.key == _transfers.c.payment)
        .where(_payments.c.challenge == challenge)
        .order_by(_transfers.c.id)
    )
    with database.reading() as connection:
        return tuple(
            TransferRow(
                id=row.id,
                payment=row.payment,
                attempt=row.attempt,
                submitted=row.submitted_at,
                settled=row.settled_at,
                returned=row.returned_at,
            )
            for row in connection.execute(wanted)
        )


def find_payment(database: Database, key: str) -> Payment:
    """One payment.

    Raises:
        UnknownPayment: the ledger has no such payment.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        row = connection.execute(_with_transfer().where(_payments.c.key == key)).one_or_none()
    if row is None:
        raise UnknownPayment(f"The ledger has no payment {key!r}: see `payments` for their keys.")
    return _payment(row)


_ON_ITS_WAY = (PaymentStatus.RELEASED, PaymentStatus.SUBMITTED, PaymentStatus.SETTLED)


def _know_payee(connection: Connection, payment: PaymentToMake, row: Found, at: Instant, compose: Compose) -> None:
    """The time to pay counts from the later of two: the request, and when the team first gave its details."""
    key = payment.order.key
    given = payees.first_given(connection, row.team)
    if given is not None:
        promised, by_law = rules.due_dates(payment, max(given, row.requested_at))
        _change(connection, key, status=PaymentStatus.PAYEE_KNOWN, pay_by=promised, pay_by_law=by_law)
    standing = _standing(connection, key, at)
    put(connection, rules.requested(payment, standing), compose)
    if given is not None:
        put(connection, rules.payee_known(payment, standing), compose)


def _give_back(connection: Connection, transfer: str, key: str, reason: str, at: Instant) -> None:
    _change_transfer(connection, transfer, returned_at=at)
    _change(connection, key, status=PaymentStatus.RETURNED, reason=reason)


def _check_same(row: Found, order: PaymentOrder) -> None:
    kept = dict(row._mapping) | {"amount": Amount(net=Money(row.net), vat=Money(row.vat))}
    for name in PaymentOrder.model_fields:
        there, asked = kept[name], getattr(order, name)
        if there != asked:
            raise AnotherPayment(
                f"{order.key} is in the ledger with {name} {_shown(there)}, and was requested again with "
                f"{_shown(asked)}: a key stands for one payment, which nothing changes."
            )


def _taken(connection: Connection, key: str) -> Found:
    """The row of a payment; nobody else changes it until the transaction ends."""
    challenge = connection.scalars(select(_payments.c.challenge).where(_payments.c.key == key)).one_or_none()
    if challenge is None:
        raise UnknownPayment(f"The ledger has no payment {key}: request it first.")
    # First the challenge, as whoever announces does: two who hold both rows never wait in a circle.
    connection.execute(
        select(tables.challenges.c.id).where(tables.challenges.c.id == challenge).with_for_update(key_share=True)
    )
    return connection.execute(select(_payments).where(_payments.c.key == key).with_for_update(key_share=True)).one()


def _change(connection: Connection, key: str, **values: Any) -> None:
    changed = update(_payments).where(_payments.c.key == key)
    connection.execute(changed.values(version=_payments.c.version + 1, **values))


def _change_transfer(connection: Connection, transfer: str, **values: Any) -> None:
    connection.execute(update(_transfers).where(_transfers.c.id == transfer).values(**values))


def _attempts(connection: Connection, key: str) -> int:
    last = select(func.max(_transfers.c.attempt)).where(_transfers.c.payment == key)
    return connection.scalars(last).one() or 0


def _has_begun(connection: Connection, key: str) -> bool:
    begun = select(_transfers.c.id).where(
        _transfers.c.payment == key, _transfers.c.begun_at.is_not(None), _transfers.c.returned_at.is_(None)
    )
    return connection.execute(begun).first() is not None


def _under_way(connection: Connection, key: str) -> Begun | None:
    row = connection.execute(
        select(_transfers.c.id, _transfers.c.attempt, _transfers.c.team, _payees.c.sealed)
        .select_from(_transfers)
        .join(
            _payees,
            (_payees.c.team == _transfers.c.team) & (_payees.c.version == _transfers.c.payee_version),
            isouter=True,
        )
        .where(_transfers.c.payment == key, _transfers.c.returned_at.is_(None))
    ).one_or_none()
    return None if row is None else Begun(id=row.id, attempt=row.attempt, team=row.team, sealed=row.sealed or "")


def _standing(connection: Connection, key: str, at: Instant) -> PaymentStanding:
    row = connection.execute(_with_transfer().where(_payments.c.key == key)).one()
    return PaymentStanding(
        at=at,
        version=row.version,
        status=row.status,
        attempt=row.attempt or 0,
        requested=row.requested_at,
        pay_by=row.pay_by,
        pay_by_law=row.pay_by_law,
        payee_by=payees.given_by(connection, row.team),
        released_by=(row.released_by or "") if row.status != PaymentStatus.RETURNED else "",
        reason=row.reason,
    )


@cache
def _with_transfer() -> Select[Any]:
    """Payments with their last transfer, if there is one, and the bank details that it, or the next one, goes to.

    Made once: to make it takes longer than to carry it out.
    """
    others, versions = _transfers.alias(), _payees.alias()
    last = select(func.max(others.c.attempt)).where(others.c.payment == _payments.c.key).scalar_subquery()
    goes_anew = _transfers.c.id.is_(None) | _transfers.c.returned_at.is_not(None)
    newest = select(func.max(versions.c.version)).where(versions.c.team == _payments.c.team).scalar_subquery()
    return (
        select(
            _payments,
            _transfers.c.attempt,
            _transfers.c.released_by,
            _transfers.c.released_at,
            _transfers.c.submitted_at,
            _transfers.c.settled_at,
            _transfers.c.rail_reference,
            _filed.c.arrived_on,
            _payees.c.masked,
            _attention.c.text.label("attention"),
        )
        .select_from(_payments)
        .join(_attention, _attention.c.workflow == _payments.c.key, isouter=True)
        .join(_transfers, (_transfers.c.payment == _payments.c.key) & (_transfers.c.attempt == last), isouter=True)
        .join(_filed, _filed.c.transfer == _transfers.c.id, isouter=True)
        .join(
            _payees,
            (_payees.c.team == _payments.c.team)
            & (_payees.c.version == case((goes_anew, newest), else_=_transfers.c.payee_version)),
            isouter=True,
        )
    )


def _payment(row: Found) -> Payment:
    settled = row.status == PaymentStatus.SETTLED  # what came back was not paid
    return Payment(
        key=row.key,
        challenge=row.challenge,
        stage=row.stage,
        team=row.team,
        number=row.number,
        of=row.of,
        amount=Amount(net=Money(row.net), vat=Money(row.vat)),
        currency=row.currency,
        status=row.status,
        attempt=row.attempt or 0,
        requested=row.requested_at,
        pay_by=row.pay_by,
        pay_by_law=row.pay_by_law,
        released=row.released_at,
        released_by=row.released_by or "",
        submitted=row.submitted_at,
        settled=row.settled_at if settled else None,
        arrived_on=Date.parse_iso(row.arrived_on) if settled and row.arrived_on else None,
        reference=row.rail_reference or "",
        payee=row.masked or "",
        reason=row.reason,
        attention=row.attention or "",
    )


def _shown(value: object) -> str:
    return f"{value.net} and {value.vat} VAT" if isinstance(value, Amount) else repr(value)
