"""The whole service on one machine: Temporal's development server with its UI, a worker, the web front, and SQLite.

`embedded.py run` keeps its state in var/ and runs until Ctrl-C. `embedded.py demo` rehearses the pilot on separate
servers, and two more rounds beside the pilot, and then stops them; with --keep the servers stay up.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import queue
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from domain.values.refusals import Refused, Unavailable
from domain.values.wording import listed
from service.ports import LOOPBACK, free_ports, is_free
from store.database.database import Database

ROOT = Path(__file__).resolve().parent
VAR = ROOT / "var"
KEPT_FOR = "87600h"
"""How long closed runs stay in the Temporal UI: ten years."""

DEMO_ROUNDS = {"pilot-2016": 1.0, "town-trials": 1.0, "later-rounds": 1.6}
"""The pilot, and rounds with what the pilot lacks: VAT and instalments on evidence; forms, readers, further proposals.
Beside each round stands how much longer its days are: later rounds have fewer days, and teams write in a few of them.
The same person operates all rounds."""
DEMO_OPERATOR = "programme-office"
DEMO_DAY = 0.12
_USUAL_PORT = 7233
_UI_ABOVE = 1000
_WEB_ABOVE = 767
"""The web front's usual port, 8000, is so far above Temporal's."""
_START_WITHIN = 60
_STOP_WITHIN = 30
_LOOK_EVERY = 0.2
WEB_FRONT = "web-front"
_NAMED = "localhost"
"""The loopback interface as the web front is reached: for a number, browsers keep no passkeys and no safe cookies."""

Parts = dict[str, subprocess.Popen[bytes]]
"""The running processes, each under a name for people."""


class Told(Exception):
    """The service was told to stop, by Ctrl-C, by `kill` or because the terminal was closed."""


class Listener:
    """Hears when the service is told to stop, also while it starts or stops.

    A signal only leaves a note, so it never interrupts the start or the stop of a process half-way.
    """

    def __init__(self) -> None:
        self._notes: queue.SimpleQueue[int] = queue.SimpleQueue()  # a signal can fill it at any moment

    def listen(self) -> Listener:
        """Takes this process's signals from now on."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: self._notes.put(number))
        return self

    def wait(self, seconds: float) -> None:
        """Waits for a time, in seconds.

        Raises:
            Told: the service was told to stop; raised once.
        """
        try:
            self._notes.get(timeout=seconds)
        except queue.Empty:
            return
        raise Told


_OF_ANOTHER_SERVICE = frozenset({"CHALLENGES_TERMINAL_KEY_FILE", "CHALLENGES_ASK_FOR_PROOF"})


