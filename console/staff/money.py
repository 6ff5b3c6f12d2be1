"""What the pages about payments share: the words for where a payment stands, and what nobody may guess."""

from __future__ import annotations

from collections.abc import Mapping

from domain.payments.payment import OVER, TO_RELEASE, PaymentStatus
from domain.values.words import gettext

STEPS: Mapping[str, frozenset[PaymentStatus]] = {
    "release": TO_RELEASE,
    "details": frozenset({PaymentStatus.REQUESTED}),
    "send": frozenset({PaymentStatus.RELEASED}),
    "bank": frozenset({PaymentStatus.SUBMITTED}),
    "over": OVER,
}
"""What has to happen next with payments, and the statuses in which this is so."""


def step_in_words(step: str) -> str:
    """What has to happen next, as a heading."""
    return {
        "release": gettext("To release"),
        "details": gettext("Without bank details"),
        "send": gettext("To send"),
        "bank": gettext("With the bank"),
        "over": gettext("Over"),
    }[step]


def next_in_words(status: PaymentStatus) -> str:
    """What has to happen next with a payment, and who does it."""
    return {
        PaymentStatus.REQUESTED: gettext("The team gives its bank details, or an operator does so for the team."),
        PaymentStatus.PAYEE_KNOWN: gettext("A releaser who had no part in the payment releases it."),
        PaymentStatus.RELEASED: gettext(
            "The payment leaves by itself, or in the next file for the bank, if payments leave in files."
        ),
        PaymentStatus.SUBMITTED: gettext("The bank pays, and its report says so."),
        PaymentStatus.SETTLED: gettext("Nothing: the payment is made."),
        PaymentStatus.REJECTED: gettext("Find out why it was rejected. Then a releaser releases it again."),
        PaymentStatus.RETURNED: gettext("Find out why it came back. Then a releaser releases it again."),
        PaymentStatus.CANCELLED: gettext("Nothing: the payment will never be made."),
    }[status]


def status_in_words(status: PaymentStatus) -> str:
    """How far a payment has come, in a word or two."""
    return {
        PaymentStatus.REQUESTED: gettext("Requested"),
        PaymentStatus.PAYEE_KNOWN: gettext("Payee known"),
        PaymentStatus.RELEASED: gettext("Released"),
        PaymentStatus.SUBMITTED: gettext("Submitted"),
        PaymentStatus.SETTLED: gettext("Settled"),
        PaymentStatus.REJECTED: gettext("Rejected"),
        PaymentStatus.RETURNED: gettext("Returned"),
        PaymentStatus.CANCELLED: gettext("Cancelled"),
    }[status]
