"""The activities of a payment: request, release, submit, settle, return, undo a return, cancel."""

from __future__ import annotations

import re
from functools import partial

from temporalio import activity
from whenever import Instant

from domain.challenges.decisions import Decision
from domain.identity.asked import Asked
from domain.identity.proof import Shown
from domain.keys import transfer_id
from domain.payments import announcements
from domain.payments.moves import (
    Move,
    PaymentCancellation,
    PaymentRelease,
    PaymentRequest,
    PaymentReturn,
    PaymentSettlement,
    PaymentSubmission,
    UndonePaymentReturn,
)
from domain.payments.payment import FAILED, PaymentSnapshot, PaymentStatus, PaymentToMake
from domain.payments.rails import Instruction, PaymentRail, Progress, Transfer
from domain.payments.reference import reference_of
from domain.values.money import Money
from domain.values.refusals import RailRefused, Refused, TooEarly, TooLate
from identity.judging import Judge
from store.database.database import Database
from store.payments.begun import Begun
from store.payments.ledger import Ledger
from store.payments.reading import read_returned, under_way
from store.payments.sealing import Seals
from store.record.notices import Compose
from workflows import stubs

from .payment_runs import PaymentRuns
from .rails import Rails


class Paying:
    """Activities on payments. Each can safely run again at any time: nothing is paid twice.

    Each goes as far as it can without a person, and tells the challenge when the payment is over, or owed again. No
    database transaction is open while a rail is asked.

    Args:
        database: where the ledger is.
        rails: how money leaves.
        runs: the workflows of payments.
        seals: opens the payees' bank details.
        compose: finds the words of notices.
        judge: knows what a proof is worth.
    """

    def __init__(
        self, database: Database, rails: Rails, runs: PaymentRuns, seals: Seals, compose: Compose, judge: Judge
    ) -> None:
        self._judge = judge
        self._database = database
        self._rails = rails
        self._runs = runs
        self._seals = seals
        self._ledger = Ledger(database, compose)

    @stubs.REQUEST_PAYMENT.does
    def request(self, move: PaymentRequest) -> PaymentSnapshot:
        """Looks at the ledger, which enters the payment if the payment is new and notes when its payee is known."""
        return self._answer(move.payment, self._look(move.payment))

    @stubs.RELEASE_PAYMENT.does
    def release(self, move: PaymentRelease) -> PaymentSnapshot:
        """Releases the payment, as a second person decides, and gives it to its rail.

        If the rail cannot be asked now, for whatever reason, the payment stays released, and can still be cancelled if
        nothing was begun. The payment's workflow submits it later, and whoever released it is not kept waiting. So it
        is, too, if an attempt has failed before: what the rail says of earlier attempts is looked at first, in a step
        that people see.
        """
        payment, rail, shown = move.payment, self._rails.of(move.payment), self._shown(move, move.decision)
        try:
            leaves = not (rail.is_batched or read_returned(self._database, payment.order.key))
            transfer = rail.find(transfer_id(payment.order.key, 1)) if leaves else None
        except Exception as fault:
            leaves, transfer = False, None
            _warn(fault)
        snapshot = self._ledger.release(payment, move.decision, rail.name if leaves else "", _asked_at(), shown)
        begun = under_way(self._database, payment.order.key) if leaves else None
        if begun is not None and snapshot.status is PaymentStatus.RELEASED and begun.rail == rail.name:
            try:
                snapshot = self._hand_over(payment, rail, begun, transfer)
            except Exception as fault:
                snapshot = self._look(payment)
                if snapshot.status is not PaymentStatus.RELEASED:
                    raise  # somebody has moved the payment on meanwhile, and nobody would look at this again
                _warn(fault)
        return self._answer(payment, snapshot)

    @stubs.SUBMIT_PAYMENT.does
    def submit(self, move: PaymentSubmission) -> PaymentSnapshot:
        """Gives the payment to the rail, unless the rail already has it from an earlier try."""
        return self._answer(move.payment, self._submit(move.payment))

    @stubs.SETTLE_PAYMENT.does
    def settle(self, move: PaymentSettlement) -> PaymentSnapshot:
        """Asks the rail whether the payment has arrived or come back."""
        return self._answer(move.payment, self._settle(move.payment))

    @stubs.RETURN_PAYMENT.does
    def give_back(self, move: PaymentReturn) -> PaymentSnapshot:
        """Notes that the money came back, as a person says. Refused while the rail may still have it on its way."""
        payment, shown = move.payment, self._shown(move, move.decision)
        snapshot = self._ledger.check(payment, move.decision, _asked_at())
        if snapshot is None:
            if not move.decision.attempt:
                self._check_may_be_back(payment)
            snapshot = self._ledger.give_back(payment, move.decision, _asked_at(), shown)
        return self._answer(payment, snapshot)

    @stubs.UNDO_RETURN_PAYMENT.does
    def undo_return(self, move: UndonePaymentReturn) -> PaymentSnapshot:
        """Notes that a returned payment did arrive, as a person says. A rail that can be asked must say the same.

        For a payment in a file the person's word counts, because its record holds only what people have reported.
        """
        payment, decision, shown = move.payment, move.decision, self._shown(move, move.decision)
        snapshot = self._ledger.check(payment, decision, _asked_at())
        if snapshot is None:
            rail, transfer_name = self._rails.of(payment), transfer_id(payment.order.key, decision.attempt)
            transfer = rail.find(transfer_name)
            if transfer is None or (transfer.progress is not Progress.SETTLED and not rail.is_batched):
                raise TooEarly(
                    f"{transfer_name} has not arrived, says the rail {rail.name}: ask there what became of it."
                )
            _check_amount(payment, transfer)
            snapshot = self._ledger.undo_return(payment, decision, transfer.reference, _asked_at(), shown)
        return self._answer(payment, snapshot)

    @stubs.CANCEL_PAYMENT.does
    def cancel(self, move: PaymentCancellation) -> PaymentSnapshot:
        """Ends the payment for good, as long as no rail can have it."""
        shown = self._shown(move, move.decision)
        return self._answer(move.payment, self._ledger.cancel(move.payment, move.decision, _asked_at(), shown))

    def _shown(self, move: Move, decision: Decision) -> Shown:
        """How the person was proven who has decided on a move.

        Raises:
            NotProven: a proof came, and is wrong; or none came, and the challenge takes none without.
            AwaitsConfirmation: none came, and the decision waits for the person whom it names.
        """
        asked = move.asked or Asked.of(decision, "")
        decided = announcements.decided(move.payment, decision, _asked_at())
        check = partial(self._ledger.check, move.payment, decision, _asked_at())
        return self._judge.judge(_this_workflow(), asked, decided, check)

    def _look(self, payment: PaymentToMake) -> PaymentSnapshot:
        return self._ledger.request(payment, _asked_at())

    def _submit(self, payment: PaymentToMake) -> PaymentSnapshot:
        rail, key = self._rails.of(payment), payment.order.key
        released = under_way(self._database, key)
        if released is None:
            return self._look(payment)
        released.check_rail(rail.name)
        transfer = rail.find(released.id)
        # A batched payment leaves when a person makes the payment file, not here. No file takes a doubtful payment.
        if transfer is None and rail.is_batched:
            return self._look(payment)
        if transfer is None:
            self._check_came_back(rail, key)  # before it is begun: until then it can be cancelled
        begun = released if rail.is_batched else self._ledger.begin(key, rail.name, _asked_at())
        if begun is None or begun.id != released.id:
            return self._look(payment)
        return self._hand_over(payment, rail, begun, transfer)

    def _hand_over(
        self, payment: PaymentToMake, rail: PaymentRail, begun: Begun, transfer: Transfer | None
    ) -> PaymentSnapshot:
        """Asks the rail for a transfer that was begun, unless the rail has it, and notes what the rail says."""
        payment = payment.amounting(begun.amended)
        transfer = transfer or rail.transfer(self._instruction(payment, begun), _asked_at())
        _check_amount(payment, transfer)
        snapshot = self._note(payment, begun, transfer)
        gone_back = snapshot.attempt > begun.attempt or snapshot.status in FAILED
        if gone_back and not transfer.progress.has_failed:
            raise RailRefused(
                f"The rail has {begun.id}, which was said to have come back meanwhile: make sure that it does come "
                "back, and release nothing more until it has."
            )
        return snapshot

    def _settle(self, payment: PaymentToMake) -> PaymentSnapshot:
        rail = self._rails.of(payment)
        begun = under_way(self._database, payment.order.key)
        if begun is None:
            return self._look(payment)
        payment = payment.amounting(begun.amended)
        begun.check_rail(rail.name)
        transfer = rail.find(begun.id)
        if transfer is None:
            snapshot = self._look(payment)
            if snapshot.attempt != begun.attempt or snapshot.status not in _WITH_THE_RAIL:
                return snapshot  # an earlier try was lost, and the payment has come back and left again since
            raise RailRefused(
                f"The rail has lost {begun.id}, which it had taken: ask who runs it, before anything else."
            )
        _check_amount(payment, transfer)
        return self._note(payment, begun, transfer)

    def _answer(self, payment: PaymentToMake, snapshot: PaymentSnapshot) -> PaymentSnapshot:
        """Tells the challenge if the payment is over, or is owed again: a challenge that knows it loses nothing."""
        if snapshot.is_over or snapshot.status in FAILED:
            self._runs.tell_challenge(payment, snapshot)
        return self._rails.known_to(payment, snapshot)

    def _check_may_be_back(self, payment: PaymentToMake) -> None:
        begun = under_way(self._database, payment.order.key)
        rail = self._rails.of(payment)
        # If another rail had the transfer, only the person can know.
        transfer = rail.find(begun.id) if begun and begun.rail in ("", rail.name) else None
        if begun and transfer is None and rail.is_batched and begun.rail == rail.name:
            raise TooEarly(
                f"{payment.order.key} has left in no file yet: make the one that was begun with `submit` first, "
                "or drop that with `submit --anew`."
            )
        if transfer is not None and transfer.progress is Progress.TAKEN and not rail.is_batched:
            raise TooLate(f"{transfer.id} is on its way, says the rail: it cannot have come back yet.")
        arrived = transfer is not None and transfer.progress is Progress.SETTLED and _is_as_ordered(payment, transfer)
        if transfer is not None and arrived and begun and not begun.settled:
            raise TooEarly(
                f"{transfer.id} is settled, says the rail, which the ledger has not noted yet: `retry` the payment, "
                "and say it again only if the money came back after that."
            )

    def _check_came_back(self, rail: PaymentRail, key: str) -> None:
        """Checks, before a payment leaves again, that its earlier attempts really came back.

        A person is believed who says that an attempt came back after it had arrived: a rail may never see that. If the
        rail itself said so, the rail must still say so.
        """
        for earlier in read_returned(self._database, key):
            transfer = rail.find(earlier.id) if earlier.rail == rail.name else None
            if transfer is None:
                continue
            on_its_way = transfer.progress is Progress.TAKEN
            if on_its_way or (transfer.progress is Progress.SETTLED and not earlier.came_back_later):
                raise RailRefused(
                    f"{key} does not leave again: {earlier.id} came back by the ledger, and "
                    f"{'is on its way' if on_its_way else 'is settled'}, says the rail. Find out which is true; if "
                    f"the team has its money, say `undo-return {earlier.id}`."
                )

    def _note(self, payment: PaymentToMake, begun: Begun, transfer: Transfer) -> PaymentSnapshot:
        reason = self._without_name(transfer.reason, begun) if transfer.progress.has_failed else ""
        return self._ledger.note(payment, begun, transfer.model_copy(update={"reason": reason}), _asked_at())

    def _without_name(self, reason: str, begun: Begun) -> str:
        """A rail's words without the account holder's name, because the words go to Temporal and to people."""
        holder = self._seals.open(begun.sealed, begun.team).holder if begun.sealed else ""
        names = "|".join(map(re.escape, re.findall(r"\w{2,}", holder)))
        return re.sub(rf"\b(?:{names})\b", "••••", reason, flags=re.IGNORECASE) if names else reason

    def _instruction(self, payment: PaymentToMake, begun: Begun) -> Instruction:
        order, payee = payment.order, self._seals.open(begun.sealed, begun.team)
        return Instruction(
            id=begun.id,
            amount=Money(order.amount.gross.pence),
            currency=order.currency,
            payee=payee,
            reference=reference_of(begun.id, payee),
        )


