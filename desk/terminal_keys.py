"""Terminal keys: made for a person by an operator, listed, and ended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from domain.announcements.announcement import Announcement
from domain.identity.terminal_key import BY_FIRST, about_key
from domain.permissions import Action, Actor, Grant, grant_for
from domain.values.addresses import mailbox_of
from domain.values.paging import Page, Paged
from domain.values.refusals import UnknownTerminalKey
from identity import terminal
from store.identity import terminal_keys
from store.identity.terminal_keys import TerminalKey as TerminalKey

from .core import Core
from .people_places import Places, allowed_at, mailbox_named, places_of


class TerminalKeys:
    """What is done about the keys with which people sign in at a terminal."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def make(self, actor: Actor, person: str, file: Path, *, first: bool = False) -> TerminalKey:
        """Makes a key for somebody, and writes it into a new file. The person is told.

        Whoever makes a key could use it. So operators make keys for people of their own rounds only, and the record of
        every challenge of the person says who made it.

        Args:
            actor: an operator of every round in which the person has a role.
            person: the person's id, or their address.
            file: the new file. It has to be given to the person's own login.
            first: whether it is the very first key: the login that has the service's signing key makes it.

        Raises:
            NotAllowed, NotProven: the actor may not make this key, or this login not the first one.
            UnknownPerson, NotReadable: nobody has that id, or several people have it, or it is no address.
            TooLate: it is to be the first, and there are keys.
            FileRefused: there is such a file, or it cannot be made.
            Unavailable: the database cannot be used.
        """
        if first:
            await self._core.threads.read(terminal.check_owns_the_service, self._core.options, self._core.now())
        mailbox = await mailbox_named(self._core, person)
        places = await places_of(self._core, mailbox)
        if first:
            makers: Mapping[str, Grant] = dict.fromkeys([row.id for row, _ in places], BY_FIRST)
        else:
            makers = await allowed_at(self._core, actor, Action.TERMINAL_KEYS, places)
        by = BY_FIRST if first else next(iter(makers.values()))

        def said(key: str) -> tuple[Announcement, ...]:
            return self._said(actor, key, places, makers, made=True)

        make, core = terminal.make_key, self._core
        compose = core.letters.compose
        return await core.threads.write(
            make, core.database, file, mailbox, by.person, core.now(), said, compose, only_first=first
        )

    async def list(self, actor: Actor, page: Page) -> Paged[TerminalKey]:
        """The keys that were made, ended ones too: one's own, and for an operator those of people of their rounds.

        Args:
            actor: who asks.
            page: which part of the list. Keys of others are left out of it, so it can have fewer items than its limit.

        Raises:
            NotAllowed, NotProven: the actor is no operator and has no key.
        """
        found = await self._core.threads.read(terminal_keys.page_of_keys, self._core.database, page)
        items = [key for key in found.items if self._is_own(actor, key) or await self._is_in_charge_of(actor, key)]
        if not items:
            await self._core.reach(actor, Action.TERMINAL_KEYS, await self._core.challenges())
        return Paged(items=tuple(items), next=found.next)

    async def end(self, actor: Actor, key: str) -> str:
        """Ends a key for good: from then on its file proves nothing. You can safely call this again.

        Args:
            actor: whose key it is, or an operator of every round in which this person has a role.
            key: id of the key.

        Returns:
            What was done, in words.

        Raises:
            UnknownTerminalKey: there is no such key.
            NotAllowed, NotProven: the actor may not end it.
            Unavailable: the database cannot be used.
        """
        core = self._core
        try:
            found = await core.threads.read(terminal_keys.find, core.database, key)
        except UnknownTerminalKey:  # a stranger does not learn which keys there are
            await core.reach(actor, Action.TERMINAL_KEYS, await core.challenges())
            raise
        places = await places_of(core, found.mailbox)
        if self._is_own(actor, found):
            enders: Mapping[str, Grant] = {row.id: grant for row, grant in places}
        else:
            enders = await allowed_at(self._core, actor, Action.TERMINAL_KEYS, places)
        by = next((grant.person for grant in enders.values()), "its own person")
        said = self._said(actor, key, places, enders, made=False)
        is_new = await core.threads.write(
            terminal_keys.end, core.database, key, by, core.now(), said, core.letters.compose
        )
        return f"The terminal key {key} {'has ended' if is_new else 'had ended before'}"

    def _said(
        self, actor: Actor, key: str, places: Places, by: Mapping[str, Grant], *, made: bool
    ) -> tuple[Announcement, ...]:
        """What the record of each challenge of the person says. One notice is enough."""
        now, proof = self._core.now(), actor.proof.shown
        return tuple(
            about_key(row.id, row.stage, key, grant, by[row.id], proof, now, made=made, told=number == 0)
            for number, (row, grant) in enumerate(places)
        )

    def _is_own(self, actor: Actor, key: TerminalKey) -> bool:
        return self._core.is_believed(actor) and mailbox_of(actor.name) == key.mailbox

    async def _is_in_charge_of(self, actor: Actor, key: TerminalKey) -> bool:
        """Whether somebody is an operator of every round in which the person with the key has a role."""
        if not self._core.is_believed(actor):
            return False
        places = await places_of(self._core, key.mailbox)
        rows = [row for row, _ in places] or await self._core.challenges()
        own = [grant_for(actor, Action.TERMINAL_KEYS, row.place) for row in rows]
        return any(own) and (all(own) or not places)
