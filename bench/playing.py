"""What people do in one challenge of the pilot, from the selection of three to the commercialisation of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker
from whenever import Instant

from domain.challenge import Outcome, Result, State
from domain.decisions import Decision, Participate, Select
from domain.money import Money
from domain.programme import Programme, Stage
from domain.round import Challenge
from gateways.rails import EmbeddedRail
from settings import Settings
from store.database import Database
from worker import build_worker
from workflows.challenge import ChallengeWorkflow
from workflows.interface import TASK_QUEUE

from .temporal import Watch

TEAMS = 4
"""How many applications are needed at least: those selected first, and the reserve."""

_A_BREATH = timedelta(seconds=1)


def service_worker(client: Client, database: Database) -> Worker:
    """The service's own worker."""
    return build_worker(client, database, EmbeddedRail(database.engine), Settings())


async def open_challenge(
    client: Client, challenge: Challenge, programme: Programme
) -> WorkflowHandle[ChallengeWorkflow, Result]:
    """Starts a challenge as the desk does."""
    return await client.start_workflow(
        ChallengeWorkflow.run,
        State.of(challenge, programme),
        id=challenge.id,
        task_queue=TASK_QUEUE,
        static_summary=challenge.question[:200],
        static_details=f"{programme.title}: {challenge.slug}, posed by {challenge.sponsor}.",
    )


def activities_until_sealed(programme: Programme) -> int:
    """How many activities a challenge has had done once it waits for its first selection."""
    return len(programme.reminders.window) + 3  # it opens, is sealed, and tells that


def activities_of(programme: Programme, stage: Stage) -> int:
    """How many more it has had done once a stage is over and all that was decided in it was sent."""
    decisions = 1 + stage.participation_sessions  # each looks at the clock, and is announced
    return 2 * decisions + len(programme.reminders.stage) + 1


async def decide(
    handle: WorkflowHandle[Any, Any], challenge: Challenge, programme: Programme, stage: Stage, teams: Sequence[str]
) -> None:
    """Sends the sponsor's selection for a stage: as many teams as expected, and at first one in reserve.

    Raises:
        WorkflowUpdateFailedError: it is refused.
    """
    agreed = stage.pay is not None and stage.pay.agreed_up_to is not None
    chosen = tuple(teams[: stage.target])
    await send(
        handle,
        Select(
            by=challenge.deciders[0],
            decision_id=f"select-{stage.name}",
            stage=stage.name,
            teams=chosen,
            reserve=tuple(teams[stage.target : TEAMS]) if stage is programme.stages[0] else (),
            amounts={team: Money(10_000_00) for team in chosen} if agreed else {},
            reason=f"Best answers to: {challenge.question}",
        ),
    )


async def take_part(
    handle: WorkflowHandle[Any, Any], challenge: Challenge, programme: Programme, stage: Stage, now: Instant
) -> None:
    """Tells of the citizen participation sessions that the programme expects in a stage, all of them today.

    Raises:
        WorkflowUpdateFailedError: one is refused.
    """
    for number in range(stage.participation_sessions):
        await send(
            handle,
            Participate(
                by=challenge.operators[0],
                decision_id=f"session-{stage.name}-{number}",
                stage=stage.name,
                on=now.to_tz(programme.time_zone).date(),
                people=20,
                summary="Residents tried the prototype and ranked what to build next.",
            ),
        )


async def send(handle: WorkflowHandle[Any, Any], decision: Decision) -> None:
    """Sends a decision as the desk does, and waits for the answer."""
    await handle.execute_update(decision.kind, decision, id=decision.decision_id, result_type=str)


async def play_months(
    environment: WorkflowEnvironment,
    watch: Watch,
    challenge: Challenge,
    programme: Programme,
    teams: Sequence[str],
) -> WorkflowHandle[ChallengeWorkflow, Result]:
    """A whole challenge in virtual time: everybody decides at once when asked, and then time passes.

    Args:
        environment: the time-skipping server, with a worker on it.
        watch: on that server's client.
        challenge: in the database, with its applications; opens now.
        programme: what it runs under.
        teams: ids of its applications, or the first of them.

    Raises:
        RuntimeError: it is not completed in the end.
    """
    handle = await open_challenge(environment.client, challenge, programme)
    done = activities_until_sealed(programme)
    await _skip_to(environment, challenge.closes)
    for stage in programme.stages:
        await watch.until(challenge.id, done)
        await decide(handle, challenge, programme, stage, teams)
        await take_part(handle, challenge, programme, stage, await _now(environment))
        state = await handle.query(ChallengeWorkflow.state)
        await _skip_to(environment, state.run.ends)
        done += activities_of(programme, stage)
    result = await handle.result()
    if result.outcome is not Outcome.COMPLETED:
        raise RuntimeError(f"{challenge.id} ended with {result.outcome}: {result.reason}")
    return handle


async def _skip_to(environment: WorkflowEnvironment, moment: Instant) -> None:
    now = await _now(environment)
    await environment.sleep(timedelta(seconds=(moment - now).total("seconds")) + _A_BREATH)


async def _now(environment: WorkflowEnvironment) -> Instant:
    return Instant(await environment.get_current_time())
