"""The rail of rehearsals and of a service without a bank: it books payments in a table of its own and pays nobody."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from sqlalchemy import BigInteger, Column, DateTime, Engine, MetaData, Row, String, Table, insert, select
from sqlalchemy.exc import IntegrityError
from whenever import Instant

from domain.payments.rails import Instruction, Progress, Transfer
from domain.values.money import Money
from domain.values.refusals import RailRefused

_transfers = Table(
    "rail_transfers",
    MetaData(),
    Column("key", String(300), primary_key=True),
    Column("reference", String(100), nullable=False),
    Column("pence", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("currency", String, nullable=False),
)

_Booking = Row[tuple[str, str, int, datetime, str]]


class EmbeddedRail:
    """Calls a transfer settled as soon as it is booked. It keeps no payee details.

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
            # It was asked before, or another asks at this moment: whoever was first is answered to both.
            booking = self._booking(instruction.id)
            if booking is None:
                raise
        else:
            booking = self._booking(instruction.id)
            assert booking is not None, "nothing is ever taken out of this table"
        transfer = _transfer(booking)
        if (transfer.amount, transfer.currency) != (instruction.amount, instruction.currency):
            raise RailRefused(
                f"The transfer {instruction.id} was booked over {transfer.amount} {transfer.currency} and is asked for "
                f"again over {instruction.amount} {instruction.currency}: compare the payment with what was paid."
            )
        return transfer

    def _book(self, instruction: Instruction, at: Instant) -> None:
        booking = insert(_transfers).values(
            key=instruction.id,
            reference=_reference(instruction.id),
            pence=instruction.amount.pence,
            at=at.to_stdlib(),
            currency=instruction.currency,
        )
        with self._engine.begin() as connection:
            connection.execute(booking)

    def _booking(self, id: str) -> _Booking | None:  # noqa: A002
        with self._engine.connect() as connection:
            return connection.execute(select(_transfers).where(_transfers.c.key == id)).one_or_none()


def _reference(id: str) -> str:  # noqa: A002
    """As short as a bank's, however long the id is; the same for the same id."""
    return f"embedded:{hashlib.sha256(id.encode()).hexdigest()[:16]}"


def _transfer(booking: _Booking) -> Transfer:
    # SQLite forgets the zone, which is always UTC.
    at = booking.at if booking.at.tzinfo else booking.at.replace(tzinfo=UTC)
    return Transfer(
        id=booking.key,
        amount=Money(booking.pence),
        currency=booking.currency,
        reference=booking.reference,
        at=Instant(at),
        progress=Progress.SETTLED,
    )