class Service:
    """The service on this machine, and the addresses of its parts.

    Args:
        folder: holds all state.
        port: Temporal's.
        ui_port: the port of Temporal's UI.
        web_port: the port of the web front.
        fresh: whether old databases and logs are removed before the start.
    """

    def __init__(self, folder: Path, port: int, ui_port: int, web_port: int, fresh: bool = False) -> None:
        self.folder = folder
        self.port = port
        self.ui_port = ui_port
        self.web_port = web_port
        self._fresh = fresh

    @property
    def ui(self) -> str:
        """The address of the Temporal UI."""
        return f"http://{LOOPBACK}:{self.ui_port}/namespaces/default/workflows"

    @property
    def web(self) -> str:
        """The address of the web front."""
        return f"http://{_NAMED}:{self.web_port}"

    @property
    def address(self) -> dict[str, str]:
        """The variables that lead a command to this service."""
        return {
            "TEMPORAL_ADDRESS": f"{LOOPBACK}:{self.port}",
            "CHALLENGES_DATABASE_URL": f"sqlite:///{self.folder / 'service.db'}",
            "CHALLENGES_PAYEE_KEY_FILE": str(self.folder / "payee.key"),
            "CHALLENGES_RECORD_KEY_FILE": str(self.folder / "record.key"),
            "CHALLENGES_SIGNING_KEY_FILE": str(self.folder / "signing.key"),
            "CHALLENGES_PUBLIC_KEY_FILE": str(self.folder / "signing.pub"),
            "CHALLENGES_FILES_PLACE": str(self.folder / "files"),
            "CHALLENGES_FILES_KEY_FILE": str(self.folder / "files.key"),
            "CHALLENGES_WEB_ADDRESS": self.web,
            "CHALLENGES_WEB_PORT": str(self.web_port),
        }

    @property
    def environment(self) -> dict[str, str]:
        """The variables for a process that must reach this service and no other, whatever is set on this machine."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
        if self._fresh:  # it begins with no keys: one that is set on this machine would be of another service
            inherited = {name: value for name, value in inherited.items() if name not in _OF_ANOTHER_SERVICE}
            inherited["CHALLENGES_SHOW_REHEARSALS"] = "true"  # it has no other challenges
        return inherited | self.address | {"TEMPORAL_NAMESPACE": "default", "TEMPORAL_CONFIG_FILE": os.devnull}

    @contextmanager
    def up(self, listener: Listener, *, web: bool = False) -> Iterator[Parts]:
        """Starts server, database and worker; stops them, the worker first, when the block ends.

        Args:
            listener: hears when the service is told to stop.
            web: whether the web front is started, too.

        Raises:
            Unavailable: a part does not start. The message says which part, why, and where its log is.
            Told: the service was told to stop before it was up.
        """
        for port in (self.port, self.ui_port, *([self.web_port] if web else [])):
            if not is_free(port):
                raise Unavailable(
                    f"Port {port} is in use, perhaps by this service: stop what uses the port, or choose another "
                    "with --port."
                )
        with ExitStack() as parts:
            parts.enter_context(_alone_in(self.folder))
            if self._fresh:
                self._forget()
            server = parts.enter_context(_running(self._server(), self.environment, self.folder / "temporal.log"))
            self._until_it_answers(server, listener)
            database = Database(self.address["CHALLENGES_DATABASE_URL"])
            database.migrate()
            database.close()
            command = [sys.executable, str(ROOT / "worker.py")]
            worker = parts.enter_context(_running(command, self.environment, self.folder / "worker.log"))
            running = {"temporal": server, "worker": worker}
            yield running | ({WEB_FRONT: parts.enter_context(self.front())} if web else {})

    @contextmanager
    def front(self) -> Iterator[subprocess.Popen[bytes]]:
        """Starts the web front of a service that is up; stops it when the block ends."""
        command = [sys.executable, str(ROOT / "web.py")]
        with _running(command, self.environment, self.folder / f"{WEB_FRONT}.log") as running:
            yield running

    def _forget(self) -> None:
        for kind in ("service.db*", "temporal.db*", "*.log"):
            for file in self.folder.glob(kind):
                file.unlink()

    def _server(self) -> list[str]:
        command = [_temporal(), "server", "start-dev", "--ip", LOOPBACK, "--port", str(self.port)]
        command += ["--ui-port", str(self.ui_port), "--db-filename", str(self.folder / "temporal.db")]
        return [*command, "--log-level", "error"]

    def _until_it_answers(self, server: subprocess.Popen[bytes], listener: Listener) -> None:
        """Waits until the server has started, and makes it keep closed runs, which it would drop after a day."""
        keep = [_temporal(), "operator", "namespace", "update", "--namespace", "default", "--retention", KEPT_FOR]
        patience = time.monotonic() + _START_WITHIN
        while server.poll() is None and time.monotonic() < patience:
            if not subprocess.run(keep, env=self.environment, capture_output=True, check=False).returncode:
                return
            listener.wait(_LOOK_EVERY)
        raise Unavailable(f"The Temporal server did not start{_last_words(self.folder / 'temporal.log')}")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Locks a folder: two services would damage its files. The lock ends with the process, however the process ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a")
    except OSError as error:
        raise Unavailable(
            f"State cannot be kept in {folder} ({error.strerror}): make the folder writable, or choose another."
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unavailable(f"The service runs on {folder} already: stop the running service first.") from None
        yield


@contextmanager
def _running(
    command: list[str], environment: dict[str, str], logs: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a process until the block ends. Without a log file, the process writes to our own output."""
    with ExitStack() as files:
        output = files.enter_context(logs.open("ab")) if logs else None
        # In its own session: Ctrl-C reaches only us, and we stop the parts in order.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            cwd=ROOT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    said = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"; {log} ends with: {said[:300]}" if said else f": see {log}"


def _temporal() -> str:
    beside = Path(sys.executable).parent / "temporal"
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise Unavailable("The `temporal` program is missing: start with `make run` or `make demo`, which install it.")
    return found


def _watch(parts: Parts, service: Service, listener: Listener, until: subprocess.Popen[bytes] | None = None) -> int:
    """Waits until a process has ended, and returns its exit status.

    Args:
        parts: the processes that must keep running.
        service: has these parts.
        listener: hears when the service is told to stop.
        until: the process; without a process, the wait has no end.

    Raises:
        Unavailable: a part stopped by itself. The message names the part, its last words and its log.
        Told: the service was told to stop.
    """
    while until is None or until.poll() is None:
        for name, process in parts.items():
            if process.poll() is not None:
                raise Unavailable(
                    f"The {name} stopped by itself (exit status {process.returncode})"
                    f"{_last_words(service.folder / f'{name}.log')}"
                )
        listener.wait(_LOOK_EVERY)
    return until.returncode


