"""How dates of challenges were moved, or stopped: from the record, without who has decided it and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select

from domain.permissions import Action
from domain.publishing.challenge import Moved
from store.database import tables
from store.database.ordering import TotalOrder

_record = tables.record
_AS_WRITTEN = TotalOrder(_record.c.challenge, _record.c.id)
_MOVES = (Action.EXTEND, Action.EXTEND_STAGE, Action.HOLD, Action.RESUME)


def read(connection: Connection, challenges: Collection[str]) -> Mapping[str, tuple[Moved, ...]]:
    """The moves of some challenges, by challenge, in the order in which they were decided.

    Args:
        connection: in a transaction.
        challenges: their ids.
    """
    columns = (_record.c[name] for name in ("challenge", "action", "at", "text"))
    of_them = (_record.c.challenge.in_(sorted(challenges)), _record.c.action.in_(map(str, _MOVES)))
    wanted = select(*columns).where(*of_them, _record.c.refused.is_(False)).order_by(*_AS_WRITTEN)
    found = defaultdict[str, list[Moved]](list)
    for row in connection.execute(wanted):
        number = len(found[row.challenge]) + 1
        found[row.challenge].append(Moved(number=number, kind=row.action, at=row.at, text=row.text))
    return {challenge: tuple(each) for challenge, each in found.items()}
