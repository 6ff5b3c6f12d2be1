"""What activities say to workflows, and what they make of Temporal's answers."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.payment_runs import TemporalRuns
from domain.payments.payment import PaymentToMake
from domain.values.refusals import Unavailable
from tests.activities.running import environment
from tests.domain.payments import to_make
from tests.store.said import MIDWAY


class Away:
    """A client whose every call fails.

    Args:
        error: how.
    """

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def start_workflow(self, *_: object, **__: object) -> None:
        """See `Client`."""
        raise self._error

    def get_workflow_handle(self, _: str) -> Away:
        """See `Client`."""
        return self

    async def signal(self, *_: object, **__: object) -> None:
        """See `WorkflowHandle`."""
        raise self._error


async def said(error: Exception, what: str) -> None:
    """Has an activity, in a thread, say something to Temporal, which fails."""
    runs = TemporalRuns(cast(Client, Away(error)), asyncio.get_running_loop())
    payment: PaymentToMake = to_make()
    call: Any = getattr(runs, what)
    await asyncio.to_thread(environment(MIDWAY).run, lambda: call(payment))


GONE = RPCError("workflow not found for ID", RPCStatusCode.NOT_FOUND, b"")


async def test_a_payment_that_has_nobody_left_to_tell_is_left_to_the_ledger() -> None:
    await said(GONE, "ledger_changed")


async def test_a_payment_whose_workflow_cannot_be_started_is_tried_again() -> None:
    """Fails when a namespace that is gone passes for a payment that has nobody left to tell: it would never be paid."""
    with pytest.raises(Unavailable, match="check that the namespace is there"):
        await said(GONE, "start")


@pytest.mark.parametrize("what", ["start", "ledger_changed"])
@pytest.mark.parametrize(
    "error",
    [
        RPCError("too much to do", RPCStatusCode.RESOURCE_EXHAUSTED, b""),
        RPCError("no way", RPCStatusCode.UNAVAILABLE, b""),
        TimeoutError(),
    ],
    ids=["busy", "away", "late"],
)
async def test_whatever_temporal_cannot_do_now_is_tried_again(error: Exception, what: str) -> None:
    with pytest.raises(Unavailable, match="Temporal does not answer"):
        await said(error, what)
