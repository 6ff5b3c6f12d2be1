"""Messages past the desk: by Temporal's own command line, and by a client of Temporal."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from tests.waiting import HANGS

_TEMPORAL = str(Path(sys.executable).parent / "temporal")


async def by_command_line(
    client: Client, workflow: str, how: str, name: str, content: object = None, *headers: str
) -> tuple[int, str]:
    """Sends a message as somebody does who has `temporal` and the server's address.

    Args:
        client: of the server.
        workflow: id of the workflow.
        how: "signal" or "update".
        name: of the message.
        content: its one argument; None for no argument.
        headers: of the message, as `--headers` takes them.

    Returns:
        The exit status, and all that was printed.
    """
    command = ["workflow", "signal"] if how == "signal" else ["workflow", "update", "execute"]
    command += ["--workflow-id", workflow, "--name", name]
    command += ["--address", client.service_client.config.target_host, "--namespace", client.namespace]
    command += [] if content is None else ["--input", json.dumps(content)]
    command += [part for header in headers for part in ("--headers", header)]
    running = await asyncio.create_subprocess_exec(
        _TEMPORAL, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(HANGS):
        printed, _ = await running.communicate()
    assert running.returncode is not None
    return running.returncode, printed.decode()


async def by_client(client: Client, workflow: str, how: str, name: str, *content: object) -> str:
    """Sends a message with Temporal's own library; gives the answer, or the code of the refusal."""
    handle: Any = client.get_workflow_handle(workflow)
    if how == "signal":
        await handle.signal(name, args=content)
        return ""
    try:
        return str(await handle.execute_update(name, args=content))
    except WorkflowUpdateFailedError as error:
        return str(error.cause.type) if isinstance(error.cause, ApplicationError) else repr(error.cause)
