"""The desk's side of money: bank details, and what people decide about payments."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from domain.announcements.announcement import Announcement
from domain.challenges.awards import order_in_words, payments_due
from domain.challenges.messages import make
from domain.challenges.state import State
from domain.payments import payment as rules
from domain.payments.bank_account import BankAccount, read_account
from domain.payments.payment import PAYMENT_DECISIONS, PaymentStatus, PaymentToMake, payment_to_make
from domain.values.refusals import NotAllowed, Unavailable, UnknownTeam
from service.wiring import seals_of
from store.challenges.rounds import ChallengeRow
from store.payments import ledger, payees
from store.payments.ledger import Payment
from workflows import interface

from .desk import Desk


class Paying:
    """What people do about payments.

    Args:
        desk: for everything else.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._database = desk.database

    def account(self, challenge: str, by: str, given: Mapping[str, str] | str) -> BankAccount:
        """The bank details in what somebody gives for a team; what is wrong with them is on the record.

        Args:
            challenge: the name of the team's challenge.
            by: who gives them.
            given: the fields by name, or TOML with them.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotReadable: they are no account; says what is wrong, and nothing of what was given.
            Unavailable: the refusal cannot be written down.
        """
        row = self._desk.find(challenge)
        with self._desk.refusals_on_record(by, "payee", row):
            return read_account(given)

    async def give_payee(self, challenge: str, team: str, by: str, account: BankAccount) -> str:
        """Takes the bank details of a team; what was released to others before has to be released again.

        Args:
            challenge: its name.
            team: whose they are.
            by: who gives them: the team itself, or an operator for it.
            account: the details.

        Returns:
            What was done, with the payments that still go to the details before.

        Raises:
            UnknownChallenge, UnknownTeam: there is no such challenge or team.
            NotAllowed: it is not theirs to give.
            Unavailable: they cannot be kept.
        """
        row = self._desk.find(challenge)
        state = await self._desk.state(row)
        with self._desk.refusals_on_record(by, "payee", row):
            _check_may_give(state, team, by)
        sealed = seals_of(self._desk.options, self._database).seal(account, team)
        now, role = self._desk.now(), state.role_of(by)

        def announcing(version: int, on_its_way: Sequence[str]) -> Announcement:
            return rules.payee_given(row.id, row.stage, team, version, on_its_way, by, role, now)

        given = ledger.give_payee(
            self._database,
            row.id,
            team,
            sealed,
            account.masked,
            announcing,
            partial(payment_to_make, state),
            now,
            self._desk.letters.compose,
        )
        await self.tell_of_change(given.payments)
        return given.text

    def find(self, key: str) -> Payment:
        """A payment as the ledger has it.

        Raises:
            UnknownPayment: there is none of that key.
            Unavailable: the database cannot be read.
        """
        return ledger.find_payment(self._database, key)

    async def decide(self, key: str, kind: str, by: str, **fields: object) -> str:
        """Sends a person's decision to a payment and gives its answer.

        Args:
            key: of the payment.
            kind: "release", "return", "undo-return" or "cancel".
            by: id of the person who decides.
            fields: the decision's other fields, among them of a release the `payee_version` of the payment as it was
                shown; without a `decision_id` it gets one.

        Raises:
            Refused: it was not done, and why; that is on the record.
            NotConfirmed: no answer came in time; sending it again is harmless.
        """
        payment = ledger.find_payment(self._database, key)
        row = self._desk.find(payment.challenge)
        with self._desk.refusals_on_record(by, f"payment-{kind}", row):
            decision = make(kind, {"by": by, "decision_id": uuid.uuid4().hex, **fields}, PAYMENT_DECISIONS)
        start = await self._started(payment, row, kind)
        return await self._desk.update(row, kind, decision, workflow=key, start=start)

    async def retry(self, key: str) -> str:
        """Lets a payment try again what needs attention; one whose workflow is gone is taken up again.

        Raises:
            UnknownPayment, TooLate, NotConfirmed: it could not be asked.
        """
        payment = ledger.find_payment(self._database, key)
        row = self._desk.find(payment.challenge)
        start = await self._started(payment, row, interface.RETRY)
        tried = await self._desk.update(row, interface.RETRY, None, workflow=key, start=start)
        # What ledger and bank contradict each other in is no step that could be tried again.
        return payment.attention if payment.attention and tried == interface.NOTHING_TO_TRY else tried

    def reseal(self) -> int:
        """Seals all bank details anew with the first key of the key file; says how many.

        Raises:
            Unavailable: some cannot be opened with any of the keys; then nothing has changed.
        """
        return payees.reseal(self._database, seals_of(self._desk.options, self._database).reseal)

    async def let_know(self, keys: Iterable[str]) -> None:
        """Lets payments look at what is noted of their files; takes up again those that were over.

        Raises:
            Unavailable, NotConfirmed: one of those could not be told, nor any after it.
        """
        for key in keys:
            payment = ledger.find_payment(self._database, key)
            row = self._desk.find(payment.challenge)
            if start := await self._started(payment, row, rules.Return.kind):
                await self._desk.update(row, interface.RETRY, None, workflow=key, start=start)
            else:
                await self.tell_of_change([key])

    async def tell_of_change(self, keys: Iterable[str]) -> None:
        """Lets payments look at the ledger. One that hears nothing looks by itself before its next reminder."""
        with suppress(Unavailable):
            client = await self._desk.client()
            for key in keys:
                with suppress(RPCError):
                    await client.get_workflow_handle(key).signal(interface.LEDGER_CHANGED)

    async def _started(
        self, payment: Payment, row: ChallengeRow, what: str
    ) -> WithStartWorkflowOperation[Any, Any] | None:
        """What starts the workflow of a payment again that has ended, or is gone; None if it has nothing to do."""
        goes_on = (what, payment.status) in _GOES_ON
        if payment.status in rules.OVER and not goes_on:
            return None
        client = await self._desk.client()
        if not goes_on:  # of what is over a run may be about to end; any other goes on
            with suppress(RPCError):
                if (await client.get_workflow_handle(payment.key).describe()).close_time is None:
                    return None
        to_make = _to_make(await self._desk.state(row), payment.key)
        return WithStartWorkflowOperation(
            interface.PAYMENT,
            to_make,
            id=payment.key,
            task_queue=interface.TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=order_in_words(to_make.order, to_make.title)[:200],
        )


_GOES_ON = frozenset({(rules.Return.kind, PaymentStatus.SETTLED), (rules.UndoReturn.kind, PaymentStatus.CANCELLED)})
"""What can still be said of a payment that is over: that it came back, or that what came back has arrived after all."""


def _check_may_give(state: State, team: str, by: str) -> None:
    teams = {each.id for run in state.runs for each in run.teams}
    if team not in teams:
        raise UnknownTeam(
            f"{team} is no team of {state.challenge.id}: bank details are asked for once a team was selected."
        )
    if by != team and by not in state.challenge.operators:
        who = " or ".join((team, *state.challenge.operators))
        raise NotAllowed(f"{by} may not give the bank details of {team}: {who} may.")


def _to_make(state: State, key: str) -> PaymentToMake:
    for order in payments_due(state.having(payments={})):
        if order.key == key:
            return payment_to_make(state, order)
    raise Unavailable(f"The challenge {state.challenge.id} knows no payment {key}: see `reconcile`.")
