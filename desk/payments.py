"""Payments: the ledger, bank details, and what people decide about payments."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from functools import partial

from domain.announcements.announcement import Announcement
from domain.challenges.messages import make
from domain.challenges.state import State
from domain.payments import announcements
from domain.payments.bank_account import BankAccount, read_account
from domain.payments.decisions import PAYMENT_DECISIONS
from domain.payments.payment import PaymentStatus, payment_to_make
from domain.permissions import Action, Actor, Grant, Role
from domain.values.model import Value
from domain.values.paging import Page, Paged, all_of
from domain.values.refusals import NotAllowed, UnknownTeam
from service.files import file_keys_of
from service.wiring import seals_of
from store.files import sweeping
from store.payments import payee_changes, payees, reading
from store.payments.payee_changes import PayeeGiven
from store.payments.reading import Payment
from workflows import interface

from .core import Core
from .late_payments import Late, late_payments
from .payment_workflows import PaymentWorkflows


class PayeeTaken(Value):
    """The answer to a team's bank details.

    Args:
        text: what was done, and which payments still go to the old details.
        masked: the details as people see them.
    """

    text: str
    masked: str


class Payments:
    """What people do about payments."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._workflows = PaymentWorkflows(core)

    async def list(
        self, actor: Actor, page: Page, challenge: str | None = None, *, status: PaymentStatus | None = None
    ) -> Paged[Payment]:
        """The payments that the actor may read, in the order in which they were requested.

        Args:
            actor: who reads the payments.
            page: which part of the list.
            challenge: only the payments of this challenge.
            status: only payments with this status.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed: the actor may not read these payments.
        """
        theirs = await self._core.theirs(actor, Action.READ_PAYMENTS, challenge)
        return await self._core.threads.read(
            reading.page_of_payments, self._core.database, page, challenges=theirs, status=status
        )

    async def late(self, actor: Actor, challenge: str | None = None) -> tuple[Late, ...]:
        """The payments that are late or were made late, and the interest that the law gives.

        Args:
            actor: who asks.
            challenge: only the payments of this challenge.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed: the actor may not read these payments.
            FileRefused: the table of base rates is wrong.
        """
        payments = await all_of(lambda page: self.list(actor, page, challenge))
        zones = {row.id: row.time_zone for row in await self._core.challenges()}
        return await self._core.threads.read(late_payments, payments, zones, self._core.now())

    async def find(self, actor: Actor, key: str) -> Payment:
        """One payment, as the ledger has it.

        Raises:
            UnknownPayment: no payment has this key.
            NotAllowed: the actor may not read the payment.
            Unavailable: the database cannot be read.
        """
        payment = await self._core.threads.read(reading.find_payment, self._core.database, key)
        await self._core.allow(actor, Action.READ_PAYMENTS, await self._core.find(payment.challenge))
        return payment

    async def give_payee(self, actor: Actor, challenge: str, team: str, given: Mapping[str, str] | str) -> PayeeTaken:
        """Takes a team's bank details. Payments released to the team's old details must be released again.

        Args:
            actor: who gives the details: the team's own contact, or an operator for the team.
            challenge: its name.
            team: whose bank details they are.
            given: the fields by name, or TOML with the fields.

        Raises:
            UnknownChallenge, UnknownTeam: there is no such challenge or team.
            NotAllowed: the actor may not give this team's bank details.
            NotReadable: the details are not those of an account. The message says what is wrong, but repeats nothing
                of the details.
            Unavailable: the details cannot be saved.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.GIVE_PAYEE, row)
        async with self._core.refusals_on_record(actor, Action.GIVE_PAYEE, row):
            account = read_account(given, row.currency)
        state = await self._core.state(row)
        async with self._core.refusals_on_record(actor, Action.GIVE_PAYEE, row):
            by, role = _giver(grant, state, team, [each.person for each in actor.roles(row.place)])
        done = await self._core.threads.write(self._keep_payee, actor, state, row.stage, team, by, role, account)
        await self._workflows.ledger_changed(done.payments)
        return PayeeTaken(text=done.text, masked=account.masked)

    def _keep_payee(
        self, actor: Actor, state: State, stage: str, team: str, by: str, role: str, account: BankAccount
    ) -> PayeeGiven:
        kept = seals_of(self._core.options, self._core.database).keep(account, team)
        now, challenge = self._core.now(), state.challenge.id

        def announcing(version: int, on_its_way: Sequence[str]) -> Announcement:
            given = announcements.payee_given(challenge, stage, team, version, on_its_way, by, role, now)
            return given.proven(actor.proof.on_record)

        return payee_changes.give_payee(
            self._core.database,
            challenge,
            team,
            kept,
            announcing,
            partial(payment_to_make, state),
            now,
            self._core.letters.compose,
        )

    async def decide(self, actor: Actor, key: str, kind: str, **fields: object) -> str:
        """Sends a person's decision to a payment and gives its answer.

        Args:
            actor: who decides.
            key: the payment's key.
            kind: which decision, as in `domain.payments.decisions.PAYMENT_DECISIONS`.
            fields: the decision's other fields. A release needs the `payee_version` of the payment that the person
                saw, and its `amount` with VAT. A decision without a `decision_id` gets one.

        Returns:
            What happened, in words.

        Raises:
            Refused: the decision was not carried out. The refusal is on the record.
            NotConfirmed: no answer came in time. You can safely send the decision again.
        """
        payment = await self._core.threads.read(reading.find_payment, self._core.database, key)
        row = await self._core.find(payment.challenge)
        async with self._core.refusals_on_record(actor, f"payment-{kind}", row):
            make(kind, {"by": "nobody", "decision_id": "none", **fields}, PAYMENT_DECISIONS)
        grant = await self._core.allow(actor, Action(f"payment-{kind}"), row, key)
        decision = make(kind, {"by": grant.person, "decision_id": uuid.uuid4().hex, **fields}, PAYMENT_DECISIONS)
        start = await self._workflows.start(payment, row, kind)
        return await self._core.update(actor, row, kind, decision, workflow=key, start=start)

    async def retry(self, actor: Actor, key: str) -> str:
        """Lets a payment try again the step that needs attention. Restarts the payment's workflow if it is gone.

        Returns:
            What needed attention.

        Raises:
            UnknownPayment, NotAllowed, TooLate, NotConfirmed: the payment could not be asked.
        """
        payment = await self._core.threads.read(reading.find_payment, self._core.database, key)
        row = await self._core.find(payment.challenge)
        await self._core.allow(actor, Action.RETRY, row, key)
        start = await self._workflows.start(payment, row, interface.RETRY)
        tried = await self._core.update(actor, row, interface.RETRY, None, workflow=key, start=start)
        # If the ledger and the bank contradict each other, no step can be tried again, but attention is still needed.
        return payment.attention if payment.attention and tried == interface.NOTHING_TO_TRY else tried

    async def reseal(self, actor: Actor) -> int:
        """Seals all bank details again, and the keys of all attached files, with the first keys of the key files.

        Returns:
            How many bank details were sealed.

        Raises:
            NotAllowed: the actor is not an operator of any round.
            Unavailable: no key opens some of the bank details. Nothing has changed.
        """
        await self._core.reach(actor, Action.RESEAL, await self._core.challenges())
        return await self._core.threads.write(self._reseal)

    def _reseal(self) -> int:
        options, database = self._core.options, self._core.database
        number = payees.reseal(database, seals_of(options, database).reseal)
        if sweeping.are_kept(database):
            sweeping.reseal(database, file_keys_of(options, database))
        return number


def _giver(grant: Grant, state: State, team: str, persons: Sequence[str]) -> tuple[str, str]:
    """Who gives a team's bank details, and in what role: the team's own contact, or an operator.

    Raises:
        UnknownTeam: the challenge has no such team.
        NotAllowed: the actor is the contact of another team.
    """
    if team not in {each.id for run in state.runs for each in run.teams}:
        raise UnknownTeam(
            f"{team} is not a team of {state.challenge.id}: a team gives its bank details after it is selected."
        )
    if team in persons:
        return team, str(Role.TEAM)
    if grant.role is Role.TEAM:
        who = " or ".join((f"the contact of {team}", *state.challenge.operators))
        raise NotAllowed(f"{grant.person} may not give the bank details of {team}: {who} may.")
    return grant.person, str(grant.role)
