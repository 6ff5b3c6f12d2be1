"""How the workflow of a payment is started, by whoever starts it."""

from __future__ import annotations

from typing import Any

from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from domain.challenges.awards import order_in_words
from domain.payments.payment import PaymentToMake
from workflows import interface
from workflows.limits import SUMMARY, fitting


def payment_start(payment: PaymentToMake) -> dict[str, Any]:
    """The arguments with which a client starts the workflow of a payment, which is named by its business key.

    A workflow that runs goes on. One that has ended is started again: after a reset of its challenge, or when money
    that had arrived came back.
    """
    return {
        "id": payment.order.key,
        "task_queue": interface.TASK_QUEUE,
        "id_reuse_policy": WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        "id_conflict_policy": WorkflowIDConflictPolicy.USE_EXISTING,
        "static_summary": fitting(order_in_words(payment.order, payment.title), SUMMARY),
    }
