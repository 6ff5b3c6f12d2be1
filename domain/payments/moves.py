"""The moves of a payment: what each activity on payments gets. The ledger answers each move with a snapshot."""

from __future__ import annotations

from domain.announcements.announcement import Announcement
from domain.challenges.decisions import Decision
from domain.values.model import Value

from .decisions import CancelPayment, Release, Return, UndoReturn
from .payment import PaymentToMake


class Move(Value):
    """A move of a payment.

    Args:
        payment: the payment.
    """

    payment: PaymentToMake


class DecidedMove(Move):
    """A move that a person has decided on.

    Args:
        announcement: of the decision.
    """

    announcement: Announcement


class PaymentRequest(Move):
    """The ledger enters the payment if the payment is new, and says how the payment stands.

    Args:
        announcement: of a decision, to learn whether the decision was taken before; None if there is no decision.
    """

    announcement: Announcement | None = None


class PaymentRelease(DecidedMove):
    """A second person has released the payment.

    Args:
        payee_version: the bank details that the release is for.
    """

    payee_version: int


class PaymentSubmission(Move):
    """The payment is given to its rail."""


class PaymentSettlement(Move):
    """The rail is asked what became of the payment."""


class PaymentReturn(DecidedMove):
    """The money came back, as a person says."""


class UndonePaymentReturn(DecidedMove):
    """The returned payment did arrive, as a person says.

    Args:
        attempt: the attempt that arrived.
    """

    attempt: int


class PaymentCancellation(DecidedMove):
    """The payment will never be made."""


def move_for(payment: PaymentToMake, decision: Decision, announcement: Announcement) -> DecidedMove:
    """The move that carries out a person's decision.

    Args:
        payment: the payment.
        decision: one of `domain.payments.decisions.PAYMENT_DECISIONS`.
        announcement: of the decision.

    Raises:
        TypeError: the decision is not about a payment.
    """
    match decision:
        case Release(payee_version=version):
            return PaymentRelease(payment=payment, announcement=announcement, payee_version=version)
        case Return():
            return PaymentReturn(payment=payment, announcement=announcement)
        case UndoReturn(attempt=attempt):
            return UndonePaymentReturn(payment=payment, announcement=announcement, attempt=attempt)
        case CancelPayment():
            return PaymentCancellation(payment=payment, announcement=announcement)
    raise TypeError(f"{type(decision).__name__} is not a decision on a payment")
