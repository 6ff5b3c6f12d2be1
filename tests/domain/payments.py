"""Payments as they are tried: one instalment of a team in exploration, and how it stands."""

from __future__ import annotations

from whenever import Instant, ItemizedDelta

from domain.challenges.awards import payments_due
from domain.payments.dates import due_dates
from domain.payments.payment import PaymentSnapshot, PaymentStatus, PaymentToMake
from domain.programmes.programme import OnTime
from tests.domain.challenges import DECIDER, FINANCE, OPERATOR, SCOTLAND, exploring

ACCEPTOR, GIVER, EARLIER_GIVER, RETURNER = "acceptor", "giver", "earlier-giver", "returner"
OWN = (DECIDER, ACCEPTOR, GIVER, EARLIER_GIVER)
"""Whose decisions the payment follows from."""
REQUESTED = Instant("2016-08-15T10:00Z")


def to_make(**changes: object) -> PaymentToMake:
    """A payment of which even those may release who must not: what refuses them is not that they are strangers."""
    [order, *_] = payments_due(exploring())
    values = {
        "order": order,
        "title": "Exploration",
        "selected_by": DECIDER,
        "accepted_by": ACCEPTOR,
        "operators": (OPERATOR,),
        "releasers": (FINANCE, *OWN),
        "zone": "Europe/London",
        "holidays": SCOTLAND.around(REQUESTED),
        "on_time": OnTime(),
        "remind_before": (ItemizedDelta(days=1), ItemizedDelta(days=3)),
        "remind_every": ItemizedDelta(days=3),
    }
    return PaymentToMake.model_validate(values | changes)


def snapshot(status: PaymentStatus = PaymentStatus.REQUESTED, **changes: object) -> PaymentSnapshot:
    """A payment as the ledger would have it in a status."""
    payee = {} if status is PaymentStatus.REQUESTED else {"payee_by": (EARLIER_GIVER, GIVER), "payee_version": 1}
    known = status not in (PaymentStatus.REQUESTED, PaymentStatus.CANCELLED)
    dates = dict(zip(("pay_by", "pay_by_law"), due_dates(to_make(), REQUESTED), strict=True)) if known else {}
    values = {"at": REQUESTED, "version": 1, "status": status, "attempt": 1, "requested": REQUESTED}
    return PaymentSnapshot.model_validate(values | payee | dates | changes)
