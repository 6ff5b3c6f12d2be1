"""The log, one line for an event: JSON for machines, pretty on a terminal; for our code and for libraries."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

import structlog
from structlog.stdlib import BoundLogger
from structlog.types import EventDict, Processor, WrappedLogger
from temporalio import activity, workflow
from temporalio.runtime import LogForwardingConfig, LoggingConfig, TelemetryFilter

from .settings import Settings

_CORE = "temporalio.core"
OURS_IN_TEMPORAL = (workflow.logger.base_logger.name, activity.logger.base_logger.name, _CORE)
"""Loggers below "temporalio" that report what our own code does, or problems of the SDK's core."""
_TELLS_OF_REQUESTS = ("httpx2", "httpcore2", "urllib3")
"""Even level DEBUG leaves out their requests: the address of a request says whose payment or notice it is."""
_QUOTES_LETTERS = "notifications_python_client"
"""Its warnings repeat the text and the address of a notice. What matters is raised as an error, without both."""


_short_way: TextIO | None = None
"""Where `tell` writes by itself, if the settings allow it."""


def configure(settings: Settings) -> None:
    """Sets up logging to standard error. Call this once, at the start of a process.

    Args:
        settings: `log_level` and `log_format` are used.
    """
    # The ids are fields already, so the message need not repeat them.
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False
    global _short_way
    pretty = settings.log_format == "pretty" or (settings.log_format == "auto" and sys.stderr.isatty())
    _short_way = sys.stderr if not pretty and settings.log_level in ("DEBUG", "INFO") else None
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        _lift_temporal_fields,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_written(pretty)],
        )
    )
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    _quiet_libraries(settings.log_level)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def tell(logger: BoundLogger, event: str, **fields: str | float) -> None:
    """A line for what happens hundreds of times a second. In JSON, the line takes a shorter way than others.

    The usual way, through structlog and the standard library, took as long as half of all else that a short page takes.

    Args:
        logger: for the usual way.
        event: what happened.
        fields: of the line.
    """
    if _short_way is None:
        logger.info(event, **fields)
        return
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    line = {**fields, "event": event, "level": "info", "timestamp": now}
    _short_way.write(f"{json.dumps(line, ensure_ascii=False)}\n")  # in one piece, so that no other line gets into it
    _short_way.flush()


def of_temporal_core() -> LoggingConfig:
    """Sends the log of the SDK's Rust core through Python, so that it has the form of all other lines.

    Used for a worker's runtime: `Runtime(telemetry=TelemetryConfig(logging=log.of_temporal_core(), …))`.
    """
    forwarding = LogForwardingConfig(
        logging.getLogger(_CORE),
        append_target_to_name=False,
        prepend_target_on_message=False,
        append_log_fields_to_message=False,  # they become fields of the event
    )
    return LoggingConfig(TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding)


def _written(pretty: bool) -> list[Processor]:
    if pretty:
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False, default=str)]


def _quiet_libraries(level: str) -> None:
    """Libraries log every start, every stop and every look at the tables: only level DEBUG shows these lines."""
    chatty = level if level in ("DEBUG", "ERROR") else "WARNING"
    for library in ("alembic", "temporalio", "uvicorn"):
        logging.getLogger(library).setLevel(chatty)
    for library in _TELLS_OF_REQUESTS:
        logging.getLogger(library).setLevel("ERROR" if level == "ERROR" else "WARNING")
    logging.getLogger(_QUOTES_LETTERS).setLevel("CRITICAL")
    for ours in OURS_IN_TEMPORAL:
        logging.getLogger(ours).setLevel(level)


def _lift_temporal_fields(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Makes separate fields of the one field that Temporal's loggers fill, and of the parts of a workflow id."""
    for lump in ("temporal_workflow", "temporal_activity"):
        info = event.pop(lump, None)
        if isinstance(info, dict):
            event["workflow_id"] = info.get("workflow_id", "")
            event["run_id"] = info.get("workflow_run_id", info.get("run_id", ""))
            if "activity_type" in info:
                event["activity"], event["attempt"] = info["activity_type"], info.get("attempt")
    core = event.pop("temporal_log", None)
    if core is not None:
        event.update({name: value for name, value in core.fields.items() if name not in event}, target=core.target)
    return _with_challenge(event)


def _with_challenge(event: EventDict) -> EventDict:
    """Adds challenge and stage. Workflow ids: round/challenge, or round/challenge/stage/team/number for a payment."""
    parts = str(event.get("workflow_id", "")).split("/")
    if len(parts) >= 2:
        event.setdefault("challenge", "/".join(parts[:2]))
    if len(parts) == 5:
        event.setdefault("stage", parts[2])
    return event
