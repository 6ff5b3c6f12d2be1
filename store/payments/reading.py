"""Reads the ledger: payments and their transfers, one by one and in lists."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, func, select
from whenever import Date, Instant

from domain.payments.destination import Twins, warnings
from domain.payments.payment import PaymentStatus
from domain.values.model import Value
from domain.values.money import Amount, Money
from domain.values.paging import Page, Paged, everything
from domain.values.refusals import UnknownPayment
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.prepared import Prepared
from store.database.tables import Found

from .begun import Begun
from .twins import twins_of

_payments, _transfers, _payees = tables.payments, tables.transfers, tables.payees
_filed, _attention, _applications = tables.filed_transfers, tables.attention, tables.applications
_AS_REQUESTED = TotalOrder(_payments.c.requested_at, _payments.c.key)
_BY_ATTEMPT = TotalOrder(_transfers.c.payment, _transfers.c.attempt)

# Made once, because making a statement takes longer than running it.
_RETURNED = Prepared(
    select(_transfers)
    .where(_transfers.c.payment == bindparam("payment"), _transfers.c.returned_at.is_not(None))
    .order_by(*_BY_ATTEMPT)
)
_UNDER_WAY = Prepared(
    select(_transfers, _payees.c.sealed, _payments.c.net, _payments.c.vat, _payments.c.amended_by)
    .join_from(_transfers, _payments, _payments.c.key == _transfers.c.payment)
    .join(
        _payees,
        (_payees.c.team == _transfers.c.team) & (_payees.c.version == _transfers.c.payee_version),
        isouter=True,
    )
    .where(_transfers.c.payment == bindparam("payment"), _transfers.c.returned_at.is_(None))
)


class Payment(Value):
    """One instalment of an award, as the ledger has it.

    Args:
        key: its business key, `round/challenge/stage/team/number`: unique for ever.
        challenge, stage, team: who is paid, and for what.
        number, of: the number of the instalment, and how many there are.
        amount, currency: what is paid.
        status: how far the payment has come.
        attempt: the transfer under way, or the last one; 0 before the first release.
        requested: when the ledger took the payment.
        pay_by, pay_by_law: the promised day and the day set by law, once the payee is known.
        released: when the last attempt was released.
        released_by: who released it.
        submitted: when a rail took the payment.
        settled: when the service learnt that the payment is settled; a bank's report can come days later.
        arrived_on: for a payment in a file, the day of settlement that a bank or a person named, if any.
        reference: the rail's own name for the transfer; empty before the payment was submitted.
        payee: the bank details that the payment goes to, masked; empty if they are unknown.
        bank_country: of the payee's account, by its two letters; empty if it is unknown.
        payee_version: the version of the team's bank details, counted from 1; 0 if they are unknown.
        reason: why the payment was rejected, returned or cancelled.
        attention: what needs a person; empty if nothing does.
        team_left: when the team left the challenge, if it did.
        twins: other teams of the round that may be the same people.
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
    payee_version: int
    bank_country: str
    reason: str
    attention: str
    team_left: Instant | None
    twins: Twins = Twins()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What whoever releases the payment should look at twice."""
        return warnings(self.bank_country, self.currency, self.twins)


class TransferRow(Value):
    """One attempt of a payment, as the ledger has it.

    Args:
        id: the id by which rails know the attempt.
        payment: key of the payment.
        attempt: the number of the attempt, counted from 1.
        rail: the rail that may have the attempt; empty if no rail was asked.
        submitted, settled, returned: when this happened, if it did.
        returned_by: the person who said that the attempt came back; empty if the rail said so.
        doubt: what a person has to find out about an attempt in a payment file (see `positions.Doubt`); normally empty.
    """

    id: str
    payment: str
    attempt: int
    rail: str
    submitted: Instant | None
    settled: Instant | None
    returned: Instant | None
    returned_by: str = ""
    doubt: str = ""

    @property
    def came_back_later(self) -> bool:
        """Whether a person says that the money came back after settlement. A rail may never see such a return."""
        return self.settled is not None and bool(self.returned_by)


def find_payment(database: Database, key: str) -> Payment:
    """One payment.

    Raises:
        UnknownPayment: the ledger has no such payment.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        row = connection.execute(with_contradictions().where(_payments.c.key == key)).one_or_none()
        if row is None:
            raise UnknownPayment(f"The ledger has no payment {key!r}: see `payments` for their keys.")
        return _with_twins(connection, [_payment(row)])[0]


def read_payments(database: Database, challenge: str | None = None) -> tuple[Payment, ...]:
    """The payments, in the order in which they were requested.

    Args:
        database: where from.
        challenge: only the payments of this challenge; all payments if left out.

    Raises:
        Unavailable: the database cannot be read.
    """
    challenges = None if challenge is None else [challenge]
    return tuple(everything(lambda page: page_of_payments(database, page, challenges=challenges)))


