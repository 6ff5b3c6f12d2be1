"""Temporal's development server, the real one, for tests."""

from __future__ import annotations

import asyncio
import atexit
import itertools
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode

from tests.waiting import HANGS
from worker import register_search_attributes

_LOOPBACK = "127.0.0.1"
_GLANCE = 0.02
_SHARED = "SHARED_TEST_SERVER"
"""The variable with the address of the server that all tests share."""
_SELDOM_TIDIED = {"GOGC": "400"}
"""It lives for minutes: memory is cheaper for it than the time to collect garbage as often as for a long life."""

_numbers = itertools.count(1)


class Server:
    """The server, which can be killed.

    Args:
        log: the file with what it says.
        state: the file that it keeps its state in; without one, that goes with it.
    """

    def __init__(self, log: Path, state: Path | None = None) -> None:
        self._log = log
        self._state = state
        self.address = f"{_LOOPBACK}:{_free_port()}"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> Client:
        """Starts it, on what its file holds; gives a client once it answers."""
        self.launch()
        return await client_at(self.address, "default")

    def launch(self) -> None:
        """Starts it. It takes a moment to answer, which `client_at` waits for."""
        command = [str(Path(sys.executable).parent / "temporal"), "server", "start-dev", "--headless"]
        command += ["--ip", _LOOPBACK, "--port", self.address.rpartition(":")[2], "--log-level", "error"]
        command += ["--db-filename", str(self._state)] if self._state else []
        command += ["--dynamic-config-value", "frontend.WorkflowPauseEnabled=true"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=_SELDOM_TIDIED | os.environ)

    def kill(self) -> None:
        """Stops it without any chance to finish something."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@asynccontextmanager
async def dev_server() -> AsyncIterator[Client]:
    """A namespace of one's own, in which nothing has run yet, on a server in real time.

    There is one server for all tests: to start one takes as long as many a test, and each costs time while it waits.
    """
    yield await new_namespace()


async def new_namespace() -> Client:
    """See `dev_server`."""
    client = await client_at(share(), f"test-{os.getpid()}-{next(_numbers)}")
    await register_search_attributes(client)
    return client


def share() -> str:
    """The address of the server for all tests of this process and of those that it starts from then on."""
    if _SHARED not in os.environ:
        server = Server(Path(os.devnull))
        server.launch()
        atexit.register(server.kill)
        os.environ[_SHARED] = server.address
    return os.environ[_SHARED]


async def client_at(address: str, namespace: str) -> Client:
    """A client for a namespace, which is made if there is none, once the server answers."""
    async with asyncio.timeout(HANGS):
        while True:
            with suppress(RuntimeError, RPCError):
                client = await Client.connect(address, namespace=namespace, data_converter=pydantic_data_converter)
                await _make_namespace(client)
                await client.count_workflows()
                return client
            await asyncio.sleep(_GLANCE)


async def _make_namespace(client: Client) -> None:
    try:
        await client.workflow_service.register_namespace(
            RegisterNamespaceRequest(
                namespace=client.namespace, workflow_execution_retention_period=Duration(seconds=86_400)
            )
        )
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])
