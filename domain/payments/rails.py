"""How money leaves: the protocol of a payment rail."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from whenever import Date, Instant

from domain.values.model import Value
from domain.values.money import Money

from .bank_account import BankAccount


class Instruction(Value):
    """A transfer that a rail is asked to make, once.

    An instruction holds bank details, so it is never logged and never goes to Temporal.

    Args:
        id: names the transfer, `payment-key/attempt`, unique for ever. A rail that is asked twice under one id pays
            once.
        amount: what is paid, above zero.
        currency: ISO 4217.
        payee: the account that gets the money.
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
        """Whether the payee does not have the money and will not get it through this transfer."""
        return self in FAILED


FAILED = frozenset({Progress.REJECTED, Progress.CANCELLED, Progress.RETURNED})
"""The ends of a transfer that leave the payee without the money."""


class Transfer(Value):
    """A rail's own record of an instruction that the rail took.

    Args:
        id: of the instruction.
        amount, currency: what the rail paid, or pays.
        reference: the rail's own name for it, not empty.
        at: when the rail took it.
        progress: how far the transfer has come.
        reason: why the transfer was rejected, cancelled or returned, in words; empty otherwise.
        pays_on: the day on which a bank is told to pay; None if the rail pays at once.
        said_by: the person on whose word the rail has it as failed; empty if the rail itself says so.
    """

    id: str
    amount: Money
    currency: str
    reference: str
    at: Instant
    progress: Progress
    reason: str = ""
    pays_on: Date | None = None
    said_by: str = ""


class PaymentRail(Protocol):
    """Takes payments. Asking again under the same id gives the same transfer.

    Args:
        name: of the rail, not empty. The ledger keeps it with every transfer that the rail may have: no other rail is
            asked for that transfer, because it would not know the transfer and would pay again.
        is_batched: whether a person makes a file of many transfers. Such a rail is never asked for a single transfer,
            and knows what a bank has reported only after a person has brought the report.

    Raises, in both functions:
        Unavailable: the rail could not be reached, is overloaded, or gave no clear answer. Nobody knows whether it took
            the transfer; ask `find`.
        RailRefused: the rail will never do this, however often it is asked. A person must find out why.
    """

    @property
    def name(self) -> str: ...

    is_batched: bool

    def find(self, id: str) -> Transfer | None:  # noqa: A002
        """What the rail knows of a transfer now; None if it never took it. Ask this before you ask it to pay again."""
        ...

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """Pays. The rail pays once for each id, however often this is called.

        Args:
            instruction: what is to be paid.
            at: when the service asks, by Temporal's clock.
        """
        ...
