"""Declarations of interest: applicants by name, and what somebody has to do with them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import partial

from pydantic import ValidationError
from whenever import Instant

from domain.announcements.announcement import Announcement, Entry
from domain.judging.interests import Declared, Interest, declared_in_words
from domain.judging.marks import check_id
from domain.payments.payment import payment_to_make
from domain.permissions import Action, Actor, Grant
from domain.values.paging import Page, Paged
from domain.values.refusals import NotReadable, Problem
from domain.values.wording import listed
from store.challenges.rounds import ChallengeRow
from store.judging import interests
from store.payments import shut_out
from store.payments.shut_out import ToMake

from .core import Core
from .payment_workflows import PaymentWorkflows


class Interests:
    """What people declare before they read, score or decide."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._workflows = PaymentWorkflows(core)

    async def list(self, actor: Actor, page: Page, challenge: str) -> Paged[Interest]:
        """The applicants to a challenge by name, with what the actor declared. Nothing of what they wrote.

        Args:
            actor: who declares.
            page: which part of the list.
            challenge: its name.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed: the actor has nothing to declare here.
            WindowNotSealed: nobody sees yet who applied.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.DECLARE_INTERESTS, row)
        return await self._core.threads.read(
            interests.page_of_interests, self._core.database, page, row.id, grant.person
        )

    async def declare(
        self, actor: Actor, challenge: str, application: str, what: str = "", *, conflict: bool = False
    ) -> str:
        """Declares what the actor has to do with one applicant. This counts at once.

        Args:
            actor: who declares.
            challenge: its name.
            application: id of the application.
            what: what they have to do with the applicant; empty if nothing. The record never says it.
            conflict: whether this shuts them out of the application.

        Returns:
            What the record says.

        Raises:
            UnknownChallenge, UnknownTeam: there is no such challenge or application.
            NotAllowed, WindowNotSealed: see `list`.
            NotReadable: the words are too long, or a conflict has none.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.DECLARE_INTERESTS, row)
        async with self._core.refusals_on_record(actor, Action.DECLARE_INTERESTS, row):
            check_id(application)
            return await self._keep(actor, row, grant, _declared(application, what, conflict))

    async def declare_none(self, actor: Actor, challenge: str) -> str:
        """Declares that the actor has nothing to do with any applicant for whom they have declared nothing yet.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed, WindowNotSealed: see `list`.
            InterestsMissing: some of these applicants may be known to the actor, who has to name them.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.DECLARE_INTERESTS, row)
        async with self._core.refusals_on_record(actor, Action.DECLARE_INTERESTS, row):
            return await self._keep(actor, row, grant, None)

    async def conflicts(self, actor: Actor, challenge: str) -> tuple[str, ...]:
        """The applications with which the actor declared a conflict of interest: lists leave them out.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed, WindowNotSealed: see `list`.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.DECLARE_INTERESTS, row)
        return await self._core.threads.read(interests.read_conflicts, self._core.database, row.id, grant.person)

    async def _keep(self, actor: Actor, row: ChallengeRow, grant: Grant, declared: Declared | None) -> str:
        now, compose = self._core.now(), self._core.letters.compose

        def announcing(new: Sequence[Declared]) -> Announcement:
            return _announced(row, grant, new, now).proven(actor.proof.on_record)

        to_make = await self._to_make(row, grant.person, declared)
        kept = await self._core.threads.write(
            interests.declare, self._core.database, row.id, grant.person, declared, now, announcing, compose, to_make
        )
        await self._workflows.ledger_changed(kept.void)
        if not kept.new:
            which = declared.application if declared else "all applicants"
            return f"{grant.person} has declared this for {which} before: nothing has changed"
        void = f"; released by them, and to be released by somebody else: {listed(kept.void)}" if kept.void else ""
        return declared_in_words(grant.person, kept.new) + void

    async def _to_make(self, row: ChallengeRow, person: str, declared: Declared | None) -> ToMake | None:
        """What is needed to take back the releases of somebody who is shut out; None if there are none."""
        if declared is None or not declared.conflict:
            return None
        database, team = self._core.database, declared.application
        if not await self._core.threads.read(shut_out.has_released, database, team, person):
            return None
        return partial(payment_to_make, await self._core.state(row))


def _declared(application: str, what: str, conflict: bool) -> Declared:
    try:
        return Declared(application=application, what=what, conflict=conflict)
    except ValidationError:
        text = (
            f"The declaration has {len(what):,} characters: write at most 2,000."
            if what.strip()
            else f"A conflict of interest with {application} needs words: say what you have to do with the applicant."
        )
        raise NotReadable.for_problems([Problem(field="what", text=text)]) from None


def _announced(row: ChallengeRow, grant: Grant, declared: Sequence[Declared], now: Instant) -> Announcement:
    return Announcement(
        key=f"{row.id}/interests/{uuid.uuid4().hex}",
        challenge=row.id,
        entry=Entry(
            at=now,
            by=grant.person,
            role=str(grant.role),
            action=str(Action.DECLARE_INTERESTS),
            stage=row.stage,
            text=declared_in_words(grant.person, declared),
        ),
    )
