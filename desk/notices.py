"""Notices: what was sent to whom, sending again, and the words of each occasion."""

from __future__ import annotations

import asyncio

from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from domain.announcements.occasions import Occasion
from domain.permissions import Action, Actor
from domain.values.paging import Page, Paged
from domain.values.refusals import NotConfirmed, TooLate, Unavailable, UnknownNotice
from store.outbox import failing
from store.record import notices
from store.record.notices import Letter, Notice
from workflows import interface

from .core import Core
from .preview import pilot_facts

NOTICES = interface.NOTICES
"""What the sending of notices is called."""

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
        """The notices about the challenges whose notices somebody may read, or about one; oldest first.

        Args:
            actor: who reads them.
            page: which part of the list.
            challenge: name of the one; all that are theirs if left out.
            status: only those that have come so far, such as "failed".
            occasion: only those about this.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed: they are not theirs to read.
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
        """One notice, by its key or the end of it.

        Raises:
            UnknownNotice: there is none, or several.
            NotAllowed: it is not theirs to read.
        """
        return await self._found(actor, Action.READ_NOTICES, key)

    async def send_again(self, actor: Actor, key: str) -> str:
        """Lets a notice that failed be sent again; gives its key.

        Args:
            actor: who asks.
            key: its key, or the end of it.

        Raises:
            UnknownNotice: there is none, or several.
            NotAllowed: it is not theirs to send.
            NotSentAgain: it did not fail, or says what is no longer so.
        """
        found = await self._found(actor, Action.RESEND, key)
        return await self._core.threads.write(failing.send_again, self._core.database, found.key, self._core.now())

    async def _found(self, actor: Actor, action: Action, key: str) -> Notice:
        if len(key) > _LONGEST_KEY:  # a database does not even look
            raise UnknownNotice(f"No notice has a key of {len(key):,} characters: see `notices`.")
        notice = await self._core.threads.read(notices.find_notice, self._core.database, key)
        await self._core.allow(actor, action, await self._core.find(notice.challenge))
        return notice

    async def preview(self, actor: Actor, *occasions: Occasion) -> dict[Occasion, Letter]:
        """The words of some occasions, as they would be in the pilot; anyone may see them.

        It needs neither database nor Temporal.

        Raises:
            FileRefused: the files of the words, or of the pilot, are wrong.
        """
        self._core.allow_anyone(actor, Action.PREVIEW)
        return await self._core.threads.read(self._preview, occasions)

    def _preview(self, occasions: tuple[Occasion, ...]) -> dict[Occasion, Letter]:
        facts = pilot_facts()
        return {occasion: self._core.letters.preview(occasion, facts[occasion]) for occasion in occasions}

    async def retry(self, actor: Actor) -> str:
        """Lets notices be sent again after what kept them was mended; says what that was.

        Raises:
            NotAllowed: they are operator or releaser of no round.
            TooLate: nothing sends notices here.
            NotConfirmed: no answer came in time.
        """
        await self._core.reach(actor, Action.RETRY, await self._core.challenges())
        handle = (await self._core.client()).get_workflow_handle(interface.NOTICES)
        try:
            answer: str = await asyncio.wait_for(
                handle.execute_update(interface.RETRY, result_type=str), self._core.options.answer_within
            )
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            raise NotConfirmed("The sending of notices has not answered: see whether a worker runs.") from None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise TooLate("Nothing sends notices here: they stay in the outbox, see `notices`.") from None
            raise Unavailable(f"Temporal did not take it: {error.message}. Try again.") from None
        return answer
