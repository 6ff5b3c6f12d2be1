"""The people of one challenge, each of whom does their part through the desk.

A rehearsal plays them with short days. Tests play them on a server where time skips, and with workers that are killed.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from domain.challenges.application import Applying, Receipt
from domain.identity.proof import Proof
from domain.payments.decisions import Release
from domain.payments.payment import PaymentStatus
from domain.permissions import Action, Actor, Period, grant_for
from domain.programmes.programme import Programme
from domain.programmes.round import Challenge
from domain.values.paging import all_of
from store.challenges.rounds import ChallengeRow
from store.payments.reading import Payment

from .desk import Desk

_GLANCE = 0.1

_WAITS_FOR_PEOPLE = (PaymentStatus.REQUESTED, PaymentStatus.PAYEE_KNOWN)

_ON_APPLICATIONS = frozenset({"select", "decline", "evidence", "amend", "extend-stage"})
"""What people decide on applications, and may decide only after they have declared their interests."""

_Answer = TypeVar("_Answer")


class Player:
    """Everybody who has a part in one challenge.

    A subclass can change how people make sure of an answer (`ask`), how they wait (`eventually`), and what they give.

    Args:
        desk: the desk of a running service.
        challenge: the challenge of these people.
        programme: the challenge's programme.
        proof: how each person proves who they are.
        glance: seconds between two checks of a condition.
    """

    def __init__(
        self, desk: Desk, challenge: Challenge, programme: Programme, proof: Proof, glance: float = _GLANCE
    ) -> None:
        self.desk = desk
        self.challenge = challenge
        self.programme = programme
        self._proof = proof
        self._glance = glance
        self._mailboxes: dict[str, str] = {}

    # Who acts, and how.

    @property
    def sponsor(self) -> str:
        """The id of the person who decides for the sponsor."""
        return self.challenge.deciders[0]

    @property
    def operator(self) -> str:
        """The id of the person who runs the programme."""
        return self.challenge.operators[0]

    @property
    def finance(self) -> str:
        """The id of the person who releases payments."""
        return self.challenge.releasers[0]

    def mailbox(self, person: str) -> str:
        """The name under which somebody acts: an e-mail address for the contact of an application, or else an id."""
        return self._mailboxes.get(person, person)

    async def actor(self, person: str) -> Actor:
        """Somebody who acts, with their present roles: a person by id, or a team by the id of its application."""
        return await self.desk.actor(self.mailbox(person), self._proof)

    async def ask(self, request: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """Sends a request to the desk, once. A subclass may repeat the request, so a repeat must be safe."""
        return await request()

    async def act(self, request: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """Sends what somebody decides or gives to the desk; see `ask`."""
        return await self.ask(request)

    # What people do.

    async def hand_in(self, applying: Applying) -> Receipt:
        """Somebody hands in an application."""
        receipt = await self.desk.applications.apply(Actor(), self.challenge.id, applying)
        self._mailboxes[receipt.application] = applying.email
        return receipt

    async def begin_draft(self, organisation: str, email: str) -> str:
        """Somebody begins a draft of an application. Returns its id, as which they act from then on."""
        begun = await self.desk.drafts.begin(Actor(), self.challenge.id, organisation=organisation, email=email)
        self._mailboxes[begun.draft.application] = email
        return begun.draft.application

    async def decide(self, kind: str, by: str = "", **fields: object) -> str:
        """Somebody decides: the sponsor, if nobody else is named. See `Challenges.decide`.

        Before that, whoever decides on applications declares their interests.
        """
        if kind in _ON_APPLICATIONS:
            await self.declare(by or self.sponsor)
        fields = {"decision_id": uuid.uuid4().hex, **fields}

        async def request() -> str:
            actor = await self.actor(by or self.sponsor)
            return await self.desk.challenges.decide(actor, self.challenge.id, kind, **fields)

        return await self.act(request)

    async def declare(self, person: str) -> None:
        """Somebody declares that they have nothing to do with the applicants, as far as they have not declared yet."""

        async def request() -> None:
            row, actor = await self.row(), await self.actor(person)
            if grant_for(actor, Action.DECLARE_INTERESTS, row.place) is None or row.place.period is Period.OPEN:
                return
            interests, id_ = self.desk.interests, self.challenge.id
            open_ones = [
                each for each in await all_of(lambda page: interests.list(actor, page, id_)) if not each.declared
            ]
            for each in open_ones:
                if each.likely:
                    await interests.declare(actor, id_, each.application)
            if open_ones:
                await interests.declare_none(actor, id_)

        await self.ask(request)

    async def select(self, stage: str, teams: Sequence[str], **fields: object) -> str:
        """The sponsor selects teams for a stage; see `domain.challenges.decisions.Select`."""
        return await self.decide("select", self.sponsor, stage=stage, teams=teams, **fields)

    async def take_part(self, stage: str, people: int, summary: str) -> str:
        """The operator reports that citizens met today."""
        today = self.desk.now().to_tz(self.programme.time_zone).date()
        return await self.decide("participation", self.operator, stage=stage, on=today, people=people, summary=summary)

    async def retry(self, what: str) -> str:
        """An operator lets the challenge, or a payment by its key, try again the step that needs attention."""
        subject = self.desk.challenges if what == self.challenge.id else self.desk.payments

        async def request() -> str:
            return await subject.retry(await self.actor(self.operator), what)

        return await self.act(request)

    # What happens to the payments.

    def account(self, team: str) -> Mapping[str, str]:
        """The bank details that a team gives."""
        return {"holder": f"Account of {team}"[:70], "sort_code": "60-16-13", "number": account_number(team)}

    async def give_payee(self, team: str, by: str = "", **account: str) -> str:
        """A team gives its bank details, or somebody else gives the details for the team.

        Args:
            team: the team's id.
            by: who gives the details. If omitted, the team.
            account: fields that differ from `account`.
        """
        given = {**self.account(team), **account}

        async def request() -> str:
            giver = await self.actor(by or team)
            return (await self.desk.payments.give_payee(giver, self.challenge.id, team, given)).text

        return await self.act(request)

    async def decide_payment(self, key: str, kind: str, by: str, **fields: object) -> str:
        """Somebody decides about a payment. See `Payments.decide`."""
        fields = {"decision_id": uuid.uuid4().hex, **fields}

        async def request() -> str:
            return await self.desk.payments.decide(await self.actor(by), key, kind, **fields)

        return await self.act(request)

    async def release(self, key: str, by: str = "", **fields: object) -> str:
        """Somebody releases a payment to the team's present bank details: finance, if nobody else is named."""

        async def request() -> Payment:
            return await self.desk.payments.find(await self.actor(self.operator), key)

        shown = await self.ask(request)
        seen = {"payee_version": shown.payee_version, "amount": shown.amount.gross, "team_left": bool(shown.team_left)}
        fields = {**seen, **fields}
        return await self.decide_payment(key, Release.kind, by or self.finance, **fields)

    async def get_paid(self) -> bool:
        """Teams give the bank details that are missing, and finance releases the payments that wait for a release.

        Returns:
            Whether no payment waited for a team or for finance.
        """
        waiting = [each for each in await self.ledger() if each.status in _WAITS_FOR_PEOPLE]
        for team in dict.fromkeys(each.team for each in waiting if not each.payee):
            await self.give_payee(team)
        for payment in waiting:
            if payment.status is PaymentStatus.PAYEE_KNOWN:
                await self.release(payment.key)
        return not waiting

    async def ledger(self) -> tuple[Payment, ...]:
        """The challenge's payments, as the operator sees them."""

        async def request() -> tuple[Payment, ...]:
            operator = await self.actor(self.operator)
            return await all_of(lambda page: self.desk.payments.list(operator, page, self.challenge.id))

        return await self.ask(request)

    # What people wait for.

    async def row(self) -> ChallengeRow:
        """The status of the challenge."""
        return await self.desk.challenges.find(Actor(), self.challenge.id)

    async def waits_for(self) -> str:
        """What the challenge waits for."""
        return (await self.row()).waits_for

    async def waiting_for(self, what: str) -> None:
        """Waits until the challenge waits for something."""

        async def does() -> bool:
            return await self.waits_for() == what

        await self.eventually(does)

    async def eventually(self, came: Callable[[], Awaitable[bool]]) -> None:
        """Waits until a condition is true. Checks again and again, without a limit of time."""
        while not await came():  # noqa: ASYNC110
            await asyncio.sleep(self._glance)


def account_number(team: str) -> str:
    """An account number of a team's own. Teams on one account would be called to everybody's attention."""
    return f"{1 + int(hashlib.sha256(team.encode()).hexdigest(), 16) % (10**8 - 1):08}"
