"""Whether a notice is still true. A notice that is no longer true lapses: it is not sent."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, select
from whenever import Instant

from domain.announcements.attention import once_mended
from domain.announcements.occasions import Occasion
from domain.delivery.delivery import OVERTAKEN_BY, SAYS_PLACE, SAYS_SOON, is_still_so
from domain.payments.payment import PaymentStatus
from domain.programmes.round import is_rehearsed
from store.database import tables
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.record.record import find_line

_notices, _challenges, _payments = tables.notices, tables.challenges, tables.payments
_applications, _record = tables.applications, tables.record
_OLDEST_FIRST = TotalOrder(_notices.c.created_at, _notices.c.key)


def with_what_they_hang_on() -> Select[Any]:
    """Selects notices with the state of their challenge and payment. `why_lapsed` takes a row of this selection."""
    return (
        select(_notices, _challenges.c.waits_for, _challenges.c.until, _payments.c.status.label("payment_status"))
        .join_from(_notices, _challenges)
        .join(_payments, _notices.c.while_payment == _payments.c.key, isouter=True)
    )


def why_lapsed(connection: Connection, row: Found, now: Instant) -> str:
    """Why a notice must not be sent any more, in words. Empty if the notice is still true.

    Args:
        connection: in a transaction.
        row: the notice's row from `with_what_they_hang_on`.
        now: the present.
    """
    if is_rehearsed(row.challenge):
        return "It belongs to a rehearsal, and notices of rehearsals are never sent."
    if row.while_waiting_for and row.while_waiting_for != row.waits_for:
        return f"The challenge no longer waits for {row.while_waiting_for}."
    if row.while_waiting_for and row.while_until != row.until:
        return f"The deadline of {row.while_waiting_for} has moved."
    if row.while_until and row.occasion in SAYS_SOON and row.while_until <= now:
        return f"The deadline of {row.while_waiting_for} has passed."
    if (row.while_waiting_for or row.occasion in SAYS_PLACE) and _has_left(connection, row):
        return f"{row.recipient} has left."
    if row.payment_status and not _is_payment_so(connection, row):
        return f"The payment is {row.payment_status} by now."
    if later := _overtaken_by(connection, row):
        return f"The later notice {later} to {row.recipient} replaced it."
    if row.occasion == Occasion.ATTENTION and _was_mended(connection, row):
        return "The problem was solved after that."
    if row.occasion == Occasion.PAYMENT_DUE and _was_due(connection, row, now):
        return "The day by which the payment was promised has passed."
    return ""


def _has_left(connection: Connection, row: Found) -> bool:
    """Whether the recipient's application was withdrawn, or the team has left the challenge."""
    left = select(_applications.c.id).where(_applications.c.id == row.recipient, _applications.c.withdrawn.is_not(None))
    return connection.execute(left).first() is not None


def _was_due(connection: Connection, row: Found, now: Instant) -> bool:
    """Whether the payment of a notice should have been made by now."""
    due = connection.scalar(select(_payments.c.pay_by).where(_payments.c.key == row.while_payment))
    return due is not None and due <= now


def _is_payment_so(connection: Connection, row: Found) -> bool:
    """Whether the payment of a notice is still in the state that the notice says."""
    occasion = Occasion(row.occasion)
    known = occasion is Occasion.PAYMENT_REQUESTED and _was_payee_known(connection, row)
    return is_still_so(occasion, PaymentStatus(row.payment_status), known)


def _was_payee_known(connection: Connection, row: Found) -> bool:
    """Whether a payment already had its payee when it was requested. Then the record has both at the same moment."""
    line = find_line(connection, f"{row.while_payment}/payee-known")
    return line is not None and line.at == row.created_at


def _overtaken_by(connection: Connection, row: Found) -> str:
    """The occasion of a later notice to the recipient that makes this notice untrue. Empty if there is none."""
    overtaking = OVERTAKEN_BY.get(Occasion(row.occasion))
    if overtaking is None:
        return ""
    later = select(_notices.c.occasion).where(
        _notices.c.challenge == row.challenge,
        _notices.c.recipient == row.recipient,
        _notices.c.occasion.in_([str(each) for each in overtaking]),
        _notices.c.while_payment.is_not_distinct_from(row.while_payment),
        _notices.c.created_at > row.created_at,
    )
    return connection.scalar(later.order_by(*_OLDEST_FIRST).limit(1)) or ""


def _was_mended(connection: Connection, row: Found) -> bool:
    """Whether the record says that the problem operators were called for is over. Never for a failed notice."""
    call = find_line(connection, row.key.removesuffix(f"/{row.occasion}/{row.recipient}"))
    if call is None:
        return False
    mended = select(_record.c.id).where(
        _record.c.challenge == row.challenge, _record.c.id > call.id, _record.c.text == once_mended(call.text)
    )
    return connection.execute(mended.limit(1)).first() is not None
