"""The people of one challenge in a rehearsal: what all of their parts have in common."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from whenever import Instant

from domain.identity.proof import BY_SERVICE
from domain.permissions import Actor
from domain.programmes.programme import Programme
from domain.programmes.round import Challenge
from domain.values.calendar import seconds_between
from domain.values.refusals import NotConfirmed, RehearsalStopped, Unavailable
from store.challenges.rounds import ChallengeRow

from .desk import Desk
from .player import Player

_Answer = TypeVar("_Answer")

_TRIES = 20
"""How often finance tries to release a payment that is just being ordered."""

Say = Callable[[str, str], None]
"""Called with the challenge concerned, and with a few words on what happened there."""


class Cast(Player):
    """Everybody who has a part in one challenge of a rehearsal.

    Args:
        desk, challenge, programme: see `Player`; with short days.
        day: how many seconds a day lasts.
        glance: seconds between two looks at the challenge.
        say: called for everything that happens.
        chance: decides what people do.

    Attributes:
        day, chance: as given.
        wrong: what the service did and should not have done.
        moved: when something was last done here, by anybody.
    """

    def __init__(
        self,
        desk: Desk,
        programme: Programme,
        challenge: Challenge,
        day: float,
        glance: float,
        say: Say,
        chance: random.Random,
    ) -> None:
        super().__init__(desk, challenge, programme, BY_SERVICE, glance)
        self.day = day
        self.chance = chance
        self.wrong: list[str] = []
        self.moved = desk.now()
        self._say = say
        self._seen = ""
        self._actors: dict[str, Actor] = {}

    async def actor(self, person: str) -> Actor:
        """See `Player`. Each actor is looked up once, because nobody's roles change during a rehearsal."""
        if person not in self._actors:
            self._actors[person] = await super().actor(person)
        return self._actors[person]

    async def ask(self, request: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """See `Player`. Asks again while no answer comes: a busy machine answers late."""
        while True:
            try:
                return await super().ask(request)
            except NotConfirmed:
                continue

    async def act(self, request: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """See `Player`."""
        answer = await super().act(request)
        self.moved = self.desk.now()
        return answer

    async def release(self, key: str, by: str = "", **fields: object) -> str:
        """See `Player`. Tries again if the payment was ordered at this moment, and its workflow is only starting."""
        for _ in range(_TRIES):
            try:
                return await super().release(key, by, **fields)
            except Unavailable:
                await asyncio.sleep(self._glance)
        return await super().release(key, by, **fields)

    async def row(self) -> ChallengeRow:
        """See `Player`."""
        row = await super().row()
        if row.waits_for != self._seen:
            self._seen, self.moved = row.waits_for, self.desk.now()
        return row

    async def waiting_for(self, what: str) -> None:
        """See `Player`. Pays teams while it waits.

        Raises:
            RehearsalStopped: the challenge ended before it waited for this.
        """

        async def does() -> bool:
            # The test reads only the status row, because the status row is all that a person sees.
            row = await self.row()
            if row.waits_for == what:
                return True
            await self.get_paid()
            if row.outcome:
                how = ": ".join(each for each in (row.outcome, row.outcome_reason) if each)
                raise RehearsalStopped(f"{row.id} ended too early ({how}): the rehearsal expected the {what}.")
            return False

        await self.eventually(does)

    async def think(self) -> None:
        """Somebody takes some days to decide. Meanwhile, teams are paid."""
        await asyncio.gather(asyncio.sleep(self.day * self.chance.uniform(0.5, 3)), self.get_paid())

    def account(self, team: str) -> Mapping[str, str]:
        """See `Player`."""
        sort_code, number = self.chance.randrange(1, 10**6), self.chance.randrange(1, 10**8)
        return {"holder": f"Account of {team}", "sort_code": f"{sort_code:06d}", "number": f"{number:08d}"}

    async def sleep_until(self, moment: Instant) -> None:
        """Sleeps until an instant. Does not sleep if the instant has passed."""
        await asyncio.sleep(max(0.0, seconds_between(self.desk.now(), moment)))

    def tell(self, what: str) -> None:
        """Tells whoever looks on."""
        self._say(self.challenge.slug, what)

    def short(self, teams: tuple[str, ...]) -> str:
        """Teams by the ends of their ids, for the eye."""
        return ", ".join(team.removeprefix(f"{self.challenge.slug}-") for team in teams)
