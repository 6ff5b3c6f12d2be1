"""A run that staff reset in Temporal does again what it did before, and the world is as it was."""

from __future__ import annotations

import uuid
from pathlib import Path

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from whenever import TimeDelta

from domain.challenge import Outcome, Phase
from store.database import Database
from tests.playing import CountingRail, Play, dev_server, pilot, playing, with_stages_of

_FIRST_TASK_COMPLETED = 4


async def reset_to_start(play: Play) -> None:
    """What `temporal workflow reset --type FirstWorkflowTask` does."""
    await play.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=play.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=play.challenge.id, run_id=await play.run_id()),
            reason="started again by hand",
            workflow_task_finish_event_id=_FIRST_TASK_COMPLETED,
            request_id=uuid.uuid4().hex,
        )
    )


async def test_a_challenge_that_is_reset_to_its_start_pays_and_tells_nothing_twice(tmp_path: Path) -> None:
    """Fails when a payment is keyed by run or attempt, when the rail is asked before `find`, and when an announcement
    is written without its key (invariant 1)."""
    rails: list[CountingRail] = []

    def counting(database: Database) -> CountingRail:
        rails.append(CountingRail(database))
        return rails[0]

    _, programme, _ = pilot()
    short = with_stages_of(TimeDelta(seconds=0.5), programme.model_copy(update={"stages": programme.stages[:2]}))
    async with (
        dev_server() as client,
        playing(tmp_path, client, programme=short, rail=counting, window=TimeDelta(seconds=2)) as play,
    ):
        teams = await play.exploring(3)
        await play.stage_over()
        await play.decide("select", stage="accelerator", teams=teams[:1])
        await play.stage_over()
        await play.handle.result()
        ledger, notices = play.desk.payments(), told_of_payments(play)
        assert len(ledger) == len(notices) == 4

        await reset_to_start(play)
        # Temporal applies the first selection again; the second comes too early then, and is sent anew.
        await play.until(lambda state: state.phase is Phase.DECIDING and state.stage == 1)
        await play.decide("select", stage="accelerator", teams=teams[:1])
        await play.stage_over()
        result = await play.handle.result()

        assert result.outcome is Outcome.COMPLETED
        assert set(result.paid) == {payment.key for payment in ledger}
        assert play.desk.payments() == ledger
        assert set(rails[0].asked.values()) == {1}
        assert [line.action for line in play.record()].count("sealed") == 1
        assert [line.action for line in play.record()].count("paid") == 4
        assert told_of_payments(play) == notices


def told_of_payments(play: Play) -> list[str]:
    """Keys of the notices of payments."""
    return [notice.key for notice in play.desk.notices() if notice.occasion == "payment-made"]
