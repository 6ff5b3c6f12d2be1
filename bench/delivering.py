"""Sending the notices in the outbox: speed, history and memory, with few notices and with many."""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from sqlalchemy import select, update
from temporalio.worker import Worker
from whenever import Instant

from activities.delivery import Delivering
from domain.values.model import Value
from gateways.messaging.channels import Delivery, Message, Progress
from gateways.messaging.letters import Letters
from store.database import tables
from store.database.database import Database
from store.outbox import outbox
from store.record import record
from workflows.delivery import DeliveryWorkflow
from workflows.interface import DELIVERY, NOTICES

from .databases import RECORD_KEYS, SQLITE, database, insert_applications, keep, versions
from .history import WORKFLOW_TASK
from .measuring import Measurement, say, seconds
from .notices import told_all
from .pilot import pilot
from .playing import service_worker
from .temporal import PATIENCE, Watch, dev_server

NAME = "delivering"
_AIM_OF_RATE = 0.25
_AIM_OF_MEMORY = 1.1
_TASK_QUEUE = "delivering"
_UNLIMITED = 1_000_000.0
_MEGABYTE = 2**20


class Sent(Value):
    """The result of sending a number of notices.

    Args:
        notices: how many, without those for warming up.
        rate: notices a second.
        floor: notices a second that are only updated, twice each.
        events: of the history, all of them.
        steps: the events that are not workflow tasks.
        warm, most: the most memory that the process has used so far, in megabytes: after warming up, and at the end.
    """

    notices: int
    rate: float
    floor: float
    events: int
    steps: int
    warm: float
    most: float


def measure(small: bool) -> Iterator[Measurement]:
    """`DeliveryWorkflow` and its activity on the development server, with a channel that takes every notice at once.

    Each number of notices is sent in its own process, with its own server and database, by the service's own worker, as
    fast as the worker can. The first notices are for warming up and are not counted. The floor of the rate is the work
    that cannot be left out: to note in the database that a notice is being sent, and that it was sent, in a transaction
    each.

    Args:
        small: whether a few are enough, only to see that the measurement works.
    """
    sizes = (10, 20) if small else (100, 1_000, 10_000)
    sent = []
    with database(SQLITE) as kept:
        setting = f"{SQLITE} {versions(kept)}."
    for number in sizes:
        sent.append(_sent(number, sizes[0]))
        say(f"  {number:,} notices: {sent[-1].rate:,.0f} a second, {sent[-1].steps} events, {sent[-1].most:.0f} MB")
    most = sent[-1]
    yield Measurement(
        name=f"{NAME}: rate",
        what=f"{most.notices:,} notices sent through a channel that takes every notice at once, against bare updates "
        "in the database: each notice is being sent, and was sent.",
        unit="a second",
        figure=most.rate,
        floor=most.floor,
        ratio=most.rate / most.floor,
        aim=f"at least {_AIM_OF_RATE} of the floor",
        met=most.rate / most.floor >= _AIM_OF_RATE,
        notes=(setting, *(f"{each.notices:,} notices: {each.rate:,.0f} a second." for each in sent[:-1])),
    )
    yield Measurement(
        name=f"{NAME}: history",
        what=f"History of the sending workflow after {_listed(sizes)} notices.",
        unit="events",
        figure=most.steps,
        aim="equal",
        met=len({each.steps for each in sent}) == 1,
        notes=(
            *(f"{each.notices:,} notices: {each.events} events, {each.steps} without workflow tasks." for each in sent),
            "Longer sending adds some events for an activity every ten minutes, however many notices are sent.",
        ),
    )
    yield Measurement(
        name=f"{NAME}: memory",
        what=f"The most memory of the worker while it sends {_listed(sizes)} notices, against its memory after "
        f"{sizes[0]} notices before them.",
        unit="MB",
        figure=most.most,
        floor=most.warm,
        ratio=most.most / most.warm,
        aim=f"at most {_AIM_OF_MEMORY} of the floor, however many",
        met=all(each.most / each.warm <= _AIM_OF_MEMORY for each in sent),
        notes=tuple(f"{each.notices:,} notices: {each.warm:.1f} MB before, {each.most:.1f} MB after." for each in sent),
    )


