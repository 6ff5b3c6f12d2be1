"""Resetting a workflow in Temporal, as staff do by hand."""

from __future__ import annotations

import uuid

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import ResetReapplyExcludeType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from tests.play import Play
from tests.replay import recording

_FIRST_TASK_COMPLETED = 4


async def reset_to_start(play: Play, workflow: str = "", *, with_updates: bool = False) -> None:
    """Resets the challenge, or another workflow, to its start.

    What comes by itself comes again. Decisions do so only `with_updates`, as with `temporal workflow reset --type
    FirstWorkflowTask`; without them the command has `--reapply-exclude Update` too.
    """
    workflow = workflow or play.challenge.id
    run = await recording.latest_run(play.client, workflow)
    left_out = [] if with_updates else [ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE]
    await play.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=play.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow, run_id=run),
            reason="started again by hand",
            workflow_task_finish_event_id=_FIRST_TASK_COMPLETED,
            request_id=uuid.uuid4().hex,
            reset_reapply_exclude_types=left_out,
        )
    )
