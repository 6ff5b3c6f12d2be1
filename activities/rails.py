"""The rail of each payment."""

from __future__ import annotations

from dataclasses import dataclass

from domain.payments.payment import PaymentSnapshot, PaymentToMake
from domain.payments.rails import PaymentRail
from domain.programmes.round import is_rehearsed


@dataclass(frozen=True)
class Rails:
    """How money leaves.

    Args:
        real: the rail that the service is set to.
        rehearsal: the rail for rehearsed rounds. No rehearsal ever moves money, whatever the service is set to.
    """

    real: PaymentRail
    rehearsal: PaymentRail

    def of(self, payment: PaymentToMake) -> PaymentRail:
        """The rail of a payment."""
        return self.rehearsal if is_rehearsed(payment.order.challenge) else self.real

    def known_to(self, payment: PaymentToMake, snapshot: PaymentSnapshot) -> PaymentSnapshot:
        """Adds whether people carry the payment to its rail in a file: the ledger cannot know that."""
        return snapshot.model_copy(update={"is_batched": self.of(payment).is_batched})
