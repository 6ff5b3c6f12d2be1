"""Sending over HTTP, when many do nothing else: against a bare insert and commit, and just before a window closes."""

from __future__ import annotations

import asyncio
import math
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from statistics import median
from typing import Any
from urllib.parse import urlencode

import psycopg
from sqlalchemy import func, select
from whenever import Instant, TimeDelta

from store.database import tables

from .browsers import Browser, Form
from .databases import POSTGRESQL, kinds
from .fronts import Front, Used, front
from .measuring import Compared, Measurement, say
from .submissions import TEXT, written

NAME = "closing"
_AIM = 0.4
_AT_ONCE, _SMALL_AT_ONCE = 50, 2
_EACH, _SMALL_EACH = 4, 1
_ROUNDS, _SMALL_ROUNDS = 4, 1
_LATE, _SMALL_LATE = 200, 6
_PREPARES, _SMALL_PREPARES = 25, 60
"""Seconds in which people write before the window closes. A few take longer beside many tests than many alone."""
_READERS, _READERS_PAUSE, _ALONE = 4, 0.01, 1.0
"""Readers of the public page, and seconds between two of their pages, and in which they read alone."""
_LAST_SECONDS, _SMALL_LAST = 5.0, 1.0
_FORM = "application/x-www-form-urlencoded"


def measure(small: bool) -> Iterator[Measurement]:
    """Sends drafts as fast as can be, and then at the last moment. Nothing, where PostgreSQL cannot be had.

    Args:
        small: whether a few are enough, only to see that the measurement works.
    """
    if POSTGRESQL not in kinds():
        return
    at_once, each, rounds = (_SMALL_AT_ONCE, _SMALL_EACH, _SMALL_ROUNDS) if small else (_AT_ONCE, _EACH, _ROUNDS)
    say(f"  {at_once} send at once")
    with front(POSTGRESQL) as served:
        yield _rate(served, at_once, each, rounds)
    say(f"  {at_once} send, and others read")
    with front(POSTGRESQL) as served:
        yield asyncio.run(_read_meanwhile(served, at_once, each, rounds))
    late, prepares = (_SMALL_LATE, _SMALL_PREPARES) if small else (_LATE, _PREPARES)
    say(f"  {late} send at the last moment")
    with front(POSTGRESQL, prepares) as served:
        yield asyncio.run(_last(served, late, _SMALL_LAST if small else _LAST_SECONDS))


def _rate(served: Front, at_once: int, each: int, rounds: int) -> Measurement:
    pairs = [
        (asyncio.run(_sent_a_second(served, at_once, each, turn)), _bare_a_second(served, at_once, 10 * each))
        for turn in range(rounds)
    ]
    compared = Compared.of(pairs)
    return Measurement(
        name=f"{NAME}: sending",
        what=f"Drafts sent over HTTP by {at_once} people at once, who have checked them before, against a bare insert "
        "and commit of the same text by as many threads, each on a connection of its own.",
        unit="a second",
        figure=compared.figure,
        floor=compared.floor,
        ratio=compared.ratio,
        aim=f"at least {_AIM} of the floor",
        met=compared.ratio >= _AIM,
        notes=(compared.spread,),
    )


async def _sent_a_second(
    served: Front, at_once: int, each: int, turn: int, ready: Callable[[], Awaitable[None]] | None = None
) -> float:
    people = [served.signed_in(turn * at_once + one, f"p-{turn}-{one}@companies.example") for one in range(at_once)]

    async def write(number: int, browser: Browser) -> list[Form]:
        return [await written(browser, served, f"p-{turn}-{number}@companies.example") for _ in range(each)]

    async def send(browser: Browser, forms: Sequence[Form]) -> None:
        for form in forms:
            await browser.send(form)
        await browser.close()

    drafts = await asyncio.gather(*(write(number, browser) for number, browser in enumerate(people)))
    if ready is not None:
        await ready()
    begun = time.perf_counter()
    await asyncio.gather(*(send(*one) for one in zip(people, drafts, strict=True)))
    return at_once * each / (time.perf_counter() - begun)


