"""Decisions in a second that the desk signs and the worker checks, against the same decisions without a proof."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from typing import NamedTuple

from temporalio.client import Client
from whenever import Instant

from desk.desk import Desk
from domain.challenges.decisions import PublishAnswer
from domain.challenges.messages import content_of
from domain.identity.proof import AT_TERMINAL
from domain.permissions import Actor
from store.challenges.rounds import ChallengeRow
from store.database.database import Database

from .databases import SQLITE, database, keep
from .measuring import Compared, Measurement, say
from .pilot import pilot
from .playing import open_challenge, options_for, service_worker
from .temporal import PATIENCE, Watch, dev_server

NAME = "signing"
_AIM = 1 / 1.05
_numbers = itertools.count(1)


class Side(NamedTuple):
    """One side of one round.

    Args:
        rate: decisions a second.
        cost: processor seconds of desk and worker for each decision, without the server's.
    """

    rate: float
    cost: float


def measure(small: bool) -> Iterator[Measurement]:
    """Answers to questions, sent as updates to an open challenge by a desk, and done by a worker in the same process.

    The two sides take turns with each decision, one after the other, so that a history that grows and other work on the
    machine affect both alike. The decisions, the checks of their rules, and what the worker writes are the same; one
    side also has a signature made, carried, checked, and kept with the line of the record.

    Args:
        small: whether a few are enough, only to see that the measurement works.
    """
    number, rounds = (1, 1) if small else (10, 60)
    pairs = asyncio.run(_pairs(number, rounds))
    compared = Compared.of([(signed.rate, bare.rate) for signed, bare in pairs])
    cost = Compared.of([(signed.cost, bare.cost) for signed, bare in pairs])
    yield Measurement(
        name=NAME,
        what="Signed decisions, one after the other, against decisions without a proof.",
        unit="a second",
        figure=compared.figure,
        floor=compared.floor,
        ratio=compared.ratio,
        aim=f"at least {_AIM:.2f} of the floor, so that a signed decision takes at most 1.05 times as long",
        met=compared.ratio >= _AIM,
        notes=(
            compared.spread,
            f"Desk and worker need {cost.figure * 1000:.1f} ms of processor time for a signed decision, and "
            f"{cost.floor * 1000:.1f} ms for one without a proof; {cost.spread}",
        ),
    )


async def _pairs(number: int, rounds: int) -> list[tuple[Side, Side]]:
    """The decisions with a proof and without, for each round."""
    pairs = list[tuple[Side, Side]]()
    async with dev_server(Watch()) as client:
        with database(SQLITE) as kept:
            async with service_worker(client, kept):
                office = await _Office.at(client, kept)
                try:
                    for _ in range(rounds + 1):
                        pairs.append(await office.round(number))
                        say("  {:.1f} a second, without a proof {:.1f}".format(*(side.rate for side in pairs[-1])))
                finally:
                    office.close()
    return pairs[1:]  # the first round warms both sides up


class _Office:
    """An operator who answers questions, at a desk.

    Args:
        desk: the desk.
        actor: the operator.
        row: the challenge.
    """

    def __init__(self, desk: Desk, actor: Actor, row: ChallengeRow) -> None:
        self._desk = desk
        self._actor = actor
        self._row = row

    @classmethod
    async def at(cls, client: Client, kept: Database) -> _Office:
        """Opens a challenge, and a desk beside it."""

        async def connect() -> Client:
            return client

        round_, programme, challenges = pilot()
        now = Instant.now()
        challenge = challenges[0].model_copy(update={"opens": now, "closes": now.add(hours=24)})
        keep(kept, round_, programme, (challenge,))
        await open_challenge(client, challenge, programme)
        desk = Desk(options_for(kept), kept, connect)
        actor = await desk.actor(challenge.operators[0], AT_TERMINAL)
        return cls(desk, actor, await desk.core.find(challenge.id))

    async def round(self, number: int) -> tuple[Side, Side]:
        """So many decisions of each side, which take turns."""
        took, cost = {True: 0.0, False: 0.0}, {True: 0.0, False: 0.0}
        async with asyncio.timeout(PATIENCE):
            for turn in range(number):
                for signed in (True, False) if turn % 2 else (False, True):
                    began, before = time.perf_counter(), time.process_time()
                    await self._answer(signed=signed)
                    took[signed] += time.perf_counter() - began
                    cost[signed] += time.process_time() - before
        signed_side, bare_side = (Side(number / took[each], cost[each] / number) for each in (True, False))
        return signed_side, bare_side

    async def _answer(self, *, signed: bool) -> None:
        core, row, kind = self._desk.core, self._row, PublishAnswer.kind
        name = f"decision-{next(_numbers):08d}"  # of one length, whichever side it is for
        text = {"question": f"Is {name} allowed?", "answer": "It is."}
        message = PublishAnswer(by=self._actor.grants[0].person, decision_id=name, **text)
        proof = await core.signing.signed(self._actor, row.place, row.id, kind, message) if signed else ""
        await core.temporal.update(row.id, kind, [message], id=f"{name}/{content_of(message)}", proof=proof)

    def close(self) -> None:
        """Waits until the desk has done all work."""
        self._desk.close()
