"""Pages over HTTP: a real web front against an empty page that is served in the same way."""

from __future__ import annotations

import asyncio
import gzip
import math
import re
import time
from collections.abc import Iterator
from statistics import median

from .browsers import Browser
from .databases import kinds, versions
from .fronts import Front, Used, empty_front, front
from .measuring import Compared, Measurement, say

NAME = "pages"
_PAGE = "/challenges/pilot-2016/air-quality"
"""The page of a challenge, for everybody."""
_VISITORS = 8
_ROUNDS, _SMALL_ROUNDS = 12, 1
_SECONDS, _SMALL_SECONDS = 1.0, 0.1
_AIM, _MOST_KB = 0.5, 60
_LOADED = re.compile(r'(?:href|src)="(/static/[^"]+)"')


def measure(small: bool) -> Iterator[Measurement]:
    """How many pages a second, and how much a browser loads on its first visit.

    Args:
        small: whether a short time is enough, only to see that the measurement works.
    """
    rounds, seconds = (_SMALL_ROUNDS, _SMALL_SECONDS) if small else (_ROUNDS, _SECONDS)
    kind = kinds()[-1]
    say(f"  {kind}, {_VISITORS} visitors")
    with front(kind) as served, empty_front() as empty:
        yield asyncio.run(_compared(served, empty, rounds, seconds))
        yield asyncio.run(_weighed(served))


async def _compared(served: Front, empty: int, rounds: int, seconds: float) -> Measurement:
    await _asked(served.port, _PAGE, seconds)  # so that nothing is made ready while it is measured
    pairs, taken, health = [], [], []
    with Used(server=served.server) as used:
        for _ in range(rounds):
            page, bare = await _asked(served.port, _PAGE, seconds), await _asked(empty, "/", seconds)
            pairs.append((len(page) / seconds, len(bare) / seconds))
            taken += page
            health.append(len(await _asked(served.port, "/health", seconds)) / seconds)
    compared = Compared.of(pairs)
    rank = sorted(taken)[max(0, math.ceil(0.99 * len(taken)) - 1)]
    return Measurement(
        name=f"{NAME}: rate",
        what=f"The page {_PAGE} over HTTP, with {_VISITORS} visitors at once, against an empty page that the same "
        "server gives without anything that stands before pages.",
        unit="a second",
        figure=compared.figure,
        floor=compared.floor,
        ratio=compared.ratio,
        aim=f"at least {_AIM} of the floor",
        met=compared.ratio >= _AIM,
        notes=(
            compared.spread,
            f"What stands before every page alone, with an answer of two letters: {median(health):,.0f} a second.",
            f"Half of the pages within {median(taken) * 1000:.1f} ms, 99 of 100 within {rank * 1000:.1f} ms.",
            f"Most memory of the front: {used.peak:.0f} MiB. Database: {versions(served.kept)}.",
        ),
    )


async def _asked(port: int, path: str, seconds: float) -> list[float]:
    """How long each page took that visitors asked for, one after the other, in a time."""
    taken: list[float] = []
    ends = time.perf_counter() + seconds

    async def visit(number: int) -> None:
        async with Browser(port, f"10.9.0.{number}") as browser:
            while time.perf_counter() < ends:
                answer = await browser.ask("GET", path)
                assert answer.status == 200, answer
                taken.append(answer.seconds)

    await asyncio.gather(*(visit(each) for each in range(_VISITORS)))
    return taken


async def _weighed(served: Front) -> Measurement:
    """The page and all that it loads but pictures, as they go over the wire."""
    async with served.browser(1) as browser:
        page = await browser.ask("GET", _PAGE)
        said = gzip.decompress(page.body).decode() if page.headers.get("content-encoding") == "gzip" else page.text
        loaded = {}
        for path in sorted(set(_LOADED.findall(said))):
            answer = await browser.ask("GET", path)
            if not answer.headers["content-type"].startswith("image/"):
                loaded[path.partition("?")[0]] = len(answer.body)
    weight = (len(page.body) + sum(loaded.values())) / 1000
    return Measurement(
        name=f"{NAME}: weight",
        what=f"What a browser loads for {_PAGE} on its first visit, without pictures, as it goes over the wire.",
        unit="kB",
        figure=weight,
        aim=f"at most {_MOST_KB} kB",
        met=weight <= _MOST_KB,
        notes=(
            f"The page itself: {len(page.body):,} bytes.",
            *(f"{path}: {size:,} bytes." for path, size in loaded.items()),
        ),
    )
