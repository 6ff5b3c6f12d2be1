"""What an activity's failure looks like in Temporal: short, without personal data, and sorted.

A refusal is final; everything else may pass and is tried again.
"""

from __future__ import annotations

import traceback
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from domain.values.refusals import Refused
from workflows.refusals import as_failure

_FRAMES = 16
"""How many frames of the traceback are logged: the last eight frames or so of a database's are those of its driver."""


class SortFailures(Interceptor):
    """Turns what activities raise into what workflows understand."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """See `temporalio.worker.Interceptor`."""
        return _Sorting(next)


class _Sorting(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await super().execute_activity(input)
        except Refused as refusal:
            raise as_failure(refusal) from None
        except ApplicationError:
            raise
        except Exception as fault:
            # What a driver says may hold the row that it was given: kind and place are kept, its words are not.
            kind = type(fault).__name__
            where = "".join(traceback.format_tb(fault.__traceback__)[-_FRAMES:])
            activity.logger.error("activity failed", extra={"fault": kind, "where": where})
            raise ApplicationError(f"{kind}: the worker's log says where", type=kind) from None
