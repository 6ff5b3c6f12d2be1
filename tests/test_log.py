"""One JSON line an event, with the ids as fields, and none said again on replay."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
import structlog
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from whenever import Instant

from domain.payments.bank_account import BankAccount
from domain.payments.rails import Instruction
from domain.values.money import Money
from domain.values.refusals import Unavailable
from gateways.banking.http_rail import HttpRail
from gateways.messaging.channels import Message, PermanentFailure
from gateways.messaging.govuk_notify import NotifyChannel
from service import log
from service.settings import Settings
from tests.gateways.notify import API_KEY, SECRET, TEMPLATE, Notify
from tests.gateways.notify import Fault as NotifyFault
from tests.gateways.provider import TOKEN, Provider
from tests.servers import dev_server
from tests.waiting import HANGS

_QUEUE = "logging"

CLIENTS = ("httpx2", "httpcore2", "urllib3", "notifications_python_client")
"""Of the programs that take payments and notices."""


@activity.defn
def pay() -> None:
    """Tells of itself once."""
    activity.logger.info("paid")


@workflow.defn
class OutgoingNotice:
    """Tells of itself before and after each of its waits."""

    @workflow.run
    async def run(self) -> None:
        """Leaves the worker's memory at every wait, if that keeps no workflow."""
        for number in range(3):
            workflow.logger.info("told", extra={"number": number, "stage": "exploration"})
            await workflow.sleep(timedelta(milliseconds=1))
        await workflow.execute_activity(pay, start_to_close_timeout=timedelta(seconds=HANGS))


@workflow.defn
class Failing:
    """Cannot go on, which the SDK's core tells of."""

    @workflow.run
    async def run(self) -> None:
        """Fails its task."""
        raise RuntimeError("no way on")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Logging set up as the worker has it, and what is written on standard error; all is put back at the end."""
    root, names = logging.getLogger(), ("alembic", "temporalio", *CLIENTS, *log.OURS_IN_TEMPORAL)
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in names}
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    for handler in handlers:  # pytest's own, which would be closed
        root.removeHandler(handler)
    log.configure(Settings(log_format="json"))
    yield stderr
    monkeypatch.setattr(log, "_short_way", None)
    logging.captureWarnings(False)
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in names:
        logging.getLogger(name).setLevel(levels[name])


@pytest.fixture
async def server() -> AsyncIterator[Client]:
    """A real server, reached through a runtime that logs as the worker's does."""
    async with dev_server() as client:
        runtime = Runtime(telemetry=TelemetryConfig(logging=log.of_temporal_core()))
        address = client.service_client.config.target_host
        yield await Client.connect(address, data_converter=pydantic_data_converter, runtime=runtime)


def worker(client: Client) -> Worker:
    """A worker that keeps no workflow in memory, so that each of its tasks begins with a replay."""
    return Worker(
        client,
        task_queue=_QUEUE,
        workflows=[OutgoingNotice, Failing],
        activities=[pay],
        activity_executor=ThreadPoolExecutor(1),
        workflow_runner=SandboxedWorkflowRunner(
            restrictions=SandboxRestrictions.default.with_passthrough_all_modules()
        ),
        max_cached_workflows=0,
    )


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    """The events; fails if a line is not JSON."""
    return [json.loads(line) for line in written.getvalue().splitlines()]


async def test_a_workflow_tells_each_event_once_with_its_ids_however_often_it_is_replayed(
    written: io.StringIO, server: Client
) -> None:
    """Fails, with six lines instead of three, when `workflow.logger.log_during_replay` is on."""
    key = "pilot-2016/air-quality/accelerator/air-quality-7kx3qm/1"
    async with worker(server):
        for name in ("pilot-2016/air-quality", key):
            await server.execute_workflow(OutgoingNotice.run, id=name, task_queue=_QUEUE)

    of_challenge, of_payment = ([], [])  # type: tuple[list[dict[str, Any]], list[dict[str, Any]]]
    for event in lines(written):
        (of_payment if event.get("workflow_id") == key else of_challenge).append(event)
    assert [event["event"] for event in of_challenge] == ["told", "told", "told", "paid"]
    assert [event["number"] for event in of_challenge[:3]] == [0, 1, 2]
    for event in of_challenge:
        assert event["workflow_id"] == event["challenge"] == "pilot-2016/air-quality"
        assert event["level"] == "info"
        assert event["run_id"]
        assert event["timestamp"].endswith("Z")
    assert of_challenge[0]["stage"] == "exploration"
    assert (of_challenge[3]["activity"], of_challenge[3]["attempt"]) == ("pay", 1)
    # A payment's own key says which challenge and stage it is for.
    assert {event["challenge"] for event in of_payment} == {"pilot-2016/air-quality"}
    assert of_payment[3]["stage"] == "accelerator"


