"""The ledger: every payment under its business key, and every attempt to make it.

The ledger is the register of payments: what is due, who released it, and its state as far as the service knows. The
rail's own record says whether the money has moved. The ledger holds a copy, which `reconcile` compares with the rail.

Every change of a payment is one transaction that locks the payment's row and also writes the line of the record and the
notices. You can safely ask for a change again: the second time it does nothing.
"""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError
from whenever import Date, Instant

from domain.announcements.announcement import Announcement
from domain.keys import transfer_id
from domain.payments import announcements, dates, decisions
from domain.payments.payment import TO_RELEASE, PaymentSnapshot, PaymentStatus, PaymentToMake, status_after
from domain.payments.rails import Progress
from domain.values.refusals import AnotherDecision, NotAllowed, TooEarly, TooLate
from store.database import tables
from store.database.database import Database
from store.database.inserts import inserting
from store.database.tables import Found
from store.record.notices import Compose
from store.record.record import find_line, needs_nobody, put

from . import payees
from .reading import Begun, snapshot, transfer_under_way
from .rows import attempts, change, change_transfer, check_same, has_begun, take_release_back, taken

_payments, _transfers, _filed = tables.payments, tables.transfers, tables.filed_transfers

_ON_ITS_WAY = (PaymentStatus.RELEASED, PaymentStatus.SUBMITTED, PaymentStatus.SETTLED)
_ONES_OWN = "released by whoever"
"""The beginning of the trigger's error when a person releases a payment that follows from their own decision."""


