"""Somebody's own applications: where they stand, their letters, feedback and payments. Temporal is never asked."""

from __future__ import annotations

from domain.challenges.sent_evidence import EvidenceOf
from domain.challenges.standing import Deadline, Own, Where, deadlines, where
from domain.permissions import RIGHTS, Action, Actor
from domain.values.model import Value
from domain.values.paging import Page, Paged
from domain.values.refusals import NotAllowed, UnknownTeam
from store.challenges import evidence, own, rounds
from store.challenges.own import GivenFeedback, OwnLetter, PayeeVersion
from store.challenges.rounds import ChallengeRow
from store.payments import reading
from store.payments.reading import Payment

from .core import Core

MOST = 200
"""How many of their own applications somebody sees in one list."""


class Standing(Value):
    """Where an application stands, and what comes next.

    Args:
        own: the application.
        where: where it stands now.
        next: what comes next, the earliest first.
        is_contact: whether whoever asks is its contact, and not only invited to write it.
    """

    own: Own
    where: Where
    next: tuple[Deadline, ...]
    is_contact: bool = True


class Followed(Value):
    """All that the people of an application see of it.

    Args:
        standing: where it stands.
        feedback: that they were told.
        payments: to the team, in the order in which they were requested.
        bank_details: in all versions, masked.
        evidence: the instalments that are paid on evidence, with what was sent and decided.
    """

    standing: Standing
    feedback: tuple[GivenFeedback, ...] = ()
    payments: tuple[Payment, ...] = ()
    bank_details: tuple[PayeeVersion, ...] = ()
    evidence: tuple[EvidenceOf, ...] = ()


class OwnApplications:
    """What people see of their own applications."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def list(self, actor: Actor) -> tuple[Standing, ...]:
        """The applications and drafts of whoever asks, also those that they were invited to write.

        What still has a date to come stands first, by this date.

        Args:
            actor: who asks.

        Raises:
            NotAllowed: they have none.
            NotProven: the actor has only given a name, and the service asks for more.
            Unavailable: the database cannot be read.
        """
        rows = await self._core.reach(actor, Action.READ_DRAFT, await self._core.challenges())
        roles = RIGHTS[Action.READ_DRAFT].roles
        mine = {each.person for row in rows for each in actor.roles(row.place) if each.role in roles}
        found = await self._core.threads.read(own.read, self._core.database, sorted(mine)[:MOST])
        contact = {each.person for each in actor.grants if each.role in RIGHTS[Action.READ_OWN].roles}
        standings = [self._standing(each, is_contact=each.application in contact) for each in found]
        return tuple(sorted(standings, key=_by_date))

    async def find(self, actor: Actor, application: str) -> Followed:
        """One application of whoever asks, with all that they see of it.

        Args:
            actor: who asks: its contact.
            application: its id.

        Raises:
            UnknownTeam: there is none.
            NotAllowed: it is not theirs. This is on the record. Fronts show the same for both.
            Unavailable: the database cannot be read.
        """
        row = await row_of_own(self._core, actor, Action.READ_OWN, application)
        return await self._core.threads.read(self._followed, row, application)

    async def letters(self, actor: Actor, page: Page, application: str) -> Paged[OwnLetter]:
        """A page of the letters to the contact of an application, oldest first; see `find`.

        Raises:
            UnknownTeam, NotAllowed: as in `find`.
            NotReadable: no page begins there.
        """
        row = await row_of_own(self._core, actor, Action.READ_OWN, application)
        return await self._core.threads.read(own.letters, self._core.database, page, row.id, application)

    async def letter(self, actor: Actor, application: str, key: str) -> OwnLetter:
        """One letter, as it was written; see `find`.

        Raises:
            UnknownTeam, NotAllowed: as in `find`.
            UnknownNotice: the application has no such letter. This is on the record: it may be a letter to others.
        """
        row = await row_of_own(self._core, actor, Action.READ_OWN, application)
        async with self._core.refusals_on_record(actor, Action.READ_OWN, row):
            return await self._core.threads.read(own.letter, self._core.database, row.id, application, key)

    def _followed(self, row: ChallengeRow, application: str) -> Followed:
        database = self._core.database
        found = own.read(database, (application,))
        if not found:
            raise UnknownTeam(f"{application} was erased.")
        return Followed(
            standing=self._standing(found[0]),
            feedback=own.feedback(database, application),
            payments=reading.payments_of_team(database, row.id, application),
            bank_details=own.bank_details(database, application),
            evidence=evidence.read(database, application),
        )

    def _standing(self, found: Own, *, is_contact: bool = True) -> Standing:
        now = self._core.now()
        return Standing(own=found, where=where(found, now), next=deadlines(found, now), is_contact=is_contact)


async def row_of_own(core: Core, actor: Actor, action: Action, application: str) -> ChallengeRow:
    """The challenge of an application, if the application belongs to whoever asks.

    Args:
        core: of the desk.
        actor: who asks.
        action: what for.
        application: its id.

    Raises:
        UnknownTeam: there is no such application.
        NotAllowed: it is not theirs. This is on the record. Fronts show the same for both.
        Unavailable: the database cannot be read.
    """
    row = await core.threads.read(rounds.challenge_of, core.database, application)
    await core.allow(actor, action, row, application)
    async with core.refusals_on_record(actor, action, row):
        roles = RIGHTS[action].roles
        if application not in {each.person for each in actor.roles(row.place) if each.role in roles}:
            raise NotAllowed(f"{core.shown(actor)} does not follow {application}: its contact does.")
    return row


def _by_date(standing: Standing) -> tuple[bool, str, str]:
    first = standing.next[0].at.format_iso() if standing.next else ""
    return not first, first, standing.own.application
