"""How a refusal crosses Temporal: its code and its problems go with its text, and it arrives as what it was."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

with workflow.unsafe.imports_passed_through():
    from domain.values.refusals import KINDS, Problem, Refused, Unavailable

_LONGEST = 1000
_MOST_PROBLEMS = 50


def as_failure(refusal: Refused) -> ApplicationError:
    """What Temporal is given: final, unless it says that something cannot be reached, which may pass.

    A history keeps it, so it is bounded: 1000 characters of a text, and 50 problems.

    Args:
        refusal: why something is not done.
    """
    problems = [
        {"field": each.field[:_LONGEST], "text": each.text[:_LONGEST]} for each in refusal.problems[:_MOST_PROBLEMS]
    ]
    may_pass = isinstance(refusal, Unavailable)
    return ApplicationError(
        str(refusal)[:_LONGEST],
        *([{"problems": problems}] if problems else []),
        type=refusal.code,
        non_retryable=not may_pass,
        category=ApplicationErrorCategory.UNSPECIFIED if may_pass else ApplicationErrorCategory.BENIGN,
    )


def refusal_in(failure: BaseException | None) -> Refused | None:
    """The refusal that came as a failure; None if it is none, but a fault.

    Args:
        failure: the cause of what Temporal reports.
    """
    kind = KINDS.get(failure.type or "") if isinstance(failure, ApplicationError) else None
    if kind is None or not isinstance(failure, ApplicationError):
        return None
    return kind.refusal(failure.message, _problems(failure.details))


def _problems(details: Any) -> list[Problem]:
    """Of what a later release adds to them, nothing is read."""
    given = details[0].get("problems", []) if details and isinstance(details[0], dict) else []
    return [Problem(field=each["field"], text=each["text"]) for each in given]