def _check_amount(payment: PaymentToMake, transfer: Transfer) -> None:
    """Checks that the rail has paid what was ordered, unless the transfer has failed."""
    if not transfer.progress.has_failed and not _is_as_ordered(payment, transfer):
        raise RailRefused(
            f"{transfer.id} is of {transfer.amount.shown(transfer.currency)} at the rail and of {payment.amount} "
            "in the ledger: find out what was paid, before anything else."
        )


def _is_as_ordered(payment: PaymentToMake, transfer: Transfer) -> bool:
    order = payment.order
    return (transfer.amount, transfer.currency) == (order.amount.gross, order.currency)


_WITH_THE_RAIL = (PaymentStatus.SUBMITTED, PaymentStatus.SETTLED)


def _this_workflow() -> str:
    return activity.info().workflow_id or ""


def _asked_at() -> Instant:
    """When this activity was scheduled, by Temporal's clock. The same in every try."""
    return Instant(activity.info().scheduled_time)


def _warn(fault: Exception) -> None:
    """The payment's workflow tries it again, and calls for a person if it cannot be done."""
    # What a driver says may hold bank details: its words are not kept.
    what = str(fault) if isinstance(fault, Refused) else type(fault).__name__
    activity.logger.warning("payment released, not submitted yet", extra={"fault": what})
