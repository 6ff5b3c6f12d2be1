"""Attempts that came back, or did not after all: their rows, changed in the caller's transaction."""

from __future__ import annotations

from sqlalchemy import Connection, select
from whenever import Instant

from domain.payments.payment import PaymentStatus, status_after
from domain.payments.rails import Progress
from domain.values.refusals import TooEarly
from store.database import tables
from store.database.tables import Found
from store.record.record import needs_nobody

from .bank_words import hear_person
from .rows import attempts, change, change_transfer, take_release_back

_transfers, _filed = tables.transfers, tables.filed_transfers


def fail(
    connection: Connection, transfer: str, key: str, how: Progress, reason: str, at: Instant, by: str = ""
) -> Progress:
    """Notes that an attempt failed, and who says so if a person does. Returns how it failed.

    An attempt that the ledger has as settled came back.
    """
    settled = connection.scalars(select(_transfers.c.settled_at).where(_transfers.c.id == transfer)).one()
    ended_as = how if settled is None else Progress.RETURNED
    change_transfer(connection, transfer, returned_at=at, returned_by=by, ended_as=ended_as)
    change(connection, key, status=status_after(ended_as), reason=reason)
    return ended_as


def settle_after_all(connection: Connection, transfer: Found, reference: str, by: str, at: Instant) -> None:
    change_transfer(
        connection,
        transfer.id,
        submitted_at=transfer.submitted_at or at,
        rail_reference=transfer.rail_reference or reference,
        settled_at=transfer.settled_at or at,
        returned_at=None,
        returned_by="",
        ended_as="",
    )
    hear_person(connection, transfer.id, Progress.SETTLED, by, at)
    change(connection, transfer.payment, status=PaymentStatus.SETTLED, reason="")
    for each in (transfer.payment, transfer.id):
        needs_nobody(connection, each)


def confirm_return(connection: Connection, key: str, transfer: str, by: str, reason: str, at: Instant) -> None:
    """Notes that the money of a doubtful attempt did come back, or never left, because a person says so.

    A release that has not left is taken back: whoever gave it may be the person who says so now, and the attempt that
    follows needs a second person.

    Raises:
        TooEarly: nothing about the attempt is doubtful.
    """
    row = _doubtful(connection, transfer)
    if row is None:
        raise TooEarly(f"Nothing about {transfer} is doubtful: name the payment, without an attempt.")
    if row.returned_at is None:
        fail(connection, transfer, key, Progress.REJECTED, reason, at, by)
    else:
        take_release_back(connection, key)
        if not row.returned_by:
            change_transfer(connection, transfer, returned_by=by)
        change(connection, key)
    hear_person(connection, transfer, Progress.REJECTED, by, at, reason=reason)


def confirm_arrival(connection: Connection, transfer: str, by: str, at: Instant) -> bool:
    """Notes that a doubtful attempt that has not come back did arrive, because a person says so.

    Returns:
        Whether there was anything doubtful about such an attempt.
    """
    row = _doubtful(connection, transfer)
    if row is None or row.returned_at is not None:
        return False
    hear_person(connection, transfer, Progress.SETTLED, by, at)
    change(connection, row.payment)
    return True


def _doubtful(connection: Connection, transfer: str) -> Found | None:
    wanted = select(_transfers).join(_filed, _filed.c.transfer == _transfers.c.id)
    return connection.execute(wanted.where(_transfers.c.id == transfer, _filed.c.doubt != "")).one_or_none()


def note_how_it_failed(connection: Connection, key: str, at: Instant) -> None:
    """Brings up to date how the last attempt failed, if an older word of the bank says more about that.

    The bank may have said earlier that the attempt was settled, so that it did not just fail: it came back.
    """
    last = (_transfers.c.payment == key, _transfers.c.attempt == attempts(connection, key))
    wanted = select(_transfers, _filed.c.progress).join(_filed, _filed.c.transfer == _transfers.c.id).where(*last)
    row = connection.execute(wanted.where(_filed.c.progress != _transfers.c.ended_as)).one_or_none()
    if row is None or row.returned_at is None or not Progress(row.progress).has_failed:
        return
    came_back = row.progress == Progress.RETURNED and row.submitted_at is not None
    settled = {"settled_at": row.settled_at or at} if came_back else {}
    change_transfer(connection, row.id, ended_as=row.progress, **settled)
    change(connection, key, status=status_after(Progress(row.progress)))
