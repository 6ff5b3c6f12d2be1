"""What people do in one challenge of the pilot, from the selection of three to the commercialisation of one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker
from whenever import Instant

from desk.player import account_number
from domain.announcements.announcement import Announcement
from domain.challenges.awards import PaymentOrder
from domain.challenges.decisions import Decision, Participate, Select
from domain.challenges.state import Outcome, Result, State
from domain.payments.announcements import payee_given
from domain.payments.bank_account import BankAccount
from domain.payments.decisions import Release
from domain.payments.payment import PaymentToMake
from domain.programmes.programme import Programme, Stage
from domain.programmes.round import Challenge
from domain.values.money import Money
from service.settings import Settings
from service.wiring import letters_of, seals_of
from store.database.database import Database
from store.payments.embedded_rail import EmbeddedRail
from store.payments.payee_changes import give_payee as keep_payee
from store.payments.sealing import Kept, make_key_file
from store.record.notices import Compose
from worker import build_worker
from workflows.challenge import ChallengeWorkflow
from workflows.interface import LEDGER_CHANGED, TASK_QUEUE

from . import shape
from .temporal import PATIENCE, Watch, is_closed

TEAMS = 4
"""The least number of applications: those selected first, and the reserve."""

_A_BREATH = timedelta(seconds=1)

Giving = Callable[[Challenge, Stage, str], None]
"""Stores the bank details of a team."""


def options_for(database: Database) -> Settings:
    """The service's settings, with the keys of bank details in the folder of the SQLite database."""
    keys = Path(str(database.engine.url.database)).with_name("payee.key")
    if not keys.exists():
        make_key_file(keys)
    signing, public = keys.with_name("signing.key"), keys.with_name("signing.pub")
    return Settings(payee_key_file=keys, signing_key_file=signing, public_key_file=public)


def service_worker(client: Client, database: Database) -> Worker:
    """The service's own worker."""
    return build_worker(client, database, EmbeddedRail(database), options_for(database))


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
    """The number of finished activities when a challenge waits for its first selection."""
    return shape.OPENING + len(programme.reminders.window) + shape.SEALING


def activities_of(programme: Programme, stage: Stage) -> int:
    """The number of activities that a stage adds, with its decisions and their notices."""
    decisions = 1 + stage.participation_sessions
    payments = stage.target if stage.pay else 0
    return shape.DECISION * decisions + len(programme.reminders.stage) + shape.STAGE_END + shape.REPORT * payments


async def decide(
    handle: WorkflowHandle[Any, Any], challenge: Challenge, programme: Programme, stage: Stage, teams: Sequence[str]
) -> None:
    """Sends the sponsor's selection for a stage: the expected number of teams, and in the first stage one in reserve.

    Raises:
        WorkflowUpdateFailedError: the selection is refused.
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
    """Reports the sessions with citizens that the programme expects in a stage, all on the same day.

    Raises:
        WorkflowUpdateFailedError: a report is refused.
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


def payment_keys(challenge: Challenge, stage: Stage, teams: Sequence[str]) -> list[str]:
    """The keys of a stage's payments: one for each team that `decide` selects."""
    return [f"{challenge.id}/{stage.name}/{team}/1" for team in teams[: stage.target]] if stage.pay else []


async def pay(
    client: Client,
    watch: Watch,
    give: Giving,
    challenge: Challenge,
    programme: Programme,
    stage: Stage,
    teams: Sequence[str],
    thought: float = 0,
) -> None:
    """Gives the bank details of the teams in the first stage, and releases all payments of a stage.

    The same messages are sent as by the desk: the ledger of a payment has changed, and the payment is released. Each
    release waits until the challenge knows of the one before.

    Args:
        client, watch: where the payments' workflows are.
        give: stores bank details.
        challenge, programme, stage, teams: as for `decide`, which must be called before.
        thought: seconds before anybody answers.

    Raises:
        WorkflowUpdateFailedError: a release is refused.
        TimeoutError: a workflow has not done what is waited for within two minutes.
    """
    keys = payment_keys(challenge, stage, teams)
    handles = [client.get_workflow_handle(key) for key in keys]

    async def waits(done: int) -> None:
        for key in keys:
            await watch.until(key, done)
        await asyncio.sleep(thought)

    await waits(shape.REQUEST)
    if stage is programme.stages[0]:
        for handle, team in zip(handles, teams, strict=False):
            await asyncio.to_thread(give, challenge, stage, team)
            await handle.signal(LEDGER_CHANGED)
        await waits(shape.REQUEST + shape.LOOK)
    for handle in handles:
        looked_up = watch.done(challenge.id) + shape.REPORT
        await send(handle, Release(by=challenge.releasers[0], decision_id=f"release-{stage.name}", payee_version=1))
        await watch.until(challenge.id, looked_up)