def page_of_payments(
    database: Database,
    page: Page,
    *,
    challenges: Collection[str] | None = None,
    status: PaymentStatus | None = None,
    team: str = "",
) -> Paged[Payment]:
    """A page of the payments, in the order in which they were requested.

    Args:
        database: where from.
        page: which one.
        challenges: only the payments of these challenges; all payments if left out.
        status: only the payments with this status.
        team: only the payments to this team; to all if left out.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    wanted = with_contradictions()
    if challenges is not None:
        wanted = wanted.where(_payments.c.challenge.in_(challenges))
    if status is not None:
        wanted = wanted.where(_payments.c.status == status)
    if team:
        wanted = wanted.where(_payments.c.team == team)
    with database.reading() as connection:
        found = _AS_REQUESTED.read(connection, wanted, page, _payment)
        return Paged(items=_with_twins(connection, found.items), next=found.next)


def payments_of_team(database: Database, challenge: str, team: str) -> tuple[Payment, ...]:
    """The payments to a team, in the order in which they were requested.

    Raises:
        Unavailable: the database cannot be read.
    """
    return tuple(everything(lambda page: page_of_payments(database, page, challenges=(challenge,), team=team)))


def read_transfers(database: Database, challenge: str) -> tuple[TransferRow, ...]:
    """Every attempt of every payment of a challenge.

    Raises:
        Unavailable: the database cannot be read.
    """
    return tuple(everything(lambda page: page_of_transfers(database, page, challenge)))


def page_of_transfers(database: Database, page: Page, challenge: str) -> Paged[TransferRow]:
    """A page of the attempts of all payments of a challenge, ordered by payment.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    wanted = (
        select(_transfers, _filed.c.doubt)
        .join(_payments, _payments.c.key == _transfers.c.payment)
        .join(_filed, _filed.c.transfer == _transfers.c.id, isouter=True)
        .where(_payments.c.challenge == challenge)
    )
    with database.reading() as connection:
        return _BY_ATTEMPT.read(connection, wanted, page, _transfer_row)


def read_returned(database: Database, key: str) -> tuple[TransferRow, ...]:
    """The attempts of a payment that came back, in order.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return tuple(map(_transfer_row, _RETURNED.all(connection, {"payment": key})))


def under_way(database: Database, key: str) -> Begun | None:
    """The attempt of a payment that is released and has not failed; None if there is no such attempt.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return transfer_under_way(connection, key)


def transfer_under_way(connection: Connection, key: str) -> Begun | None:
    """Like `under_way`, in the caller's transaction."""
    row = _UNDER_WAY.one_or_none(connection, {"payment": key})
    if row is None:
        return None
    return Begun(
        id=row.id,
        attempt=row.attempt,
        team=row.team,
        sealed=row.sealed or "",
        rail=row.rail,
        settled=row.settled_at is not None,
        amended=Amount(net=Money(row.net), vat=Money(row.vat)) if row.amended_by else None,
    )


@cache
def _with_transfer() -> Select[Any]:
    """Payments with their last transfer, if any, and the bank details to which that transfer or the next one goes.

    Made once, because making a statement takes longer than running it.
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
            _transfers.c.returned_by,
            _transfers.c.released_at,
            _transfers.c.submitted_at,
            _transfers.c.settled_at,
            _transfers.c.returned_at,
            _transfers.c.rail_reference,
            _filed.c.arrived_on,
            _payees.c.masked,
            _payees.c.country,
            _attention.c.text.label("attention"),
            _payees.c.version.label("payee_version"),
            _applications.c.withdrawn.label("team_left"),
            _applications.c.contact_by,
        )
        .join_from(_payments, _applications, _applications.c.id == _payments.c.team)
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


@cache
def with_contradictions() -> Select[Any]:
    """Like `_with_transfer`, and what needs a person in any attempt, whatever the payment's own workflow says."""
    attempts, calls = _transfers.alias(), _attention.alias()
    called = (
        select(func.min(calls.c.text))
        .join(attempts, attempts.c.id == calls.c.workflow)
        .where(attempts.c.payment == _payments.c.key, calls.c.text != "")
        .scalar_subquery()
    )
    return _with_transfer().add_columns(called.label("contradiction"))


def made_with_twins(connection: Connection, rows: Sequence[Found]) -> tuple[Payment, ...]:
    """The payments of rows of `with_contradictions`, in their order."""
    return _with_twins(connection, [_payment(row) for row in rows])


def _with_twins(connection: Connection, payments: Sequence[Payment]) -> tuple[Payment, ...]:
    found = twins_of(connection, [each.team for each in payments], paid=True)
    return tuple(each.model_copy(update={"twins": found.get(each.team, Twins())}) for each in payments)


def _payment(row: Found) -> Payment:
    settled = row.status == PaymentStatus.SETTLED  # a payment that came back is not paid
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
        payee_version=row.payee_version or 0,
        bank_country=row.country or "",
        reason=row.reason,
        attention=row.attention or row.contradiction or "",
        team_left=row.team_left,
    )


def _transfer_row(row: Found) -> TransferRow:
    return TransferRow(
        id=row.id,
        payment=row.payment,
        attempt=row.attempt,
        rail=row.rail,
        submitted=row.submitted_at,
        settled=row.settled_at,
        returned=row.returned_at,
        returned_by=row.returned_by,
        doubt=getattr(row, "doubt", None) or "",
    )
