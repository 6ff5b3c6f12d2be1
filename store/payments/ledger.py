"""The ledger: every payment under its business key, and every attempt to make it.

It is the register of payments: what is due, who released it, and how far it has come as the service knows. Whether the
money has moved is what the rail's own record says; the ledger holds a copy, which `reconcile` compares with it.

Whatever changes a payment does so in one transaction that holds its row, with the line of the record and the notices
that go with the change. Each change can be asked for again and then does nothing.
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
"""How the trigger begins its complaint of a release by somebody from whose decision or word it follows."""


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
        """Takes a payment into the ledger. The time in which it is paid starts once its team has given bank details.

        Args:
            payment: what is to be paid.
            at: when it is asked for.
            decision: of which it is to be seen, besides, whether it was taken before.

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
        """Lets the money go, by a second person: the next attempt of the payment begins.

        Args:
            payment: which.
            announcement: who releases it and what is written down.
            payee_version: which of the team's bank details it is released to.
            at: when.

        Raises:
            TooEarly: the payee is not known.
            AnotherDecision: the id of the decision was used for another.
            TooLate: there is nothing to release, or other bank details count by now.
            NotAllowed: whoever releases it has selected the team, accepted its evidence, given its bank details, or
                said that the attempt before came back.
            Unavailable: the database cannot be written to.
        """
        key, by = payment.order.key, announcement.entry.by
        with self._database.writing() as connection:
            row = taken(connection, key)
            if _taken_before(connection, announcement):
                return snapshot(connection, key, at)
            if row.status == PaymentStatus.REQUESTED:
                raise TooEarly(f"{key} has no payee yet: the team has to give its bank details first.")
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
                raise NotAllowed(f"{by} may not release {key}: a second person has to.") from None
            change(connection, key, status=PaymentStatus.RELEASED, reason="")
            return snapshot(connection, key, at)

    def begin(self, key: str, rail: str, at: Instant) -> Begun | None:
        """The transfer that a rail is to be asked for; from here on its bank details and its payment stand still.

        Args:
            key: of the payment.
            rail: name of the rail. From here on it alone is asked for this transfer.
            at: when.

        Returns:
            None if there is nothing to ask for: it is not released, or it has been submitted already.

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
        """Notes that a rail took a transfer, and tells the team. What was noted first stays.

        Args:
            payment, transfer: which.
            reference: the rail's own name for it, not empty.
            at: when the rail took it.
            pays_on: the day on which a bank is told to pay, if it does not do so at once.

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
        """Notes that a transfer has arrived. Again is harmless.

        Args:
            payment, transfer: which.
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
        """Notes that a rail has rejected, cancelled or returned a transfer. Again is harmless.

        Args:
            payment, transfer: which.
            how: which of the three. What the ledger knows as settled was returned, whatever the rail calls it.
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
        """As `mark_failed`, because a person says so: who that was is kept, and cannot release it again.

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
        """Undoes a return, because a person says that the attempt has arrived: nothing of the payment leaves again.

        A release that no rail was asked for is taken back. Who said that it came back stays on the record alone.

        Args:
            payment: which.
            attempt: which of its attempts.
            reference: the rail's own name for that.
            announcement: who says so and why.
            at: when.

        Raises:
            AnotherDecision: the id of the decision was used for another.
            TooEarly: the attempt has not come back.
            TooLate: a later one may have left: the money may be paid twice.
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
                    f"{transfer} has not come back: say `settle` of a payment that has arrived, and `undo-return` "
                    "only of an attempt that was said to have come back."
                )
            if (last := attempts(connection, key)) != attempt:
                raise TooLate(
                    f"{transfer_id(key, last)} has left, or may have, since {transfer} was said to have come back: the "
                    "money may be paid twice. Ask the bank to stop one of them, or to give it back."
                )
            _settle_after_all(connection, row, reference, announcement.entry.by, at)
            put(connection, announcement, self._compose)
            return snapshot(connection, key, at)

    def cancel(self, payment: PaymentToMake, announcement: Announcement, at: Instant) -> PaymentSnapshot:
        """Ends a payment for good, as long as no rail can have it.

        Raises:
            AnotherDecision: the id of the decision was used for another.
            TooLate: a rail has it, or may have it.
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
                raise TooLate(f"{key} is on its way: what may have left cannot be cancelled.")
            take_release_back(connection, key)
            change(connection, key, status=PaymentStatus.CANCELLED, reason=announcement.entry.reason)
            needs_nobody(connection, key)
            put(connection, announcement, self._compose)
            return snapshot(connection, key, at)

    def _know_payee(self, connection: Connection, payment: PaymentToMake, row: Found, at: Instant) -> None:
        """The time to pay counts from the later of two: the request, and when the team first gave its details."""
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
    """Whether a decision is on the record: sent again it changes nothing, whichever run of the workflow it comes to."""
    line, entry = find_line(connection, decision.key), decision.entry
    if line is not None and (line.by, line.text, line.reason) != (entry.by, entry.text, entry.reason):
        used = decision.key.rpartition("/")[2]
        raise AnotherDecision(f"The id {used!r} was used for another decision: give this one its own.")
    return line is not None


def _fail(
    connection: Connection, transfer: str, key: str, how: Progress, reason: str, at: Instant, by: str = ""
) -> Progress:
    """Notes that an attempt never left, or came back if the ledger has it as settled; says which."""
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
    # What a bank last said of it in a file may have been otherwise; by this reports are compared from now on.
    said = {"progress": "settled", "reason": "", "reported_at": at, "reported_by": by}
    differs = (_filed.c.transfer == transfer.id, _filed.c.progress != "settled")
    connection.execute(update(_filed).where(*differs).values(**said))
    change(connection, transfer.payment, status=PaymentStatus.SETTLED, reason="")
    for each in (transfer.payment, transfer.id):
        needs_nobody(connection, each)
