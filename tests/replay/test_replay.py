"""Open challenges last for months: the code of today must go on with what the code of yesterday began.

Each history here was recorded from a whole story. Replaying it runs the workflow again and compares what it commands
with what was commanded then. It does not see a timer whose duration changed: the journeys hold the deadlines.
"""

from __future__ import annotations

import base64
import gzip
import re
from pathlib import Path

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from tests.replay.hurried import Hurried
from tests.replay.recording import HISTORIES, read
from tests.rounds import known_by
from workflows.challenge import ChallengeWorkflow
from workflows.payment import PaymentWorkflow
from workflows.proofs import TakesProofs

RECORDED = sorted(HISTORIES.glob("*.json.gz"))

WAY_OUT = """
{name}: a run that is open today could not go on with this code.
  {failure}
If runs of that shape can be open anywhere, keep the old way for them: put the change under
`if workflow.patched("what-changed"):` and leave the old commands in the `else` (docs.temporal.io: patching), or
deploy it as a new build with CHALLENGES_BUILD_ID, on which open runs go on once they are renewed at their next wait.
If no such run can be open, record the histories anew: `python -m tests.replay.record`, and say so in the commit.
"""


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name.removesuffix(".json.gz"))
async def test_a_recorded_history_can_be_gone_on_with(path: Path) -> None:
    """Fails when a step is added, left out or moved in a workflow without guarding it."""
    failure = await failure_of(path, ChallengeWorkflow)
    assert failure is None, WAY_OUT.format(name=path.name, failure=failure)


def test_nobody_is_known_by_a_recorded_history() -> None:
    """Of what journeys give as names, addresses, proposals and bank details, nothing is in any (invariant 4).

    Fails when what an application says is put into the workflow's state.
    """
    assert RECORDED
    for path in RECORDED:
        text = gzip.decompress(path.read_bytes()).decode()
        payloads = [base64.b64decode(each).decode() for each in re.findall(r'"data": ?"([^"]*)"', text)]
        assert any("pilot-2016" in each or "round-two" in each for each in payloads), path.name
        assert [known for each in (text, *payloads) for known in known_by(each)] == [], path.name


def test_there_is_a_history_of_every_journey() -> None:
    recorded = {path.name.partition(".")[0] for path in RECORDED}
    journeys = {path.stem.removeprefix("test_") for path in (HISTORIES.parent.parent / "journeys").glob("test_*.py")}
    assert journeys <= recorded


async def test_a_workflow_that_was_changed_without_a_guard_is_found_out() -> None:
    path = next(path for path in RECORDED if path.name.startswith("pilot.") and ".challenge-" in path.name)
    failure = await failure_of(path, Hurried)
    assert failure is not None
    assert "Nondeterminism" in str(failure)


async def failure_of(path: Path, challenge: type) -> Exception | None:
    """Why a history cannot be gone on with; None if it can."""
    replayer = Replayer(
        workflows=[challenge, PaymentWorkflow],
        workflow_runner=UnsandboxedWorkflowRunner(),  # a sandbox would read all code again for each history
        data_converter=pydantic_data_converter,
        interceptors=[TakesProofs()],
    )
    return (await replayer.replay_workflow(read(path), raise_on_replay_failure=False)).replay_failure
