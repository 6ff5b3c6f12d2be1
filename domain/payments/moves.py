"""The moves of a payment: what each activity on payments gets. The ledger answers each move with a snapshot."""

from __future__ import annotations

from domain.challenges.decisions import Decision
from domain.identity.asked import Asked
from domain.values.model import Value

from .decisions import CancelPayment, Release, Return, UndoReturn
from .payment import PaymentToMake


class Move(Value):
    """A move of a payment.

    Args:
        payment: the payment.
        asked: what somebody has asked for, if a person has decided on the move.
    """

    payment: PaymentToMake
    asked: Asked | None = None


class PaymentRequest(Move):
    """The ledger says how the payment stands. It enters the payment first if the payment is new."""


class PaymentSubmission(Move):
    """The payment is given to its rail."""


class PaymentSettlement(Move):
    """The rail is asked what became of the payment."""


class PaymentRelease(Move):
    """A second person releases the payment, and it is given to its rail."""

    decision: Release


class PaymentReturn(Move):
    """The money came back, as a person says."""

    decision: Return


class UndonePaymentReturn(Move):
    """The returned payment did arrive, as a person says."""

    decision: UndoReturn


class PaymentCancellation(Move):
    """The payment will never be made."""

    decision: CancelPayment


def move_for(payment: PaymentToMake, decision: Decision, asked: Asked | None = None) -> Move:
    """The move that carries out a person's decision.

    Args:
        payment: the payment.
        decision: one of `domain.payments.decisions.PAYMENT_DECISIONS`.
        asked: how the decision came.

    Raises:
        TypeError: the decision is not about a payment.
    """
    match decision:
        case Release():
            return PaymentRelease(payment=payment, decision=decision, asked=asked)
        case Return():
            return PaymentReturn(payment=payment, decision=decision, asked=asked)
        case UndoReturn():
            return UndonePaymentReturn(payment=payment, decision=decision, asked=asked)
        case CancelPayment():
            return PaymentCancellation(payment=payment, decision=decision, asked=asked)
    raise TypeError(f"{type(decision).__name__} is not a decision on a payment")
