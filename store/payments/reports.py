"""Whether what a payment has reported to its challenge is so: the ledger and the record say it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, or_, select

from domain.challenges.state import OrderState
from domain.payments.decisions import CancelPayment, Return, UndoReturn
from domain.payments.payment import FAILED, OVER, PaymentStatus
from domain.payments.reports import LedgerAnswers, LedgerSays, Report, Reports
from store.database import tables
from store.database.database import Database
from store.database.prepared import Prepared

_payments, _record = tables.payments, tables.record
_STATUS = Prepared(
    select(_payments.c.status).where(
        _payments.c.key == bindparam("payment"), _payments.c.challenge == bindparam("challenge")
    )
)
_STEPS: Mapping[OrderState, tuple[str, ...]] = {
    OrderState.SETTLED: ("settled-", f"{UndoReturn.kind}/"),
    OrderState.UNDER_WAY: ("returned-", f"{Return.kind}/"),
    OrderState.CANCELLED: (f"{CancelPayment.kind}/",),
}
"""How the keys of lines of the record go on, after the payment's key, with which a payment came to stand like this."""


def look_up(database: Database, reports: Reports) -> LedgerAnswers:
    """What the ledger says about reports, in their order.

    A report can come after the payment has moved on: the record, which only grows, says whether it was so once.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return LedgerAnswers(answers=tuple(_look_up(connection, reports.challenge, each) for each in reports.reports))


def _look_up(connection: Connection, challenge: str, report: Report) -> LedgerSays:
    row = _STATUS.one_or_none(connection, {"payment": report.key, "challenge": challenge})
    if row is None:
        return LedgerSays(report=report, how=None, was_so=False)
    status = PaymentStatus(row.status)
    how = OrderState(status) if status in OVER else OrderState.UNDER_WAY
    # A challenge is told that a payment is under way only if the money came back: otherwise it knows no other.
    is_so = status in (FAILED if report.how is OrderState.UNDER_WAY else {PaymentStatus(report.how)})
    return LedgerSays(report=report, how=how, was_so=is_so or _has_been(connection, report))


def _has_been(connection: Connection, report: Report) -> bool:
    steps = (_record.c.key.startswith(f"{report.key}/{step}", autoescape=True) for step in _STEPS[report.how])
    found = select(_record.c.id).where(or_(*steps)).limit(1)
    return connection.execute(found).first() is not None
