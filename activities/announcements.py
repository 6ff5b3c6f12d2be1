"""Activities that write down and announce what happened to a challenge, seal its window, and order its payments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from temporalio import activity
from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.challenges.steps import Orders, PaymentKeys, Sealed, Sealing, ToAnnounce
from domain.identity.asked import ToCheck
from domain.payments.payment import PaymentSnapshot, PaymentToMake
from domain.payments.reports import LedgerAnswers, Reports
from identity.judging import Judge
from store.database.database import Database
from store.payments import payees
from store.payments.amendments import read_unchangeable
from store.payments.ledger import Ledger
from store.payments.reports import look_up
from store.record import record
from store.record.notices import Compose
from workflows import stubs

from .payment_runs import PaymentRuns
from .rails import Rails


class Announcing:
    """Activities on the record, the window, the notices and the payments of a challenge.

    Args:
        database: where they all are.
        rails: how money leaves.
        runs: the workflows of payments.
        compose: finds the words of notices.
        judge: knows what a proof is worth.
    """

    def __init__(self, database: Database, rails: Rails, runs: PaymentRuns, compose: Compose, judge: Judge) -> None:
        self._judge = judge
        self._database = database
        self._rails = rails
        self._runs = runs
        self._compose = compose
        self._ledger = Ledger(database, compose)

    @stubs.ANNOUNCE.does
    def announce(self, what: ToAnnounce) -> datetime:
        """Writes what happened and what is due because of it in one transaction, and starts the payments' workflows.

        The transaction has the line of the record, the status, the window, the notices and the payments. If a team
        leaves, the releases of its payments are taken back. If an award is amended, so are the amounts of its payments
        and the releases of the old amounts. The same announcement changes nothing the second time.

        Returns:
            See `read_clock`.

        Raises:
            NotProven: somebody has asked for this, with a proof that is wrong.
            Refused: a named application is unknown or withdrawn, the window is sealed for good, or a payment whose
                amount is amended may have left.
        """
        asked = _asked_at()
        announcement = self._with_proof(what)
        snapshots = self._ledger.announce(announcement, what.payments, asked, what.leaving, what.amended)
        self._start(what.payments, snapshots)
        for payment in (*what.leaving, *what.amended):
            self._runs.ledger_changed(payment)
        return _asked_at().to_stdlib()

    @stubs.SEAL_WINDOW.does
    def seal_window(self, sealing: Sealing) -> Sealed:
        """Seals the window for good and announces it. Returns what came in, the same each time."""
        return record.seal(self._database, sealing.state, sealing.at, self._compose)

    @stubs.READ_UNCHANGEABLE.does
    def read_unchangeable(self, payments: PaymentKeys) -> PaymentKeys:
        """The payments, among these, whose amount cannot be amended any more."""
        return PaymentKeys(keys=read_unchangeable(self._database, payments.keys))

    @stubs.CHECK_PROOF.does
    def check_proof(self, to_check: ToCheck) -> None:
        """Checks that somebody may have a run try again, or go on in a fresh run. Needs no database.

        Raises:
            NotProven: they may not.
        """
        self._judge.check_operator(_this_workflow(), to_check.asked, to_check.unproven)

    @stubs.LOOK_UP_REPORTS.does
    def look_up_reports(self, reports: Reports) -> LedgerAnswers:
        """What the ledger says about what payments have reported: anybody who reaches Temporal can send the same."""
        return look_up(self._database, reports)

    @stubs.ORDER_PAYMENTS.does
    def order_payments(self, orders: Orders) -> None:
        """Takes payments into the ledger and starts their workflows, as far as that was not done."""
        self._start(orders.payments, tuple(self._ledger.request(each, _asked_at()) for each in orders.payments))

    @stubs.READ_CLOCK.does
    def read_clock(self, _: None) -> datetime:
        """The instant at which this activity was scheduled, by Temporal's clock."""
        return _asked_at().to_stdlib()

    def _with_proof(self, what: ToAnnounce) -> Announcement:
        """The announcement, with how the person was proven who has asked for what it tells."""
        announcement, entry = what.announcement, what.announcement.entry
        if what.asked is None:
            return announcement
        if entry.refused:
            return announcement.proven(self._judge.found(_this_workflow(), what.asked))
        shown = self._judge.judge(_this_workflow(), what.asked, announcement)
        shown.check_role(what.asked.kind, entry.role)
        return announcement.proven(shown)

    def _start(self, payments: Sequence[PaymentToMake], snapshots: Sequence[PaymentSnapshot]) -> None:
        for payment, snapshot in zip(payments, snapshots, strict=True):
            known = self._rails.known_to(payment, snapshot)
            self._runs.start(payment.model_copy(update={"snapshot": known}))
            # Whoever gave bank details before the workflow was there could not tell it.
            if payees.read_latest_version(self._database, payment.order.team) != snapshot.payee_version:
                self._runs.ledger_changed(payment)


def _this_workflow() -> str:
    return activity.info().workflow_id or ""


def _asked_at() -> Instant:
    """When this activity was scheduled, by Temporal's clock. The same in every try."""
    return Instant(activity.info().scheduled_time)