async def _read_meanwhile(served: Front, at_once: int, each: int, rounds: int) -> Measurement:
    """How long readers of a public page wait while others send, beside how long they wait when nobody does."""
    alone: list[float] = []
    meanwhile: list[float] = []

    for turn in range(rounds):
        over, reading = asyncio.Event(), list[asyncio.Task[None]]()

        async def all_are_ready(over: asyncio.Event = over, reading: list[asyncio.Task[None]] = reading) -> None:
            ends = asyncio.Event()
            asyncio.get_running_loop().call_later(_ALONE, ends.set)
            await asyncio.gather(*(_read(served, number, ends, alone) for number in range(_READERS)))
            reading += [asyncio.create_task(_read(served, number, over, meanwhile)) for number in range(_READERS)]

        await _sent_a_second(served, at_once, each, turn, all_are_ready)
        over.set()
        await asyncio.gather(*reading)
    most, most_alone = _rank(meanwhile), _rank(alone)
    return Measurement(
        name=f"{NAME}: page meanwhile",
        what=f"The public page of a challenge while {at_once} people send: how long 99 of 100 readers wait, beside how "
        "long they wait when nobody sends.",
        unit="ms",
        figure=most * 1000,
        floor=most_alone * 1000,
        ratio=most / most_alone,
        aim="at most 3 times as long as alone",
        met=most <= 3 * most_alone,
        notes=(
            f"Half of them wait {median(meanwhile) * 1000:.1f} ms, and {median(alone) * 1000:.1f} ms alone.",
            f"{len(meanwhile):,} pages while others sent, {len(alone):,} alone.",
        ),
    )


async def _read(served: Front, number: int, over: asyncio.Event, taken: list[float]) -> None:
    async with served.browser(90_000 + number) as browser:
        while not over.is_set():
            taken.append((await browser.get(f"/challenges/{served.challenge.id}")).seconds)
            await asyncio.sleep(_READERS_PAUSE)


def _rank(taken: Sequence[float]) -> float:
    """What 99 of 100 stay within."""
    return sorted(taken)[max(0, math.ceil(0.99 * len(taken)) - 1)]


def _bare_a_second(served: Front, threads: int, each: int) -> float:
    url = served.kept.engine.url
    place: dict[str, Any] = {"host": url.query.get("host", url.host), "user": url.username, "dbname": url.database}
    if url.port:
        place["port"] = url.port
    with psycopg.connect(**place, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bare (id uuid PRIMARY KEY, text text NOT NULL)")
    ready = threading.Barrier(threads + 1)

    def insert() -> None:
        with psycopg.connect(**place) as connection:
            ready.wait()
            for _ in range(each):
                connection.execute("INSERT INTO bare (id, text) VALUES (%s, %s)", (uuid.uuid4(), TEXT))
                connection.commit()

    inserting = [threading.Thread(target=insert) for _ in range(threads)]
    for thread in inserting:
        thread.start()
    ready.wait()
    begun = time.perf_counter()
    for thread in inserting:
        thread.join()
    return threads * each / (time.perf_counter() - begun)


async def _last(served: Front, number: int, seconds: float) -> Measurement:
    """Everybody sends in the last seconds before the closing, and some after it."""
    people = [served.signed_in(each, f"late-{each}@companies.example") for each in range(number)]
    drafts = await asyncio.gather(
        *(written(browser, served, f"late-{each}@companies.example") for each, browser in enumerate(people))
    )
    taken: list[float] = []
    refused: list[int] = []
    closes = served.challenge.closes
    assert Instant.now() < closes - TimeDelta(seconds=seconds), "people have had time to write"

    async def send(place: int) -> None:
        at = closes - TimeDelta(seconds=seconds) + TimeDelta(seconds=1.1 * seconds * place / number)
        await people[place].close()  # as the front itself does with connections that wait for seconds
        await asyncio.sleep(max(0.0, (at - Instant.now()).total("seconds")))
        form, browser = drafts[place], people[place]
        answer = await browser.ask("POST", form.action, urlencode(form.fields).encode(), _FORM)
        if answer.status == 303:
            taken.append(answer.seconds)
        else:
            refused.append(answer.status)
        await browser.close()

    with Used(server=served.server) as used:
        await asyncio.gather(*(send(each) for each in range(number)))
    rows = tables.applications
    with served.kept.reading() as connection:
        kept = connection.scalar(select(func.count()).select_from(rows))
        late = connection.scalar(select(func.count()).select_from(rows).where(rows.c.received >= closes))
    assert (kept, late) == (len(taken), 0), "whatever was acknowledged is kept, and nothing is taken late"
    assert len(taken) + len(refused) == number, "everybody has an answer"
    half, most = median(taken), _rank(taken)
    memory = [sum(each.values()) for each in used.memory]
    return Measurement(
        name=f"{NAME}: last seconds",
        what=f"{number} people send over HTTP in the last {seconds:.0f} seconds, some after the closing: how long 99 "
        "of 100 wait, beside how long half of them wait.",
        unit="ms",
        figure=most * 1000,
        floor=half * 1000,
        ratio=most / half,
        aim="at most 3 times as long as half of them; none lost, none taken late",
        met=most <= 3 * half,
        notes=(
            f"{len(taken)} were taken, all of them kept and none of them late. {len(refused)} came too late.",
            f"The memory of the front went from {memory[0]:.0f} to {max(memory):.0f} MiB.",
        ),
    )
