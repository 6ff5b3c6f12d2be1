"""Decisions in a second that the desk signs and the worker checks, against the same decisions without a proof."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from temporalio.client import Client
from whenever import Instant

from desk.desk import Desk
from domain.challenges.decisions import PublishAnswer
from domain.challenges.messages import content_of
from domain.identity.proof import AT_TERMINAL
from domain.permissions import Actor
from domain.programmes.programme import Programme
from domain.programmes.round import Challenge
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
    """Answers to questions, sent as updates to open challenges by one desk, and done by one worker in the same process.

    The two sides take turns at the same challenges. The decisions, the checks of their rules, and what the worker
    writes are the same; one side also has a signature made, carried, checked and kept with the line of the record.

    Args:
        small: whether a few are enough, only to see that the measurement works.
    """
    at_once, number, rounds = (1, 2, 1) if small else (8, 24, 40)
    pairs = asyncio.run(_pairs(at_once, number, rounds))
    compared = Compared.of([(signed.rate, bare.rate) for signed, bare in pairs])
    cost = Compared.of([(signed.cost, bare.cost) for signed, bare in pairs])
    yield Measurement(
        name=NAME,
        what=f"Signed decisions, {at_once} at once, against decisions without a proof.",
        unit="a second",
        figure=compared.figure,
        floor=compared.floor,
        ratio=compared.ratio,
        aim=f"at least {_AIM:.2f} of the floor, so that a signed decision takes at most 1.05 times as long",
        met=compared.ratio >= _AIM,
        notes=(
            compared.spread,
            f"Desk and worker need {cost.figure * 1000:.1f} ms of processor time for a signed decision, and "
            f"{cost.floor * 1000:.1f} ms for one without a proof; ratio {cost.ratio:.2f}, {cost.spread}",
        ),
    )


async def _pairs(at_once: int, number: int, rounds: int) -> list[tuple[Side, Side]]:
    """The decisions with a proof and without, for each round."""
    watch = Watch()
    async with dev_server(watch) as client:
        with database(SQLITE) as kept:
            challenges, programme = _challenges(kept, at_once)
            pairs = list[tuple[Side, Side]]()
            async with service_worker(client, kept):
                office = await _Office.at(client, kept, challenges, programme)
                try:
                    for turn in range(rounds + 1):
                        sides = {signed: await office.side(number, signed=signed) for signed in _order(turn)}
                        pairs.append((sides[True], sides[False]))
                        say(f"  {sides[True].rate:.1f} a second, without a proof {sides[False].rate:.1f}")
                finally:
                    office.close()
    return pairs[1:]  # the first round warms both sides up


def _order(turn: int) -> tuple[bool, bool]:
    """Which side comes first alternates: a history gets longer with each decision."""
    return (True, False) if turn % 2 else (False, True)


def _challenges(kept: Database, number: int) -> tuple[tuple[Challenge, ...], Programme]:
    round_, programme, challenges = pilot()
    now = Instant.now()
    times = {"opens": now, "closes": now.add(hours=24)}
    open_ones = tuple(
        challenges[0].model_copy(update={"id": f"signing/signing-{each}", **times}) for each in range(number)
    )
    keep(kept, round_.model_copy(update={"id": "signing"}), programme, open_ones)
    return open_ones, programme


class _Office:
    """An operator who answers questions, at a desk.

    Args:
        desk: the desk.
        actor: the operator.
        rows: the challenges.
    """

    def __init__(self, desk: Desk, actor: Actor, rows: Sequence[ChallengeRow]) -> None:
        self._desk = desk
        self._actor = actor
        self._rows = rows

    @classmethod
    async def at(cls, client: Client, kept: Database, challenges: Sequence[Challenge], programme: Programme) -> _Office:
        """Opens the challenges, and a desk beside them."""

        async def connect() -> Client:
            return client

        desk = Desk(options_for(kept), kept, connect)
        for challenge in challenges:
            await open_challenge(client, challenge, programme)
        actor = await desk.actor(challenges[0].operators[0], AT_TERMINAL)
        return cls(desk, actor, [await desk.core.find(each.id) for each in challenges])

    async def side(self, number: int, *, signed: bool) -> Side:
        """How fast decisions are done, with one at a time for each challenge."""
        share = max(1, number // len(self._rows))
        began, cost = time.perf_counter(), time.process_time()
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            for row in self._rows:
                group.create_task(self._answer(row, share, signed=signed))
        done = share * len(self._rows)
        return Side(done / (time.perf_counter() - began), (time.process_time() - cost) / done)

    async def _answer(self, row: ChallengeRow, times: int, *, signed: bool) -> None:
        core, kind = self._desk.core, PublishAnswer.kind
        for _ in range(times):
            # Of one length, whichever side it is for.
            name = f"decision-{next(_numbers):08d}"
            text = {"question": f"Is {name} allowed?", "answer": "It is."}
            message = PublishAnswer(by=self._actor.grants[0].person, decision_id=name, **text)
            proof = await core.signing.signed(self._actor, row.place, row.id, kind, message) if signed else ""
            own = f"{message.decision_id}/{content_of(message)}"
            await core.temporal.update(row.id, kind, [message], id=own, proof=proof)

    def close(self) -> None:
        """Waits until the desk has done all work."""
        self._desk.close()
