"""The web front as a process: started, stopped, and what it says when it cannot run."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

import web
from service.ports import free_ports
from tests.plain_http import TLS
from tests.processes import Program
from tests.store.sqlite import fresh_sqlite
from tests.waiting import HANGS


def program(folder: Path, url: str, port: int, **others: str) -> Program:
    """The web front in a process of its own. What it says is in the folder's file `log`."""
    settings = {"CHALLENGES_DATABASE_URL": url, "CHALLENGES_WEB_PORT": str(port), "CHALLENGES_LOG_FORMAT": "json"}
    settings |= {"CHALLENGES_WEB_ADDRESS": f"http://localhost:{port}", **others}
    own = {name: value for name, value in os.environ.items() if not name.startswith(("CHALLENGES_", "TEMPORAL_"))}
    return Program(web.main, [], own | settings, folder / "log")


def until_it_answers(process: Program, port: int) -> None:
    """Waits until pages are served."""
    end = time.monotonic() + HANGS
    while process.poll() is None and time.monotonic() < end:
        with suppress(httpx2.TransportError):
            assert (
                httpx2.get(f"http://localhost:{port}/health", trust_env=False, timeout=HANGS, verify=TLS).text == "ok\n"
            )
            return
    raise AssertionError("the web front does not answer")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_pages_and_stops_as_told(tmp_path: Path, number: signal.Signals) -> None:
    """Fails where a stop looks like a crash to whatever started the front."""
    port = free_ports()[0]
    with program(tmp_path, fresh_sqlite(tmp_path), port) as process:
        until_it_answers(process, port)
        os.kill(process.pid, number)
        assert process.wait() == 0
    said = (tmp_path / "log").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in said.splitlines()]
    assert [line["event"] for line in lines if line["event"] == "web front ready"]
    assert {line["level"] for line in lines} == {"info"}
    assert "Traceback" not in said


def test_a_port_in_use_or_a_database_that_is_none_is_one_line(tmp_path: Path) -> None:
    port = free_ports()[0]
    url = fresh_sqlite(tmp_path)
    with socket.create_server(("127.0.0.1", port)):
        assert refused(tmp_path, url, port).startswith(f"The web front cannot listen on 127.0.0.1, port {port} (")
    for wrong, says in (
        ({"CHALLENGES_DATABASE_URL": f"sqlite:///{tmp_path}/none.db"}, "There is no database"),
        ({"CHALLENGES_ORGANISATIONS": str(tmp_path / "none.toml")}, str(tmp_path / "none.toml")),
        ({"CHALLENGES_WEB_ADDRESS": "localhost"}, "A setting cannot be used: CHALLENGES_WEB_ADDRESS=localhost"),
        ({"CHALLENGES_WEB_LISTEN": "192.0.2.1"}, "The web front cannot listen on 192.0.2.1"),
    ):
        assert says in refused(tmp_path, url, port, **wrong)


def refused(folder: Path, url: str, port: int, **wrong: str) -> str:
    """The one line that is said when the front cannot run."""
    log = folder / "log"
    log.unlink(missing_ok=True)
    with program(folder, url, port, **wrong) as process:
        assert process.wait() == 1
    said = log.read_text(encoding="utf-8")
    assert said.count("\n") == 1, said
    return said
