"""The connection to Temporal, by Temporal's own configuration standard, and what is said when there is none."""

from __future__ import annotations

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig
from temporalio.runtime import Runtime
from temporalio.service import RPCError

from domain.refusals import Unavailable


async def connect(runtime: Runtime | None = None) -> Client:
    """A client of the Temporal server that `TEMPORAL_*` variables or a `temporal.toml` profile name.

    Args:
        runtime: where metrics go; None for the default.

    Raises:
        Unavailable: no server answers there, or the configuration cannot be used; says which address and what to do.
    """
    try:
        config = ClientConfig.load_client_connect_config()
    except (ValueError, RuntimeError, OSError) as error:
        raise Unavailable(
            f"The Temporal configuration cannot be used: {_first_line(error)}. "
            "Check the TEMPORAL_* variables and temporal.toml."
        ) from None
    address = config.setdefault("target_host", "localhost:7233")
    try:
        return await Client.connect(**config, data_converter=pydantic_data_converter, runtime=runtime)
    except (RuntimeError, RPCError) as error:
        raise Unavailable(
            f"No Temporal server answers at {address}: start the service with `make run`, "
            f"or set TEMPORAL_ADDRESS to where it runs. ({_first_line(error)})"
        ) from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:120]
