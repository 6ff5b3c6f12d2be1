"""The ledger: every payment under its business key, from request to settled."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import Connection, select, update
from whenever import Instant

from domain.announcement import Entry, Occasion
from domain.awards import PaymentOrder
from domain.course import SERVICE
from domain.model import Value
from domain.money import Amount, Money
from domain.refusals import AnotherPayment, NotSubmitted, UnknownPayment

from . import tables
from .database import Database
from .inserts import inserting
from .notices import Compose, tell_one
from .record import write_line
from .tables import Found

_payments = tables.payments


class Payment(Value):
    """One instalment of an award, as the ledger has it.

    Args:
        key: its business key, `round/challenge/stage/team/number`: unique for ever.
        challenge, stage, team: whose and for what.
        number, of: which instalment of how many.
        amount, currency: what is paid.
        requested: when the ledger took it.
        submitted: when a rail took it.
        settled: when the money was paid.
        reference: the rail's own name for it; empty before it was submitted.
    """

    key: str
    challenge: str
    stage: str
    team: str
    number: int
    of: int
    amount: Amount
    currency: str
    requested: Instant
    submitted: Instant | None
    settled: Instant | None
    reference: str

    @property
    def status(self) -> Literal["requested", "submitted", "settled"]:
        """How far it has come."""
        if self.settled is not None:
            return "settled"
        return "requested" if self.submitted is None else "submitted"


def request(database: Database, order: PaymentOrder, at: Instant) -> None:
    """Takes a payment into the ledger. Again is harmless.

    Args:
        database: where to.
        order: what is to be paid.
        at: when it was asked for.

    Raises:
        AnotherPayment: the ledger has another payment under this key.
        Unavailable: the database cannot be written to.
    """
    values = dict(order) | {"net": order.amount.net.pence, "vat": order.amount.vat.pence}
    del values["amount"]
    with database.writing() as connection:
        insertion = inserting(connection, _payments).values(**values, requested_at=at)
        connection.execute(insertion.on_conflict_do_nothing(index_elements=["key"]))
        kept = _payment(_taken(connection, order.key))
    for name in PaymentOrder.model_fields:
        there, asked = getattr(kept, name), getattr(order, name)
        if there != asked:
            raise AnotherPayment(
                f"{order.key} is in the ledger with {name} {_shown(there)}, and was requested again with "
                f"{_shown(asked)}: a key stands for one payment, which nothing changes."
            )


def mark_submitted(database: Database, key: str, reference: str, at: Instant) -> None:
    """Notes that a rail took a payment. What was noted first stays.

    Args:
        database: where to.
        key: of the payment.
        reference: the rail's own name for it, not empty.
        at: when the rail took it.

    Raises:
        UnknownPayment: the ledger has no such payment.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        if _taken(connection, key).submitted_at is None:
            _change(connection, key, submitted_at=at, rail_reference=reference)


def mark_settled(database: Database, key: str, at: Instant, compose: Compose) -> None:
    """Notes that a payment was made, writes it into the record, and tells the team. Again is harmless.

    Args:
        database: where to.
        key: of the payment.
        at: when it was made.
        compose: finds the words of the notice.

    Raises:
        UnknownPayment: the ledger has no such payment.
        NotSubmitted: no rail has taken it.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        payment = _payment(_taken(connection, key))
        if payment.settled is not None:
            return
        if payment.submitted is None:
            raise NotSubmitted(f"{key} was not submitted to a rail: submit it before it is settled.")
        _change(connection, key, settled_at=at)
        amount = payment.amount.gross.shown(payment.currency)
        text = f"{amount} paid to {payment.team} for {payment.stage}"
        if payment.of > 1:
            text += f", instalment {payment.number} of {payment.of}"
        entry = Entry(at=at, by=SERVICE, role=SERVICE, action="paid", stage=payment.stage, text=text)
        write_line(connection, f"{key}/settled", payment.challenge, entry)
        _tell_team(connection, payment, amount, at, compose)


def read_payments(database: Database, challenge: str | None = None) -> tuple[Payment, ...]:
    """The payments, in the order in which they were requested.

    Args:
        database: where from.
        challenge: only those of this challenge.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = select(_payments).order_by(_payments.c.requested_at, _payments.c.key)
    if challenge is not None:
        wanted = wanted.where(_payments.c.challenge == challenge)
    with database.reading() as connection:
        return tuple(_payment(row) for row in connection.execute(wanted))


def _tell_team(connection: Connection, payment: Payment, amount: str, at: Instant, compose: Compose) -> None:
    applications, challenges = tables.applications, tables.challenges
    team = connection.execute(
        select(applications.c.email, challenges.c.id, challenges.c.question)
        .join_from(applications, challenges)
        .where(applications.c.id == payment.team)
    ).one()
    facts = {"amount": amount, "stage": payment.stage, "reference": payment.reference}
    key = f"{payment.key}/settled"
    tell_one(connection, key, team, Occasion.PAYMENT_MADE, payment.team, team.email, facts, at, compose)


def _taken(connection: Connection, key: str) -> Found:
    row = connection.execute(select(_payments).where(_payments.c.key == key).with_for_update()).one_or_none()
    if row is None:
        raise UnknownPayment(f"The ledger has no payment {key}: request it first.")
    return row


def _change(connection: Connection, key: str, **values: Any) -> None:
    connection.execute(update(_payments).where(_payments.c.key == key).values(**values))


def _payment(row: Found) -> Payment:
    return Payment(
        key=row.key,
        challenge=row.challenge,
        stage=row.stage,
        team=row.team,
        number=row.number,
        of=row.of,
        amount=Amount(net=Money(row.net), vat=Money(row.vat)),
        currency=row.currency,
        requested=row.requested_at,
        submitted=row.submitted_at,
        settled=row.settled_at,
        reference=row.rail_reference,
    )


def _shown(value: object) -> str:
    return f"{value.net} and {value.vat} VAT" if isinstance(value, Amount) else repr(value)
