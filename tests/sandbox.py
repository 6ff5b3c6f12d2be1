"""Temporal's sandbox, in which tests run workflows: what is not deterministic fails there.

A worker of the service runs workflows without it, because it reads all workflow modules again for each workflow.
"""

from __future__ import annotations

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

# These packages are pure and slow to import: each workflow uses the imported ones instead of importing them again.
SANDBOX = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules("domain", "whenever", "holidays")
)
