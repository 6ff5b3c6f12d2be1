"""The service in processes of its own that can be killed, and a short challenge of the pilot to play in it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from whenever import Instant, TimeDelta

from desk.desk import Desk
from domain.application import Applying
from domain.calendar import lasting
from domain.challenge import Result, State
from domain.programme import Due, Instalment, Programme, Reminders
from domain.refusals import NotConfirmed, Unavailable
from domain.round import Challenge
from settings import Settings
from store.database import Database
from store.rounds import keep_round
from tests.crashes.dying_worker import PATIENCE
from tests.playing import ROOT, pilot
from worker import register_search_attributes
from workflows import interface

STAGES = ("exploration", "accelerator", "pre-commercial", "commercialisation")

_LOOPBACK = "127.0.0.1"
_DEFAULT = "default"
_WITHIN = 90
_GLANCE = 0.05
_ANSWER_WITHIN = 3.0


class Worker:
    """The program `dying_worker` while it runs.

    Args:
        process: the program, whose child is the worker that works now.
        folder: where it keeps its notes.
    """

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._process = process
        self.folder = folder

    @property
    def pid(self) -> int:
        """Of the worker that works now."""
        note = self.folder / "pid"
        return int(note.read_text()) if note.exists() else 0

    @property
    def deaths(self) -> frozenset[str]:
        """The deaths that were died."""
        return frozenset(unquote(marker.name) for marker in (self.folder / "deaths").iterdir())

    def check_alive(self) -> None:
        """That the program still runs."""
        status = self._process.poll()
        assert status is None, f"the worker failed with exit status {status}: {(self.folder / 'log').read_text()}"

    async def started(self) -> None:
        """Waits until there is a worker."""
        await until(lambda: self._process.poll() is not None or self.pid != 0)
        self.check_alive()

    async def kill(self) -> None:
        """Kills the worker that works now, and waits until another took its place."""
        killed = self.pid
        with suppress(ProcessLookupError):
            os.kill(killed, signal.SIGKILL)
        await until(lambda: self.pid != killed)

    def stays_down(self) -> None:
        """None is started when the worker that works now has died."""
        (self.folder / "down").touch()

    def comes_up(self) -> None:
        """One is started again."""
        (self.folder / "down").unlink()

    @asynccontextmanager
    async def down(self) -> AsyncIterator[None]:
        """Kills the worker that works now, and lets none work until the block ends."""
        self.stays_down()
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        yield
        self.comes_up()


@contextmanager
def running_worker(client: Client, database_url: str, folder: Path, *moments: str) -> Iterator[Worker]:
    """A worker that dies once at some moments of every activity, and is started again.

    Args:
        client: of the server and namespace that it works for.
        database_url: of a database that is migrated.
        folder: of its own; made here.
        moments: see `dying_worker`; none to die only when it is killed.
    """
    (folder / "deaths").mkdir(parents=True)
    program = [sys.executable, "-m", "tests.crashes.dying_worker"]
    command = [*program, client.service_client.config.target_host, client.namespace, database_url, str(folder)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, *moments], cwd=ROOT, stdin=subprocess.PIPE, stdout=log, stderr=log)
    try:
        yield Worker(process, folder)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(_WITHIN)


class Server:
    """Temporal's development server, which keeps its state in a file and can be killed.

    Args:
        folder: where the file is.
        namespaces: that it has besides the default one.
    """

    def __init__(self, folder: Path, *namespaces: str) -> None:
        self._folder = folder
        self._namespaces = namespaces
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it is reached."""
        return f"{_LOOPBACK}:{self._port}"

    async def client(self, namespace: str) -> Client:
        """A client for a namespace."""
        client = await Client.connect(self.address, namespace=namespace, data_converter=pydantic_data_converter)
        await client.count_workflows()
        return client

    async def start(self) -> Client:
        """Starts it on what its file holds; returns once it answers."""
        self._launch()
        async with asyncio.timeout(_WITHIN):
            while True:
                with suppress(RuntimeError, RPCError):
                    return await self.client(_DEFAULT)
                await asyncio.sleep(_GLANCE)

    def _launch(self) -> None:
        command = [str(Path(sys.executable).parent / "temporal"), "server", "start-dev", "--headless"]
        command += ["--ip", _LOOPBACK, "--port", str(self._port), "--db-filename", str(self._folder / "temporal.db")]
        command += [part for namespace in self._namespaces for part in ("--namespace", namespace)]
        with (self._folder / "temporal.log").open("ab") as log:
            self._process = subprocess.Popen([*command, "--log-level", "error"], stdout=log, stderr=log)

    def kill(self) -> None:
        """Stops it without any chance to finish something."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@asynccontextmanager
async def running_server(folder: Path, *namespaces: str) -> AsyncIterator[tuple[Server, list[Client]]]:
    """A Temporal server of one's own, killed when the block ends, and a client for each of its namespaces."""
    server = Server(folder, *namespaces)
    try:
        clients = [await server.start(), *[await server.client(namespace) for namespace in namespaces]]
        for client in clients:
            await register_search_attributes(client)
        yield server, clients
    finally:
        server.kill()


@contextmanager
def opened_desk(client: Client, database_url: str) -> Iterator[Desk]:
    """A desk on a database, which it makes ready."""
    database = Database(database_url)
    database.migrate()

    async def connected() -> Client:
        return client

    try:
        yield Desk(Settings(database_url=database_url, answer_within=_ANSWER_WITHIN), database, connected)
    finally:
        database.close()