async def test_what_the_core_of_the_sdk_tells_has_the_same_form(written: io.StringIO, server: Client) -> None:
    """Fails when the runtime has no `log.of_temporal_core()`: the core then writes lines of a form of its own."""
    said, end = "Failing workflow task", time.monotonic() + HANGS
    async with worker(server):
        handle = await server.start_workflow(Failing.run, id="pilot-2016/smart-roads", task_queue=_QUEUE)
        while said not in written.getvalue() and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # a glance, not a wait for time to pass
        await handle.terminate()

    event = next(each for each in lines(written) if each["event"] == said)
    assert event["level"] == "warning"
    assert event["target"].startswith("temporalio_sdk_core")
    assert "temporal_log" not in event


def test_our_own_events_are_one_line_each_with_their_fields(written: io.StringIO) -> None:
    structlog.get_logger("worker").info("worker ready", namespace="default", workflow_id="pilot-2016/air-quality")

    (event,) = lines(written)
    assert event["event"] == "worker ready"
    assert event["namespace"] == "default"
    assert event["challenge"] == "pilot-2016/air-quality"


@pytest.mark.parametrize("short", [True, False])
def test_the_short_way_writes_the_same_line(written: io.StringIO, monkeypatch: pytest.MonkeyPatch, short: bool) -> None:
    monkeypatch.setattr(log, "_short_way", log._short_way if short else None)
    log.tell(structlog.get_logger("web"), "answered", route='/"ä\n', status=200)

    line = json.loads(written.getvalue())
    assert Instant.parse_iso(line.pop("timestamp")) <= Instant.now()
    assert line == {"event": "answered", "level": "info", "route": '/"ä\n', "status": 200}
    assert written.getvalue().count("\n") == 1


@pytest.mark.parametrize(
    ("form", "level", "short"), [("json", "INFO", True), ("json", "WARNING", False), ("pretty", "INFO", False)]
)
def test_the_short_way_is_taken_only_for_json_and_where_the_line_is_wanted(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch, form: str, level: str, short: bool
) -> None:
    """Fails when a level that leaves such lines out is not looked at."""
    monkeypatch.setattr(sys, "stderr", written)  # pytest has put its own there
    log.configure(Settings.model_validate({"log_format": form, "log_level": level}))
    log.tell(structlog.get_logger("web"), "answered", status=200)

    assert (log._short_way is not None) is short
    assert bool(written.getvalue()) is (level == "INFO")


def test_an_error_with_its_traceback_is_still_one_line(written: io.StringIO) -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("library").exception("it failed")

    (event,) = lines(written)
    assert event["event"] == "it failed"
    assert "ValueError: two\nlines" in event["exception"]


def test_libraries_are_heard_only_when_something_is_wrong(written: io.StringIO) -> None:
    for name in ("alembic.runtime.migration", "temporalio.worker"):
        logging.getLogger(name).info("chatter")
        logging.getLogger(name).warning("trouble")

    assert [event["event"] for event in lines(written)] == ["trouble", "trouble"]


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_no_log_says_to_whom_a_payment_or_a_notice_goes(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    """Fails at either level if the clients of rails and channels are heard as others are."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(sys, "stderr", written)
    id_, address = "round-2/air-quality/exploration/breathe-7kx3qm/1/1", "team@breathe.example"
    payee = BankAccount(holder="Breathe Ltd", sort_code="12-34-56", number="12345678")
    paid = Instruction(id=id_, amount=Money(200_000), currency="GBP", payee=payee, reference="breathe-7kx3qm 1")
    told = Message(key="round-2/x/stage-started/breathe-7kx3qm", address=address, subject="You are in", body="Welcome.")

    with (
        Provider() as provider,
        closing(HttpRail(provider.url, TOKEN)) as rail,
        Notify() as notify,
        closing(NotifyChannel(API_KEY, TEMPLATE, notify.url)) as channel,
    ):
        log.configure(Settings.model_validate({"log_format": "json", "log_level": level}))
        assert rail.find(id_) is None
        assert rail.transfer(paid, Instant.now()).id == id_
        assert channel.send(told).reference
        notify.will(NotifyFault.BAD_REQUEST)
        with pytest.raises((PermanentFailure, Unavailable)):
            channel.send(told.model_copy(update={"key": "another"}))
    logging.getLogger("worker").info("heard all the same")

    said = written.getvalue()
    assert "heard all the same" in said
    known = ("breathe", "12345678", "123456", "Welcome", "You are in", "/transfers", "/v2/", "HTTP", TOKEN, SECRET)
    assert not [each for each in known if each in said], said


def test_a_warning_of_python_is_an_event_too(written: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old ways", UserWarning, stacklevel=1)

    (event,) = lines(written)
    assert "old ways" in event["event"]
