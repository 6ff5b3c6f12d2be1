"""Who may have an activity done: the service's own workflows, and nobody else.

Temporal also runs an activity that somebody asks for by itself, with whatever input they write. What is checked before
an activity is checked in the workflow that asks for it, so such a request would pay or decide without any check.
"""

from __future__ import annotations

from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from domain.values.refusals import NotAllowed
from workflows.interface import CHALLENGE, DELIVERY, PAYMENT

_OWN = frozenset({CHALLENGE, PAYMENT, DELIVERY})


class OnlyForWorkflows(Interceptor):
    """Refuses activities that none of the service's workflows has asked for."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """See `temporalio.worker.Interceptor`."""
        return _Asked(next)


class _Asked(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        asked = activity.info()
        if asked.workflow_id is None or asked.workflow_type not in _OWN:
            activity.logger.error("activity refused: no workflow of the service has asked for it")
            raise NotAllowed(f"{asked.activity_type} is done for the workflows of the service, and for nobody else.")
        return await super().execute_activity(input)
