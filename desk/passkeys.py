"""Passkeys: what people do about their own, and what an operator does for those who have lost theirs."""

from __future__ import annotations

import builtins
from collections.abc import Mapping

from domain.announcements.announcement import Announcement
from domain.identity.passkey import Passkey, about_passkey
from domain.identity.session import Session
from domain.permissions import Action, Actor, Grant, Role
from domain.values.refusals import ReasonMissing
from domain.values.text import on_one_line
from identity import passkeys

from .core import Core
from .people_places import Places, allowed_at, mailbox_named, places_of


class Passkeys:
    """What is done about passkeys. To use one is no more than to sign in: see `identity.passkeys`."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._keys = passkeys.Passkeys(core.options, core.database, core.now)

    async def add(self, actor: Actor, session: Session, name: str, answer: str) -> Passkey:
        """Adds the passkey that somebody's browser has made. The person is told, and the record has it.

        Args:
            actor: whoever is signed in.
            session: theirs.
            name: by which they will know it.
            answer: what the browser says, as JSON.

        Raises:
            Refused: see `identity.passkeys.Passkeys.add`.
        """
        self._core.allow_anyone(actor, Action.OWN_PASSKEYS)
        places = await places_of(self._core, session.mailbox)

        def said(passkey: Passkey) -> tuple[Announcement, ...]:
            return self._said(actor, passkey, places, _own(places), added=True)

        return await self._core.threads.write(self._keys.add, session, name, answer, said, self._core.letters.compose)

    async def remove_own(self, actor: Actor, session: Session, passkey: str) -> Passkey:
        """Removes a passkey of whoever is signed in. The person is told, and the record has it.

        Args:
            actor: whoever is signed in.
            session: theirs.
            passkey: id of the passkey.

        Raises:
            SecondStepMissing: they have not used a passkey since they signed in.
            UnknownPasskey: they have none with this id.
        """
        self._core.allow_anyone(actor, Action.OWN_PASSKEYS)
        self._keys.check_may_remove(session)
        places = await places_of(self._core, session.mailbox)
        return await self._remove(actor, session.mailbox, passkey, places, _own(places), "")

    async def list(self, actor: Actor, person: str) -> builtins.list[Passkey]:
        """The passkeys of somebody, in the order in which they were added.

        Args:
            actor: an operator of every round in which the person has a role.
            person: the person's id, or their address.

        Raises:
            NotAllowed, NotProven: the actor is no such operator.
            UnknownPerson, NotReadable: nobody has that id, or several people have it, or it is no address.
        """
        await self._core.reach(actor, Action.PASSKEYS, await self._core.challenges())
        mailbox = await mailbox_named(self._core, person)
        await allowed_at(self._core, actor, Action.PASSKEYS, await places_of(self._core, mailbox))
        return builtins.list(await self._core.threads.read(self._keys.of, mailbox))

    async def remove(self, actor: Actor, person: str, passkey: str, reason: str) -> str:
        """Removes a passkey of somebody who has lost it. The person is told, and the record has it.

        Args:
            actor: an operator of every round in which the person has a role.
            person: the person's id, or their address.
            passkey: id of the passkey.
            reason: why.

        Returns:
            What was done, in words.

        Raises:
            NotAllowed, NotProven: the actor is no such operator.
            UnknownPerson, NotReadable: nobody has that id, or several people have it, or it is no address.
            UnknownPasskey: the person has none with this id.
            ReasonMissing: no reason was given.
        """
        await self._core.reach(actor, Action.PASSKEYS, await self._core.challenges())
        mailbox = await mailbox_named(self._core, person)
        places = await places_of(self._core, mailbox)
        removers = await allowed_at(self._core, actor, Action.PASSKEYS, places)
        if not reason.strip():
            raise ReasonMissing("To remove a passkey of somebody needs a reason, for the record.")
        removed = await self._remove(actor, mailbox, passkey, places, removers, on_one_line(reason))
        return f"The passkey {removed.name} of {person} was removed"

    async def _remove(
        self, actor: Actor, mailbox: str, passkey: str, places: Places, by: Mapping[str, Grant], reason: str
    ) -> Passkey:
        def said(removed: Passkey) -> tuple[Announcement, ...]:
            return self._said(actor, removed, places, by, added=False, reason=reason)

        who = next((grant.person for grant in by.values()), "its own person")
        return await self._core.threads.write(
            self._keys.remove, mailbox, passkey, who, said, self._core.letters.compose
        )

    def _said(
        self,
        actor: Actor,
        passkey: Passkey,
        places: Places,
        by: Mapping[str, Grant],
        *,
        added: bool,
        reason: str = "",
    ) -> tuple[Announcement, ...]:
        """What the record of each challenge of the person says. One notice is enough.

        Somebody who only writes with others gets none: an application has one address, which is not theirs.
        """
        now, proof = self._core.now(), actor.proof.shown
        first = next((number for number, (_, grant) in enumerate(places) if grant.role is not Role.WRITER), None)
        return tuple(
            about_passkey(
                row.id,
                row.stage,
                passkey,
                grant,
                by[row.id],
                proof,
                now,
                reason=reason,
                added=added,
                told=number == first,
            )
            for number, (row, grant) in enumerate(places)
        )


def _own(places: Places) -> Mapping[str, Grant]:
    return {row.id: grant for row, grant in places}
