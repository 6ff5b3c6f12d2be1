"""Whoever sends notices dies in the middle of it, and the channel misbehaves: each arrives once, and none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import product
from pathlib import Path

from temporalio.client import Client
from whenever import Instant

from domain.announcements.announcement import Announcement, Entry, to_people
from domain.announcements.occasions import FACTS, Occasion
from gateways.messaging.letters import Letters
from store.challenges.rounds import keep_round
from store.database.database import Database
from store.outbox import outbox
from store.record.record import announce, read_notices
from tests.chained import KEYS
from tests.crashes.dying import AFTER, BEFORE, WITHIN, only_in, point
from tests.crashes.dying_sender import SENDER
from tests.crashes.running import Worker, running_worker, telling
from tests.gateways.notify import Fault, Mischief, Notify
from tests.rounds import AIR, OPERATOR, SPONSOR, pilot
from tests.servers import dev_server, new_namespace
from tests.waiting import until
from workflows.interface import NOTICES

COMPOSE = Letters().compose

Step = tuple[str, str]
"""Of a sender, and the moment of it."""
TAKES_AND_SENDS: tuple[Step, ...] = (
    ("claim", WITHIN),
    *product(("claim", "send"), (BEFORE, AFTER)),
    *product(("note_sent",), (BEFORE, WITHIN, AFTER)),
)
LOOKS_UP: tuple[Step, ...] = (*product(("note_later",), (BEFORE, WITHIN, AFTER)), *product(("find",), (BEFORE, AFTER)))
ASKS: tuple[Step, ...] = (
    ("question", WITHIN),
    *product(("question", "progress"), (BEFORE, AFTER)),
    *product(("note_delivered", "note_failed"), (BEFORE, WITHIN, AFTER)),
)


class Outbox:
    """The notices, and workers that send them.

    Args:
        folder: where all is kept.
        client: of the Temporal server.
        notify: through which they leave.
    """

    def __init__(self, folder: Path, client: Client, notify: Notify) -> None:
        self._folder, self._client, self._notify = folder, client, notify
        self._url = f"sqlite:///{folder / 'service.db'}"
        self._database = Database(self._url, KEYS)
        self._database.migrate()
        self._start = Instant.now()
        round_, programme, challenges = pilot()
        keep_round(self._database, round_, programme, challenges, self._start)

    def write(self, number: int) -> set[str]:
        """So many notices; their keys."""
        occasion = Occasion.COMPLETED
        notice = to_people((SPONSOR,), occasion, dict.fromkeys(FACTS[occasion], "-"))
        entry = Entry(at=self._start, by="service", role="service", action="test", text="test")
        for each in range(number):
            told = Announcement(key=f"{AIR}/{each}", challenge=AIR, entry=entry, notices=(notice,))
            announce(self._database, told, COMPOSE)
        return set(self.statuses())

    def statuses(self) -> dict[str, str]:
        """How far each has come."""
        return {each.key: each.status for each in read_notices(self._database)}

    def told(self, person: str) -> list[str]:
        """The occasions of the notices to somebody."""
        return [each.occasion for each in read_notices(self._database) if each.recipient == person]

    def is_empty(self) -> bool:
        """Whether nothing waits any more."""
        return outbox.outbox(self._database, "govuk-notify", Instant.now()).waiting == 0

    async def events(self) -> int:
        """How many the history of the sending has."""
        return len((await self._client.get_workflow_handle(NOTICES).fetch_history()).events)

    @contextmanager
    def sender(self, steps: Sequence[Step] = ()) -> Iterator[Worker]:
        """A worker that sends, and dies at these steps; killed when the block ends."""
        moments = [only_in(step, moment) for step, moment in steps]
        folder = self._folder / "worker"
        with running_worker(self._client, self._url, folder, *moments, **telling(self._notify)) as worker:
            yield worker

    def close(self) -> None:
        """Closes the database."""
        self._database.close()


async def come(worker: Worker, came: Callable[[], bool]) -> None:
    """Waits until something is so, and sees to it that there are workers meanwhile."""

    def checked() -> bool:
        worker.check_alive()
        return came()

    await until(checked)


async def test_a_sender_killed_again_and_again_while_the_channel_misbehaves_sends_each_notice_once(
    tmp_path: Path,
) -> None:
    """Two outboxes at once, with mischief of their own.

    Fails when a claim is not noted before sending, when nobody takes over a dead sender's claim, or when what is of
    unknown fate is sent without a look."""
    async with asyncio.TaskGroup() as together:
        for seed in (2016, 2017):
            together.create_task(kill_again_and_again(_made(tmp_path / str(seed)), seed))


async def kill_again_and_again(folder: Path, seed: int) -> None:
    """Notices whose sender is killed three times, through a channel that does not do a third of what it is asked."""
    with (
        Notify(Mischief(seed, likelihood=0.3)) as notify,
        closing(Outbox(folder, await new_namespace(), notify)) as out,
    ):
        keys = out.write(60)
        with out.sender() as worker:
            for taken in (12, 25, 40):
                await come(worker, lambda taken=taken: len(notify.messages) >= taken)  # type: ignore[misc]
                await worker.kill()
            await come(worker, out.is_empty)

        assert notify.counts() == dict.fromkeys(keys, 1)
        assert set(out.statuses().values()) == {"sent"}


async def test_a_sender_that_dies_at_every_step_sends_each_notice_once_and_hears_what_became_of_it(
    tmp_path: Path,
) -> None:
    """Three outboxes at once: their senders die while they take notices and hand them over, while they look up what may
    have been sent, and while they ask what became of what was.

    Fails when a claim is not noted before sending, when what is of unknown fate is sent without a look, when a question
    is asked once and for all (its notice stays "sent"), and when a failure is told apart from being noted.
    """
    sends, looks_up, asks = (_made(tmp_path / name) for name in ("sends", "looks up", "asks"))
    async with asyncio.TaskGroup() as together:
        together.create_task(die_at(TAKES_AND_SENDS, sends))
        together.create_task(die_at(LOOKS_UP, looks_up, *([Fault.SLOW_AFTER] * 3)))
        together.create_task(die_at(ASKS, asks))


async def die_at(steps: Sequence[Step], folder: Path, *faults: Fault) -> None:
    """Notices whose sender dies once at each of these steps; the first requests to the channel have faults."""
    with Notify() as notify:
        notify.will(*faults)
        with closing(Outbox(folder, await new_namespace(), notify)) as outbox:
            fails = set(sorted(outbox.write(12))[-3:])

            def all_arrived() -> bool:
                for message in list(notify.messages):
                    failed = message.reference in fails
                    notify.set_status(message.reference or "", "permanent-failure" if failed else "delivered")
                return set(outbox.statuses().values()) == {"delivered", "failed"}

            with outbox.sender(steps) as worker:
                await come(worker, all_arrived)
                assert worker.deaths == {point(SENDER, step, moment) for step, moment in steps}
            assert outbox.told(OPERATOR) == [Occasion.ATTENTION] * len(fails)
            statuses = outbox.statuses()
            assert notify.counts() == dict.fromkeys(statuses, 1)
            assert {key for key, status in statuses.items() if status == "failed"} == fails


async def test_a_thousand_notices_whose_sender_is_killed_half_way_arrive_once_each(tmp_path: Path) -> None:
    """And leave no thousand events. Fails when a claim is not noted before sending."""
    with Notify() as notify:
        async with dev_server() as client:
            with closing(Outbox(tmp_path, client, notify)) as outbox:
                keys = outbox.write(1000)
                # Half of them are sent when the worker is killed, however late: from then on nothing is answered.
                notify._mischief = lambda: Fault.NONE if len(notify.messages) < 500 else Fault.SLOW_BEFORE
                with outbox.sender() as worker:
                    await come(worker, lambda: len(notify.messages) >= 500)
                    async with worker.down():
                        assert len(notify.messages) == 500
                        notify._mischief = lambda: Fault.NONE
                    await come(worker, outbox.is_empty)

                assert notify.counts() == dict.fromkeys(keys, 1)
                assert set(outbox.statuses().values()) == {"sent"}
                assert await outbox.events() < 40


async def test_a_notice_whose_sender_dies_while_it_is_handed_over_arrives_once(tmp_path: Path) -> None:
    """Just before the channel has taken it, and just after. Fails on the one when the notice is taken for sent as soon
    as somebody begins to send it, on the other when it is sent again without a look."""
    async with asyncio.TaskGroup() as together:
        for fault in (Fault.SLOW_BEFORE, Fault.SLOW_AFTER):
            together.create_task(die_while_it_is_handed_over(_made(tmp_path / fault), fault))


async def die_while_it_is_handed_over(folder: Path, fault: Fault) -> None:
    """Three notices; the sender is killed while the channel keeps the second."""
    with Notify() as notify, closing(Outbox(folder, await new_namespace(), notify)) as outbox:
        keys = outbox.write(3)
        notify.will(Fault.NONE, fault)
        with outbox.sender() as worker:
            await come(worker, lambda: len(notify.requests) >= 2)
            async with worker.down():
                assert sorted(outbox.statuses().values()) == ["created", "sending", "sent"]
            await come(worker, outbox.is_empty)

        assert notify.counts() == dict.fromkeys(keys, 1)
        assert set(outbox.statuses().values()) == {"sent"}


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
