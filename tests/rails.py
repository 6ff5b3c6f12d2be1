"""Rails that count, break and stop, for plays that look at what they were asked."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Generic, TypeVar

from whenever import Instant

from domain.payments.bank_account import BankAccount
from domain.payments.rails import Instruction, PaymentRail, Transfer
from domain.values.refusals import Unavailable
from store.database.database import Database
from store.payments.embedded_rail import EmbeddedRail
from tests.waiting import HANGS


class CountingRail(EmbeddedRail):
    """The embedded rail, which counts how often it was asked to pay."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.asked: Counter[str] = Counter()

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """See `PaymentRail`."""
        self.asked[instruction.id] += 1
        return super().transfer(instruction, at)


class BrokenRail(CountingRail):
    """A rail that takes nothing until it is mended.

    Args:
        complaint: what it says each time, as a driver would.
    """

    def __init__(self, database: Database, complaint: str = "no route to the bank") -> None:
        super().__init__(database)
        self.mended = False
        self._complaint = complaint

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """See `PaymentRail`."""
        if not self.mended:
            raise ConnectionError(self._complaint)
        return super().transfer(instruction, at)


class GatedRail(CountingRail):
    """A rail that takes what it is asked to pay once its gate is open, and is busy with it until then."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.gate = threading.Event()
        self.reached = threading.Event()
        self.payees: dict[str, BankAccount] = {}

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """See `PaymentRail`."""
        self.reached.set()
        if not self.gate.wait(HANGS):
            raise Unavailable("The gate of the rail stays shut: open it.")
        self.payees[instruction.id] = instruction.payee
        return super().transfer(instruction, at)


Rail = TypeVar("Rail", bound=PaymentRail)


class Making(Generic[Rail]):
    """Makes the rail of a play, and keeps it, so that the play can see what it was asked or mend it.

    Args:
        make: from the play's database.
    """

    rail: Rail

    def __init__(self, make: Callable[[Database], Rail]) -> None:
        self._make = make

    def __call__(self, database: Database) -> Rail:
        """Makes it."""
        self.rail = self._make(database)
        return self.rail
