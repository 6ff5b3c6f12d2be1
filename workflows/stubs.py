"""The activities that workflows call, each declared once: its name, its input and its answer.

A workflow has an activity done by its stub. The method that does the activity stands under `@STUB.does`, where the type
checker compares the method's input and answer with the stub's. `tests/workflows/test_stubs.py` sees that the worker has
a method for every stub.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from domain.challenges.steps import Orders, PaymentKeys, Sealed, Sealing, ToAnnounce
    from domain.delivery.delivery import Outbox, Sending
    from domain.identity.asked import ToCheck
    from domain.payments.moves import (
        Move,
        PaymentCancellation,
        PaymentRelease,
        PaymentRequest,
        PaymentReturn,
        PaymentSettlement,
        PaymentSubmission,
        UndonePaymentReturn,
    )
    from domain.payments.payment import PaymentSnapshot
    from domain.payments.reports import LedgerAnswers, Reports

Input = TypeVar("Input")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Stub(Generic[Input, Answer]):
    """An activity as workflows know it.

    Args:
        name: of the activity, on the wire.
        input: the type of its input.
        answer: the type of its answer.
    """

    name: str
    input: type[Input]
    answer: type[Answer]

    def does(self, method: Callable[[Any, Input], Answer]) -> Callable[[Any, Input], Answer]:
        """Marks the method that does the activity.

        Args:
            method: of an object that the worker makes.
        """
        return activity.defn(name=self.name, no_thread_cancel_exception=True)(method)


ANNOUNCE = Stub("announce", ToAnnounce, datetime)
READ_CLOCK = Stub("read_clock", type(None), datetime)
SEAL_WINDOW = Stub("seal_window", Sealing, Sealed)
READ_UNCHANGEABLE = Stub("read_unchangeable", PaymentKeys, PaymentKeys)
ORDER_PAYMENTS = Stub("order_payments", Orders, type(None))
CHECK_PROOF = Stub("check_proof", ToCheck, type(None))
LOOK_UP_REPORTS = Stub("look_up_reports", Reports, LedgerAnswers)

REQUEST_PAYMENT = Stub("request_payment", PaymentRequest, PaymentSnapshot)
SUBMIT_PAYMENT = Stub("submit_payment", PaymentSubmission, PaymentSnapshot)
SETTLE_PAYMENT = Stub("settle_payment", PaymentSettlement, PaymentSnapshot)

RELEASE_PAYMENT = Stub("release_payment", PaymentRelease, PaymentSnapshot)
RETURN_PAYMENT = Stub("return_payment", PaymentReturn, PaymentSnapshot)
UNDO_RETURN_PAYMENT = Stub("undo_return_payment", UndonePaymentReturn, PaymentSnapshot)
CANCEL_PAYMENT = Stub("cancel_payment", PaymentCancellation, PaymentSnapshot)

DELIVER_NOTICES = Stub("deliver_notices", Sending, Outbox)

_OF_MOVES: Mapping[type[Move], Stub[Any, PaymentSnapshot]] = {
    each.input: each for each in (RELEASE_PAYMENT, RETURN_PAYMENT, UNDO_RETURN_PAYMENT, CANCEL_PAYMENT)
}


def stub_of(move: Move) -> Stub[Move, PaymentSnapshot]:
    """The activity that makes a move that a person has decided on."""
    return _OF_MOVES[type(move)]
