"""The people of one challenge, each of whom does their part through the desk.

A rehearsal plays them with short days. Tests play them on a server where time skips, and with workers that are killed.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from domain.challenges.application import Applying, Receipt
from domain.payments.decisions import Release
from domain.payments.payment import PaymentStatus
from domain.permissions import Actor, Proof
from domain.programmes.programme import Programme
from domain.programmes.round import Challenge
from domain.values.paging import all_of
from store.challenges.rounds import ChallengeRow
from store.payments.reading import Payment

from .desk import Desk

_GLANCE = 0.1
"""Seconds between two looks at what is waited for."""

_WAITS_FOR_PEOPLE = (PaymentStatus.REQUESTED, PaymentStatus.PAYEE_KNOWN)

_Answer = TypeVar("_Answer")


class Player:
    """Everybody who has a part in one challenge.

    A play of another kind overrides how people are sure that they were answered (`ask`), how they wait (`eventually`),
    or what they give.

    Args:
        desk: of a running service.
        challenge: whose people they are.
        programme: what the challenge runs under.
        proof: how each of them is shown to be who they are.
    """

    def __init__(self, desk: Desk, challenge: Challenge, programme: Programme, proof: Proof) -> None:
        self.desk = desk
        self.challenge = challenge
        self.programme = programme
        self._proof = proof
        self._mailboxes: dict[str, str] = {}

    # Who acts, and how.

    @property
    def sponsor(self) -> str:
        """The id of who decides for the sponsor."""
        return self.challenge.deciders[0]

    @property
    def operator(self) -> str:
        """The id of who runs the programme."""
        return self.challenge.operators[0]

    @property
    def finance(self) -> str:
        """The id of who releases payments."""
        return self.challenge.releasers[0]

    def mailbox(self, person: str) -> str:
        """By what name somebody acts: the contact of an application by its address, anybody else by their id."""
        return self._mailboxes.get(person, person)

    async def actor(self, person: str) -> Actor:
        """Somebody with the roles that they have now: a person by their id, a team by the id of its application."""
        return await self.desk.actor(self.mailbox(person), self._proof)

    async def ask(self, request: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """Asks the desk for what can safely be asked for again: here once."""
        return await request()

    # What people do.

    async def hand_in(self, applying: Applying) -> Receipt:
        """Somebody applies."""
        receipt = await self.desk.applications.apply(Actor(), self.challenge.id, applying)
        self._mailboxes[receipt.application] = applying.email
        return receipt

    async def decide(self, kind: str, by: str = "", **fields: object) -> str:
        """Somebody decides, for the sponsor if nobody else is named; see `Challenges.decide`."""
        fields = {"decision_id": uuid.uuid4().hex, **fields}

        async def request() -> str:
            actor = await self.actor(by or self.sponsor)
            return await self.desk.challenges.decide(actor, self.challenge.id, kind, **fields)

        return await self.ask(request)

    async def select(self, stage: str, teams: Sequence[str], **fields: object) -> str:
        """The sponsor selects teams for a stage; see `domain.challenges.decisions.Select`."""
        return await self.decide("select", self.sponsor, stage=stage, teams=teams, **fields)

    async def take_part(self, stage: str, people: int, summary: str) -> str:
        """Citizens meet today, as the operator reports."""
        today = self.desk.now().to_tz(self.programme.time_zone).date()
        return await self.decide("participation", self.operator, stage=stage, on=today, people=people, summary=summary)

    async def retry(self, what: str) -> str:
        """An operator lets the challenge, or the payment of a key, try again what needs attention."""
        subject = self.desk.challenges if what == self.challenge.id else self.desk.payments

        async def request() -> str:
            return await subject.retry(await self.actor(self.operator), what)

        return await self.ask(request)

    # What becomes of the payments.

    def account(self, team: str) -> Mapping[str, str]:
        """The bank details that a team gives."""
        return {"holder": f"Account of {team}"[:70], "sort_code": "60-16-13", "number": "31926819"}

    async def give_payee(self, team: str, by: str = "", **account: str) -> str:
        """A team gives its bank details, or somebody gives them for it; with other fields of them if they are named."""
        given = {**self.account(team), **account}

        async def request() -> str:
            giver = await self.actor(by or team)
            return (await self.desk.payments.give_payee(giver, self.challenge.id, team, given)).text

        return await self.ask(request)

    async def decide_payment(self, key: str, kind: str, by: str, **fields: object) -> str:
        """Somebody decides about a payment; see `Payments.decide`."""
        return await self.desk.payments.decide(await self.actor(by), key, kind, **fields)

    async def release(self, key: str, by: str = "", **fields: object) -> str:
        """Somebody releases a payment, finance if nobody else is named, to the bank details that the ledger has now."""

        async def request() -> Payment:
            return await self.desk.payments.find(await self.actor(self.operator), key)

        fields = {"payee_version": (await self.ask(request)).payee_version, **fields}
        return await self.decide_payment(key, Release.kind, by or self.finance, **fields)

    async def get_paid(self) -> bool:
        """Teams that are asked for their bank details give them, and finance releases what waits for its release.

        Returns:
            Whether no payment waited for any of them.
        """
        waiting = [each for each in await self.ledger() if each.status in _WAITS_FOR_PEOPLE]
        for team in dict.fromkeys(each.team for each in waiting if not each.payee):
            await self.give_payee(team)
        for payment in waiting:
            if payment.status is PaymentStatus.PAYEE_KNOWN:
                await self.release(payment.key)
        return not waiting

    async def ledger(self) -> tuple[Payment, ...]:
        """The challenge's part of the ledger, as the operator reads it."""

        async def request() -> tuple[Payment, ...]:
            operator = await self.actor(self.operator)
            return await all_of(lambda page: self.desk.payments.list(operator, page, self.challenge.id))

        return await self.ask(request)

    # What people wait for.

    async def row(self) -> ChallengeRow:
        """Where the challenge stands."""
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
        """Waits until something is so; looks again and again, here without end."""
        while not await came():  # noqa: ASYNC110
            await asyncio.sleep(_GLANCE)
