"""How money leaves: the protocol of a payment rail."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from whenever import Date, Instant

from domain.values.model import Value
from domain.values.money import Money

from .bank_account import BankAccount


class Instruction(Value):
    """What a rail is asked to do, once. It holds payee details: it is never logged and never goes to Temporal.

    Args:
        id: names the transfer, `payment-key/attempt`, unique for ever: asked twice under one id, a
            rail pays once.
        amount: what is paid, above nothing.
        currency: ISO 4217.
        payee: to whom.
        reference: one line that the payee reads on a bank statement.
    """

    id: str
    amount: Money
    currency: str
    payee: BankAccount
    reference: str


class Progress(StrEnum):
    """How far a transfer has come on a rail.

    A transfer that is *rejected* or *cancelled* never left; one that is *returned* came back after it was settled.
    """

    TAKEN = "taken"
    SETTLED = "settled"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    RETURNED = "returned"

    @property
    def has_failed(self) -> bool:
        """Whether the payee does not have the money, and will not get it by this transfer."""
        return self in FAILED


FAILED = frozenset({Progress.REJECTED, Progress.CANCELLED, Progress.RETURNED})
"""How a transfer ends without the payee having the money."""


class Transfer(Value):
    """A rail's own record of an instruction that it took.

    Args:
        id: of the instruction.
        amount, currency: what it paid, or pays.
        reference: the rail's own name for it, not empty.
        at: when the rail took it.
        progress: how far it has come.
        reason: why it was rejected, cancelled or returned, in words; empty otherwise.
        pays_on: the day on which a bank is told to pay; None where a rail pays when it is asked.
    """

    id: str
    amount: Money
    currency: str
    reference: str
    at: Instant
    progress: Progress
    reason: str = ""
    pays_on: Date | None = None


class PaymentRail(Protocol):
    """Takes payments. Whoever asks again under the same id gets the same transfer.

    Args:
        name: of the rail, not empty. The ledger keeps it with every transfer that the rail may have: no other rail is
            asked for that one, as it would know nothing of it and pay again.
        is_batched: whether transfers leave together, when a person makes a file of them; such a rail is never asked for
            one alone, and says what a bank has reported only once a person has brought that.

    Raises, in both functions:
        Unavailable: the rail could not be reached, is overloaded, or gave no clear answer; whether it took the transfer
            is unknown, and `find` tells.
        RailRefused: it will not do this, however often it is asked: a person must see why.
    """

    @property
    def name(self) -> str: ...

    is_batched: bool

    def find(self, id: str) -> Transfer | None:  # noqa: A002
        """What the rail knows of a transfer now; None if it never took it. Ask this before asking again to transfer."""
        ...

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """Pays, once for an id however often it is called.

        Args:
            instruction: what is to be paid.
            at: when the service asks, by Temporal's clock.
        """
        ...
