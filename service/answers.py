"""What an error of Temporal says about the message that it answers: the one table.

Temporal reports with one error that a rule has refused a message, and that the run went away while it decided: it was
reset, terminated or cancelled, failed, completed or went on in a fresh run. Only the first is a refusal. In the second
case the message may be taken: a run that was reset decides again what the run before had accepted.
"""

from __future__ import annotations

from enum import Enum

from temporalio.client import RPCTimeoutOrCancelledError, WorkflowUpdateFailedError
from temporalio.exceptions import TemporalError
from temporalio.service import RPCError, RPCStatusCode

from workflows.refusals import refusal_in

ERRORS = (TemporalError, TimeoutError)
"""Whatever a call to Temporal raises."""


class Fate(Enum):
    """What became of a message that Temporal answers with an error."""

    REFUSED = "refused"
    """The service itself has refused the message; see `refusal_in`."""
    TURNED_AWAY = "turned away"
    """Temporal has not passed the message on, and would not do so a second time."""
    NOBODY_THERE = "nobody there"
    """The workflow has no run that goes on, as far as this request saw."""
    UNKNOWN = "unknown"
    """The message may be taken, or not."""


_FATES = {
    RPCStatusCode.NOT_FOUND: Fate.NOBODY_THERE,
    RPCStatusCode.INVALID_ARGUMENT: Fate.TURNED_AWAY,
    RPCStatusCode.FAILED_PRECONDITION: Fate.TURNED_AWAY,
    RPCStatusCode.OUT_OF_RANGE: Fate.TURNED_AWAY,
    RPCStatusCode.UNIMPLEMENTED: Fate.TURNED_AWAY,
    RPCStatusCode.UNAUTHENTICATED: Fate.TURNED_AWAY,
    RPCStatusCode.PERMISSION_DENIED: Fate.TURNED_AWAY,
}
"""Any other status can follow a first try that reached Temporal: the SDK tries again by itself."""

_AWAY = (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)


def fate_of(error: BaseException) -> Fate:
    """What became of the message.

    Args:
        error: one of `ERRORS`.
    """
    if isinstance(error, RPCError):
        return _FATES.get(error.status, Fate.UNKNOWN)
    if isinstance(error, WorkflowUpdateFailedError) and refusal_in(error.cause) is not None:
        return Fate.REFUSED
    return Fate.UNKNOWN


def is_late(error: BaseException) -> bool:
    """Whether no answer came in time. Then perhaps nobody is at the other end of the connection any more."""
    return isinstance(error, (TimeoutError, RPCTimeoutOrCancelledError)) or (
        isinstance(error, RPCError) and error.status in _AWAY
    )


def reason_of(error: BaseException) -> str:
    """Why nobody knows what became of a message, as the end of a sentence about its receiver.

    Args:
        error: one of `ERRORS`.
    """
    if isinstance(error, WorkflowUpdateFailedError) or fate_of(error) is Fate.NOBODY_THERE:
        return "was reset, was ended or went on in a fresh run before it had answered"
    if isinstance(error, RPCError):
        return f"has not answered ({in_words(error)})"
    return "has not answered in time: check that a worker is running"


def in_words(error: BaseException) -> str:
    """Temporal's own words, without their full stop."""
    return str(getattr(error, "message", error)).strip().rstrip(".") or "no answer in time"
