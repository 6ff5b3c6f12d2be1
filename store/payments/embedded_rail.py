"""The rail of rehearsals and of a service without a bank: it books payments in a table of its own and pays nobody."""

from __future__ import annotations

import hashlib

from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError
from whenever import Instant

from domain.payments.rails import Instruction, Progress, Transfer
from domain.values.money import Money
from domain.values.refusals import RailRefused
from store.database import tables
from store.database.tables import Found

_transfers = tables.rail_transfers


class EmbeddedRail:
    """A transfer counts as settled as soon as it is booked. The rail keeps no bank details.

    Args:
        engine: a database that has the table `rail_transfers`.
    """

    name = "embedded"
    is_batched = False

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, id: str) -> Transfer | None:  # noqa: A002
        """See `PaymentRail`."""
        booking = self._booking(id)
        return None if booking is None else _transfer(booking)

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """See `PaymentRail`."""
        try:
            self._book(instruction, at)
        except IntegrityError:
            # The transfer was booked before, or another process books it now. Both get the first booking.
            booking = self._booking(instruction.id)
            if booking is None:
                raise
        else:
            booking = self._booking(instruction.id)
            assert booking is not None, "this table never loses a row"
        transfer = _transfer(booking)
        if (transfer.amount, transfer.currency) != (instruction.amount, instruction.currency):
            raise RailRefused(
                f"The transfer {instruction.id} was booked with {transfer.amount} {transfer.currency}, and is now "
                f"requested with {instruction.amount} {instruction.currency}: compare the payment with what was paid."
            )
        return transfer

    def _book(self, instruction: Instruction, at: Instant) -> None:
        booking = insert(_transfers).values(
            key=instruction.id,
            reference=_reference(instruction.id),
            pence=instruction.amount.pence,
            at=at,
            currency=instruction.currency,
        )
        with self._engine.begin() as connection:
            connection.execute(booking)

    def _booking(self, id: str) -> Found | None:  # noqa: A002
        with self._engine.connect() as connection:
            return connection.execute(select(_transfers).where(_transfers.c.key == id)).one_or_none()


def _reference(id: str) -> str:  # noqa: A002
    """A short reference, as banks give, however long the id is. The same id always has the same reference."""
    return f"embedded:{hashlib.sha256(id.encode()).hexdigest()[:16]}"


def _transfer(booking: Found) -> Transfer:
    return Transfer(
        id=booking.key,
        amount=Money(booking.pence),
        currency=booking.currency,
        reference=booking.reference,
        at=booking.at,
        progress=Progress.SETTLED,
    )
