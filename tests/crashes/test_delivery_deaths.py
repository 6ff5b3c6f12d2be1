"""Whoever sends notices dies in the middle of it, and the channel misbehaves: each arrives once, and none is lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from temporalio.client import Client
from whenever import Instant

from domain.announcement import Announcement, Entry, to_people
from domain.occasions import FACTS, Occasion
from gateways.letters import Letters
from store import deliveries
from store.database import Database
from store.record import announce, read_notices
from store.rounds import keep_round
from tests.crashes import sending_worker
from tests.crashes.running import until
from tests.gateways.notify import API_KEY, TEMPLATE, Fault, Mischief, Notify
from tests.playing import AIR, SPONSOR, pilot
from tests.processes import Program
from tests.servers import dev_server
from workflows.interface import NOTICES

COMPOSE = Letters().compose


class Outbox:
    """The notices, and workers that send them.

    Args:
        folder: where all is kept.
        client: of the Temporal server.
        notify: through which they leave.
    """

    def __init__(self, folder: Path, client: Client, notify: Notify) -> None:
        self._folder, self._client = folder, client
        self._url = f"sqlite:///{folder / 'service.db'}"
        self._start = Instant.now()
        known = {"NOTICE_CHANNEL": "govuk-notify", "NOTIFY_KEY": API_KEY, "NOTIFY_TEMPLATE": TEMPLATE}
        known |= {"NOTIFY_URL": notify.url, "NOTICE_RATE": "1000", "DATABASE_URL": self._url}
        known |= {"PAYEE_KEY_FILE": str(folder / "payee.key")}
        self._environment = os.environ | {f"CHALLENGES_{name}": value for name, value in known.items()}
        self._environment |= {"NO_PROXY": "127.0.0.1"}
        self._database = Database(self._url)
        self._database.migrate()
        round_, programme, challenges = pilot()
        keep_round(self._database, round_, programme, challenges, self._start)

    def write(self, number: int) -> set[str]:
        """So many notices; their keys."""
        occasion = Occasion.COMPLETED
        telling = to_people((SPONSOR,), occasion, dict.fromkeys(FACTS[occasion], "-"))
        entry = Entry(at=self._start, by="service", role="service", action="test", text="test")
        for each in range(number):
            told = Announcement(key=f"{AIR}/{each}", challenge=AIR, entry=entry, tellings=(telling,))
            announce(self._database, told, COMPOSE)
        return {each.key for each in read_notices(self._database)}

    def statuses(self) -> dict[str, str]:
        """How far each has come."""
        return {each.key: each.status for each in read_notices(self._database)}

    def is_empty(self) -> bool:
        """Whether nothing waits any more."""
        return deliveries.outbox(self._database, "govuk-notify", Instant.now()).waiting == 0

    async def events(self) -> int:
        """How many the history of the sending has."""
        return len((await self._client.get_workflow_handle(NOTICES).fetch_history()).events)

    @contextmanager
    def sender(self) -> Iterator[Program]:
        """A worker that sends; killed when the block ends, if it was not before."""
        arguments = [self._client.service_client.config.target_host, self._client.namespace, str(self._start)]
        with Program(sending_worker.main, arguments, self._environment, self._folder / "log") as process:
            yield process

    async def killed_once(self, came: Callable[[], bool]) -> None:
        """Lets a worker send until something is so, and kills it there and then."""
        with self.sender() as process:
            await self._until(process, came)

    async def emptied(self) -> None:
        """Lets a worker send until nothing waits any more."""
        with self.sender() as process:
            await self._until(process, self.is_empty)

    async def _until(self, process: Program, came: Callable[[], bool]) -> None:
        await until(lambda: process.poll() is not None or came())
        assert process.poll() is None, f"the worker failed: {(self._folder / 'log').read_text()[-2000:]}"

    def close(self) -> None:
        """Closes the database."""
        self._database.close()


@pytest.mark.parametrize("seed", [2016, 2017])
async def test_a_sender_killed_again_and_again_while_the_channel_misbehaves_sends_each_notice_once(
    tmp_path: Path, seed: int
) -> None:
    """Fails when a claim is not noted before sending, when nobody takes over a dead sender's claim, or when what is of
    unknown fate is sent without a look."""
    with Notify(Mischief(seed, likelihood=0.3)) as notify:
        async with dev_server() as client:
            with closing(Outbox(tmp_path, client, notify)) as outbox:
                keys = outbox.write(60)
                for taken in (12, 25, 40):
                    await outbox.killed_once(lambda taken=taken: len(notify.messages) >= taken)  # type: ignore[misc]
                await outbox.emptied()

                assert notify.counts() == dict.fromkeys(keys, 1)
                assert set(outbox.statuses().values()) == {"sent"}


async def test_a_thousand_notices_whose_sender_is_killed_half_way_arrive_once_each(tmp_path: Path) -> None:
    """And leave no thousand events. Fails when a claim is not noted before sending."""
    with Notify() as notify:
        async with dev_server() as client:
            with closing(Outbox(tmp_path, client, notify)) as outbox:
                keys = outbox.write(1000)
                await outbox.killed_once(lambda: len(notify.messages) >= 500)
                assert 500 <= len(notify.messages) < 1000
                await outbox.emptied()

                assert notify.counts() == dict.fromkeys(keys, 1)
                assert set(outbox.statuses().values()) == {"sent"}
                assert await outbox.events() < 40


@pytest.mark.parametrize("fault", [Fault.SLOW_BEFORE, Fault.SLOW_AFTER])
async def test_a_notice_whose_sender_dies_while_it_is_handed_over_arrives_once(tmp_path: Path, fault: Fault) -> None:
    """Just before the channel has taken it, and just after. Fails on the one when the notice is taken for sent as soon
    as somebody begins to send it, on the other when it is sent again without a look."""
    with Notify() as notify:
        async with dev_server() as client:
            with closing(Outbox(tmp_path, client, notify)) as outbox:
                keys = outbox.write(3)
                notify.will(Fault.NONE, fault)
                await outbox.killed_once(lambda: len(notify.requests) >= 2)
                assert sorted(outbox.statuses().values()) == ["created", "sending", "sent"]
                await outbox.emptied()

                assert notify.counts() == dict.fromkeys(keys, 1)
                assert set(outbox.statuses().values()) == {"sent"}
