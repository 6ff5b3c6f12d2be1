"""All that was said about the transfers in payment files, in the caller's transaction: read, and added to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, bindparam, insert, select, update
from whenever import Date, Instant, TimeDelta

from domain.payments.positions import Doubt, Position, Said, doubt_after, position
from domain.payments.rails import Progress
from store.database import tables
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.record.record import needs_nobody

_filed, _words = tables.filed_transfers, tables.bank_words
_AS_HEARD = TotalOrder(_words.c.transfer, _words.c.number)
_POSITION = ("progress", "reason", "said_by", "arrived_on", "news_at", "doubt", "reported_at", "reported_by")
_NEW_POSITION = (
    update(_filed)
    .where(_filed.c.transfer == bindparam("wanted"))
    .values({name: bindparam(f"new_{name}", type_=_filed.c[name].type) for name in _POSITION})
)


class Words:
    """What was said about some transfers, whose rows are locked until the transaction ends.

    Args:
        connection: in a transaction that writes.
        rows: the transfers' rows in `filed_transfers`.
        which: the condition by which they were found.
        by: who brings what is said now.
        at: when.
    """

    def __init__(
        self, connection: Connection, rows: Collection[Found], which: ColumnElement[bool], by: str, at: Instant
    ) -> None:
        self._connection = connection
        self._by, self._at = by, at
        self._doubts = {row.transfer: Doubt(row.doubt) if row.doubt else None for row in rows}
        self._heard = defaultdict[str, list[Said]](list)
        self._new: list[dict[str, object]] = []
        self._moved: dict[str, Position] = {}
        found = select(_words).join(_filed, _filed.c.transfer == _words.c.transfer).where(which)
        for row in connection.execute(found.order_by(*_AS_HEARD)):
            self._heard[row.transfer].append(_said(row))

    def of(self, transfer: str) -> tuple[Said, ...]:
        """All that was said about a transfer."""
        return tuple(self._heard[transfer])

    def position(self, transfer: str) -> Position:
        """How far a transfer has come."""
        return position(self._heard[transfer], self._doubts[transfer])

    def add(self, transfer: str, word: Said) -> Position:
        """Adds a word about a transfer. `keep` writes it down.

        Returns:
            How far the transfer has come with it.
        """
        before, heard = self.position(transfer), self._heard[transfer]
        doubt = self._doubts[transfer] = doubt_after(before.doubt, heard, word)
        heard.append(word)
        days = {"arrived_on": _written(word.arrived_on), "booked_on": _written(word.booked_on)}
        written = dict(word) | days | {"heard_at": self._at, "heard_by": self._by}
        self._new.append(written | {"transfer": transfer, "number": len(heard)})
        after = position(heard, doubt)
        if after != before:
            self._moved[transfer] = after
        return after

    def keep(self) -> None:
        """Writes down all new words, and where they leave the transfers."""
        if self._new:
            self._connection.execute(insert(_words), self._new)
        if self._moved:
            self._connection.execute(_NEW_POSITION, [self._row(*each) for each in self._moved.items()])
        for transfer, each in self._moved.items():
            if each.doubt is None:
                needs_nobody(self._connection, transfer)

    def _row(self, transfer: str, now: Position) -> dict[str, object]:
        values = {
            "progress": now.progress,
            "reason": now.reason,
            "said_by": now.person,
            "arrived_on": _written(now.arrived_on),
            "news_at": now.news_at,
            "doubt": now.doubt or "",
            "reported_at": self._at,
            "reported_by": self._by,
        }
        return {"wanted": transfer} | {f"new_{name}": value for name, value in values.items()}


def hear_person(
    connection: Connection,
    transfer: str,
    progress: Progress,
    by: str,
    at: Instant,
    *,
    reason: str = "",
    on: Date | None = None,
) -> bool:
    """Notes what a person says about a transfer, which settles every doubt about it.

    A person knows all that was said before, so the person's word is later than that, whatever clocks say.

    Args:
        connection: in a transaction that writes.
        transfer: the transfer's id.
        progress: how far it has come.
        by: who says so.
        at: when.
        reason: why it failed.
        on: the day on which it was settled, if the person names one.

    Returns:
        Whether the transfer is in a payment file; if not, nothing is noted.
    """
    which = _filed.c.transfer == transfer
    rows = connection.execute(select(_filed).where(which).with_for_update()).all()
    for row in rows:
        words = Words(connection, rows, which, by, at)
        said_at = max(at, row.news_at + TimeDelta(microseconds=1)) if row.news_at else at
        words.add(transfer, Said(progress=progress, at=said_at, reason=reason, person=by, arrived_on=on))
        words.keep()
    return bool(rows)


def _said(row: Found) -> Said:
    kept = {name: getattr(row, name) for name in Said.model_fields}
    days = {name: Date.parse_iso(kept[name]) if kept[name] else None for name in ("arrived_on", "booked_on")}
    return Said(**kept | days)


def _written(day: Date | None) -> str | None:
    return None if day is None else str(day)
