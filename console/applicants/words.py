"""What pages say of where an application or a payment stands."""

from __future__ import annotations

from domain.challenges.sent_evidence import EvidenceOf
from domain.challenges.standing import Where
from domain.payments.payment import PaymentStatus
from domain.values.words import gettext


def where_in_words(where: Where) -> str:
    """Where an application stands, in a few words."""
    return {
        Where.DRAFT: gettext("Not sent yet"),
        Where.UNSENT: gettext("Was not sent in time"),
        Where.SENT: gettext("Sent"),
        Where.DECIDING: gettext("The sponsor decides"),
        Where.RESERVE: gettext("In reserve"),
        Where.WORKING: gettext("Selected"),
        Where.NOT_SELECTED: gettext("Not selected"),
        Where.WITHDRAWN: gettext("Withdrawn"),
        Where.LEFT: gettext("Left the challenge"),
        Where.FINISHED: gettext("Finished"),
        Where.OVER: gettext("The challenge has ended"),
    }[where]


def status_in_words(status: str) -> str:
    """How far a payment has come, as the team understands it."""
    return {
        PaymentStatus.REQUESTED: gettext("Waits for your bank details"),
        PaymentStatus.PAYEE_KNOWN: gettext("Waits until a second person releases it"),
        PaymentStatus.RELEASED: gettext("Released, and on its way to the bank"),
        PaymentStatus.SUBMITTED: gettext("Handed over to the bank"),
        PaymentStatus.SETTLED: gettext("Paid"),
        PaymentStatus.REJECTED: gettext("The bank could not make the payment: it will be made again"),
        PaymentStatus.RETURNED: gettext("The money came back: it will be paid again"),
        PaymentStatus.CANCELLED: gettext("Cancelled"),
    }[PaymentStatus(status)]


def evidence_in_words(asked: EvidenceOf) -> str:
    """How far the evidence for an instalment has come, in a few words."""
    last = asked.judged[-1] if asked.judged else None
    if last is not None and last.final:
        return gettext("Accepted") if last.accepted else gettext("Rejected for good")
    if asked.last is not None:
        return gettext("Rejected: show it again")
    if asked.sent:
        return gettext("Sent, and not decided yet")
    return gettext("Not sent yet")
