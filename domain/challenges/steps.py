"""What the activities of a challenge get: each is a whole step, which goes as far as it can without a person."""

from __future__ import annotations

from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.identity.asked import Asked
from domain.payments.payment import PaymentToMake
from domain.values.model import Value

from .state import State


class ToAnnounce(Value):
    """Something has happened.

    Args:
        announcement: of it.
        payments: what is due because of it.
        leaving: if a team leaves, its payments that are not over. Those that can still be held do not leave.
        amended: if an award is amended, the payments whose amount is another from now on.
        asked: what somebody has asked for, of which this comes; None for what the service does by itself.
    """

    announcement: Announcement
    payments: tuple[PaymentToMake, ...] = ()
    leaving: tuple[PaymentToMake, ...] = ()
    amended: tuple[PaymentToMake, ...] = ()
    asked: Asked | None = None


class Sealing(Value):
    """The window is to be sealed.

    Args:
        state: the challenge with its window still open.
        at: when it is sealed, by Temporal's clock.
    """

    state: State
    at: Instant


class Sealed(Value):
    """What came in until a window was sealed.

    Args:
        number: how many applications were not withdrawn; of further proposals, how many were sent.
        sent: ids of the teams that sent a further proposal; empty for the window of the applications, whose ids
            Temporal does not have.
    """

    number: int
    sent: tuple[str, ...] = ()


class Orders(Value):
    """Payments that are to be made, whatever was ordered before.

    Args:
        payments: the payments.
    """

    payments: tuple[PaymentToMake, ...]


class PaymentKeys(Value):
    """Keys of payments.

    Args:
        keys: the keys.
    """

    keys: tuple[str, ...]
