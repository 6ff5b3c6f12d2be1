"""The connection to Temporal, configured by Temporal's own standard, and the messages when there is no connection."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import NoReturn, TypeVar

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.service import RPCError, RPCStatusCode

from domain.values.refusals import Unavailable

from .codec import Codec, converter_with, headers_with

T = TypeVar("T")

_WITHIN = 10
"""Seconds in which a server must answer."""
_REFUSED = re.compile(r"code: (PermissionDenied|Unauthenticated)\b")
_CLOSED = re.compile(r"fatal alert|UnexpectedEof|BrokenPipe|ConnectionReset|Canceled|connection closed")
_CHECK = "Check the TEMPORAL_* variables and temporal.toml."


async def connect(runtime: Runtime | None = None, codec: Codec | None = None) -> Client:
    """A client of the Temporal server that `TEMPORAL_*` variables or a `temporal.toml` profile name.

    Args:
        runtime: says where metrics and the logs of the SDK's core go; None for the SDK's default.
        codec: encrypts what Temporal keeps, if it is to be encrypted.

    Raises:
        Unavailable: no server answers, the server does not accept us, the namespace is missing, or the configuration
            cannot be used. The message names the address and what to do.
    """
    config = _configuration()
    address = config["target_host"]
    try:
        async with asyncio.timeout(_WITHIN):
            client = await Client.connect(
                **config,
                data_converter=converter_with(codec),
                header_codec_behavior=headers_with(codec),
                runtime=runtime,
            )
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except TimeoutError:
        raise _nobody_answers(address, f"no answer within {_WITHIN} seconds") from None
    except ValueError as error:
        raise Unavailable(f"The Temporal configuration cannot be used: {_first_line(error)}. {_CHECK}") from None
    except RuntimeError as error:
        if _REFUSED.search(str(error)):
            raise _does_not_accept(address, config.get("namespace", "default")) from None
        raise _nobody_answers(address, _reason(str(error), bool(config.get("tls")))) from None
    except RPCError as error:
        raise _not_let_in(address, config.get("namespace", "default"), error) from None
    return client


def namespace() -> str:
    """The namespace of Temporal in which the service works, as the configuration says, without asking a server.

    Raises:
        Unavailable: the configuration cannot be used.
    """
    return _configuration().get("namespace") or "default"


class Connection:
    """The connection of a process to Temporal: made when first needed, and once, even if two ask at the same moment.

    Args:
        connect: makes one.
    """

    def __init__(self, connect: Callable[[], Awaitable[Client]]) -> None:
        self._connect = connect
        self._client: Client | None = None
        self._one_at_a_time = asyncio.Lock()

    async def client(self) -> Client:
        """The client.

        Raises:
            Unavailable: there is no connection; the next one who asks tries again.
        """
        async with self._one_at_a_time:
            if self._client is None:
                self._client = await self._connect()
            return self._client

    def lost(self) -> None:
        """Temporal did not answer: the next who asks gets a new connection."""
        self._client = None


async def answered(question: Awaitable[T], within: float) -> T:
    """Temporal's answer to a question.

    Args:
        question: the call that was made.
        within: how many seconds to wait.

    Raises:
        TimeoutError: no answer came in time.
        CancelledError: whoever waits for the answer was cancelled. The SDK calls both the same if it waits for an
            update, and a cancellation that is taken for a late answer lets its task go on for ever.
    """
    try:
        async with asyncio.timeout(within):
            return await question
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError from None
        raise TimeoutError from None


@cache
def quiet() -> Runtime:
    """A runtime for a person's terminal: errors are raised and printed there, and not logged as well."""
    return Runtime(telemetry=TelemetryConfig(logging=None))


def leave(status: int) -> NoReturn:
    """Ends a process that was connected, without the interpreter's own shutdown.

    Threads of Temporal's SDK may still return to the interpreter. If they return during its shutdown, Python aborts
    the process with status 134, although all work is done (temporalio/sdk-python#300).

    Args:
        status: the exit status. If the last output cannot be written, 0 becomes 1.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            status = status or 1
    os._exit(status)


def _configuration() -> ClientConnectConfig:
    file = os.environ.get("TEMPORAL_CONFIG_FILE")
    if file and not Path(file).exists():  # Temporal's own reader treats a missing file as an empty one
        raise Unavailable(f"The Temporal configuration {file} does not exist: correct TEMPORAL_CONFIG_FILE.")
    try:
        config = ClientConfig.load_client_connect_config()
    except (ValueError, RuntimeError, OSError) as error:
        raise Unavailable(f"The Temporal configuration cannot be used: {_first_line(error)}. {_CHECK}") from None
    config.setdefault("target_host", "localhost:7233")
    return config


def _nobody_answers(address: str, reason: str) -> Unavailable:
    return Unavailable(
        f"No Temporal server answers at {address} ({reason}): start the service with `make run`, "
        "or set TEMPORAL_ADDRESS to the server's address."
    )


def _not_let_in(address: str, namespace: str, error: RPCError) -> Unavailable:
    match error.status:
        case RPCStatusCode.NOT_FOUND:
            return Unavailable(
                f"The Temporal server at {address} has no namespace {namespace!r}: create it, "
                "or set TEMPORAL_NAMESPACE to a namespace of that server."
            )
        case RPCStatusCode.UNAUTHENTICATED | RPCStatusCode.PERMISSION_DENIED:
            return _does_not_accept(address, namespace)
    return _nobody_answers(address, _first_line(error))


def _does_not_accept(address: str, namespace: str) -> Unavailable:
    return Unavailable(
        f"The Temporal server at {address} does not accept us in the namespace {namespace!r}: "
        "check TEMPORAL_API_KEY and TEMPORAL_TLS_*."
    )


def _reason(error: str, tls: bool) -> str:
    """An error of the SDK's core in words for a person: the core prints its own structures.

    Args:
        error: the error.
        tls: whether we spoke TLS. A server that misses it, or does not like a client's certificate, says nothing and
            closes the connection.
    """
    if "InvalidCertificate(Expired" in error:
        return "the server's certificate has expired; see that it is renewed, and that this machine's clock is right"
    if "InvalidCertificate(" in error:
        return (
            "the server's certificate is not for this address, or of an authority that we do not trust; check "
            "TEMPORAL_ADDRESS and TEMPORAL_TLS_SERVER_CA_CERT_PATH"
        )
    if _CLOSED.search(error) or (tls and "Http2" in error):
        if tls:
            return (
                "it closed the connection, as servers do that miss our client certificate, do not know its authority "
                "or find it expired; check TEMPORAL_TLS_CLIENT_CERT_PATH"
            )
        return "it closed the connection, as servers do that speak only TLS; check TEMPORAL_TLS"
    if "InvalidData" in error or "Http2" in error or "grpc-status header missing" in error:
        return "the server there speaks another protocol; check TEMPORAL_TLS and the port"
    said = re.findall(r'(?:message|error): "([^"]*)"', error)
    return said[-1].lower() if said else error.splitlines()[0][:120]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:120].rstrip(".")
