"""Notices: what was sent to whom, sending again, and the words of each occasion."""

from __future__ import annotations

from domain.announcements.occasions import Occasion
from domain.permissions import Action, Actor
from domain.values.paging import Page, Paged
from domain.values.refusals import TooLate, UnknownNotice
from store.outbox import failing
from store.record import notices
from store.record.notices import Letter, Notice
from workflows import interface

from .core import Core
from .preview import pilot_facts
from .temporal import NobodyThere

NOTICES = interface.NOTICES
"""The name of the workflow that sends notices."""

_LONGEST_KEY = 1000


class Notices:
    """What people do with notices."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def list(
        self,
        actor: Actor,
        page: Page,
        challenge: str | None = None,
        *,
        status: str = "",
        occasion: Occasion | None = None,
    ) -> Paged[Notice]:
        """The notices that the actor may read, oldest first.

        Args:
            actor: who reads the notices.
            page: which part of the list.
            challenge: only the notices of this challenge.
            status: only notices with this status, such as "failed".
            occasion: only notices about this occasion.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed: the actor may not read these notices.
        """
        theirs = await self._core.theirs(actor, Action.READ_NOTICES, challenge)
        return await self._core.threads.read(
            notices.page_of_notices,
            self._core.database,
            page,
            challenges=theirs,
            status=status,
            occasion=occasion,
        )

    async def find(self, actor: Actor, key: str) -> Notice:
        """One notice, by its key or by the end of its key.

        Raises:
            UnknownNotice: no notice has this key, or several have this end.
            NotAllowed: the actor may not read the notice.
        """
        return await self._found(actor, Action.READ_NOTICES, key)

    async def send_again(self, actor: Actor, key: str) -> str:
        """Has a failed notice sent again.

        Args:
            actor: who asks.
            key: the notice's key, or the end of the key.

        Returns:
            The notice's whole key.

        Raises:
            UnknownNotice: no notice has this key, or several have this end.
            NotAllowed: the actor may not send the notice again.
            NotSentAgain: the notice did not fail, or its content is no longer true.
        """
        found = await self._found(actor, Action.RESEND, key)
        return await self._core.threads.write(failing.send_again, self._core.database, found.key, self._core.now())

    async def _found(self, actor: Actor, action: Action, key: str) -> Notice:
        if len(key) > _LONGEST_KEY:  # some databases refuse to search for a text of this length
            raise UnknownNotice(f"No notice has a key of {len(key):,} characters: see `notices`.")
        notice = await self._core.threads.read(notices.find_notice, self._core.database, key)
        await self._core.allow(actor, action, await self._core.find(notice.challenge))
        return notice

    async def preview(self, actor: Actor, *occasions: Occasion) -> dict[Occasion, Letter]:
        """The letters for some occasions, with facts from the pilot. Anyone may see the letters.

        A preview needs neither the database nor Temporal.

        Raises:
            FileRefused: a letter's file or a file of the pilot is wrong.
        """
        self._core.allow_anyone(actor, Action.PREVIEW)
        return await self._core.threads.read(self._preview, occasions)

    def _preview(self, occasions: tuple[Occasion, ...]) -> dict[Occasion, Letter]:
        facts = pilot_facts()
        return {occasion: self._core.letters.preview(occasion, facts[occasion]) for occasion in occasions}

    async def retry(self, actor: Actor) -> str:
        """Resumes the sending of notices after somebody has solved the problem that stopped the sending.

        Returns:
            The problem, in words.

        Raises:
            NotAllowed: the actor is not an operator or releaser of any round.
            TooLate: nothing sends notices here.
            NotConfirmed: nobody knows whether the request was taken.
        """
        await self._core.reach(actor, Action.RETRY, await self._core.challenges())
        proof = await self._core.signing.signed(actor, None, interface.NOTICES, interface.RETRY)
        try:
            return await self._core.temporal.update(interface.NOTICES, interface.RETRY, proof=proof)
        except NobodyThere as nobody:
            gone = TooLate("Nothing sends notices here: all notices stay in the outbox, see `notices`.")
            raise nobody.since or gone from None
