"""One line an event: JSON for machines, pretty on a terminal, from our code and from libraries alike."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.types import EventDict, WrappedLogger
from temporalio import activity, workflow

from settings import Settings

_OURS = ("challenge", "stage", "workflow_id", "run_id", "activity", "attempt")


def _temporal_fields(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Lifts what Temporal's loggers put in one lump to fields of their own."""
    for lump in ("temporal_workflow", "temporal_activity"):
        info = event.pop(lump, None)
        if isinstance(info, dict):
            event["workflow_id"] = info.get("workflow_id", "")
            event["run_id"] = info.get("workflow_run_id", info.get("run_id", ""))
            if "activity_type" in info:
                event["activity"], event["attempt"] = info["activity_type"], info.get("attempt")
    parts = str(event.get("workflow_id", "")).split("/")
    if len(parts) >= 2:
        event.setdefault("challenge", "/".join(parts[:2]))
    if len(parts) == 5:
        event.setdefault("stage", parts[2])
    return event


def configure(settings: Settings) -> None:
    """Sets up logging for this process, to standard error. Call once, in a process's first lines."""
    # The ids are fields; said again in the message they would only be in the way.
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        _temporal_fields,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    pretty = settings.log_format == "pretty" or (settings.log_format == "auto" and sys.stderr.isatty())
    last: list[structlog.types.Processor] = (
        [structlog.dev.ConsoleRenderer()]
        if pretty
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
