"""How money leaves: the protocol of a payment rail, and the rail that is embedded in the service."""

from __future__ import annotations

from datetime import UTC
from typing import Protocol

from sqlalchemy import BigInteger, Column, DateTime, Engine, MetaData, String, Table, insert, select
from sqlalchemy.exc import IntegrityError
from whenever import Instant

from domain.awards import PaymentOrder
from domain.model import Value


class Transfer(Value):
    """A rail's own record of a payment that it took.

    Args:
        key: the payment's business key.
        reference: the rail's own name for it.
        at: when the rail took it.
    """

    key: str
    reference: str
    at: Instant


class PaymentRail(Protocol):
    """Takes payments. Whoever asks again about the same key gets the same transfer."""

    def find(self, key: str) -> Transfer | None:
        """What the rail knows of a payment; None if it never took it. Ask this before asking again to transfer."""
        ...

    def transfer(self, order: PaymentOrder, at: Instant) -> Transfer:
        """Pays, once for a key however often it is called.

        Raises:
            Exception: the rail could not be reached or gave no clear answer; whether it took the payment is unknown,
                and `find` tells.
        """
        ...


_transfers = Table(
    "rail_transfers",
    MetaData(),
    Column("key", String(300), primary_key=True),
    Column("reference", String(100), nullable=False),
    Column("pence", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)


class EmbeddedRail:
    """Books payments in a table of its own and calls them paid: the rail of rehearsals and of a service without a bank.

    Args:
        engine: a database that has the table `rail_transfers`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, key: str) -> Transfer | None:
        """See `PaymentRail`."""
        with self._engine.connect() as connection:
            row = connection.execute(select(_transfers).where(_transfers.c.key == key)).one_or_none()
        if row is None:
            return None
        at = row.at if row.at.tzinfo else row.at.replace(tzinfo=UTC)
        return Transfer(key=row.key, reference=row.reference, at=Instant(at))

    def transfer(self, order: PaymentOrder, at: Instant) -> Transfer:
        """See `PaymentRail`."""
        reference = f"embedded:{order.key}"
        booking = insert(_transfers).values(
            key=order.key, reference=reference, pence=order.amount.gross.pence, at=at.to_stdlib()
        )
        try:
            with self._engine.begin() as connection:
                connection.execute(booking)
        except IntegrityError:
            found = self.find(order.key)
            if found is None:
                raise
            return found
        return Transfer(key=order.key, reference=reference, at=at)
