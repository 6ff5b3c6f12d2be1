"""The web front in a process of its own, on a PostgreSQL of its own, and what both use."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Self

import psutil
from whenever import Instant, TimeDelta

from domain.identity.proof import Way
from domain.programmes.round import Challenge
from identity.sessions import Sessions
from service.ports import free_ports
from store.database.database import Database

from .browsers import Browser
from .databases import RECORD_KEY, RECORD_KEYS, keep, urls
from .pilot import pilot
from .programs import ROOT

_STARTS_WITHIN = 60
"""Seconds."""
_LOOKS = 0.25
"""Seconds between two looks at the memory."""
_OUR_SETTINGS = ("CHALLENGES_", "TEMPORAL_")


class Front(NamedTuple):
    """A front that runs.

    Args:
        port: on which it listens.
        kept: its database.
        challenge: that can be answered.
        server, database: the processes that began all others of the front, and of PostgreSQL.
    """

    port: int
    kept: Database
    challenge: Challenge
    server: psutil.Process
    database: psutil.Process

    def browser(self, number: int) -> Browser:
        """The browser of a visitor. Each comes from a network of its own."""
        return Browser(self.port, f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")

    def signed_in(self, number: int, mailbox: str) -> Browser:
        """The browser of a visitor who has signed in by a link."""
        browser = self.browser(number)
        _, secret = Sessions(self.kept, Instant.now).begin(mailbox, Way.LINK)
        browser.cookies["__Host-session"] = secret
        return browser


@contextmanager
def front(kind: str, closes_in: float = 24 * 60 * 60) -> Iterator[Front]:
    """A front with the pilot's first challenge, which is open, until the block ends.

    Args:
        kind: of the database.
        closes_in: seconds from now until the challenge closes.
    """
    with ExitStack() as stack:
        (url,) = stack.enter_context(urls(kind, 1))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="front-")))
        kept = Database(url, RECORD_KEYS)
        stack.callback(kept.close)
        kept.migrate()
        round_, programme, challenges = pilot()
        now = Instant.now()
        closes = now + TimeDelta(seconds=closes_in)
        challenge = challenges[0].model_copy(update={"opens": now, "closes": closes})
        keep(kept, round_, programme, (challenge,))
        (port,) = free_ports()[:1]
        server = stack.enter_context(_process(["web.py"], port, folder, url))
        yield Front(port, kept, challenge, psutil.Process(server.pid), postmaster(kept))


@contextmanager
def empty_front() -> Iterator[int]:
    """A server of the same kind that answers with an empty page, until the block ends: gives its port."""
    (port,) = free_ports()[:1]
    with (
        tempfile.TemporaryDirectory(prefix="front-") as folder,
        _process(["-m", "bench.empty_page"], port, Path(folder), "sqlite:///none"),
    ):
        yield port


@contextmanager
def _process(arguments: Sequence[str], port: int, folder: Path, url: str) -> Iterator[subprocess.Popen[bytes]]:
    key = folder / "record.key"
    key.write_text(f"{RECORD_KEY}\n", encoding="ascii")
    key.chmod(0o600)
    ours = {
        "DATABASE_URL": url,
        "WEB_PORT": str(port),
        "WEB_ADDRESS": f"http://localhost:{port}",
        "WEB_PROXY": "127.0.0.1",
        "WEB_LIMIT": "1000000",
        "LOG_FORMAT": "json",
        "RECORD_KEY_FILE": str(key),
        "PAYEE_KEY_FILE": str(folder / "payee.key"),
        "FILES_KEY_FILE": str(folder / "files.key"),
        "FILES_PLACE": str(folder / "files"),
        "SIGNING_KEY_FILE": str(folder / "signing.key"),
        "PUBLIC_KEY_FILE": str(folder / "signing.pub"),
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith(_OUR_SETTINGS)}
    environment = others | {f"CHALLENGES_{name}": value for name, value in ours.items()} | {"PYTHONPATH": str(ROOT)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(port, process, folder / "log")
            yield process
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it listens.

    Raises:
        RuntimeError: it ended instead.
    """
    ends = time.monotonic() + _STARTS_WITHIN
    while process.poll() is None and time.monotonic() < ends:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the front does not listen: {log.read_text(encoding='utf-8')[-500:]}")


def postmaster(kept: Database) -> psutil.Process:
    """The process that began all others of the database; that of SQLite is whoever uses it."""
    if kept.engine.dialect.name == "sqlite":
        return psutil.Process()
    with kept.reading() as connection:
        asked = psutil.Process(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
    parent = asked.parent()
    assert parent is not None, "a server of PostgreSQL has begun it"
    return parent


class Used:
    """What processes and all that they began use, from the beginning of the block to its end.

    Args:
        processes: by the names under which they are counted.
    """

    def __init__(self, **processes: psutil.Process) -> None:
        self._processes = processes
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory", daemon=True)
        self._before: dict[str, float] = {}
        self.seconds: dict[str, float] = {}
        """Of processors."""
        self.memory: list[dict[str, float]] = []
        """MiB at each look. What several processes share is counted once, in parts (PSS)."""

    def __enter__(self) -> Self:
        self._before = {name: _spent(process) for name, process in self._processes.items()}
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.seconds = {name: _spent(process) - self._before[name] for name, process in self._processes.items()}

    @property
    def peak(self) -> float:
        """The most memory of all processes together, at one moment, in MiB."""
        return max(sum(each.values()) for each in self.memory)

    def _look(self) -> None:
        while True:
            self.memory.append({name: sum(map(_memory, _family(each))) for name, each in self._processes.items()})
            if self._over.wait(_LOOKS):
                return


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _memory(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        return float(process.memory_full_info().pss) / 2**20
    return 0.0


def _spent(process: psutil.Process) -> float:
    spent = 0.0
    for each in _family(process):
        with suppress(psutil.Error):
            spent += sum(each.cpu_times()[:4])
    return spent
