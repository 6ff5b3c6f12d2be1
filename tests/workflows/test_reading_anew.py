"""A worker may read a run anew at any moment, also only to answer a query: it judges as the one before it did."""

from __future__ import annotations

import asyncio
from pathlib import Path

from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from whenever import TimeDelta

from domain.challenges.state import Outcome
from domain.values.calendar import lasting
from tests.play import Play
from tests.playing import playing
from tests.rounds import pilot
from tests.sandbox import SANDBOX
from tests.servers import dev_server
from tests.waiting import eventually
from tests.workflows.asleep import without_worker_before_a_timer
from workflows.challenge import ChallengeWorkflow
from workflows.payment import PaymentWorkflow

_BRIEF = 2
_ASKING = 5


async def test_a_run_that_is_read_anew_for_a_query_when_a_deadline_has_just_passed_goes_on(tmp_path: Path) -> None:
    """Fails when whether a deadline has passed, whether a reminder is due, or what is known after a timer goes by
    `workflow.now()`, each tried by itself: that is the time of the task before then, by which nothing is due. The
    challenge stands still, or sets another timer, and no worker can read its history anew. Without the asking all pass.
    """
    _, programme, _ = pilot()
    lasts = lasting(_BRIEF)
    stage = programme.stages[0].model_copy(update={"decision_within": lasts, "duration": lasts})
    reminders = programme.reminders.model_copy(update={"decision_overdue_every": lasts})
    brief = programme.model_copy(update={"stages": (stage,), "reminders": reminders})
    async with (
        dev_server() as client,
        playing(tmp_path, client, programme=brief, window=TimeDelta(seconds=_BRIEF), at_once=True) as play,
    ):
        (team,) = await play.applied(1)
        await play.begin()
        await asked_as_it_falls_due(play, "sealed")
        await asked_as_it_falls_due(play, "reminded")
        await play.decide("select", stage=stage.name, teams=[team])
        result = await play.result()

        assert result.outcome is Outcome.COMPLETED
        assert play.paid() == {f"{stage.name}/{team}/1": "2000.00"}
        history = await play.handle.fetch_history()
        causes = {event.workflow_task_failed_event_attributes.cause for event in history.events}
        assert WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR not in causes
        await Replayer(
            workflows=[ChallengeWorkflow, PaymentWorkflow],
            workflow_runner=SANDBOX,
            data_converter=pydantic_data_converter,
        ).replay_workflow(history)


async def asked_as_it_falls_due(play: Play, what: str) -> None:
    """Asks while there is no worker and nothing is due; when the next timer has fired another worker comes, answers,
    and does what fell due.

    The question is in Temporal before the task of the timer, and the worker that reads the run for it sees the timer.
    """
    row = play.books.challenge(play.challenge.id)
    async with without_worker_before_a_timer(play, play.challenge.id) as it_fires:
        asked = [asyncio.create_task(play.desk.core.state(row)) for _ in range(_ASKING)]
        await it_fires()
    await asyncio.gather(*asked)

    async def is_done() -> bool:
        return bool(play.record(what))

    await eventually(is_done)
