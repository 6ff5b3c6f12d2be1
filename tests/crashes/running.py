"""The service in processes of its own that can be killed."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote

from temporalio.client import Client

from desk.desk import Desk
from service.settings import PREFIX, Settings
from service.wiring import database_of
from tests.crashes import dying_desk, dying_worker
from tests.gateways.notify import API_KEY, TEMPLATE, Notify
from tests.gateways.provider import Provider
from tests.identity.signing import key_files
from tests.processes import Program
from tests.rounds import known_by
from tests.servers import Server
from tests.waiting import HANGS, until
from worker import register_search_attributes

_LOOPBACK = "127.0.0.1"
_DEFAULT = "default"
_ANSWER_WITHIN = 3.0


class Worker:
    """The program `dying_worker` while it runs.

    Args:
        process: the program, whose child is the worker that works now.
        folder: where it keeps its notes.
    """

    def __init__(self, process: Program, folder: Path) -> None:
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

    def check_looked(self) -> None:
        """That each worker looked what its rail had taken from those before it."""
        again = self.folder / "asked again"
        assert not again.exists(), f"the rail was asked again for {again.read_text()}, which it had taken"

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

    def strikes(self) -> None:
        """Its rail takes nothing."""
        (self.folder / "strike").touch()

    def works_again(self) -> None:
        """Its rail takes transfers again."""
        (self.folder / "strike").unlink()

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
def running_worker(client: Client, database_url: str, folder: Path, *moments: str, **settings: str) -> Iterator[Worker]:
    """A worker that dies once at some moments of every activity, and is started again. Its log says nothing personal.

    Args:
        client: of the server and namespace that it works for.
        database_url: of a database that is migrated.
        folder: of its own; made here.
        moments: see `dying_worker`; none to die only when it is killed.
        settings: see `environment_of`.
    """
    (folder / "deaths").mkdir(parents=True)
    arguments = [client.service_client.config.target_host, client.namespace, str(folder), *moments]
    environment = os.environ | {"NO_PROXY": _LOOPBACK} | environment_of(database_url, **settings)
    with Program(dying_worker.main, arguments, environment, folder / "log") as process:
        yield Worker(process, folder)
        process.stop()
    log = (folder / "log").read_text()
    assert known_by(log) == [], f"the log of a worker says what is personal: {log}"


class Commands:
    """The command line, in processes that can die half-way; see `dying_desk`.

    Args:
        process: the program that runs them.
        said: the file with what the last one said.
    """

    def __init__(self, process: Program, said: Path) -> None:
        self._process = process
        self._said = said

    async def run(self, moment: str, *arguments: str) -> int:
        """Runs one command, which dies at a moment, or does not if that is empty; gives its exit status."""
        asked = {"moment": moment, "arguments": arguments, "output": str(self._said)}
        self._process.stdin.write(f"{json.dumps(asked)}\n")
        self._process.stdin.flush()
        async with asyncio.timeout(HANGS):
            answer = await asyncio.to_thread(self._process.stdout.readline)
        assert answer, f"the desk ended with status {self._process.poll()}: see desk.log beside {self._said}"
        return int(answer)

    def output(self) -> str:
        """What the last one said."""
        return self._said.read_text()


@contextmanager
def running_commands(client: Client, database_url: str, folder: Path, **settings: str) -> Iterator[Commands]:
    """The command line on a server and a database.

    Args:
        client: of the server and namespace.
        database_url: of the database.
        folder: for what commands say.
        settings: see `environment_of`.
    """
    of_temporal = {
        "TEMPORAL_ADDRESS": client.service_client.config.target_host,
        "TEMPORAL_NAMESPACE": client.namespace,
    }
    environment = os.environ | of_temporal | environment_of(database_url, **settings)
    with Program(dying_desk.main, [], environment, folder / "desk.log", answers=True) as process:
        yield Commands(process, folder / "said")
        process.stop()


@asynccontextmanager
async def running_server(folder: Path) -> AsyncIterator[tuple[Server, Client]]:
    """A Temporal server of one's own that can be killed and started again, as long as the block runs."""
    server = Server(folder / "temporal.log", folder / "temporal.db")
    try:
        client = await server.start()
        await register_search_attributes(client)
        yield server, client
    finally:
        server.kill()
        # Requests that were given up complain when they are cleared away: here, and not in whatever comes next.
        gc.collect()


def environment_of(database_url: str, **settings: str) -> dict[str, str]:
    """The environment of a process of the service.

    Args:
        database_url: of its database.
        settings: others, by their names in `settings`. If they do not say otherwise, the keys are beside the database,
            or beside the key of bank details, and answers are not waited for long.
    """
    if "payee_key_file" not in settings:
        settings["payee_key_file"] = str(Path(database_url.removeprefix("sqlite:///")).parent / "payee.key")
    folder = Path(settings["payee_key_file"]).parent
    keys = {"record_key_file": folder / "record.key", **key_files(folder)}
    beside = {name: str(path) for name, path in keys.items()}
    given = {"answer_within": str(_ANSWER_WITHIN), **beside, **settings, "database_url": database_url}
    return {f"{PREFIX}{name.upper()}": value for name, value in given.items()}


@contextmanager
def opened_desk(client: Client, database_url: str, **settings: str) -> Iterator[Desk]:
    """A desk on a database, which it makes ready; settings as for `environment_of`."""
    given = environment_of(database_url, **settings)
    options = Settings.model_validate({name.removeprefix(PREFIX).lower(): value for name, value in given.items()})
    database = database_of(options)
    database.migrate()

    async def connected() -> Client:
        return client

    desk = Desk(options, database, connected)
    try:
        yield desk
    finally:
        desk.close()
        database.close()


def through(provider: Provider) -> dict[str, str]:
    """The settings of a service that pays through a provider."""
    return {"payment_rail": "http", "rail_url": provider.url, "rail_token": provider.token}


def telling(notify: Notify) -> dict[str, str]:
    """The settings of a service that sends its notices through GOV.UK Notify."""
    known = {"notify_url": notify.url, "notify_key": API_KEY, "notify_template": TEMPLATE}
    return known | {"notice_channel": "govuk-notify", "notice_rate": "1000"}
