"""Verifies the chain of the record: whether every line is there, in its place, and says what it said."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, select

from domain.announcements.chain import Fault, Head, Verified, Wrong
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found

from . import chain
from .keys import RecordKeys

_challenges, _record = tables.challenges, tables.record
_BY_ID = TotalOrder(_challenges.c.id)
_AS_WRITTEN = TotalOrder(_record.c.id)
_AT_ONCE = 1000
"""How many lines are in memory at a time."""


def heads(database: Database, challenges: Collection[str] | None = None) -> tuple[Head, ...]:
    """The last line of each challenge's record, by challenge. A challenge without a line has none.

    Args:
        database: where from.
        challenges: only of these; of all if left out.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = select(_challenges.c.id, _challenges.c.record_lines, _challenges.c.record_head)
    wanted = wanted.where(_challenges.c.record_lines > 0).order_by(*_BY_ID)
    with database.reading() as connection:
        found = tuple(Head(challenge=each[0], number=each[1], hash=each[2]) for each in connection.execute(wanted))
    return tuple(head for head in found if challenges is None or head.challenge in challenges)


def verify(database: Database, challenges: Collection[str] | None = None, kept: Sequence[Head] = ()) -> Verified:
    """Verifies the records of challenges, as they are at one moment. Few lines are in memory at a time.

    Somebody with the database's password can remove the last lines of a record and set its head back. Without the key,
    nobody can do more unseen; and this, too, is found if a later head was kept elsewhere.

    Args:
        database: where from.
        challenges: only these; all if left out.
        kept: heads that were kept elsewhere.

    Returns:
        What was found, with the first fault.

    Raises:
        Unavailable: the database cannot be read, or the keys of the chain cannot be used.
    """
    known = defaultdict[str, list[Head]](list)
    for head in kept:
        known[head.challenge].append(head)
    number, faults = 0, list[Fault]()
    with database.reading(as_of_one_moment=True) as connection:
        everything = connection.execute(_ROWS).all()
        rows = [row for row in everything if challenges is None or row.id in challenges]
        keys = _keys(database, connection)
        for row in rows:
            one = _Chain(row, known[row.id])
            if fault := one.first_fault(connection, keys):
                faults.append(fault)
            number += one.lines
        for row in everything:
            known.pop(row.id, None)
        faults += _of_nobody(connection, challenges, known)
    first = faults[0] if faults else None
    return Verified(challenges=len(rows), lines=number, kept=len(kept), fault=first, others=max(0, len(faults) - 1))


_ROWS = select(_challenges.c.id, _challenges.c.record_lines, _challenges.c.record_head).order_by(*_BY_ID)


def _keys(database: Database, connection: Connection) -> RecordKeys | None:
    """The keys; None if there is no line, and so perhaps no key yet."""
    if database.record_keys is None or connection.execute(select(_record.c.id).limit(1)).first() is None:
        return None
    return database.record_keys.for_reading()


def _of_nobody(
    connection: Connection, challenges: Collection[str] | None, known: Mapping[str, Sequence[Head]]
) -> Iterator[Fault]:
    """Lines of challenges that are not there, and heads of them."""
    gone = select(_record.c.challenge).distinct().where(_record.c.challenge.not_in(select(_challenges.c.id)))
    for challenge in sorted(connection.scalars(gone)) if challenges is None else ():
        yield _fault(challenge, 1, Wrong.PUT_IN, "the record has lines of a challenge that is not there")
    for challenge, heads_of_it in sorted(known.items()):
        text = "a head was kept elsewhere, but the database has no such challenge"
        yield _fault(challenge, heads_of_it[0].number, Wrong.KEPT_HEAD, text)


