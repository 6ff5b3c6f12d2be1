"""The keys that sign decisions: made, listed, and retired."""

from __future__ import annotations

import uuid
from enum import StrEnum

from whenever import Instant

from domain.announcements.announcement import Announcement, Entry
from domain.permissions import Action, Actor, grant_for
from domain.values.model import Value
from identity.signing_keys import PublicKey, make_key, read_private, read_public, retire_key

from .core import Core


class Use(StrEnum):
    """What a key is used for now."""

    SIGNS = "signs"
    CHECKS = "checks"
    """It signs nothing any more, and what it has signed is still taken."""
    RETIRED = "retired"
    """What it has signed is taken no more. It still shows that a line of the record was signed."""


class SigningKey(Value):
    """A key.

    Args:
        id: the first 16 characters of the public key's SHA-256.
        use: what it is used for now.
        made: when; None if nobody noted it.
        retired: when; None if it was not.
    """

    id: str
    use: Use
    made: Instant | None
    retired: Instant | None


class SigningKeys:
    """What operators do about the keys that sign. The keys themselves stay in their files."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._files = core.options.signing_key_file, core.options.public_key_file

    async def list(self, actor: Actor) -> tuple[SigningKey, ...]:
        """The keys, the newest first.

        Raises:
            NotAllowed, NotProven: the actor is not an operator of any round.
            Unavailable: the files of the keys cannot be read.
        """
        await self._core.reach(actor, Action.SIGNING_KEYS, await self._core.challenges())
        return await self._core.threads.read(self._list)

    async def make(self, actor: Actor) -> SigningKey:
        """Makes a key, which signs from now on. What older keys have signed is still taken. Nothing has to be stopped.

        Raises:
            NotAllowed, NotProven: the actor is not an operator of any round.
            Unavailable: the files of the keys cannot be written.
        """
        await self._core.reach(actor, Action.SIGNING_KEYS, await self._core.challenges())
        made = await self._core.threads.write(make_key, *self._files, self._core.now())
        await self._tell(actor, f"Signing key {made.id} made")
        return SigningKey(id=made.id, use=Use.SIGNS, made=made.made, retired=None)

    async def retire(self, actor: Actor, key: str) -> SigningKey:
        """Retires a key: its private half is removed, and no message is taken any more that it has signed.

        A message that was signed with it and waits, as while Temporal is away, is refused.

        Args:
            actor: who retires it.
            key: its id, or the beginning of its id.

        Raises:
            NotAllowed, NotProven: the actor is not an operator of any round.
            NotReadable: no key, or several keys, have this id.
            TooLate: the key was retired before, or is the only one that signs.
            Unavailable: the files of the keys cannot be written.
        """
        await self._core.reach(actor, Action.SIGNING_KEYS, await self._core.challenges())
        retired = await self._core.threads.write(retire_key, *self._files, key, self._core.now())
        await self._tell(actor, f"Signing key {retired.id} retired")
        return _listed(retired, "")

    def _list(self) -> tuple[SigningKey, ...]:
        private, public = self._files
        keys = read_public(public)
        signs = PublicKey.of(read_private(private)[0]).id if keys else ""
        return tuple(_listed(each, signs) for each in keys)

    async def _tell(self, actor: Actor, text: str) -> None:
        """Puts it on the record of every challenge that goes on: whoever has a key can decide in anybody's name."""
        now, unique = self._core.now(), uuid.uuid4().hex
        for row in await self._core.challenges():
            grant = grant_for(actor, Action.SIGNING_KEYS, row.place)
            if row.outcome or grant is None:
                continue
            by, role, action = grant.person, str(grant.role), str(Action.SIGNING_KEYS)
            entry = Entry(at=now, by=by, role=role, action=action, stage=row.stage, text=text)
            line = Announcement(key=f"{row.id}/{Action.SIGNING_KEYS}/{unique}", challenge=row.id, entry=entry)
            await self._core.announce(line.proven(actor.proof.on_record))


def _listed(key: PublicKey, signs: str) -> SigningKey:
    use = Use.RETIRED if key.retired else Use.SIGNS if key.id == signs else Use.CHECKS
    return SigningKey(id=key.id, use=use, made=key.made, retired=key.retired)
