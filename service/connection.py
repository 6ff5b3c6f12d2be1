"""The connection to Temporal, by Temporal's own configuration standard, and what is said when there is none."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from functools import cache
from pathlib import Path
from typing import NoReturn

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.service import RPCError, RPCStatusCode

from domain.values.refusals import Unavailable

_WITHIN = 10
"""Seconds in which a server must answer."""
_CHECK = "Check the TEMPORAL_* variables and temporal.toml."


async def connect(runtime: Runtime | None = None) -> Client:
    """A client of the Temporal server that `TEMPORAL_*` variables or a `temporal.toml` profile name.

    Args:
        runtime: where metrics and the logs of the SDK's core go; None for the SDK's default.

    Raises:
        Unavailable: no server answers there, it does not let us in, it has no such namespace, or the configuration
            cannot be used; says which address and what to do.
    """
    config = _configuration()
    address = config["target_host"]
    try:
        async with asyncio.timeout(_WITHIN):
            client = await Client.connect(**config, data_converter=pydantic_data_converter, runtime=runtime)
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    except TimeoutError:
        raise _nobody_answers(address, f"no answer within {_WITHIN} seconds") from None
    except ValueError as error:
        raise Unavailable(f"The Temporal configuration cannot be used: {_first_line(error)}. {_CHECK}") from None
    except RuntimeError as error:
        raise _nobody_answers(address, _reason(str(error))) from None
    except RPCError as error:
        raise _not_let_in(address, config.get("namespace", "default"), error) from None
    return client


@cache
def quiet() -> Runtime:
    """A runtime for a person's terminal: what goes wrong is raised and said there, and not logged besides."""
    return Runtime(telemetry=TelemetryConfig(logging=None))


def leave(status: int) -> NoReturn:
    """Ends a process that was connected, without the interpreter's own clearing up.

    Threads of Temporal's SDK may still be about to return to the interpreter; if they do so while it is shut down,
    Python aborts the process, after all is done, with status 134 (temporalio/sdk-python#300).

    Args:
        status: the exit status; a failure to write the last of the output makes a 0 a 1.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            status = status or 1
    os._exit(status)


def _configuration() -> ClientConnectConfig:
    file = os.environ.get("TEMPORAL_CONFIG_FILE")
    if file and not Path(file).exists():  # Temporal's own reader takes a missing file for an empty one
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
        "or set TEMPORAL_ADDRESS to where it runs."
    )


def _not_let_in(address: str, namespace: str, error: RPCError) -> Unavailable:
    match error.status:
        case RPCStatusCode.NOT_FOUND:
            return Unavailable(
                f"The Temporal server at {address} has no namespace {namespace!r}: create it, "
                "or set TEMPORAL_NAMESPACE to one that it has."
            )
        case RPCStatusCode.UNAUTHENTICATED | RPCStatusCode.PERMISSION_DENIED:
            return Unavailable(
                f"The Temporal server at {address} does not let us into the namespace {namespace!r}: "
                "check TEMPORAL_API_KEY and TEMPORAL_TLS_*."
            )
    return _nobody_answers(address, _first_line(error))


def _reason(error: str) -> str:
    """What an error of the SDK's core says to a person; the core shows its own structures."""
    if "InvalidData" in error or "Http2" in error or "grpc-status header missing" in error:
        return "what answers there speaks another protocol; check TEMPORAL_TLS and the port"
    said = re.findall(r'(?:message|error): "([^"]*)"', error)
    return said[-1].lower() if said else error.splitlines()[0][:120]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:120].rstrip(".")
