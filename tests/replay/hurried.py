"""A change to a workflow that nobody guarded, to see that replay finds it."""

from __future__ import annotations

from temporalio import workflow

from workflows import interface
from workflows.challenge import ChallengeWorkflow

with workflow.unsafe.imports_passed_through():
    from domain.challenges.state import Result, State


@workflow.defn(name=interface.CHALLENGE)
class Hurried(ChallengeWorkflow):
    """One more timer before the window opens."""

    @workflow.init
    def __init__(self, state: State) -> None:
        super().__init__(state)

    @workflow.run
    async def run(self, state: State) -> Result:
        """As the workflow, a second later."""
        await workflow.sleep(1)
        return await super().run(state)
