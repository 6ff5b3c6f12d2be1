"""The workflows of payments and challenges, which only remember what activities said to them."""

from __future__ import annotations

from domain.payments.payment import PaymentSnapshot, PaymentStatus, PaymentToMake
from domain.values.refusals import Unavailable


class RememberingRuns:
    """See `activities.payment_runs.PaymentRuns`.

    Attributes:
        started: the payments whose workflows were started.
        looks: keys of the payments whose workflows were told that the ledger has changed.
        told: what challenges were told: the key of a payment, and how it stands.
        away: whether Temporal does not answer.
    """

    def __init__(self) -> None:
        self.started: list[PaymentToMake] = []
        self.looks: list[str] = []
        self.told: list[tuple[str, PaymentStatus]] = []
        self.away = False

    def start(self, payment: PaymentToMake) -> None:
        """Remembers it."""
        self._check_is_there()
        self.started.append(payment)

    def ledger_changed(self, payment: PaymentToMake) -> None:
        """Remembers it."""
        self._check_is_there()
        self.looks.append(payment.order.key)

    def tell_challenge(self, payment: PaymentToMake, snapshot: PaymentSnapshot) -> None:
        """Remembers it."""
        self._check_is_there()
        self.told.append((payment.order.key, snapshot.status))

    def _check_is_there(self) -> None:
        if self.away:
            raise Unavailable("Temporal does not answer.")
