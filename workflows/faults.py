"""What is said of an activity that failed: its own words, however the server has wrapped them."""

from __future__ import annotations

from temporalio.exceptions import ActivityError

_LONGEST = 500


def said(fault: ActivityError) -> str:
    """What went wrong, in words for a person.

    Where the time for all tries runs out while one is under way, the failure is a time-out that has the activity's last
    error within it. That is the one to be mended.

    Args:
        fault: as Temporal reports it.

    Returns:
        The message of the innermost cause, cut off after 500 characters.
    """
    cause: BaseException = fault
    while cause.__cause__ is not None:
        cause = cause.__cause__
    return str(getattr(cause, "message", cause))[:_LONGEST]