class _Chain:
    """The chain of one challenge.

    Args:
        row: id, number of lines and head of the challenge, as its row has them.
        kept: heads that were kept elsewhere.
    """

    def __init__(self, row: Found, kept: Sequence[Head]) -> None:
        self._row = row
        self._kept = sorted(kept, key=lambda head: head.number)
        self.lines = 0

    def first_fault(self, connection: Connection, keys: RecordKeys | None) -> Fault | None:
        """The first fault, if there is one. Without keys there is no line."""
        if keys is None:
            return self._end(0, chain.NOTHING)
        number, before, kept = 0, chain.NOTHING, {head.number for head in self._kept}
        with closing(self._stored(connection)) as stored:
            for number, line in enumerate(itertools.chain.from_iterable(stored), start=1):
                hashed = line[1]
                # All that is done for each of a million lines; `_wrong` finds out what it is.
                is_right = line[3] == number and line[2] == before and keys.has_made(hashed, chain.canonical(line[2:]))
                if (not is_right or number in kept) and (fault := self._wrong(connection, keys, number, line, before)):
                    self.lines = number
                    return fault
                before = hashed
        self.lines = number
        return self._end(number, before)

    def _stored(self, connection: Connection) -> Generator[Sequence[Sequence[Any]]]:
        """The lines in their order, some at a time."""
        lines = chain.stored(connection.dialect.name).where(_record.c.challenge == self._row.id)
        options = {"yield_per": _AT_ONCE}
        with connection.execute(lines.order_by(*_AS_WRITTEN), execution_options=options) as found:
            yield from found.partitions()

    def _wrong(
        self, connection: Connection, keys: RecordKeys, number: int, line: Sequence[Any], before: str
    ) -> Fault | None:
        """What is wrong where line `number` should be."""
        _, hashed, previous, numbered, *_ = line
        if numbered != number:
            return self._misplaced(connection, number, numbered)
        if not keys.has_made(hashed, chain.canonical(line[2:])):
            text = "changed since it was written, or written under a key that the key file does not have"
            return self._fault(number, Wrong.CHANGED, text)
        if previous != before:
            return self._fault(number, Wrong.DOES_NOT_FOLLOW, "does not follow from the line before it")
        if any(head.number == number and head.hash != hashed for head in self._kept):
            return self._fault(number, Wrong.KEPT_HEAD, "is not the line whose hash was kept elsewhere")
        return None

    def _misplaced(self, connection: Connection, number: int, numbered: object) -> Fault:
        if numbered == 0:
            text = "is in no chain: the service did not write it, or wrote it before lines were chained"
            return self._fault(number, Wrong.PUT_IN, text)
        its_own = select(_record.c.id).where(_record.c.challenge == self._row.id, _record.c.number == number)
        comes_later = type(numbered) is int and numbered > number
        if comes_later and connection.execute(its_own.limit(1)).first() is None:
            return self._fault(number, Wrong.MISSING, f"is missing: line {numbered} is in its place")
        return self._fault(number, Wrong.OUT_OF_ORDER, f"is out of order: line {numbered} is in its place")

    def _end(self, number: int, before: str) -> Fault | None:
        """What is wrong after the last line."""
        counted = self._row.record_lines
        if late := next((head for head in self._kept if head.number > number), None):
            text = f"is missing: its hash was kept elsewhere, but the record ends with line {number}"
            return self._fault(late.number, Wrong.KEPT_HEAD, text)
        if counted > number:
            text = f"is missing: the challenge counts {counted} lines, and the record ends with line {number}"
            return self._fault(number + 1, Wrong.MISSING, text)
        if counted < number:
            return self._fault(counted + 1, Wrong.HEAD, f"comes after the head: the challenge counts {counted} lines")
        if (self._row.record_head or chain.NOTHING) != before:
            return self._fault(max(1, number), Wrong.HEAD, "is not the last line that the challenge's row names")
        return None

    def _fault(self, line: int, wrong: Wrong, text: str) -> Fault:
        return _fault(self._row.id, line, wrong, text)


def _fault(challenge: str, line: int, wrong: Wrong, text: str) -> Fault:
    return Fault(challenge=challenge, line=line, wrong=wrong, text=f"{challenge}, line {line}: {text}")