def payees_kept_in(database: Database) -> Giving:
    """Stores bank details as the desk does: sealed, with an entry on the record and a notice to the team."""
    options = options_for(database)
    seals, compose = seals_of(options, database), letters_of(options).compose

    def give(challenge: Challenge, stage: Stage, team: str) -> None:
        account = BankAccount(holder=f"Company {team}"[:70], sort_code="60-16-13", number=account_number(team))
        give_payee(database, challenge, stage.name, team, seals.keep(account, team), compose)

    return give


def give_payee(database: Database, challenge: Challenge, stage: str, team: str, kept: Kept, compose: Compose) -> None:
    """Stores the bank details of a team."""
    now = Instant.now()

    def announcing(version: int, on_its_way: Sequence[str]) -> Announcement:
        return payee_given(challenge.id, stage, team, version, on_its_way, team, "team", now)

    def to_make(order: PaymentOrder) -> PaymentToMake:
        raise RuntimeError(f"{order.key} is to be released, but its team has not given its bank details")

    keep_payee(database, challenge.id, team, kept, announcing, to_make, now, compose)


async def send(handle: WorkflowHandle[Any, Any], decision: Decision) -> None:
    """Sends a decision as the desk does, and waits for the answer."""
    await handle.execute_update(decision.kind, decision, id=decision.decision_id, result_type=str)


async def play_months(
    environment: WorkflowEnvironment,
    watch: Watch,
    kept: Database,
    challenge: Challenge,
    programme: Programme,
    teams: Sequence[str],
) -> WorkflowHandle[ChallengeWorkflow, Result]:
    """A whole challenge in virtual time: everybody decides as soon as they are asked, and then time passes.

    Args:
        environment: the time-skipping server, with a worker.
        watch: an interceptor of that server's client.
        kept: the worker's database.
        challenge: stored in the database, with its applications. It opens now.
        programme: the challenge's.
        teams: ids of the challenge's applications, or of the first ones.

    Raises:
        RuntimeError: the challenge does not end as completed.
        TimeoutError: the server stands still.
    """
    client, give = environment.client, payees_kept_in(kept)
    handle = await open_challenge(client, challenge, programme)
    done = activities_until_sealed(programme)
    await _skip_to(environment, challenge.closes)
    for stage in programme.stages:
        await watch.until(challenge.id, done)
        await decide(handle, challenge, programme, stage, teams)
        await take_part(handle, challenge, programme, stage, await _now(environment))
        await pay(client, watch, give, challenge, programme, stage, teams)
        for key in payment_keys(challenge, stage, teams):
            await is_closed(client, key)  # before time passes: this server hangs if a child workflow is left behind
        state = await handle.query(ChallengeWorkflow.state)
        await _skip_to(environment, state.run.ends)
        done += activities_of(programme, stage)
    async with asyncio.timeout(PATIENCE):
        result = await handle.result()
    if result.outcome is not Outcome.COMPLETED:
        raise RuntimeError(f"{challenge.id} ended with {result.outcome}: {result.reason}")
    return handle


async def _skip_to(environment: WorkflowEnvironment, moment: Instant) -> None:
    now = await _now(environment)
    async with asyncio.timeout(PATIENCE):
        await environment.sleep(timedelta(seconds=(moment - now).total("seconds")) + _A_BREATH)


async def _now(environment: WorkflowEnvironment) -> Instant:
    return Instant(await environment.get_current_time())
