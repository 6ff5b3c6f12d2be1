"""Nothing secret is in what worker, web front and command line say, however much they are asked to say."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography.fernet import Fernet

from service.ports import free_ports
from tests.console.fronting import Fronted, Visitor
from tests.gateways.mailbox import Mailbox
from tests.rounds import OPERATOR, ROOT
from tests.servers import new_namespace
from tests.starter.commands import as_process, of_nothing_else
from tests.store.postgres import postgres_server
from tests.waiting import HANGS

SECRETS = {
    "DATABASE_PASSWORD": "marked-database-password",
    "RAIL_TOKEN": "marked-rail-token",
    "SMTP_PASSWORD": "marked-smtp-password",
    "NOTIFY_KEY": "marked-notify-key",
    "FILES_SECRET_KEY": "marked-files-secret-key",
}
KEY_FILES = ("payee", "files", "record", "signing", "codec")
OPENING = ("open", "pilot-2016", "--opens", "2027-07-07T09:00")
HOLDING = ("hold", "air-quality", "--reason", "The site is down.")
ADDRESS = "robin@firm.example"


@contextmanager
def running(program: str, environment: dict[str, str], log: Path, says: str) -> Iterator[None]:
    """Runs a program of the service as a process of its own; stops it when the block ends."""
    command = [sys.executable, str(ROOT / program)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=ROOT)
    try:
        until(lambda: says in log.read_text() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(HANGS) == 0


def until(came: Any) -> None:
    end = time.monotonic() + HANGS
    while not came():
        assert time.monotonic() < end
        time.sleep(0.05)  # a glance, not a wait for time to pass


@pytest.fixture
def database_url() -> Iterator[str]:
    """The URL of a PostgreSQL database, without a password."""
    with postgres_server() as url:
        yield url.replace("postgresql://postgres:@", "postgresql://postgres@")


def settings_in(folder: Path, database_url: str, mail: Mailbox, port: int) -> dict[str, str]:
    """The settings of an installation that has a secret wherever there can be one, each in a file."""
    given = {
        "DATABASE_URL": database_url,
        "LOG_LEVEL": "DEBUG",
        "LOG_FORMAT": "json",
        "NOTICE_CHANNEL": "smtp",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(mail.port),
        "SMTP_USER": "post",
        "SMTP_SECURITY": "none",
        "SMTP_SENDER": "post@scheme.example",
        "PAYMENT_RAIL": "http",
        "RAIL_URL": "http://127.0.0.1:9",
        "PUBLIC_KEY_FILE": str(folder / "signing.pub"),
        "FILES_PLACE": str(folder / "files"),
        "WEB_ADDRESS": f"http://localhost:{port}",
        "WEB_PORT": str(port),
    }
    given |= {f"{name.upper()}_KEY_FILE": str(folder / f"{name}.key") for name in KEY_FILES}
    for name, secret in SECRETS.items():
        (folder / name).write_text(f"{secret}\n")
        given[f"{name}_FILE"] = str(folder / name)
    (folder / "codec.key").touch(0o600)
    (folder / "codec.key").write_text(f"{Fernet.generate_key().decode()}\n")
    return {f"CHALLENGES_{name}": value for name, value in given.items()}


def signed_in(address: str, mail: Mailbox) -> set[str]:
    """Signs somebody in by a link from a letter, wrongly first; gives what was secret about that."""
    clock = SimpleNamespace(go_on=lambda **_: None)
    visitor = Visitor(cast(Fronted, SimpleNamespace(address=address, listens=address, clock=clock)))
    try:
        visitor.ask(ADDRESS)
        until(lambda: mail.received)
        letter = mail.received[-1].letter.get_content()
        found = re.search(r"/link/(\S+)", letter)
        assert found
        secrets = {found[1], *visitor.cookies.values()}
        visitor.get(f"/link/{found[1]}x")
        visitor.send("POST", "/link", f"secret={found[1]}")
        assert visitor.follow(f"/link/{found[1]}").status_code == 303
        assert visitor.get("/signed-in").status_code == 200
        return secrets | set(visitor.cookies.values())
    finally:
        visitor.close()


def keys_in(folder: Path) -> set[str]:
    """The keys that the processes have made, as they stand in their files."""
    return {word for file in folder.glob("*.key") for word in file.read_text().split() if len(word) > 20}


async def test_no_process_says_anything_secret_even_if_it_says_all_it_can(tmp_path: Path, database_url: str) -> None:
    """Fails when settings, keys, links or cookies are logged, at any level, or stand in what a command prints."""
    client = await new_namespace()
    port = free_ports()[0]
    worker, web = tmp_path / "worker.log", tmp_path / "web.log"
    with Mailbox(user="post", password=SECRETS["SMTP_PASSWORD"]) as mail:
        environment = of_nothing_else(settings_in(tmp_path, database_url, mail, port))
        environment["TEMPORAL_ADDRESS"] = client.service_client.config.target_host
        environment["TEMPORAL_NAMESPACE"] = client.namespace
        with (
            running("worker.py", environment, worker, "worker ready"),
            running("web.py", environment, web, "web front ready"),
        ):
            begun = signed_in(environment["CHALLENGES_WEB_ADDRESS"], mail)
            away = {"CHALLENGES_DATABASE_URL": "postgresql://challenges:marked-in-url@127.0.0.1:9/challenges"}
            twice = {"CHALLENGES_SMTP_PASSWORD": "marked-twice"}
            commands = [as_process(environment, *words, "--as", OPERATOR) for words in (OPENING, HOLDING)]
            commands += [as_process(environment | more, "status") for more in (away, twice)]

    assert [command.status for command in commands] == [0, 0, 1, 1], commands
    said = worker.read_text() + web.read_text() + "".join(f"{each.out}{each.err}" for each in commands)
    assert "worker stopping" in said
    keys = keys_in(tmp_path)
    assert len(keys) == len(KEY_FILES)
    secrets = {*SECRETS.values(), "marked-twice", "marked-in-url", *keys, *begun}
    assert [secret for secret in secrets if secret in said] == []
    assert ADDRESS not in said
