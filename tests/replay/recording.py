"""Keeping the histories of journeys, so that they can be replayed over later code.

Nothing is kept unless the variable names a folder: see `tests/replay/record.py`.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
from pathlib import Path
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse
from temporalio.client import Client, WorkflowHistory

from workflows.stubs import ANNOUNCE

HISTORIES = Path(__file__).parent / "histories"
VARIABLE = "KEEP_HISTORIES_IN"

_OF_ONE_MACHINE = frozenset({"identity", "stackTrace"})


async def keep(client: Client, challenge: str) -> None:
    """Keeps every run of a challenge, and the first of its payments, under the name of the test under way.

    Args:
        client: of the server on which it was played.
        challenge: id of the challenge.
    """
    folder = os.environ.get(VARIABLE)
    if not folder:
        return
    runs = await _runs(client, challenge)
    for number, run in enumerate(runs, start=1):
        _write(Path(folder), f"challenge-{number}", run)
    payment = _first_payment(runs)
    if payment:
        _write(Path(folder), "payment", await client.get_workflow_handle(payment).fetch_history())


def read(path: Path) -> WorkflowHistory:
    """A history that was kept, under the id that its workflow had."""
    text = gzip.decompress(path.read_bytes()).decode()
    started = json.loads(text)["events"][0]["workflowExecutionStartedEventAttributes"]
    given = json.loads(base64.b64decode(started["input"]["payloads"][0]["data"]))
    # An exported history does not say whose it is; what the workflow was started with does.
    return WorkflowHistory.from_json(given["order"]["key"] if "order" in given else given["challenge"]["id"], text)


async def latest_run(client: Client, workflow: str) -> str:
    """The id of the run that a workflow is in."""
    return (await described(client, workflow)).workflow_execution_info.execution.run_id


async def is_closed(client: Client, workflow: str) -> bool:
    """Whether a workflow has ended."""
    return (await described(client, workflow)).workflow_execution_info.HasField("close_time")


async def described(client: Client, workflow: str) -> DescribeWorkflowExecutionResponse:
    """What the service says of a workflow.

    Asked of the service itself: the time-skipping server shows an unset search attribute so that the client fails.
    """
    request = DescribeWorkflowExecutionRequest(
        namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow)
    )
    return await client.workflow_service.describe_workflow_execution(request)


async def _runs(client: Client, challenge: str) -> list[WorkflowHistory]:
    """First to last: each but the first was continued from the one before."""
    runs: list[WorkflowHistory] = []
    run_id = await latest_run(client, challenge)
    while run_id:
        history = await client.get_workflow_handle(challenge, run_id=run_id).fetch_history()
        runs.insert(0, history)
        run_id = history.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    return runs


def _first_payment(runs: list[WorkflowHistory]) -> str:
    """The key of the first payment that the challenge has announced. The payment's workflow has that id.

    What the database refused to announce was never ordered.
    """
    for run in runs:
        done = {event.activity_task_completed_event_attributes.scheduled_event_id for event in run.events}
        for event in run.events:
            scheduled = event.activity_task_scheduled_event_attributes
            if scheduled.activity_type.name == ANNOUNCE.name and event.event_id in done:
                for payment in json.loads(scheduled.input.payloads[0].data)["payments"]:
                    return str(payment["order"]["key"])
    return ""


def _write(folder: Path, part: str, history: WorkflowHistory) -> None:
    content = _without_machine(json.loads(history.to_json()))
    text = json.dumps(content, separators=(",", ":"), sort_keys=True)
    path = folder / f"{_name_of_the_test()}.{part}.json.gz"
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def _name_of_the_test() -> str:
    """Such as "hold.a_month_in_the_accelerator_moves_its_end", from pytest's own variable."""
    where, _, test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0].partition("::")
    return f"{Path(where).stem.removeprefix('test_')}.{test.removeprefix('test_')}"


def _without_machine(content: Any) -> Any:
    """The same without what names the machine that it was recorded on; replay does not read it."""
    if isinstance(content, dict):
        # The name of a sticky queue has the machine's in it.
        left_out = _OF_ONE_MACHINE | ({"name"} if content.get("kind") == "TASK_QUEUE_KIND_STICKY" else set())
        return {name: _without_machine(each) for name, each in content.items() if name not in left_out}
    if isinstance(content, list):
        return [_without_machine(each) for each in content]
    return content