def run(folder: Path, port: int) -> int:
    """Runs the service for real use, with real durations and its state in a folder, until it is told to stop."""
    listener = Listener().listen()
    service = Service(folder.resolve(), port, port + _UI_ABOVE, port + _WEB_ABOVE)
    try:
        with service.up(listener, web=True) as parts:
            print(f"Web front    {service.web}")
            print(f"Temporal UI  {service.ui}")
            print(f"State        {service.folder}")
            print(f"Commands     {_commands(service, '--help')}")
            print("Ctrl-C stops the service; open challenges continue when the service starts again.", flush=True)
            return _watch(parts, service, listener)
    except Told:
        print("Stopped.")
        return 0


def demo(folder: Path, keep: bool, day: float) -> int:
    """Rehearses rounds from opening to outcome. If it is told to stop before the end, the rehearsal has failed."""
    listener = Listener().listen()
    service = Service(folder.resolve(), *free_ports(), fresh=True)
    status = 1
    try:
        with service.up(listener) as parts:
            print(f"Rehearsing the rounds {listed(tuple(DEMO_ROUNDS))}. Temporal UI: {service.ui}\n", flush=True)
            rehearsed = _rehearse(parts, service, listener, day)
            with _running(_starter("reconcile"), service.environment) as running:
                status = max(rehearsed, _watch(parts, service, listener, running))
            if keep:
                with service.front() as front:
                    print(f"\nWeb front    {service.web}\nTemporal UI  {service.ui}")
                    print(f"Look around  {_commands(service, 'status')}\nCtrl-C stops.", flush=True)
                    _watch(parts | {WEB_FRONT: front}, service, listener)
            else:
                print(f"\nTemporal UI  {service.ui} (gone now; `make demo KEEP=1` leaves it up)")
    except Told:
        print("Stopped.")
    return status


def _rehearse(parts: Parts, service: Service, listener: Listener, day: float) -> int:
    """Rehearses the rounds at the same time. Shows the first while it is played, and the others after it.

    Returns:
        The worst exit status.
    """
    logs = {name: service.folder / f"{name}.log" for name in list(DEMO_ROUNDS)[1:]}
    with ExitStack() as stack:
        begun = []
        for name, longer in DEMO_ROUNDS.items():
            command = _starter("rehearse", name, "--day", str(day * longer))
            begun.append(stack.enter_context(_running(command, service.environment, logs.get(name))))
        status = max(_watch(parts, service, listener, each) for each in begun)
    for name, log in logs.items():
        print(f"\nMeanwhile, the round {name}:\n\n{log.read_text(encoding='utf-8')}", flush=True)
    return status


def _starter(*words: str) -> list[str]:
    """A command of the person who operates the rounds of the demo."""
    return [sys.executable, str(ROOT / "starter.py"), *words, "--as", DEMO_OPERATOR]


def _commands(service: Service, command: str) -> str:
    """The command that reaches this service from another terminal."""
    program = f".venv/bin/python starter.py {command}"
    if service.port == _USUAL_PORT and service.folder == VAR:
        return program
    return " ".join([*(f"{name}={value}" for name, value in service.address.items()), program])


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65_535 - _UI_ABOVE:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: write a number from 1 to {65_535 - _UI_ABOVE}")
    return int(text)


def main() -> int:
    """Exit status: 0 done, or stopped as told; 1 something is wrong; 2 used wrongly."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="run the service for real use")
    running.add_argument(
        "--port",
        type=_port,
        default=_USUAL_PORT,
        help=f"of Temporal; its UI has this plus {_UI_ABOVE}, and the web front this plus {_WEB_ABOVE}",
    )
    running.add_argument("--state", type=Path, default=VAR, help="the folder for all state")
    rehearsing = commands.add_parser("demo", help="rehearse the pilot, and two more rounds beside it")
    rehearsing.add_argument("--keep", action="store_true", help="leave the servers up afterwards")
    rehearsing.add_argument("--day", type=float, default=DEMO_DAY, help="the length of a day in seconds")
    rehearsing.add_argument(
        "--state", type=Path, default=VAR / "demo", help="the folder for the state; old state is removed"
    )
    chosen = parser.parse_args()
    try:
        if chosen.command == "run":
            return run(chosen.state, chosen.port)
        return demo(chosen.state, chosen.keep, chosen.day)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return refusal.exit_status


if __name__ == "__main__":
    sys.exit(main())
