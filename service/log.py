"""One line an event: JSON for machines, pretty on a terminal, from our code and from libraries alike."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.types import EventDict, Processor, WrappedLogger
from temporalio import activity, workflow
from temporalio.runtime import LogForwardingConfig, LoggingConfig, TelemetryFilter

from .settings import Settings

_CORE = "temporalio.core"
OURS_IN_TEMPORAL = (workflow.logger.base_logger.name, activity.logger.base_logger.name, _CORE)
"""Loggers below "temporalio" that say what our own code does, or what the SDK's core has trouble with."""
_TELLS_OF_REQUESTS = ("httpx", "httpcore", "urllib3")
"""Whoever looks for a fault does not get these either: where a request goes says whose payment or notice it is."""
_QUOTES_LETTERS = "notifications_python_client"
"""Its warnings repeat what was sent, with the address; what matters of them is raised, without."""


def configure(settings: Settings) -> None:
    """Sets up logging for this process, to standard error. Call once, in a process's first lines.

    Args:
        settings: `log_level` and `log_format` count here.
    """
    # The ids are fields; said again in the message they would only be in the way.
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False
    pretty = settings.log_format == "pretty" or (settings.log_format == "auto" and sys.stderr.isatty())
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


def of_temporal_core() -> LoggingConfig:
    """How the Rust core of Temporal's SDK logs: through Python, in the form of everything else.

    Goes into a worker's runtime: `Runtime(telemetry=TelemetryConfig(logging=log.of_temporal_core(), …))`.
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
    """Libraries tell of every start, stop and look at the tables; that is for those who look for a fault."""
    chatty = level if level in ("DEBUG", "ERROR") else "WARNING"
    for library in ("alembic", "temporalio"):
        logging.getLogger(library).setLevel(chatty)
    for library in _TELLS_OF_REQUESTS:
        logging.getLogger(library).setLevel("ERROR" if level == "ERROR" else "WARNING")
    logging.getLogger(_QUOTES_LETTERS).setLevel("CRITICAL")
    for ours in OURS_IN_TEMPORAL:
        logging.getLogger(ours).setLevel(level)


def _lift_temporal_fields(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Makes fields of their own out of what Temporal's loggers put in one lump, and of the parts of a workflow id."""
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
    """A challenge's workflow is called round/challenge, a payment's round/challenge/stage/team/number."""
    parts = str(event.get("workflow_id", "")).split("/")
    if len(parts) >= 2:
        event.setdefault("challenge", "/".join(parts[:2]))
    if len(parts) == 5:
        event.setdefault("stage", parts[2])
    return event