def short_pilot(stage_seconds: float = 1, **but: float) -> Programme:
    """The pilot's programme with short stages, time enough to decide, and nobody reminded of anything.

    The last stage pays in two parts, so that a challenge also waits for payments at its end.

    Args:
        stage_seconds: how long a stage lasts.
        but: how long stages of these names last instead.
    """
    _, programme, _ = pilot()
    stages = [
        stage.model_copy(update={"duration": lasting(but.get(stage.name, stage_seconds))}) for stage in programme.stages
    ]
    last = stages[-1]
    assert last.pay is not None
    halves = (Instalment(share="50%"), Instalment(share="50%", due=Due.END))
    stages[-1] = last.model_copy(update={"pay": last.pay.model_copy(update={"instalments": halves})})
    return programme.model_copy(update={"stages": tuple(stages), "reminders": Reminders()})


class Played:
    """One challenge, with all who have a part in it.

    Args:
        desk: of the running service.
        slug: which challenge of the pilot.
        programme: what it runs under.
        window_seconds: how long applications are taken.
    """

    def __init__(self, desk: Desk, slug: str, programme: Programme, window_seconds: float = 1) -> None:
        self.desk = desk
        self.programme = programme
        self._round, _, challenges = pilot()
        now = Instant.now()
        model = next(each for each in challenges if each.slug == slug)
        self.challenge: Challenge = model.model_copy(
            update={"opens": now, "closes": now + TimeDelta(seconds=window_seconds)}
        )
        self.teams: list[str] = []

    @property
    def id(self) -> str:
        """The challenge's id."""
        return self.challenge.id

    async def open(self) -> None:
        """Opens it with four applications, which are numbered as teams."""
        self.keep()
        for number in range(1, 5):
            applying = Applying(organisation=f"Company {number}", email=f"{number}@company.example", proposal="Trees.")
            self.teams.append(self.desk.apply(self.id, applying).application)
        await self.start()

    def keep(self) -> None:
        """Writes it down, from when on applications are taken."""
        keep_round(self.desk.database, self._round, self.programme, (self.challenge,), self.desk.now())

    async def start(self) -> None:
        """Starts its workflow as the desk does, but for a run that misses its worker sooner."""
        await (await self.desk.client()).start_workflow(
            interface.CHALLENGE,
            State.of(self.challenge, self.programme),
            id=self.id,
            task_queue=interface.TASK_QUEUE,
            task_timeout=PATIENCE,
        )

    async def waits_for(self) -> str:
        """What it waits for, as Temporal's list shows it: what its workflow has done for good.

        A query would also be answered from what a worker has done that dies before Temporal hears of it.
        """
        handle = (await self.desk.client()).get_workflow_handle(self.id)
        return (await handle.describe()).typed_search_attributes.get(interface.WAITS_FOR, "")

    async def deadline(self) -> Instant:
        """Until when it waits, as Temporal's list shows it."""
        handle = (await self.desk.client()).get_workflow_handle(self.id)
        return Instant((await handle.describe()).typed_search_attributes[interface.UNTIL])

    async def past(self, moment: Instant) -> None:
        """Waits until a moment is past by the service's clock."""
        await until(lambda: self.desk.now() > moment)

    async def waiting_for(self, what: str) -> None:
        """Waits until the challenge waits for something."""
        async with asyncio.timeout(_WITHIN):
            while await self.waits_for() != what:  # noqa: ASYNC110
                await asyncio.sleep(_GLANCE)

    async def decide(self, kind: str, by: str, **fields: object) -> str:
        """Somebody decides, and says so again and again until it is answered; see `Desk.decide`."""
        async with asyncio.timeout(_WITHIN):
            while True:
                with suppress(NotConfirmed, Unavailable):
                    return await self.desk.decide(self.id, kind, by, **fields)

    async def select(self, stage: str) -> None:
        """The sponsor selects for a stage."""
        await self.decide("select", self.challenge.deciders[0], **self._selection(stage))

    async def select_by_signal(self, stage: str) -> None:
        """The same, in a message that Temporal keeps until a worker hears it."""
        handle = (await self.desk.client()).get_workflow_handle(self.id)
        await handle.signal("select", {"by": self.challenge.deciders[0], **self._selection(stage)})

    def _selection(self, stage: str) -> dict[str, object]:
        number = 3 if stage == "exploration" else 1
        amounts = {"pre-commercial": "40000.00", "commercialisation": "10000.00"}
        fields: dict[str, object] = {"stage": stage, "teams": self.teams[:number], "decision_id": f"for-{stage}"}
        if stage in amounts:
            fields["amounts"] = {self.teams[0]: amounts[stage]}
        return fields

    async def paid(self, number: int) -> None:
        """Waits until so many payments are settled."""
        await until(lambda: sum(each.settled is not None for each in self.desk.payments(self.id)) >= number)

    async def result(self) -> Result:
        """How it ended, once it has."""
        handle = (await self.desk.client()).get_workflow_handle(self.id, result_type=Result)
        async with asyncio.timeout(_WITHIN):
            result: Result = await handle.result()
        return result

    async def play(self) -> Result:
        """Everything, from the opening to the outcome."""
        await self.open()
        for stage in STAGES:
            await self.waiting_for(f"selection for {stage}")
            await self.select(stage)
        return await self.result()


async def until(came: Callable[[], bool]) -> None:
    """Waits for a condition, but not without end."""
    async with asyncio.timeout(_WITHIN):
        while not came():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])
