"""Decisions that came without a proof, and wait for the person whom they name: they confirm them, or drop them."""

from __future__ import annotations

import json

from domain.announcements.unconfirmed import dropped
from domain.challenges.decisions import DECISIONS, Decision
from domain.challenges.messages import read
from domain.payments.decisions import PAYMENT_DECISIONS
from domain.permissions import Action, Actor, Role
from domain.values.paging import Page, Paged
from domain.values.refusals import NotAllowed, NotProven, ReasonMissing
from store.challenges import people
from store.challenges.rounds import ChallengeRow
from store.identity import unconfirmed
from store.identity.settling import CONFIRMED, DROPPED
from store.identity.unconfirmed import Unconfirmed
from store.payments import reading

from .core import Core
from .payment_workflows import PaymentWorkflows


class Confirmations:
    """What people do about decisions that were sent in their name."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._workflows = PaymentWorkflows(core)

    async def list(self, actor: Actor, page: Page, challenge: str | None = None) -> Paged[Unconfirmed]:
        """The decisions that wait for the actor, in the order in which they came.

        Args:
            actor: who asks.
            page: which part of the list.
            challenge: only decisions on this challenge, by its name.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed: the actor has no role in which a decision could name them.
        """
        await self._core.theirs(actor, Action.READ_UNCONFIRMED, challenge)
        only = (await self._core.find(challenge)).id if challenge else ""
        return await self._core.threads.read(unconfirmed.page_of_waiting, self._core.database, page, actor.grants, only)

    async def find(self, actor: Actor, id: str) -> Unconfirmed:  # noqa: A002
        """One of these decisions, by its id, whether it still waits or not.

        Raises:
            UnknownDecision: no decision has this id.
            NotAllowed: it names somebody else.
        """
        found, row, own = await self._named(actor, Action.READ_UNCONFIRMED, id)
        await self._core.allow(own, Action.READ_UNCONFIRMED, row)
        return found

    async def confirm(self, actor: Actor, id: str) -> str:  # noqa: A002
        """Sends the very decision again, with the proof of the person whom it names. You can safely call this again.

        Args:
            actor: the person whom it names.
            id: the id under which it waits.

        Returns:
            What happened, in words.

        Raises:
            UnknownDecision: no decision has this id.
            NotAllowed: it names somebody else, or the person has no longer the role for it.
            NotProven: the actor has only given a name.
            Refused: a rule refuses the decision. It goes on waiting.
            NotConfirmed: no answer came in time.
        """
        found, row, own = await self._named(actor, Action.CONFIRM, id)
        await self._core.allow(own, Action.CONFIRM, row)
        if found.settled_how == CONFIRMED:
            return await self._core.threads.read(unconfirmed.read_done, self._core.database, found)
        action = Action(f"payment-{found.kind}" if found.of_payment else found.kind)
        await self._core.allow(own, action, row, found.workflow)
        async with self._core.refusals_on_record(own, Action.CONFIRM, row):
            _check_proof(actor, found)
            if found.settled_how == DROPPED:
                raise unconfirmed.confirmed_before(found)
        return await self._send(found, row, own)

    async def _send(self, found: Unconfirmed, row: ChallengeRow, actor: Actor) -> str:
        decision = _decision_of(found)
        if not found.of_payment:
            return await self._core.update(actor, row, found.kind, decision, anew=True)
        payment = await self._core.threads.read(reading.find_payment, self._core.database, found.workflow)
        start = await self._workflows.start(payment, row, found.kind)
        return await self._core.update(actor, row, found.kind, decision, workflow=payment.key, start=start, anew=True)

    async def drop(self, actor: Actor, id: str, reason: str) -> str:  # noqa: A002
        """Drops a decision that is not the actor's. The operators are told. You can safely call this again.

        Args:
            actor: the person whom it names.
            id: the id under which it waits.
            reason: why, for the operators.

        Returns:
            What was done, in words.

        Raises:
            UnknownDecision: no decision has this id.
            NotAllowed: it names somebody else.
            NotProven: the actor has only given a name.
            ReasonMissing: no reason was given.
            TooLate: the decision was confirmed before.
        """
        found, row, own = await self._named(actor, Action.CONFIRM, id)
        grant = await self._core.allow(own, Action.CONFIRM, row)
        async with self._core.refusals_on_record(own, Action.CONFIRM, row):
            _check_proof(actor, found)
            if not reason.strip():
                raise ReasonMissing("To drop a decision needs a reason, for the operators.")
            if found.settled_how == CONFIRMED:
                raise unconfirmed.confirmed_before(found)
        those = await self._core.threads.read(people.people_of, self._core.database, row.round, row.sponsor)
        what = f"{found.kind} of a payment" if found.of_payment else found.kind
        operators = those.get(Role.OPERATOR, ())
        announcement = dropped(
            row.id,
            found.id,
            what,
            grant.person,
            str(grant.role),
            " ".join(reason.split()),
            actor.proof,
            operators,
            self._core.now(),
        )
        await self._core.threads.write(
            unconfirmed.drop, self._core.database, found, announcement, self._core.letters.compose
        )
        return announcement.entry.text

    async def _named(self, actor: Actor, action: Action, id: str) -> tuple[Unconfirmed, ChallengeRow, Actor]:  # noqa: A002
        """A decision, its challenge, and the actor as the person whom the decision names, with no other role.

        Raises:
            NotAllowed: the actor is not that person, or has handed over their role.
        """
        await self._core.theirs(actor, action, None)  # a stranger does not learn which there are
        found = await self._core.threads.read(unconfirmed.find, self._core.database, id)
        row = await self._core.find(found.challenge)
        grants = tuple(each for each in actor.roles(row.place) if each.person == found.person)
        if not grants:
            async with self._core.refusals_on_record(actor, action, row):
                raise NotAllowed(
                    f"{self._core.shown(actor)} may not confirm {found.id}: it names {found.person}, who may as long "
                    "as they have their role."
                )
        return found, row, actor.model_copy(update={"grants": grants})


def _check_proof(actor: Actor, found: Unconfirmed) -> None:
    """Checks that the actor has shown more than a name: the decision waits because a name is not enough.

    Raises:
        NotProven: they have not.
    """
    if not actor.proof.is_shown:
        raise NotProven(
            f"{found.id} waits for a proof that it is yours, and a name at a terminal is none: sign in, or use the key "
            "file that an operator has made for you."
        )


def _decision_of(found: Unconfirmed) -> Decision:
    """The very decision that was sent: its own id included, so that it is taken once."""
    said = json.dumps(json.loads(found.content) | {"decision_id": found.decision_id}).encode()
    return read(found.kind, [said], PAYMENT_DECISIONS if found.of_payment else DECISIONS, "")
