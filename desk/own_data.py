"""Somebody's own data: shown to them whole, and erased as far as they can do it alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.announcements.announcement import Announcement, Entry
from domain.permissions import Action, Actor, Role
from domain.values.addresses import mailbox_of
from domain.values.refusals import NotAllowed, NotProven, TooLate, UnknownTeam
from store import erasure, own_data
from store.challenges import rounds
from store.challenges.rounds import ChallengeRow

from .core import Core


class OwnData:
    """What people do with their own data."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def read(self, actor: Actor) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """All that the service has of the actor, by subject; see `store.own_data.read`.

        Raises:
            NotAllowed: the actor is nobody who signed in by a mailbox.
            Unavailable: the database cannot be read.
        """
        return await self._core.threads.read(own_data.read, self._core.database, self._mailbox(actor))

    async def erase_draft(self, actor: Actor, application: str) -> None:
        """Erases a draft of the actor's that was never sent, with its files and letters, at once and for good.

        The files of the database are not written anew: this holds everybody up, and whoever erases drafts could do so
        again and again. The worker removes the content of attached files.

        Args:
            actor: who asks: whoever has the draft's address.
            application: id of the draft.

        Raises:
            UnknownTeam: there is no such draft.
            NotAllowed: it is not theirs. This is on the record.
            TooLate: it was sent: it is an application now.
            Unavailable: the database cannot be written to.
        """
        self._mailbox(actor)
        row = await self._core.threads.read(rounds.challenge_of, self._core.database, application)
        async with self._core.refusals_on_record(actor, Action.OWN_DATA, row):
            own = {each.person for each in actor.roles(row.place) if each.role is Role.TEAM}
            if application not in own:
                raise NotAllowed(f"{self._core.shown(actor)} may not erase {application}: its contact may.")
        await self._core.threads.write(self._erase, actor, row, application)

    def _mailbox(self, actor: Actor) -> str:
        self._core.allow_anyone(actor, Action.OWN_DATA)
        if not self._core.is_believed(actor):
            raise NotProven("Data belongs to a mailbox: sign in first. A name alone is not enough.")
        if "@" not in actor.name:
            raise NotAllowed("Data belongs to a mailbox: sign in first.")
        return mailbox_of(actor.name)

    def _erase(self, actor: Actor, row: ChallengeRow, application: str) -> None:
        database, now = self._core.database, self._core.now()
        found = erasure.find(database, team=application)
        if found.applications:
            raise TooLate(f"{application} was sent: withdraw the application, then ask the programme office to erase.")
        if not found.drafts:
            raise UnknownTeam(f"There is no draft {application}.")
        text = f"Erased: the draft {application}, which was not sent"
        entry = Entry(at=now, by=application, role=str(Role.TEAM), action=Action.OWN_DATA, text=text)
        line = Announcement(key=f"{row.id}/erase-draft/{application}", challenge=row.id, entry=entry)
        proven = line.proven(actor.proof.on_record)
        erasure.erase(database, [proven], found, "", now, self._core.letters.compose)
