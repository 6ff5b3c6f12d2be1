"""A real S3 server and a real clamd on this machine, for tests of attached files."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from obstore.exceptions import BaseError
from obstore.store import S3Store

from tests.waiting import HANGS

if TYPE_CHECKING:
    from obstore.store import S3Config

_LOOPBACK = "127.0.0.1"
_GLANCE = 0.05
ACCESS_KEY, SECRET_KEY = "service", "open-sesame-1234"
VIRUS = b"a-virus-that-only-tests-know"
"""What the scanner of the tests takes for a virus."""
VIRUS_NAME = "Test.OnlyTestsKnow.UNOFFICIAL"
LIMITS = {"StreamMaxLength": "25M", "MaxFileSize": "25M", "MaxScanSize": "100M", "AlertExceedsMax": "yes"}
"""What the operator's guide tells people to set."""


class Bucket(NamedTuple):
    """A bucket of a server on this machine, as the settings say it."""

    files_place: str
    files_url: str
    files_access_key: str = ACCESS_KEY
    files_secret_key: str = SECRET_KEY
    files_region: str = "us-east-1"

    @property
    def settings(self) -> dict[str, Any]:
        """The settings by name."""
        return self._asdict()


@contextmanager
def s3_server(folder: Path) -> Iterator[Bucket]:
    """Runs an S3 server that wants keys, until the block ends. It makes a bucket when the first object is put."""
    users = '{"identities": [{"name": "service", "actions": ["Admin", "Read", "Write", "List"], "credentials": '
    (folder / "s3.json").write_text(users + f'[{{"accessKey": "{ACCESS_KEY}", "secretKey": "{SECRET_KEY}"}}]}}]}}')
    (folder / "data").mkdir()
    parts = ("master", "volume", "filer", "s3")
    ports = dict(zip((*parts, *(f"{part}.grpc" for part in parts)), _free_ports(8), strict=True))
    command = [str(Path(sys.executable).parent / "weed"), "server", "-filer", "-s3", f"-ip={_LOOPBACK}"]
    command += [f"-ip.bind={_LOOPBACK}", f"-dir={folder / 'data'}", f"-s3.config={folder / 's3.json'}"]
    command += ["-volume.max=20", "-master.volumeSizeLimitMB=64", "-master.telemetry=false"]
    command += [f"-{part}.port={ports[part]}" for part in parts]
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0"]  # otherwise fixed ports, which another server may have
    command += [f"-{part}.port.grpc={ports[f'{part}.grpc']}" for part in parts]
    url = f"http://{_LOOPBACK}:{ports['s3']}"
    with _running(command, folder / "s3.log"):
        bucket = Bucket("s3://challenge-files/attached", url)
        _wait(lambda: _takes(bucket))
        yield bucket


@contextmanager
def clamd(folder: Path, *, tcp: bool = False, **limits: str) -> Iterator[str]:
    """Runs a clamd that knows one virus, until the block ends.

    Args:
        folder: for its files; its path is short enough for a socket.
        tcp: whether it listens on a port instead of a socket.
        limits: other limits than `LIMITS`.

    Returns:
        Its address, as the setting says it.
    """
    program = clamd_program()
    (folder / "signatures").mkdir(parents=True, exist_ok=True)
    (folder / "signatures" / "own.ndb").write_text(f"Test.OnlyTestsKnow:0:*:{VIRUS.hex()}\n")
    (port,) = _free_ports(1)
    listens = {"TCPAddr": _LOOPBACK, "TCPSocket": str(port)} if tcp else {"LocalSocket": str(folder / "clamd.ctl")}
    settings = {"DatabaseDirectory": str(folder / "signatures"), "Foreground": "yes", **listens, **LIMITS, **limits}
    config = folder / "clamd.conf"
    config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    address = f"{_LOOPBACK}:{port}" if tcp else listens["LocalSocket"]
    with _running([program, f"--config-file={config}"], folder / "clamd.log"):
        _wait(lambda: _pong(address))
        yield address


def clamd_program() -> str:
    """The path of clamd. Without clamd, the test is skipped; where all tools must be there, it fails."""
    found = shutil.which("clamd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/opt/homebrew/sbin")
    if found is None:
        missing = "clamd is not on this machine: on Debian, apt install clamav-daemon"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[None]:
    with log.open("ab") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _wait(came: Callable[[], bool]) -> None:
    until = time.monotonic() + HANGS
    while not came():
        assert time.monotonic() < until, "the server does not answer"
        time.sleep(_GLANCE)


def _takes(bucket: Bucket) -> bool:
    keys: S3Config = {"access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY, "region": bucket.files_region}
    store = S3Store(
        "challenge-files",
        config={**keys, "endpoint": bucket.files_url},
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    try:
        store.put("ready", b"-")
    except BaseError:
        return False
    return True


def _pong(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with suppress(OSError):
        connection = socket.socket(socket.AF_INET if host else socket.AF_UNIX)
        with closing(connection):
            connection.settimeout(HANGS)
            connection.connect((host, int(port)) if host else address)
            connection.sendall(b"zPING\0")
            return connection.recv(16) == b"PONG\0"
    return False


def _free_ports(number: int) -> list[int]:
    probes = [socket.socket() for _ in range(number)]
    try:
        for probe in probes:
            probe.bind((_LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
