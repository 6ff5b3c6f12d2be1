"""Whole applications through the desk: begun, written, looked at and sent, by many at once and at the last moment.

This is what the service does for somebody who applies, without pages and HTTP: the desk asks for the rights at every
step, as for each request of a browser.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median

import psutil
from sqlalchemy import func, select
from temporalio.client import Client
from whenever import Instant, TimeDelta

from desk.desk import Desk
from domain.challenges.draft import Typed
from domain.forms.form import PROPOSAL
from domain.identity.proof import Way
from domain.identity.session import Session
from domain.permissions import Actor
from domain.programmes.round import Challenge
from domain.values.refusals import TooLate, Unavailable
from identity.persons import Persons
from identity.sessions import Sessions
from service.settings import Settings
from store.database import tables
from store.database.database import Database

from .databases import database, keep, kinds, versions
from .fronts import Used, postmaster
from .measuring import Measurement, say
from .pilot import pilot

NAME = "intake"
_TEXT = ("We would put low-cost sensors where people live and show what they measure on an open map. " * 40)[:3_000]
_PEER_RATE, _PEER_CPU = 12.8, 134
"""Submissions a second of pretalx, whose people are signed in, and milliseconds of processors for one: measured on two
cores by ../shared/peer. Only a run beside it, in the same session, says how they compare on another machine."""
_AT_ONCE, _SMALL_AT_ONCE = 50, 3
_EACH, _SMALL_EACH = 6, 1
_LATE, _SMALL_LATE = 200, 6
_PREPARES = 20
"""Seconds in which 200 people can write their drafts before the window closes."""
_LAST_SECONDS = 5


class _Applicants:
    """People who apply, through one desk.

    Args:
        kept: the database behind it.
        challenge: to which they apply.
    """

    def __init__(self, kept: Database, desk: Desk, challenge: Challenge) -> None:
        self.kept = kept
        self._desk = desk
        self._challenge = challenge
        self._sessions, self._persons = Sessions(kept, Instant.now), Persons(kept)

    def signed_in(self, number: int) -> tuple[Session, str]:
        """Somebody who has signed in, with their address."""
        email = f"applicant-{number}@companies.example"
        session, _ = self._sessions.begin(email, Way.LINK)
        return session, email

    async def _actor(self, session: Session) -> Actor:
        """Who somebody is, as every request asks."""
        return await self._desk.core.threads.read(self._persons.actor, session)

    async def write(self, session: Session, email: str) -> str:
        """Begins a draft, writes it and looks at it."""
        begun = await self._desk.drafts.begin(
            await self._actor(session), self._challenge.id, organisation="Tay Ltd", email=email
        )
        draft = begun.draft.application
        typed = Typed(question=PROPOSAL, answer=_TEXT)
        await self._desk.drafts.save(await self._actor(session), draft, [typed])
        checked = await self._desk.drafts.read(await self._actor(session), draft)
        assert not checked.problems, "nothing is missing"
        return draft

    async def send(self, session: Session, draft: str) -> float:
        """Sends a draft. Returns how many seconds that took.

        Raises:
            TooLate: the window is closed.
        """
        actor, begun = await self._actor(session), time.perf_counter()
        await self._desk.drafts.send(actor, draft)
        return time.perf_counter() - begun


def measure(small: bool) -> Iterator[Measurement]:
    """Takes applications, and then those of the last seconds, on the kind of database that production has.

    Args:
        small: whether a few are enough, only to see that the measurement works.
    """
    kind = kinds()[-1]
    at_once, each = (_SMALL_AT_ONCE, _SMALL_EACH) if small else (_AT_ONCE, _EACH)
    say(f"  {kind}, {at_once} at once")
    with _open(kind, 24 * 60 * 60) as people:
        yield from asyncio.run(_under_load(people, kind, at_once, each))
    late = _SMALL_LATE if small else _LATE
    say(f"  {kind}, {late} at the last moment")
    prepares = 3 if small else _PREPARES
    with _open(kind, prepares) as people:
        yield asyncio.run(_at_the_last_moment(people, kind, late, 1 if small else _LAST_SECONDS))


@contextmanager
def _open(kind: str, closes_in: float) -> Iterator[_Applicants]:
    async def away() -> Client:
        raise Unavailable("No Temporal server answers.")

    with database(kind) as kept:
        round_, programme, challenges = pilot()
        now = Instant.now()
        dates = {"opens": now, "closes": now + TimeDelta(seconds=closes_in)}
        challenge = challenges[0].model_copy(update=dates)
        keep(kept, round_, programme, (challenge,))
        desk = Desk(Settings(), kept, away, Instant.now)
        try:
            yield _Applicants(kept, desk, challenge)
        finally:
            desk.close()


async def _under_load(people: _Applicants, kind: str, at_once: int, each: int) -> tuple[Measurement, Measurement]:
    sent: list[float] = []
    known = [people.signed_in(number) for number in range(at_once)]

    async def apply(session: Session, email: str) -> None:
        for _ in range(each):
            sent.append(await people.send(session, await people.write(session, email)))

    await people.write(*people.signed_in(at_once))  # so that nothing is made ready while it is measured
    with Used(service=psutil.Process(), database=postmaster(people.kept)) as used:
        begun = time.perf_counter()
        await asyncio.gather(*(apply(*one) for one in known))
        took = time.perf_counter() - begun
    number = at_once * each
    assert _rows(people.kept) == number, "whatever was acknowledged is kept"
    rate, cpu = number / took, sum(used.seconds.values()) / number * 1000
    notes = (
        f"{kind} {versions(people.kept)}. {at_once} people at once.",
        f"{number:,} applications of {len(_TEXT):,} characters.",
        f"Sending alone: half within {median(sent) * 1000:.1f} ms, 99 of 100 within {_rank(sent, 0.99) * 1000:.1f} ms.",
        f"Most memory of the process and the database together: {used.peak:.0f} MiB.",
        "Without pages and HTTP. pretalx reaches 12.8 a second over HTTP, with 134 ms of processors for one.",
    )
    what = "Applications begun, written, looked at and sent through the desk, all rights asked at every step"
    return (
        Measurement(
            name=f"{NAME}: {kind}, rate",
            what=f"{what}.",
            unit="a second",
            figure=rate,
            aim=f"at least {5 * _PEER_RATE:.0f}: five times pretalx",
            met=rate >= 5 * _PEER_RATE,
            notes=notes,
        ),
        Measurement(
            name=f"{NAME}: {kind}, processors",
            what=f"{what}: processor time of the service and the database for one.",
            unit="ms",
            figure=cpu,
            aim=f"at most {_PEER_CPU / 5:.0f}: a fifth of pretalx",
            met=cpu <= _PEER_CPU / 5,
            notes=tuple(f"{name}: {spent / number * 1000:.1f} ms." for name, spent in used.seconds.items()),
        ),
    )


async def _at_the_last_moment(people: _Applicants, kind: str, number: int, seconds: float) -> Measurement:
    """Everybody sends in the last seconds before the closing, and some after it."""
    known = [people.signed_in(each) for each in range(number)]
    drafts = await asyncio.gather(*(people.write(*each) for each in known))
    taken: list[float] = []
    refused = 0
    closes = _closes(people.kept)
    over = seconds * 1.1

    async def send(place: int) -> None:
        nonlocal refused
        at = closes - TimeDelta(seconds=seconds) + TimeDelta(seconds=over * place / number)
        await asyncio.sleep(max(0.0, (at - Instant.now()).total("seconds")))
        try:
            taken.append(await people.send(known[place][0], drafts[place]))
        except TooLate:
            refused += 1

    memory = psutil.Process().memory_info().rss
    await asyncio.gather(*(send(each) for each in range(number)))
    more = (psutil.Process().memory_info().rss - memory) / 2**20
    rows = tables.applications
    with people.kept.reading() as connection:
        late = connection.scalar(select(func.count()).select_from(rows).where(rows.c.received >= closes))
    assert _rows(people.kept) == len(taken), "whatever was acknowledged is kept, and nothing else is"
    assert late == 0, "nothing is taken late"
    assert len(taken) + refused == number, "everybody has an answer"
    half, most = median(taken), _rank(taken, 0.99)
    return Measurement(
        name=f"{NAME}: {kind}, last seconds",
        what=f"{number} people send in the last {seconds:.0f} seconds, some after the closing: how long 99 of 100 "
        "wait, beside how long half of them wait.",
        unit="ms",
        figure=most * 1000,
        floor=half * 1000,
        ratio=most / half,
        aim="at most 3 times as long as half of them; none lost, none taken late",
        met=most <= 3 * half,
        notes=(
            f"{len(taken)} were taken, all of them kept and none of them late.",
            f"{refused} were told that it is too late.",
            f"The memory of the process grew by {more:.1f} MiB.",
        ),
    )


def _closes(kept: Database) -> Instant:
    with kept.reading() as connection:
        closes: Instant = connection.scalars(select(tables.windows.c.closes)).one()
    return closes


def _rows(kept: Database) -> int:
    with kept.reading() as connection:
        return connection.scalars(select(func.count()).select_from(tables.applications)).one()


def _rank(taken: Sequence[float], part: float) -> float:
    """The nearest rank."""
    return sorted(taken)[max(0, math.ceil(part * len(taken)) - 1)]
