"""What is said of an activity that failed: its own words, however the server has wrapped them."""

from __future__ import annotations

from temporalio import exceptions
from temporalio.exceptions import ActivityError

_LONGEST = 500
_NO_ANSWER = "no answer came in time: see whether a worker runs, and reaches the service's database"


def said(fault: ActivityError) -> str:
    """What went wrong, in words for a person.

    Where the time for all tries runs out while one is under way, the failure is a time-out that has the activity's last
    error within it. That is the one to be mended. A time-out alone says nothing that a person can use.

    Args:
        fault: as Temporal reports it.

    Returns:
        The message of the innermost cause, cut off after 500 characters.
    """
    cause: BaseException = fault
    while cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, exceptions.TimeoutError):
        return _NO_ANSWER
    return str(getattr(cause, "message", cause))[:_LONGEST]