class Ledger:
    """What happens to payments. Each method is one transaction.

    Args:
        database: where the ledger is.
        compose: finds the words of notices.
    """

    def __init__(self, database: Database, compose: Compose) -> None:
        self._database = database
        self._compose = compose

    def request(
        self,
        payment: PaymentToMake,
        at: Instant,
        decision: Announcement | None = None,
    ) -> PaymentSnapshot:
        """Takes a payment into the ledger. The time to pay starts when the team has given its bank details.

        Args:
            payment: what should be paid.
            at: when the payment is requested.
            decision: a decision on the payment. The snapshot's `answered` says whether it is on the record already.

        Raises:
            AnotherPayment: the ledger has another payment under this key.
            AnotherDecision: the id of the decision was used for another.
            Unavailable: the database cannot be written to.
        """
        order = payment.order
        values = dict(order) | {"net": order.amount.net.pence, "vat": order.amount.vat.pence}
        del values["amount"]
        with self._database.writing() as connection:
            insertion = inserting(connection, _payments).values(
                **values, requested_at=at, selected_by=payment.selected_by, accepted_by=payment.accepted_by
            )
            connection.execute(insertion.on_conflict_do_nothing(index_elements=["key"]))
            row = taken(connection, order.key)
            check_same(row, order)
            if row.status == PaymentStatus.REQUESTED:
                self._know_payee(connection, payment, row, at)
            answered = decision is not None and _taken_before(connection, decision)
            return snapshot(connection, order.key, at).model_copy(update={"answered": answered})

    def release(
        self,
        payment: PaymentToMake,
        announcement: Announcement,
        payee_version: int,
        at: Instant,
    ) -> PaymentSnapshot:
        """Releases a payment, as a second person decided: its next attempt begins.

        Args:
            payment: the payment.
            announcement: who releases the payment, for the record.
            payee_version: the version of the team's bank details to which the payment is released.
            at: when.

        Raises:
            TooEarly: the payee is not known.
            AnotherDecision: the id of the decision was used for another.
            TooLate: there is nothing to release, or the team has changed its bank details meanwhile.
            NotAllowed: the person selected the team, accepted its evidence, gave its bank details, or said that the
                previous attempt came back.
            Unavailable: the database cannot be written to.
        """
        key, by = payment.order.key, announcement.entry.by
        with self._database.writing() as connection:
            row = taken(connection, key)
            if _taken_before(connection, announcement):
                return snapshot(connection, key, at)
            if row.status == PaymentStatus.REQUESTED:
                raise TooEarly(f"{key} has no payee yet: the team must give its bank details first.")
            if row.status not in TO_RELEASE:
                raise TooLate(f"{key} is {row.status}: there is nothing to release.")
            decisions.check_payee(payment, payee_version, payees.latest_version(connection, row.team) or 0)
            put(connection, announcement, self._compose)
            attempt = attempts(connection, key) + 1
            transfer = transfer_id(key, attempt)
            try:
                connection.execute(
                    insert(_transfers).values(
                        id=transfer,
                        payment=key,
                        attempt=attempt,
                        team=row.team,
                        payee_version=payee_version,
                        released_by=by,
                        released_at=at,
                    )
                )
            except IntegrityError as error:
                if _ONES_OWN not in str(error.orig):
                    raise
                raise NotAllowed(f"{by} may not release {key}: a second person must release it.") from None
            change(connection, key, status=PaymentStatus.RELEASED, reason="")
            return snapshot(connection, key, at)

    def begin(self, key: str, rail: str, at: Instant) -> Begun | None:
        """Begins the transfer that a rail will be asked to make. From then on payment and bank details stay unchanged.

        Args:
            key: the payment's key.
            rail: the name of the rail. From then on only this rail is asked about this transfer.
            at: when.

        Returns:
            The transfer. None if the payment is not released or has been submitted already.

        Raises:
            UnknownPayment: the ledger has no such payment.
            RailRefused: another rail may have this transfer.
            Unavailable: the database cannot be written to.
        """
        with self._database.writing() as connection:
            row = taken(connection, key)
            if row.status != PaymentStatus.RELEASED:
                return None
            connection.execute(
                update(_transfers)
                .where(_transfers.c.payment == key, _transfers.c.returned_at.is_(None), _transfers.c.begun_at.is_(None))
                .values(begun_at=at, rail=rail)
            )
            begun = transfer_under_way(connection, key)
            if begun is not None:
                begun.check_rail(rail)
            return begun

    def mark_submitted(
        self,
        payment: PaymentToMake,
        transfer: Begun,
        reference: str,
        at: Instant,
        pays_on: Date | None = None,
    ) -> PaymentSnapshot:
        """Notes that a rail took a transfer, and tells the team. The first note stays if this is called again.

        Args:
            payment, transfer: the payment, and its transfer.
            reference: the rail's own name for the transfer, never empty.
            at: when the rail took it.
            pays_on: the day on which the bank should pay, if it does not pay at once.

        Raises:
            UnknownPayment: the ledger has no such payment.
            Unavailable: the database cannot be written to.
        """
        key = payment.order.key
        with self._database.writing() as connection:
            row = taken(connection, key)
            if row.status == PaymentStatus.RELEASED and attempts(connection, key) == transfer.attempt:
                change_transfer(connection, transfer.id, submitted_at=at, rail_reference=reference)
                change(connection, key, status=PaymentStatus.SUBMITTED)
                put(
                    connection,
                    announcements.submitted(payment, transfer.attempt, reference, at, pays_on),
                    self._compose,
                )
            return snapshot(connection, key, at)

    def mark_settled(self, payment: PaymentToMake, transfer: Begun, at: Instant) -> PaymentSnapshot:
        """Notes that a transfer is settled. You can safely call this again.

        Args:
            payment, transfer: the payment, and its transfer.
            at: when it is noted.

        Raises:
            UnknownPayment: the ledger has no such payment.
            Unavailable: the database cannot be written to.
        """
        key = payment.order.key
        with self._database.writing() as connection:
            row = taken(connection, key)
            if row.status == PaymentStatus.SUBMITTED and attempts(connection, key) == transfer.attempt:
                change_transfer(connection, transfer.id, settled_at=at)
                change(connection, key, status=PaymentStatus.SETTLED)
                needs_nobody(connection, key)
                put(connection, announcements.settled(payment, transfer.attempt, at), self._compose)
            return snapshot(connection, key, at)

    def mark_failed(
        self, payment: PaymentToMake, transfer: Begun, how: Progress, reason: str, at: Instant
    ) -> PaymentSnapshot:
        """Notes that a rail has rejected, cancelled or returned a transfer. You can safely call this again.

        Args:
            payment, transfer: the payment, and its transfer.
            how: which of the three. If the ledger has the transfer as settled, it was returned, whatever the rail says.
            reason: why, in words.
            at: when it is noted.

        Raises:
            UnknownPayment: the ledger has no such payment.
            Unavailable: the database cannot be written to.
        """
        key = payment.order.key
        with self._database.writing() as connection:
            row = taken(connection, key)
            if row.status in _ON_ITS_WAY and attempts(connection, key) == transfer.attempt:
                how = _fail(connection, transfer.id, key, how, reason, at)
                put(connection, announcements.failed(payment, transfer.attempt, how, reason, at), self._compose)
            return snapshot(connection, key, at)

    def give_back(self, payment: PaymentToMake, announcement: Announcement, at: Instant) -> PaymentSnapshot:
        """Like `mark_failed`, because a person says so. That person cannot release the payment again.

        Raises:
            AnotherDecision: the id of the decision was used for another.
            TooEarly: no money is on its way that could come back.
            UnknownPayment: the ledger has no such payment.
            Unavailable: the database cannot be written to.
        """
        key = payment.order.key
        with self._database.writing() as connection:
            row = taken(connection, key)
            if _taken_before(connection, announcement):
                return snapshot(connection, key, at)
            transfer = transfer_under_way(connection, key)
            if transfer is None or row.status not in _ON_ITS_WAY or not has_begun(connection, key):
                raise TooEarly(f"{key} is {row.status}: no money is on its way that could come back.")
            entry = announcement.entry
            _fail(connection, transfer.id, key, Progress.REJECTED, entry.reason, at, entry.by)
            put(connection, announcement, self._compose)
            return snapshot(connection, key, at)

    def undo_return(
        self,
        payment: PaymentToMake,
        attempt: int,
        reference: str,
        announcement: Announcement,
        at: Instant,
    ) -> PaymentSnapshot:
        """Undoes a return, because a person says that the attempt did arrive. The payment does not leave again.

        A newer release is taken back if no rail was asked for it. Only the record still says who reported the return.

        Args:
            payment: the payment.
            attempt: the number of the attempt.
            reference: the rail's own name for the attempt.
            announcement: who says so and why.
            at: when.

        Raises:
            AnotherDecision: the id of the decision was used for another.
            TooEarly: the attempt has not come back.
            TooLate: a later attempt may have left, so the money may be paid twice.
            UnknownPayment: the ledger has no such payment.
            Unavailable: the database cannot be written to.
        """
        key, transfer = payment.order.key, transfer_id(payment.order.key, attempt)
        with self._database.writing() as connection:
            taken(connection, key)
            if _taken_before(connection, announcement):
                return snapshot(connection, key, at)
            take_release_back(connection, key)
            row = connection.execute(select(_transfers).where(_transfers.c.id == transfer)).one_or_none()
            if row is None or row.returned_at is None:
                raise TooEarly(
                    f"{transfer} has not come back: use `settle` for a payment that has arrived, and `undo-return` "
                    "only for an attempt that was reported as returned."
                )
            if (last := attempts(connection, key)) != attempt:
                raise TooLate(
                    f"{transfer_id(key, last)} has left, or may have left, since {transfer} was reported as returned: "
                    "the money may be paid twice. Ask the bank to stop or return one of the two."
                )
            _settle_after_all(connection, row, reference, announcement.entry.by, at)
            put(connection, announcement, self._compose)
            return snapshot(connection, key, at)

    def cancel(self, payment: PaymentToMake, announcement: Announcement, at: Instant) -> PaymentSnapshot:
        """Cancels a payment for good. This is possible only while no rail can have the payment.

        Raises:
            AnotherDecision: the id of the decision was used for another.
            TooLate: a rail has the payment or may have it, or the payment was cancelled before.
            UnknownPayment: the ledger has no such payment.
            Unavailable: the database cannot be written to.
        """
        key = payment.order.key
        with self._database.writing() as connection:
            row = taken(connection, key)
            if _taken_before(connection, announcement):
                return snapshot(connection, key, at)
            if row.status == PaymentStatus.CANCELLED:
                raise TooLate(f"{key} was cancelled before.")
            if row.status in (PaymentStatus.SUBMITTED, PaymentStatus.SETTLED) or has_begun(connection, key):
                raise TooLate(f"{key} is on its way: a payment that may have left cannot be cancelled.")
            take_release_back(connection, key)
            change(connection, key, status=PaymentStatus.CANCELLED, reason=announcement.entry.reason)
            needs_nobody(connection, key)
            put(connection, announcement, self._compose)
            return snapshot(connection, key, at)

    def _know_payee(self, connection: Connection, payment: PaymentToMake, row: Found, at: Instant) -> None:
        """The time to pay counts from the request or from the team's first bank details, whichever is later."""
        key = payment.order.key
        given = payees.first_given(connection, row.team)
        if given is not None:
            promised, by_law = dates.due_dates(payment, max(given, row.requested_at))
            change(connection, key, status=PaymentStatus.PAYEE_KNOWN, pay_by=promised, pay_by_law=by_law)
        now = snapshot(connection, key, at)
        put(connection, announcements.requested(payment, now), self._compose)
        if given is not None:
            masked = payees.latest_masked(connection, row.team)
            put(connection, announcements.payee_known(payment, now, masked), self._compose)


