"""What somebody pauses in Temporal, as in its UI or with its command line."""

from __future__ import annotations

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import (
    PauseActivityRequest,
    PauseWorkflowExecutionRequest,
    UnpauseActivityRequest,
    UnpauseWorkflowExecutionRequest,
)

from tests.play import Play
from tests.replay import recording
from tests.waiting import eventually

WHO = "Robin in operations"


async def pause(play: Play, workflow: str, kind: str, attempt: int = 2) -> None:
    """Somebody pauses the activity of a kind once it has come to an attempt, as in Temporal's UI."""

    async def has_come_to_it() -> bool:
        found = (await recording.described(play.client, workflow)).pending_activities
        return any(each.activity_type.name == kind and each.attempt == attempt for each in found)

    await eventually(has_come_to_it)
    await play.client.workflow_service.pause_activity(
        PauseActivityRequest(
            namespace=play.client.namespace,
            execution=WorkflowExecution(workflow_id=workflow),
            identity=WHO,
            type=kind,
            reason="We look into it.",
        )
    )


async def unpause(play: Play, workflow: str, kind: str) -> None:
    """Somebody lets it go on."""
    await play.client.workflow_service.unpause_activity(
        UnpauseActivityRequest(
            namespace=play.client.namespace, execution=WorkflowExecution(workflow_id=workflow), type=kind
        )
    )


async def pause_all_of(play: Play, workflow: str, *, go_on: bool = False) -> None:
    """What `temporal workflow pause` does, or `temporal workflow unpause`."""
    service, asked = play.client.workflow_service, {"namespace": play.client.namespace, "workflow_id": workflow}
    if go_on:
        await service.unpause_workflow_execution(UnpauseWorkflowExecutionRequest(**asked, identity=WHO))
    else:
        await service.pause_workflow_execution(PauseWorkflowExecutionRequest(**asked, identity=WHO))
