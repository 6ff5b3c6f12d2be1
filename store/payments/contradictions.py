"""The transfers in payment files about which a person has to find out what is true."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pydantic import computed_field
from sqlalchemy import ColumnElement, Connection, Label, exists, select
from whenever import Instant

from domain.payments.positions import Doubt, what_to_do
from domain.values.model import Value
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder

_transfers, _filed = tables.transfers, tables.filed_transfers
_BY_TRANSFER = TotalOrder(_filed.c.transfer)


class Contradiction(Value):
    """A transfer about which a person has to find out what is true.

    Args:
        transfer: the transfer's id.
        doubt: what has to be found out.
        reported: when the news was read that made it doubtful.
        came_back: whether the ledger has the transfer as failed.
        followed: whether a later attempt of the same payment may have left.
    """

    transfer: str
    doubt: Doubt
    reported: Instant
    came_back: bool
    followed: bool

    @computed_field  # type: ignore[prop-decorator]
    @property
    def text(self) -> str:
        """What the person has to do, in one line."""
        return what_to_do(self.transfer, self.doubt, came_back=self.came_back, followed=self.followed)


def contradicted(database: Database, file: str = "", payments: Collection[str] = ()) -> tuple[Contradiction, ...]:
    """The transfers about which a person has to find out what is true.

    Args:
        database: where from.
        file: only the transfers in this payment file.
        payments: if no file is named, only the transfers of these payments.

    Raises:
        Unavailable: the database cannot be read.
    """
    which = _filed.c.file == file if file else _transfers.c.payment.in_(payments)
    with database.reading() as connection:
        return tuple(contradictions(connection, which))


def contradictions(connection: Connection, which: ColumnElement[bool]) -> Iterator[Contradiction]:
    """Like `contradicted`, in the caller's transaction, for the transfers under a condition."""
    wanted = (
        select(
            _filed.c.transfer,
            _filed.c.doubt,
            _filed.c.reported_at.label("reported"),
            _transfers.c.returned_at.is_not(None).label("came_back"),
            _followed(),
        )
        .join(_transfers, _transfers.c.id == _filed.c.transfer)
        .where(which, _filed.c.doubt != "")
        .order_by(*_BY_TRANSFER)
    )
    for row in connection.execute(wanted).all():
        yield Contradiction.model_validate(dict(row._mapping))


def _followed() -> Label[bool]:
    """Whether a later attempt of a transfer's payment may have left."""
    later = _transfers.alias()
    begun = exists().where(
        later.c.payment == _transfers.c.payment, later.c.attempt > _transfers.c.attempt, later.c.begun_at.is_not(None)
    )
    return begun.correlate(_transfers).label("followed")
