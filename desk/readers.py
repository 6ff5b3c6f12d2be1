"""Readers: who reads the applications to a challenge, and what is assigned to whom."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from domain.announcements.announcement import Announcement, Entry
from domain.judging.assignment import assigned_in_words
from domain.judging.marks import check_id
from domain.permissions import Action, Actor
from store.judging import assignments
from store.judging.assignments import Reader as Reader
from store.judging.assignments import Wanted

from .core import Core


class Readers:
    """What is done about the readers of challenges."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def list(self, actor: Actor, challenge: str) -> tuple[Reader, ...]:
        """The readers of a challenge: how many applications each is to read, and how far their declarations are.

        Args:
            actor: who asks.
            challenge: its name.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed: the actor has no role there.
        """
        row = await self._core.find(challenge)
        await self._core.allow(actor, Action.READ_READERS, row)
        return await self._core.threads.read(assignments.read_readers, self._core.database, row.id)

    async def assign(
        self, actor: Actor, challenge: str, *, share: int = 0, reader: str = "", applications: Sequence[str] = ()
    ) -> str:
        """Assigns the applications to a challenge to its readers. This replaces what was assigned before.

        Args:
            actor: who decides it: an operator or a decider.
            challenge: its name.
            share: how many readers each application has, by even shares.
            reader, applications: by hand: what this reader reads from now on; others keep what they have. If neither
                this nor a share is given, every reader reads all.

        Returns:
            What each reader reads from now on, in words.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed: the actor may not.
            WindowNotSealed: nobody knows yet who applied.
            UnknownPerson, UnknownTeam, WrongNumber, ConflictOfInterest: see `assignments.assign`.
        """
        row = await self._core.find(challenge)
        grant = await self._core.allow(actor, Action.ASSIGN, row)
        now = self._core.now()

        def announcing(given: Mapping[str, Sequence[str]]) -> Announcement:
            entry = Entry(
                at=now,
                by=grant.person,
                role=str(grant.role),
                action=str(Action.ASSIGN),
                stage=row.stage,
                text=assigned_in_words(given),
            )
            told = Announcement(key=f"{row.id}/assign/{uuid.uuid4().hex}", challenge=row.id, entry=entry)
            return told.proven(actor.proof.on_record)

        async with self._core.refusals_on_record(actor, Action.ASSIGN, row):
            for application in applications:
                check_id(application)
            given = await self._core.threads.write(
                assignments.assign,
                self._core.database,
                row.id,
                Wanted(share=share, reader=reader, applications=tuple(applications)),
                grant.person,
                now,
                announcing,
                self._core.letters.compose,
            )
        return assigned_in_words(given)
