"""What tests of workflows share."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.common import RetryPolicy

import worker
import workflows.steps

_TRIES = 4


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workflows that call for a person after a few tries, which follow each other at once.

    Patience ends by the number of tries and not by the clock: what can be done is done, however slow the machine is.
    Each workflow has modules of its own; this one is shared with them, so that its patience can be changed.
    """
    monkeypatch.setattr(worker, "_PURE", worker._PURE.with_passthrough_modules("workflows.steps"))
    few = RetryPolicy(initial_interval=timedelta(milliseconds=100), backoff_coefficient=1, maximum_attempts=_TRIES)
    monkeypatch.setattr(workflows.steps, "_RETRIES", few)
