"""The board of payments: what has to happen next, the earliest due first; and who may not release a payment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select
from whenever import Instant

from domain.announcements.announcement import Impartial
from domain.payments.decisions import check_second_person, parts_in
from domain.payments.payment import TO_RELEASE, PaymentStatus
from domain.values.model import Value
from domain.values.money import Money
from domain.values.paging import Page, Paged
from domain.values.refusals import ConflictOfInterest, NotAllowed
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.judging.impartiality import check_impartial
from store.record.record import RecordLine, lines_about

from .reading import Payment, made_with_twins, with_contradictions
from .snapshots import snapshot

_payments, _applications = tables.payments, tables.applications
_BY_DUE = TotalOrder(_payments.c.pay_by, _payments.c.key)
_AS_REQUESTED = TotalOrder(_payments.c.requested_at, _payments.c.key)
DUE = frozenset({*TO_RELEASE, PaymentStatus.RELEASED, PaymentStatus.SUBMITTED})
"""The statuses in which a payment has a day until which it is promised, and is not made yet."""


class Sum(Value):
    """Payments of one status in one currency.

    Args:
        status, currency: of the payments.
        number: how many there are.
        amount: their sum, with VAT.
    """

    status: PaymentStatus
    currency: str
    number: int
    amount: Money


class Listed(Value):
    """A payment, as the board shows it.

    Args:
        payment: as the ledger has it.
        organisation: of the team; empty if it was erased.
    """

    payment: Payment
    organisation: str


def page_of_board(
    database: Database,
    page: Page,
    *,
    challenges: Collection[str],
    statuses: Collection[PaymentStatus],
    text: str = "",
) -> Paged[Listed]:
    """A page of payments: the earliest promised first, if they are to be made; otherwise in the order of requests.

    Args:
        database: where from.
        page: which one.
        challenges: only the payments of these challenges.
        statuses: only payments with one of these.
        text: part of the id of the payment, and so of its challenge, stage or team; or of the organisation's name.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    wanted = _found(with_contradictions().add_columns(_applications.c.organisation), challenges, text)
    wanted = wanted.where(_payments.c.status.in_(statuses))
    is_due = DUE.issuperset(statuses)
    order = _BY_DUE if is_due else _AS_REQUESTED
    if is_due:  # a payment is promised as soon as its payee is known
        wanted = wanted.where(_payments.c.pay_by.is_not(None))
    with database.reading() as connection:
        found = order.read(connection, wanted, page, lambda row: row)
        payments = made_with_twins(connection, found.items)
        listed = zip(payments, found.items, strict=True)
        return Paged(
            items=tuple(Listed(payment=each, organisation=row.organisation) for each, row in listed), next=found.next
        )


def sums(database: Database, *, challenges: Collection[str], text: str = "") -> tuple[Sum, ...]:
    """How many payments there are in each status, and how much they come to; see `page_of_board`.

    Raises:
        Unavailable: the database cannot be read.
    """
    amount = func.sum(_payments.c.net + _payments.c.vat).label("pence")
    wanted = select(_payments.c.status, _payments.c.currency, func.count().label("number"), amount)
    wanted = wanted.join(_applications, _applications.c.id == _payments.c.team)
    wanted = _found(wanted, challenges, text).group_by(_payments.c.status, _payments.c.currency)
    with database.reading() as connection:
        rows = sorted(connection.execute(wanted).all(), key=lambda row: (row.status, row.currency))
    return tuple(
        Sum(status=row.status, currency=row.currency, number=row.number, amount=Money(int(row.pence))) for row in rows
    )


def _found(wanted: Select[Any], challenges: Collection[str], text: str) -> Select[Any]:
    wanted = wanted.where(_payments.c.challenge.in_(challenges))
    if not text:
        return wanted
    places = (_payments.c.key, _applications.c.organisation)
    return wanted.where(or_(*(each.icontains(text, autoescape=True) for each in places)))


class Looked(Value):
    """A payment, as somebody looks at it before they release it.

    Args:
        listed: the payment.
        decided: who had a part in the payment, by their ids, and what they did: none of them may release it.
        not_theirs: why this person may not release it; empty if they may, as far as the ledger knows.
        lines: what the record says about the payment, oldest first.
    """

    listed: Listed
    decided: Mapping[str, str]
    not_theirs: str
    lines: tuple[RecordLine, ...] = ()


def look_at(
    database: Database, persons: Mapping[str, str], at: Instant, *, with_lines: bool = False
) -> tuple[Looked, ...]:
    """Payments, with what keeps somebody from releasing each, by the rules that decide on a release.

    Args:
        database: where from.
        persons: the keys of the payments, which the ledger has; for each the id of whoever looks, in its round.
        at: when.
        with_lines: whether to read what the record says about them, too.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = with_contradictions().add_columns(_applications.c.organisation)
    with database.reading() as connection:
        rows = connection.execute(wanted.where(_payments.c.key.in_([*persons])).order_by(*_AS_REQUESTED)).all()
        return tuple(
            Looked(
                listed=Listed(payment=payment, organisation=row.organisation),
                decided=(decided := _decided(connection, row, at)),
                not_theirs=_not_theirs(connection, row, persons[row.key], decided),
                lines=lines_about(connection, row.challenge, row.key) if with_lines else (),
            )
            for payment, row in zip(made_with_twins(connection, rows), rows, strict=True)
        )


def _decided(connection: Connection, row: Found, at: Instant) -> dict[str, str]:
    found = parts_in(row.team, row.selected_by, row.accepted_by, snapshot(connection, row.key, at))
    return {person: done for person, done in found.items() if person}


def _not_theirs(connection: Connection, row: Found, person: str, decided: Mapping[str, str]) -> str:
    try:
        check_second_person(row.key, person, decided)
        check_impartial(connection, row.challenge, person, Impartial(towards=(row.team,), declares_first=False))
    except (NotAllowed, ConflictOfInterest) as refusal:
        return str(refusal)
    return ""
