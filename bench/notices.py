"""Notices written into the outbox in a second: many at once, and one by one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from sqlalchemy import func, insert, select
from whenever import Instant

from domain.announcements.announcement import Announcement, Entry, OutgoingNotice, ToApplicants, to_teams
from domain.announcements.occasions import Occasion
from domain.programmes.round import Challenge
from gateways.messaging.letters import Letters
from store.database import tables
from store.database.database import Database
from store.record import record

from .databases import database, empty_log, insert_applications, keep, kinds, versions
from .measuring import Action, Compared, Measurement, rate, say, seconds
from .pilot import pilot

NAME = "notices"
_AIM = 0.5


def measure(small: bool) -> Iterator[Measurement]:
    """`store.record.record.announce`, against bare inserts of the same rows by the same library, in one transaction.

    Many at once: the applicants of a challenge are told that they were not selected. The floor inserts the same notices
    with one call, and their words are ready. One by one: receipts, each with its line of the record.

    Args:
        small: whether a few are enough, only to see that the measurement works.
    """
    number = 10 if small else 1_000
    for kind in kinds():
        with database(kind) as kept:
            round_, programme, challenges = pilot()
            keep(kept, round_, programme, challenges[:1])
            teams = insert_applications(kept, challenges[0], number)
            outbox = _Outbox(kept, challenges[0])
            say(f"  {kind}, {number:,} at once")
            yield _at_once(kept, kind, outbox, number, 1 if small else 20)
            say(f"  {kind}, one by one")
            yield _one_by_one(kept, kind, outbox, teams[0], 1 if small else 40, 2 if small else 40)


def told_all(challenge: Challenge, name: str) -> Announcement:
    """Tells all applicants of a challenge that they were not selected, under a new name each time."""
    notice = OutgoingNotice(
        occasion=Occasion.NOT_SELECTED, whom=ToApplicants(), facts={"stage": "Exploration", "feedback": ""}
    )
    return _announced(challenge, name, notice)


def _at_once(kept: Database, kind: str, outbox: _Outbox, number: int, rounds: int) -> Measurement:
    outbox.announce(told_all(outbox.challenge, "first"))
    line, notices = outbox.rows("first")
    if len(notices) != number:
        raise RuntimeError(f"{len(notices)} notices were written, and there are {number} applicants")
    pairs = []
    for turn in range(rounds + 1):
        announcement, bare = told_all(outbox.challenge, f"turn-{turn}"), _renamed(line, notices, f"bare-{turn}")
        took = []
        for side in (partial(outbox.announce, announcement), partial(outbox.insert, *bare)):
            empty_log(kept)
            took.append(seconds(side))
        pairs.append((number / took[0], number / took[1]))
    return _measurement(
        kept,
        f"{NAME}: {kind}, {number:,} at once",
        f"Notices to {number:,} applicants into the outbox with one announcement, against one bare insert of all.",
        Compared.of(pairs[1:]),
    )


def _one_by_one(kept: Database, kind: str, outbox: _Outbox, team: str, rounds: int, number: int) -> Measurement:
    def receipt(name: str) -> Announcement:
        facts = {"application": team, "received": "Monday 1 August 2016, 11:30 BST"}
        return _announced(outbox.challenge, name, to_teams((team,), Occasion.APPLICATION_RECEIVED, facts))

    outbox.announce(receipt("receipt"))
    line, notices = outbox.rows("receipt")
    sides: tuple[Action, Action] = (
        lambda name: outbox.announce(receipt(f"receipt-{name}")),
        lambda name: outbox.insert(*_renamed(line, notices, f"bare-{name}")),
    )
    with ThreadPoolExecutor(1) as pool:
        rates = [[rate(pool, [side], number) for side in sides] for _ in range(rounds + 1)][1:]
    return _measurement(
        kept,
        f"{NAME}: {kind}, one by one",
        "Receipts into the outbox, each with its line of the record in a transaction of its own, against bare inserts.",
        Compared.of([(announced, floor) for announced, floor in rates]),
    )


def _measurement(kept: Database, name: str, what: str, compared: Compared) -> Measurement:
    return Measurement(
        name=name,
        what=what,
        unit="a second",
        figure=compared.figure,
        floor=compared.floor,
        ratio=compared.ratio,
        aim=f"at least {_AIM} of the floor",
        met=compared.ratio >= _AIM,
        notes=(f"{name.split(': ')[1].split(',')[0]} {versions(kept)}.", compared.spread),
    )


class _Outbox:
    """Announces as the service does, and inserts the same rows without any other work."""

    def __init__(self, kept: Database, challenge: Challenge) -> None:
        self._kept = kept
        self._compose = Letters().compose
        self.challenge = challenge

    def announce(self, announcement: Announcement) -> None:
        """Announces as the service does."""
        record.announce(self._kept, announcement, self._compose)

    def insert(self, line: dict[str, Any], notices: list[dict[str, Any]]) -> None:
        """Inserts the rows only."""
        with self._kept.writing() as connection:
            connection.execute(insert(tables.record), line)
            connection.execute(insert(tables.notices), notices)

    def rows(self, name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The rows of an announcement: the line of the record, and the notices."""
        lines, notices, key = tables.record, tables.notices, f"{self.challenge.id}/{name}"
        with self._kept.reading() as connection:
            line = connection.execute(select(lines).where(lines.c.key == key)).mappings().one()
            told = connection.execute(select(notices).where(func.substr(notices.c.key, 1, len(key) + 1) == f"{key}/"))
            unique = ("id", "number")
            new = {column: line[column] for column in line if column not in unique}
            return new, [dict(row) for row in told.mappings()]


def _renamed(
    line: dict[str, Any], notices: list[dict[str, Any]], name: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The same rows under another key."""
    old, new = line["key"], f"{line['challenge']}/{name}"
    return line | {"key": new}, [each | {"key": each["key"].replace(old, new, 1)} for each in notices]


def _announced(challenge: Challenge, name: str, notice: OutgoingNotice) -> Announcement:
    entry = Entry(at=Instant.now(), by="service", role="service", action="told", text="Told for a measurement")
    return Announcement(key=f"{challenge.id}/{name}", challenge=challenge.id, entry=entry, notices=(notice,))
