"""That a decision which waited is confirmed: noted in the transaction that carries the decision out."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, bindparam, select, update
from whenever import Instant

from domain.values.refusals import TooLate
from store.database import identity_tables
from store.database.prepared import Prepared

CONFIRMED, DROPPED = "confirmed", "dropped"

_unconfirmed = identity_tables.unconfirmed
_ITS_ROW = Prepared(select(_unconfirmed).where(_unconfirmed.c.id == bindparam("wanted")))
_LENGTH = 12


def id_of(key: str) -> str:
    """The id under which a decision waits: short enough to be typed, and the same whenever the decision comes.

    Args:
        key: of the announcement that carries the decision out.
    """
    return hashlib.sha256(key.encode()).hexdigest()[:_LENGTH]


def confirm(connection: Connection, key: str, at: Instant) -> None:
    """Notes that a decision was carried out, if it has waited.

    Args:
        connection: in the transaction that carries the decision out, and has locked the challenge.
        key: of its announcement.
        at: when.

    Raises:
        TooLate: the person whom it names has dropped it.
    """
    row = _ITS_ROW.one_or_none(connection, {"wanted": id_of(key)})
    if row is None or row.settled_how == CONFIRMED:
        return
    if row.settled_how == DROPPED:
        raise TooLate(f"The {row.kind} {row.id} was dropped before: see the record.")
    settled = update(_unconfirmed).where(_unconfirmed.c.id == row.id)
    connection.execute(settled.values(settled_at=at, settled_how=CONFIRMED))
