"""The chain of the record: verifying it, and the heads that people keep elsewhere."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence

from domain.announcements.announcement import Announcement, Entry, to_people
from domain.announcements.chain import Head, Verified
from domain.announcements.occasions import Occasion
from domain.permissions import Action, Actor, Grant
from domain.values.refusals import UnknownPerson
from domain.values.wording import counted
from store.challenges import people
from store.challenges.rounds import ChallengeRow
from store.record import verifying

from .core import Core


class RecordChain:
    """What people do to know that the record is as it was written."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def verify(self, actor: Actor, challenge: str | None = None, kept: Sequence[Head] = ()) -> Verified:
        """Verifies the records that the actor may read, or one of them.

        Args:
            actor: who asks.
            challenge: its name; none for all of them.
            kept: heads that were kept elsewhere.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed: the actor may not read these records.
            Unavailable: the keys of the chain cannot be used here.
        """
        theirs = await self._core.theirs(actor, Action.READ_RECORD, challenge)
        those = None if len(theirs) == len(await self._core.challenges()) else theirs
        return await self._core.threads.read(verifying.verify, self._core.database, those, kept)

    async def heads(self, actor: Actor, challenge: str | None = None) -> tuple[Head, ...]:
        """The last line of each record that the actor may read.

        Args:
            actor: who asks.
            challenge: its name; none for all of them.

        Raises:
            UnknownChallenge: there is no such challenge.
            NotAllowed: the actor may not read these records.
        """
        theirs = await self._core.theirs(actor, Action.READ_RECORD, challenge)
        return await self._core.threads.read(verifying.heads, self._core.database, theirs)

    async def tell_heads(self, actor: Actor, whom: Sequence[str]) -> tuple[Head, ...]:
        """Sends the heads of the records to people by notice: one letter for each round, which is on the record.

        Args:
            actor: who has them told.
            whom: ids of people of the rounds. Each gets the heads of the rounds that know them.

        Returns:
            The heads that were told.

        Raises:
            NotAllowed: the actor is no operator.
            UnknownPerson: no round of the actor's knows one of these people. Then nobody is told.
        """
        rows = {row.id: row for row in await self._core.reach(actor, Action.TELL_HEADS, await self._core.challenges())}
        rounds, known = defaultdict[str, list[Head]](list), defaultdict[str, set[str]](set)
        for head in await self._core.threads.read(verifying.heads, self._core.database, tuple(rows)):
            rounds[rows[head.challenge].round].append(head)
        for row in rows.values():
            those = await self._core.threads.read(people.people_of, self._core.database, row.round, row.sponsor)
            known[row.round].update(*those.values())
        if strangers := [each for each in whom if not any(each in those for those in known.values())]:
            raise UnknownPerson(f"No round of yours knows {', '.join(strangers)}: name people who have a role in one.")
        told = list[Head]()
        for round_, heads in rounds.items():
            if named := tuple(each for each in dict.fromkeys(whom) if each in known[round_]):
                row = rows[heads[0].challenge]
                grant = await self._core.allow(actor, Action.TELL_HEADS, row)
                announcement = self._telling(row, heads, named, grant)
                await self._core.announce(announcement.proven(actor.proof.on_record))
                told += heads
        return tuple(told)

    def _telling(self, row: ChallengeRow, heads: Sequence[Head], whom: tuple[str, ...], grant: Grant) -> Announcement:
        """One letter for a round, on the record of its first challenge."""
        text = f"The heads of {counted(len(heads), 'record')} of {row.round} were told to {', '.join(whom)}"
        entry = Entry(
            at=self._core.now(),
            by=grant.person,
            role=str(grant.role),
            action=str(Action.TELL_HEADS),
            stage=row.stage,
            text=text,
        )
        facts = {"heads": "\n".join(map(str, heads)), "round": row.round}
        notice = to_people(whom, Occasion.RECORD_HEADS, facts)
        key = f"{row.id}/heads/{uuid.uuid4().hex}"
        return Announcement(key=key, challenge=row.id, entry=entry, notices=(notice,))
