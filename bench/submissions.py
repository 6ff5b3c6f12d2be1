"""Whole submissions over HTTP: forms are opened, written, checked and sent in browsers of their own, by many at once.

The load has the shape of ../shared/peer/pretalx_intake.py, which measures pretalx: 50 applicants, who begin one by one
within seconds and do not pause between pages; texts of 3,000 characters; and four readers of a public page.

To set both side by side, run them one after the other in the same minutes, on a machine that does nothing else:

    make bench, or python -m bench --only submissions
    python3.11 ../shared/peer/pretalx_intake.py --environments ~/.cache/peer --known > pretalx.json

Where ../shared/peer is not there, the aims stand for it: they are what it measured on two cores.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from sqlalchemy import func, select

from store.database import tables

from .browsers import Answer, Browser, Form, Surprise, forms_of
from .databases import kinds, versions
from .fronts import Front, Used, front
from .measuring import Measurement, say

NAME = "submissions"
TEXT = ("We would put low-cost sensors where people live and show what they measure on an open map. " * 40)[:3_000]
_PEER_RATE, _PEER_CPU, _PEER_NEW_CPU, _PEER_MEMORY = 12.8, 134, 360, 520
"""Submissions a second and milliseconds of processors for one, with people signed in; the same for people without an
account; and MiB. Of pretalx, measured on two cores by ../shared/peer."""


class _Size(NamedTuple):
    """Of the load: how many applicants and readers, how many submissions, and the seconds in which they begin."""

    applicants: int
    readers: int
    submissions: int
    ramp: float


_FULL, _SMALL = _Size(50, 4, 600, 5), _Size(3, 1, 6, 0.1)
_READERS_PAUSE = 0.25


class _Load:
    """Applicants at the same time, until so many applications are in; beside them, readers of the public page.

    The page that readers open is the one on which somebody begins: all of it is made anew each time.

    Args:
        served: the front.
        size: of the load.
        known: whether people are signed in. Otherwise they apply without an account, each in a new browser.
    """

    def __init__(self, served: Front, size: _Size, known: bool) -> None:
        self._served, self._size, self._known = served, size, known
        self._begun = 0
        self._over = asyncio.Event()
        self.sent: list[float] = []
        """Seconds that each request took that sends an application."""
        self.requests = 0
        self.pages: list[float] = []
        """Seconds that each public page took."""
        self.took = 0.0

    async def run(self) -> None:
        """Everybody begins, one a little after the other."""
        readers = [asyncio.create_task(self._read(each)) for each in range(self._size.readers)]
        begun = time.perf_counter()
        await asyncio.gather(*(self._apply(slot) for slot in range(self._size.applicants)))
        self.took = time.perf_counter() - begun
        self._over.set()
        await asyncio.gather(*readers)

    async def _apply(self, slot: int) -> None:
        mailbox = f"person-{slot}@companies.example"
        known = self._served.signed_in(slot, mailbox) if self._known else None
        await asyncio.sleep(self._size.ramp * slot / self._size.applicants)
        while self._begun < self._size.submissions:
            self._begun += 1
            number = self._begun
            browser = known or self._served.browser(1_000 + number)
            address = mailbox if known else f"new-{number}@companies.example"
            self.sent.append(await submit(browser, self._served, address))
            self.requests += len(browser.taken)
            browser.taken.clear()
            if known is None:
                await browser.close()
        if known is not None:
            await known.close()

    async def _read(self, number: int) -> None:
        browser = self._served.browser(900_000 + number)
        while not self._over.is_set():
            self.pages.append((await browser.get(f"/challenges/{self._served.challenge.id}/apply")).seconds)
            await asyncio.sleep(_READERS_PAUSE)
        await browser.close()


async def submit(browser: Browser, served: Front, mailbox: str) -> float:
    """Applies: opens the form, writes, checks, sends, and looks at the receipt.

    Returns:
        How many seconds the request took that sends the application.

    Raises:
        Surprise: a page is not what the page before said.
    """
    receipt = await browser.send(await written(browser, served, mailbox))
    took = browser.taken[-1][1]
    await browser.get(receipt)
    return took


async def written(browser: Browser, served: Front, mailbox: str) -> Form:
    """Opens the form, writes, and checks.

    Returns:
        The form that sends the application.

    Raises:
        Surprise: a page is not what the page before said.
    """
    begin = _with_texts(await browser.get(f"/challenges/{served.challenge.id}/apply"))
    onward = await browser.send(begin, organisation="Tay Ltd", email=mailbox, **dict.fromkeys(begin.texts, TEXT))
    checked = await browser.get(onward)
    sending = next((each for each in forms_of(checked.text) if each.action.endswith("/send")), None)
    if sending is None:
        raise Surprise(f"{onward} has no button that sends")
    return sending


def _with_texts(page: Answer) -> Form:
    form = next((each for each in forms_of(page.text) if each.texts), None)
    if form is None:
        raise Surprise("there is no form to write in")
    return form


def measure(small: bool) -> Iterator[Measurement]:
    """Submissions of people who are signed in, and of people without an account, on production's kind of database.

    Args:
        small: whether a few are enough, only to see that the measurement works.
    """
    kind, size = kinds()[-1], _SMALL if small else _FULL
    for known in (True, False):
        say(f"  {kind}, {size.applicants} applicants, {'signed in' if known else 'without an account'}")
        with front(kind) as served:
            yield from asyncio.run(_measured(served, size, known))


async def _measured(served: Front, size: _Size, known: bool) -> tuple[Measurement, ...]:
    warm = _Load(served, _SMALL, known)
    await warm.run()  # so that nothing is made ready while it is measured
    load = _Load(served, size, known)
    own = time.process_time()
    with Used(server=served.server, database=served.database) as used:
        await load.run()
    own = time.process_time() - own
    number = len(load.sent)
    rows = tables.applications
    with served.kept.reading() as connection:
        kept = connection.scalar(select(func.count()).select_from(rows))
    assert kept == number + len(warm.sent), "whatever was acknowledged is kept"
    who = "signed in" if known else "without an account"
    return tuple(_figures(load, used, number, who, versions(served.kept), own))


def _figures(load: _Load, used: Used, number: int, who: str, setting: str, own: float) -> Iterator[Measurement]:
    rate, cpu = number / load.took, sum(used.seconds.values()) / number * 1000
    known = who == "signed in"
    what = f"Whole submissions over HTTP by people {who}: the form opened, written, checked and sent, and the receipt"
    if known:
        yield Measurement(
            name=f"{NAME}: {who}, rate",
            what=f"{what}. Readers open the page on which one begins meanwhile.",
            unit="a second",
            figure=rate,
            aim=f"at least {5 * _PEER_RATE:.0f}: five times pretalx",
            met=rate >= 5 * _PEER_RATE,
            notes=(
                f"{setting}. {number:,} submissions, {load.requests / number:.1f} requests for each.",
                f"The request that sends: half within {median(load.sent) * 1000:.0f} ms, 99 of 100 within "
                f"{_rank(load.sent, 0.99) * 1000:.0f} ms.",
                f"The readers' page meanwhile: half within {median(load.pages) * 1000:.1f} ms, 99 of 100 within "
                f"{_rank(load.pages, 0.99) * 1000:.1f} ms.",
                f"The applicants themselves took {own:.1f} s of a processor.",
            ),
        )
        most = 0.6 * _PEER_MEMORY
        yield Measurement(
            name=f"{NAME}: {who}, memory",
            what="The most memory of the web front and its database together, under that load.",
            unit="MiB",
            figure=used.peak,
            aim=f"at most {most:.0f}: 0.6 of pretalx",
            met=used.peak <= most,
        )
    most_cpu = _PEER_CPU / 5 if known else _PEER_NEW_CPU / 12
    yield Measurement(
        name=f"{NAME}: {who}, processors",
        what=f"{what}: processor time of the web front and its database for one.",
        unit="ms",
        figure=cpu,
        aim=f"at most {most_cpu:.0f}: {'a fifth' if known else 'a twelfth'} of pretalx",
        met=cpu <= most_cpu,
        notes=(
            f"{rate:.1f} submissions a second.",
            *(f"{name}: {spent / number * 1000:.1f} ms." for name, spent in used.seconds.items()),
        ),
    )


def _rank(taken: Sequence[float], part: float) -> float:
    """The nearest rank."""
    return sorted(taken)[max(0, math.ceil(part * len(taken)) - 1)]
