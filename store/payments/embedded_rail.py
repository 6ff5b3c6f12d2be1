"""The rail of rehearsals and of a service without a bank: it books payments in a table of its own and pays nobody."""

from __future__ import annotations

import hashlib

from sqlalchemy import bindparam, select
from whenever import Instant

from domain.payments.rails import Instruction, Progress, Transfer
from domain.values.money import Money
from domain.values.refusals import RailRefused
from store.database import tables
from store.database.database import Database
from store.database.inserts import inserting
from store.database.tables import Found

_transfers = tables.rail_transfers
_BOOKED = select(_transfers).where(_transfers.c.key == bindparam("id"))


class EmbeddedRail:
    """A transfer counts as settled as soon as it is booked. The rail keeps no bank details.

    Args:
        database: has the table `rail_transfers`.
    """

    name = "embedded"
    is_batched = False

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, id: str) -> Transfer | None:  # noqa: A002
        """See `PaymentRail`."""
        with self._database.reading() as connection:
            booking = connection.execute(_BOOKED, {"id": id}).one_or_none()
        return None if booking is None else _transfer(booking)

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:
        """See `PaymentRail`."""
        with self._database.writing() as connection:
            # A transfer that was booked before stays as it was booked.
            booking = inserting(connection, _transfers).values(
                key=instruction.id,
                reference=_reference(instruction.id),
                pence=instruction.amount.pence,
                at=at,
                currency=instruction.currency,
            )
            connection.execute(booking.on_conflict_do_nothing(index_elements=["key"]))
            transfer = _transfer(connection.execute(_BOOKED, {"id": instruction.id}).one())
        if (transfer.amount, transfer.currency) != (instruction.amount, instruction.currency):
            raise RailRefused(
                f"The transfer {instruction.id} was booked with {transfer.amount} {transfer.currency}, and is now "
                f"requested with {instruction.amount} {instruction.currency}: compare the payment with what was paid."
            )
        return transfer


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
