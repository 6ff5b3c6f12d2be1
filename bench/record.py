"""Verifying the record: lines a second, against reading and hashing the same lines bare."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator

from sqlalchemy import insert, update
from whenever import Instant

from domain.announcements.announcement import Entry
from store.database import tables
from store.database.database import Database
from store.record import chain
from store.record.verifying import verify

from .databases import RECORD_KEYS, database, keep, kinds, versions
from .measuring import Compared, Measurement, say, seconds
from .pilot import pilot

NAME = "record"
_AIM = 0.7
_AT_ONCE = 1000
_BARE = (
    "SELECT number, previous, hash, challenge, key, at, by, role, action, stage, text, reason, refused, proof, signed, "
    "principal FROM record ORDER BY challenge, id"
)


def measure(small: bool) -> Iterator[Measurement]:
    """`store.record.verifying.verify` on a record of a million lines, in two challenges.

    The floor reads the same columns in the same order with the driver's own cursor, and hashes each row with SHA-256.

    Args:
        small: whether a few are enough, only to see that the measurement works.
    """
    number, rounds = (100, 1) if small else (1_000_000, 5)
    for kind in kinds():
        with database(kind) as kept:
            say(f"  {kind}, {number:,} lines")
            _fill(kept, number)
            _bare(kept)  # what is read from the disk first is in memory for both
            compared = Compared.of([(_verified(kept, number), number / _seconds_bare(kept)) for _ in range(rounds)])
            yield Measurement(
                name=f"{NAME}: {kind}",
                what=f"Lines a second when a record of {number:,} lines is verified, against reading and hashing bare.",
                unit="lines a second",
                figure=compared.figure,
                floor=compared.floor,
                ratio=compared.ratio,
                aim=f"at least {_AIM} of the floor",
                met=compared.ratio >= _AIM,
                notes=(f"{kind} {versions(kept)}.", compared.spread),
            )


def _verified(kept: Database, number: int) -> float:
    """Lines a second."""
    found = []
    took = seconds(lambda: found.append(verify(kept)))
    if found[0].fault or found[0].lines != number:
        raise RuntimeError(f"{found[0]} was found in a record that nobody has changed")
    return number / took


def _seconds_bare(kept: Database) -> float:
    return seconds(lambda: _bare(kept))


def _bare(kept: Database) -> None:
    with kept.reading(as_of_one_moment=True) as connection:
        # By name, PostgreSQL keeps the rows; otherwise the driver would take all of them at once.
        named = ("lines",) if connection.dialect.name == "postgresql" else ()
        cursor = connection.connection.cursor(*named)
        cursor.execute(_BARE)
        while rows := cursor.fetchmany(_AT_ONCE):
            for row in rows:
                hashlib.sha256("|".join(map(str, row)).encode()).hexdigest()
        cursor.close()


def _fill(kept: Database, number: int) -> None:
    round_, programme, challenges = pilot()
    keep(kept, round_, programme, challenges[:2])
    for challenge in challenges[:2]:
        lines = _lines(challenge.id, number // 2)
        with kept.writing() as connection:
            last = {}
            while some := list(itertools.islice(lines, 10_000)):
                connection.execute(insert(tables.record), some)
                last = some[-1]
            head = {"record_lines": last["number"], "record_head": last["hash"]}
            connection.execute(update(tables.challenges).where(tables.challenges.c.id == challenge.id).values(**head))


def _lines(challenge: str, number: int) -> Iterator[dict[str, object]]:
    at, previous = Instant.from_utc(2016, 7, 6, 8), chain.NOTHING
    text = "The team was asked for its bank details, and the payment waits for a second person"
    for each in range(1, number + 1):
        entry = Entry(at=at.add(seconds=each), by="service", role="service", action="told", stage="window", text=text)
        key = f"{challenge}/told/{each}"
        hashed = RECORD_KEYS.hash(chain.content(previous, each, challenge, key, entry))
        chained = {"number": each, "previous": previous, "hash": hashed}
        yield {"key": key, "challenge": challenge, **dict(entry), **chained}
        previous = hashed