def _taken_before(connection: Connection, decision: Announcement) -> bool:
    """Whether a decision is already on the record. It then changes nothing, whichever run of the workflow gets it."""
    line, entry = find_line(connection, decision.key), decision.entry
    if line is not None and (line.by, line.text, line.reason) != (entry.by, entry.text, entry.reason):
        used = decision.key.rpartition("/")[2]
        raise AnotherDecision(f"The id {used!r} was used for another decision: use a new id.")
    return line is not None


def _fail(
    connection: Connection, transfer: str, key: str, how: Progress, reason: str, at: Instant, by: str = ""
) -> Progress:
    """Notes that an attempt failed. If the ledger has the attempt as settled, it came back. Returns how it failed."""
    settled = connection.scalars(select(_transfers.c.settled_at).where(_transfers.c.id == transfer)).one()
    ended_as = how if settled is None else Progress.RETURNED
    change_transfer(connection, transfer, returned_at=at, returned_by=by, ended_as=ended_as)
    change(connection, key, status=status_after(ended_as), reason=reason)
    return ended_as


def _settle_after_all(connection: Connection, transfer: Found, reference: str, by: str, at: Instant) -> None:
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
    # The bank's last report may have said otherwise. Later reports are compared with what is written here.
    said = {"progress": "settled", "reason": "", "reported_at": at, "reported_by": by}
    differs = (_filed.c.transfer == transfer.id, _filed.c.progress != "settled")
    connection.execute(update(_filed).where(*differs).values(**said))
    change(connection, transfer.payment, status=PaymentStatus.SETTLED, reason="")
    for each in (transfer.payment, transfer.id):
        needs_nobody(connection, each)