def _sent(number: int, before: int) -> Sent:
    """Puts notices into a new outbox, and sends them in another process."""
    with database(SQLITE) as kept:
        round_, programme, challenges = pilot()
        keep(kept, round_, programme, challenges[:1])
        insert_applications(kept, challenges[0], before + number)
        record.announce(kept, told_all(challenges[0], "told"), Letters().compose)
        # Not spawned: the highest memory of a spawned process starts with its parent's.
        with ProcessPoolExecutor(1, mp_context=get_context("forkserver")) as process:
            return process.submit(_send, str(kept.engine.url), number, before).result()


def _send(url: str, number: int, before: int) -> Sent:
    """Runs in its own process: sends every notice in the outbox."""
    kept = Database(url, RECORD_KEYS)
    try:
        return asyncio.run(_send_all(kept, number, before))
    finally:
        kept.close()


async def _send_all(kept: Database, number: int, before: int) -> Sent:
    post = _Post(before, before + number, asyncio.get_running_loop())
    async with dev_server(Watch()) as client:
        settings = service_worker(client, kept).config()
        settings["task_queue"] = _TASK_QUEUE  # two workers of one process cannot share a task queue
        settings["workflows"] = [DeliveryWorkflow]
        settings["activities"] = [Delivering(kept, post, _UNLIMITED, Letters().compose).deliver]
        async with Worker(**settings):
            handle = await client.start_workflow(DELIVERY, id=NOTICES, task_queue=_TASK_QUEUE)
            async with asyncio.timeout(PATIENCE):
                await post.sent_all.wait()
                while outbox.outbox(kept, post.name, Instant.now()).waiting:  # noqa: ASYNC110
                    await asyncio.sleep(0.001)  # the last notice is not noted yet
            took, most = time.perf_counter() - post.warm_at, _most_memory()
        events = (await handle.fetch_history()).events
    return Sent(
        notices=number,
        rate=number / took,
        floor=_floor(kept, min(number, 1_000)),
        events=len(events),
        steps=sum(event.event_type not in WORKFLOW_TASK for event in events),
        warm=post.memory,
        most=most,
    )


class _Post:
    """A channel that takes every notice at once, notes the end of warming up, and reports the last notice."""

    name = "post"
    asks_again = False

    def __init__(self, before: int, all_: int, loop: asyncio.AbstractEventLoop) -> None:
        self._before = before
        self._all = all_
        self._loop = loop
        self._taken = 0
        self.warm_at = 0.0
        self.memory = 0.0
        self.sent_all = asyncio.Event()

    def find(self, key: str) -> Delivery | None:  # noqa: ARG002
        """See `Channel`."""
        return None

    def send(self, message: Message) -> Delivery:  # noqa: ARG002
        """See `Channel`."""
        self._taken += 1
        if self._taken == self._before:
            self.warm_at, self.memory = time.perf_counter(), _most_memory()
        if self._taken == self._all:
            self._loop.call_soon_threadsafe(self.sent_all.set)
        return Delivery(reference=str(self._taken), progress=Progress.SENT)

    def progress(self, reference: str) -> Delivery:
        """See `Channel`."""
        return Delivery(reference=reference, progress=Progress.SENT)

    def close(self) -> None:
        """See `Channel`."""


def _floor(kept: Database, number: int) -> float:
    notices = tables.notices
    with kept.reading() as connection:
        keys = connection.scalars(select(notices.c.key).limit(number)).all()

    def note_all() -> None:
        for key in keys:
            for status in ("sending", "sent"):
                noting = update(notices).where(notices.c.key == key).values(status=status, status_at=Instant.now())
                with kept.writing() as connection:
                    connection.execute(noting)

    return len(keys) / seconds(note_all)


def _most_memory() -> float:
    """The most memory that this process has ever used, in megabytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / _MEGABYTE if sys.platform == "darwin" else most * 1024 / _MEGABYTE


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(f"{each:,}" for each in numbers)
