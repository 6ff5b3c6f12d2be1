"""The ledger: every payment under its business key, and every attempt to make it.

The ledger is the register of payments: what is due, who released it, and its state as far as the service knows. The
rail's own record says whether the money has moved. The ledger holds a copy, which `reconcile` compares with the rail.

Every change of a payment is one transaction that locks the payment's row and also writes the line of the record and the
notices. You can safely ask for a change again: the second time it does nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, update
from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.challenges.decisions import Decision
from domain.identity.proof import Shown
from domain.keys import transfer_id
from domain.payments import announcements, dates, decisions
from domain.payments.decisions import CancelPayment, Release, Return, UndoReturn
from domain.payments.payment import PaymentSnapshot, PaymentStatus, PaymentToMake
from domain.payments.rails import Progress, Transfer
from domain.values.refusals import AnotherDecision, TooEarly, TooLate
from store.database import tables
from store.database.database import Database
from store.database.tables import Found
from store.record.notices import Compose
from store.record.record import find_line, needs_nobody, put

from . import payees
from .amendments import amend
from .bank_words import hear_person
from .begun import Begun
from .reading import transfer_under_way
from .returns import confirm_arrival, confirm_return, fail, note_how_it_failed, settle_after_all
from .rows import (
    add_payment,
    add_transfer,
    as_amended,
    attempts,
    change,
    change_transfer,
    check_same,
    has_begun,
    take_release_back,
    taken,
)
from .snapshots import snapshot
from .team_leaving import hold_back
from .twins import looked_at

_payments, _transfers, _filed = tables.payments, tables.transfers, tables.filed_transfers

_NOTHING = Shown()
_ON_ITS_WAY = (PaymentStatus.RELEASED, PaymentStatus.SUBMITTED, PaymentStatus.SETTLED)


class Ledger:
    """What happens to payments. Each method is one transaction.

    Args:
        database: where the ledger is.
        compose: finds the words of notices.
    """

    def __init__(self, database: Database, compose: Compose) -> None:
        self._database = database
        self._compose = compose

    def announce(
        self,
        announcement: Announcement,
        payments: Sequence[PaymentToMake],
        at: Instant,
        leaving: Sequence[PaymentToMake] = (),
        amended: Sequence[PaymentToMake] = (),
    ) -> tuple[PaymentSnapshot, ...]:
        """Writes down what happened to a challenge, and takes the payments into the ledger that are due because of it.

        Args:
            announcement: what happened; see `store.record.record.announce`.
            payments: what should be paid.
            at: when the payments are requested.
            leaving: if a team leaves, its payments; see `team_leaving.hold_back`.
            amended: if an award is amended, its payments with their new amounts; see `amendments.amend`.

        Returns:
            The payments as they stand, in the same order.

        Raises:
            AnotherPayment: the ledger has another payment under a key.
            Refused: as `store.record.record.announce`.
            Unavailable: the database cannot be written to.
        """
        with self._database.writing() as connection:
            if put(connection, announcement, self._compose):
                hold_back(connection, leaving, at, self._compose)
                amend(connection, amended, announcement.entry.by, at, self._compose)
            return tuple(self._request(connection, each, at) for each in payments)

    def request(self, payment: PaymentToMake, at: Instant) -> PaymentSnapshot:
        """Takes a payment into the ledger. The time to pay starts when the team has given its bank details.

        Args:
            payment: what should be paid.
            at: when the payment is requested.

        Raises:
            AnotherPayment: the ledger has another payment under this key.
            Unavailable: the database cannot be written to.
        """
        with self._database.writing() as connection:
            return self._request(connection, payment, at)

    def check(self, payment: PaymentToMake, decision: Decision, at: Instant) -> PaymentSnapshot | None:
        """Checks that a person may decide this, before a rail is asked about it.

        Args:
            payment: the payment.
            decision: on the payment.
            at: now.

        Returns:
            The payment as it stands, if the decision was taken before; None if the decision is new.

        Raises:
            AnotherDecision: the id of the decision was used for another.
            NotAllowed, TooEarly, TooLate, ReasonMissing: see `domain.payments.decisions.check_move`.
            Unavailable: the database cannot be read.
        """
        with self._database.reading() as connection:
            now = snapshot(connection, payment.order.key, at)
            payment = payment.amounting(now.amended)
            if _taken_before(connection, announcements.decided(payment, decision, at)):
                return now
            decisions.check_move(payment.led_by(now), now, decision)
            return None

    def release(
        self, payment: PaymentToMake, decision: Release, rail: str, at: Instant, shown: Shown = _NOTHING
    ) -> PaymentSnapshot:
        """Releases a payment, as a second person decides, and begins its next attempt.

        Args:
            payment: the payment.
            decision: who releases the payment, and to which bank details.
            rail: the name of the rail that is asked for the attempt next, and no other rail from then on; empty if
                people carry the payment to its rail in a file.
            at: when.
            shown: how the person was proven.

        Raises:
            TooEarly: the payee is not known.
            AnotherDecision: the id of the decision was used for another.
            TooLate: there is nothing to release, or the bank details or the amount have changed meanwhile.
            NotAllowed: the payment follows from the person's own decision or word; see `decisions.had_a_part_in`.
            Unavailable: the database cannot be written to.
        """
        key = payment.order.key
        with self._database.writing() as connection:
            row = taken(connection, key)
            payment = as_amended(payment, row)
            if row.status == PaymentStatus.REQUESTED:  # bank details may have been kept, and nobody told of them
                self._know_payee(connection, payment, row, at)
            if self._decide(connection, payment, decision, at, shown):
                attempt = attempts(connection, key) + 1
                add_transfer(connection, row, attempt, decision.payee_version, decision.by, at, rail)
                change(connection, key, status=PaymentStatus.RELEASED, reason="")
            return snapshot(connection, key, at)

    def begin(self, key: str, rail: str, at: Instant) -> Begun | None:
        """Begins the transfer that a rail will be asked to make. From then on payment and bank details stay unchanged.

        Args:
            key: the payment's key.
            rail: the name of the rail. From then on only this rail is asked about this transfer.
            at: when.

        Returns:
            The transfer; None if the payment is not released, or has been submitted already.

        Raises:
            UnknownPayment: the ledger has no such payment.
            RailRefused: another rail may have this transfer.
            Unavailable: the database cannot be written to.
        """
        with self._database.writing() as connection:
            if taken(connection, key).status != PaymentStatus.RELEASED:
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

    def note(self, payment: PaymentToMake, begun: Begun, transfer: Transfer, at: Instant) -> PaymentSnapshot:
        """Notes what a rail says of a transfer: that it has the transfer, and what became of it.

        The team is told that the payment has left, and whoever has to act is told if it failed. You can safely note
        the same again. What a rail says of an attempt that is over changes nothing.

        Args:
            payment, begun: the payment, and the attempt that the rail was asked for.
            transfer: what the rail says. A transfer that the ledger has as settled was returned, however the rail says
                that it failed.
            at: when it is noted.

        Raises:
            UnknownPayment: the ledger has no such payment.
            Unavailable: the database cannot be written to.
        """
        key, attempt = payment.order.key, begun.attempt
        with self._database.writing() as connection:
            row = taken(connection, key)
            payment, status = as_amended(payment, row), PaymentStatus(row.status)
            if status in _ON_ITS_WAY and attempts(connection, key) == attempt:
                if status is PaymentStatus.RELEASED:
                    status = self._submitted(connection, payment, begun, transfer)
                if status is PaymentStatus.SUBMITTED and transfer.progress is Progress.SETTLED:
                    self._settled(connection, payment, begun, at)
                elif transfer.progress.has_failed:
                    how = fail(connection, begun.id, key, transfer.progress, transfer.reason, at, transfer.said_by)
                    payment = payment.led_by(snapshot(connection, key, at))
                    failed = announcements.failed(payment, attempt, how, transfer.reason, at)
                    put(connection, failed, self._compose)
            return snapshot(connection, key, at)

    def give_back(
        self, payment: PaymentToMake, decision: Return, at: Instant, shown: Shown = _NOTHING
    ) -> PaymentSnapshot:
        """Notes that a payment came back, because a person says so. That person cannot release the payment again.

        Args:
            payment: the payment.
            decision: who says so and why, and about which attempt if bank and ledger disagree about one.
            at: when.
            shown: how the person was proven.

        Raises:
            AnotherDecision: the id of the decision was used for another.
            TooEarly: no money is on its way that could come back, or nothing about the attempt is doubtful.
            UnknownPayment: the ledger has no such payment.
            Unavailable: the database cannot be written to.
        """
        key = payment.order.key
        with self._database.writing() as connection:
            row = taken(connection, key)
            if self._decide(connection, as_amended(payment, row), decision, at, shown):
                transfer = transfer_under_way(connection, key)
                named = transfer_id(key, decision.attempt) if decision.attempt else ""
                if named:
                    confirm_return(connection, key, named, decision.by, decision.reason, at)
                elif transfer is None or row.status not in _ON_ITS_WAY or not has_begun(connection, key):
                    raise TooEarly(f"{key} is {row.status}: no money is on its way that could come back.")
                else:
                    fail(connection, transfer.id, key, Progress.REJECTED, decision.reason, at, decision.by)
                    hear_person(connection, transfer.id, Progress.REJECTED, decision.by, at, reason=decision.reason)
            return snapshot(connection, key, at)

    def undo_return(
        self, payment: PaymentToMake, decision: UndoReturn, reference: str, at: Instant, shown: Shown = _NOTHING
    ) -> PaymentSnapshot:
        """Undoes a return, because a person says that the attempt did arrive. The payment does not leave again.

        A newer release is taken back if no rail was asked for it. Only the record still says who reported the return.

        Args:
            payment: the payment.
            decision: who says so and why, and which attempt has arrived.
            reference: the rail's own name for the attempt.
            at: when.
            shown: how the person was proven.

        Raises:
            AnotherDecision: the id of the decision was used for another.
            TooEarly: the attempt has not come back.
            TooLate: a later attempt may have left, so the money may be paid twice.
            UnknownPayment: the ledger has no such payment.
            Unavailable: the database cannot be written to.
        """
        key, transfer = payment.order.key, transfer_id(payment.order.key, decision.attempt)
        with self._database.writing() as connection:
            payment = as_amended(payment, taken(connection, key))
            if self._decide(connection, payment, decision, at, shown):
                take_release_back(connection, key)
                if confirm_arrival(connection, transfer, decision.by, at):
                    return snapshot(connection, key, at)
                row = connection.execute(select(_transfers).where(_transfers.c.id == transfer)).one_or_none()
                if row is None or row.returned_at is None:
                    raise TooEarly(
                        f"{transfer} has not come back: use `settle` for a payment that has arrived, and `undo-return` "
                        "only for an attempt that was reported as returned."
                    )
                if (last := attempts(connection, key)) != decision.attempt:
                    raise TooLate(
                        f"{transfer_id(key, last)} has left, or may have left, since {transfer} was reported as "
                        "returned: the money may be paid twice. Ask the bank to stop or return one of the two."
                    )
                settle_after_all(connection, row, reference, decision.by, at)
            return snapshot(connection, key, at)

    def cancel(
        self, payment: PaymentToMake, decision: CancelPayment, at: Instant, shown: Shown = _NOTHING
    ) -> PaymentSnapshot:
        """Cancels a payment for good. This is possible only while no rail can have the payment.

        Args:
            payment: the payment.
            decision: who cancels the payment and why.
            at: when.
            shown: how the person was proven.

        Raises:
            AnotherDecision: the id of the decision was used for another.
            TooLate: a rail has the payment or may have it, or the payment was cancelled before.
            UnknownPayment: the ledger has no such payment.
            Unavailable: the database cannot be written to.
        """
        key = payment.order.key
        with self._database.writing() as connection:
            payment = as_amended(payment, taken(connection, key))
            if self._decide(connection, payment, decision, at, shown):
                if has_begun(connection, key):
                    raise TooLate(f"{key} is on its way: a payment that may have left cannot be cancelled.")
                take_release_back(connection, key)
                change(connection, key, status=PaymentStatus.CANCELLED, reason=decision.reason)
                needs_nobody(connection, key)
            return snapshot(connection, key, at)

    def _request(self, connection: Connection, payment: PaymentToMake, at: Instant) -> PaymentSnapshot:
        add_payment(connection, payment, at)
        row = taken(connection, payment.order.key)
        payment = as_amended(payment, row)
        check_same(row, payment.order)
        if row.status == PaymentStatus.REQUESTED:
            return self._know_payee(connection, payment, row, at)
        if row.status == PaymentStatus.REJECTED:
            note_how_it_failed(connection, row.key, at)
        return snapshot(connection, row.key, at)

    def _decide(
        self, connection: Connection, payment: PaymentToMake, decision: Decision, at: Instant, shown: Shown
    ) -> bool:
        """Checks a person's decision and writes it down. Returns False if it was taken before: it then does nothing."""
        if _taken_before(connection, announcements.decided(payment, decision, at)):
            return False
        now = snapshot(connection, payment.order.key, at)
        payment = payment.led_by(now)
        decisions.check_move(payment, now, decision)
        decided = announcements.decided(payment, decision, at, now.status)
        shown.check_role(decision.kind, decided.entry.role)
        put(connection, decided.proven(shown), self._compose)
        return True

    def _submitted(
        self, connection: Connection, payment: PaymentToMake, begun: Begun, transfer: Transfer
    ) -> PaymentStatus:
        change_transfer(connection, begun.id, submitted_at=transfer.at, rail_reference=transfer.reference)
        change(connection, payment.order.key, status=PaymentStatus.SUBMITTED)
        submitted = announcements.submitted(payment, begun.attempt, transfer.reference, transfer.at, transfer.pays_on)
        put(connection, submitted, self._compose)
        return PaymentStatus.SUBMITTED

    def _settled(self, connection: Connection, payment: PaymentToMake, begun: Begun, at: Instant) -> None:
        change_transfer(connection, begun.id, settled_at=at)
        change(connection, payment.order.key, status=PaymentStatus.SETTLED)
        needs_nobody(connection, payment.order.key)
        put(connection, announcements.settled(payment, begun.attempt, at), self._compose)

    def _know_payee(self, connection: Connection, payment: PaymentToMake, row: Found, at: Instant) -> PaymentSnapshot:
        """The time to pay counts from the request or from the team's first bank details, whichever is later."""
        key = payment.order.key
        given = payees.first_given(connection, row.team)
        if given is not None:
            promised, by_law = dates.due_dates(payment, max(given, row.requested_at))
            change(connection, key, status=PaymentStatus.PAYEE_KNOWN, pay_by=promised, pay_by_law=by_law)
        now = snapshot(connection, key, at)
        payment = payment.led_by(now)
        put(connection, announcements.requested(payment, now), self._compose)
        if given is not None:
            masked, twice = looked_at(connection, row.team, row.currency)
            put(connection, announcements.payee_known(payment, now, masked, twice), self._compose)
        return now


def _taken_before(connection: Connection, decision: Announcement) -> bool:
    """Whether a decision is already on the record. It then changes nothing, whichever run of the workflow gets it."""
    line, entry = find_line(connection, decision.key), decision.entry
    if line is not None and (line.by, line.text, line.reason) != (entry.by, entry.text, entry.reason):
        used = decision.key.rpartition("/")[2]
        raise AnotherDecision(f"The id {used!r} was used for another decision: use a new id.")
    return line is not None
