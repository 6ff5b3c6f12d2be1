"""The worker: reads the settings, puts the parts together, and runs until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import structlog
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    VersioningBehavior,
    WorkerDeploymentVersion,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig, WorkflowRunner

from activities.announcements import Announcing
from activities.asking import OnlyForWorkflows
from activities.delivery import Delivering
from activities.failures import SortFailures
from activities.payment_runs import PaymentRuns, TemporalRuns
from activities.payments import Paying
from activities.rails import Rails
from activities.senders import Senders
from domain.payments.rails import PaymentRail
from domain.values.refusals import Refused, Unavailable
from identity.judging import Judge
from identity.link_letters import LinkLetters
from identity.signatures import Verifier
from service import log, settings
from service.codec import codec_in
from service.connection import connect, leave
from service.files import file_keys_of, place_of
from service.record_heads import heads_logged
from service.settings import Settings
from service.sweeping import check_scanner, swept
from service.wiring import channel_of, database_of, letters_of, rail_of, seals_of
from store.database.database import Database
from store.payments.embedded_rail import EmbeddedRail
from workflows.challenge import ChallengeWorkflow
from workflows.delivery import DeliveryWorkflow
from workflows.interface import DELIVERY, NOTICES, SEARCH_ATTRIBUTES, TASK_QUEUE, WAKE
from workflows.payment import PaymentWorkflow
from workflows.proofs import TakesProofs

DEPLOYMENT = "challenge-service"
_GRACE = timedelta(seconds=20)


def activities(
    database: Database, rail: PaymentRail, runs: PaymentRuns, options: Settings, senders: Senders | None = None
) -> list[Callable[..., object]]:
    """All activities of the service, with what they need. Without `senders`, nobody asks Temporal who sends messages.

    Raises:
        FileRefused: a file with the words of notices is wrong.
        Unavailable: the keys of bank details, or the settings of the channel, cannot be used.
    """
    compose = letters_of(options).compose
    rails = Rails(real=rail, rehearsal=EmbeddedRail(database))
    asking = {"who_sent": senders.who_sent} if senders else {}
    judge = Judge(Verifier(options.public_key_file), database, compose, **asking)
    announcing = Announcing(database, rails, runs, compose, judge)
    paying = Paying(database, rails, runs, seals_of(options, database), compose, judge)
    links = LinkLetters(database, compose, options.web_address)
    delivering = Delivering(database, channel_of(options), options.notice_rate, compose, links=links)
    return [
        delivering.deliver,
        announcing.announce,
        announcing.read_clock,
        announcing.seal_window,
        announcing.order_payments,
        announcing.look_up_reports,
        announcing.check_proof,
        announcing.read_unchangeable,
        paying.request,
        paying.release,
        paying.submit,
        paying.settle,
        paying.give_back,
        paying.undo_return,
        paying.cancel,
    ]


def build_worker(
    client: Client,
    database: Database,
    rail: PaymentRail,
    options: Settings,
    runner: WorkflowRunner | None = None,
) -> Worker:
    """Makes a worker with all workflows and activities, and does not start it.

    Args:
        client: a connection to Temporal with the pydantic data converter.
        database: with its tables up to date.
        rail: how money leaves.
        options: `threads`, `build_id`, and the settings that activities need.
        runner: runs workflow code. None for no sandbox, which would read all workflow modules again for each workflow.
            The linter keeps clocks, chance and the outside out of workflows and rules, and tests run in the sandbox.
    """
    deployment = None
    if options.build_id:
        deployment = WorkerDeploymentConfig(
            version=WorkerDeploymentVersion(deployment_name=DEPLOYMENT, build_id=options.build_id),
            use_worker_versioning=True,
            default_versioning_behavior=VersioningBehavior.PINNED,
        )
    # One more: the activity that sends notices runs for minutes and must not hold up others.
    at_once = options.threads + 1
    temporal = client, asyncio.get_running_loop()
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[ChallengeWorkflow, DeliveryWorkflow, PaymentWorkflow],
        activities=activities(database, rail, TemporalRuns(*temporal), options, Senders(*temporal)),
        activity_executor=ThreadPoolExecutor(at_once, thread_name_prefix="activity"),
        max_concurrent_activities=at_once,
        max_concurrent_local_activities=options.threads,
        workflow_runner=runner or UnsandboxedWorkflowRunner(),
        interceptors=[SortFailures(), OnlyForWorkflows(), TakesProofs()],
        deployment_config=deployment,
        graceful_shutdown_timeout=_GRACE,
    )


def search_attributes_wanted(namespace: str, keys: Iterable[SearchAttributeKey[Any]]) -> AddSearchAttributesRequest:
    """The request that adds search attributes to a namespace."""
    kinds = {key.name: IndexedValueType.ValueType(key.indexed_value_type.value) for key in keys}
    return AddSearchAttributesRequest(search_attributes=kinds, namespace=namespace)


async def register_search_attributes(client: Client) -> None:
    """Adds the columns that staff see to the namespace, unless the columns are there.

    Raises:
        Unavailable: the server refuses; the message says why.
    """
    service = client.operator_service
    try:
        known = await service.list_search_attributes(ListSearchAttributesRequest(namespace=client.namespace))
        missing = [key for key in SEARCH_ATTRIBUTES if key.name not in known.custom_attributes]
        if missing:
            await service.add_search_attributes(search_attributes_wanted(client.namespace, missing))
    except RPCError as error:
        if error.status is not RPCStatusCode.ALREADY_EXISTS:  # another worker added them first
            raise Unavailable(
                f"The namespace {client.namespace!r} takes no search attributes: {error.message}. "
                "Create the namespace, or give this worker the right to register search attributes."
            ) from None


async def start_delivery(client: Client, options: Settings) -> None:
    """Starts the workflow that sends notices, if there is a channel. A running workflow tries waiting notices at once.

    Raises:
        Unavailable: the server refuses; the message says why.
    """
    if options.notice_channel == "outbox":
        return
    try:
        await client.start_workflow(
            DELIVERY,
            id=NOTICES,
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=WAKE,
            static_summary="Sends the notices of all challenges",
        )
    except RPCError as error:
        raise Unavailable(
            f"The namespace {client.namespace!r} refuses the workflow that sends notices: {error.message}. "
            "Give this worker the right to start workflows."
        ) from None


def _runtime(options: Settings) -> Runtime:
    metrics = PrometheusConfig(bind_address=options.metrics_address) if options.metrics_address else None
    return Runtime(telemetry=TelemetryConfig(metrics=metrics, logging=log.of_temporal_core()))


async def run(options: Settings) -> None:
    """Runs a worker until SIGINT or SIGTERM. Then the worker finishes the running activities and stops.

    Raises:
        FileRefused: the virus scanner would pass over parts of files, or the place of files cannot be one.
        Unavailable: the database or Temporal cannot be reached, or the keys of attached files cannot be used; the
            message says what to do.
    """
    logger = structlog.get_logger("worker")
    database = database_of(options)
    try:
        await asyncio.to_thread(check_scanner, options)
        database.migrate()
        # The worker makes what is missing, not the command of whoever attaches first: people read the worker's log.
        place_of(options)
        file_keys_of(options, database)
        client = await connect(_runtime(options), codec_in(options.codec_key_file))
        await register_search_attributes(client)
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        working = build_worker(client, database, rail_of(options, database), options)
        async with working, swept(database, options), heads_logged(database):
            logger.info("worker ready", namespace=client.namespace, task_queue=TASK_QUEUE, build=options.build_id)
            await start_delivery(client, options)
            await stop.wait()
            logger.info("worker stopping")
    finally:
        database.close()


def main() -> int:
    """Exit status: 0 stopped as told, 1 could not run (the reason on standard error, one line)."""
    try:
        options = settings.load()
        log.configure(options)
        asyncio.run(run(options))
    except Refused as refusal:
        sys.stderr.write(f"{refusal}\n")
        return refusal.exit_status
    return 0


if __name__ == "__main__":
    leave(main())
