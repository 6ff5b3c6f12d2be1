"""Temporal's sandbox, in which tests run workflows: what is not deterministic fails there.

A worker of the service runs workflows without it, because it reads all workflow modules again for each workflow.
"""

from __future__ import annotations

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions


def sandbox(*imported: str) -> SandboxedWorkflowRunner:
    """A sandbox.

    Args:
        imported: modules that workflows do not import again, besides packages that are pure and slow to import.
    """
    pure = SandboxRestrictions.default.with_passthrough_modules("domain", "whenever", "holidays", *imported)
    return SandboxedWorkflowRunner(restrictions=pure)


SANDBOX = sandbox()
