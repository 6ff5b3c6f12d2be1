"""Which reader reads which application. Without an assignment, every reader of a challenge reads all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection, delete, func, insert, select
from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.judging.assignment import shared_out
from domain.values.model import Value
from domain.values.refusals import ConflictOfInterest, UnknownPerson, UnknownTeam
from domain.values.wording import listed
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.payments.rows import hold
from store.record.notices import Compose
from store.record.record import put

from .impartiality import COUNT, are_assigned, conflicts
from .readers import readers_of

_applications, _assignments, _interests = tables.applications, tables.assignments, tables.interests
_AS_RECEIVED = TotalOrder(_applications.c.received, _applications.c.id)

Announcing = Callable[[Mapping[str, Sequence[str]]], Announcement]
"""Makes the announcement of what each reader reads from now on."""


class Reader(Value):
    """A person who reads the applications to a challenge.

    Args:
        person: id of the person.
        reads: how many applications that were not withdrawn they are to read.
        assigned: those that are assigned to them, by id, in the order in which they came; empty if everybody reads all.
        declared: for how many of the applications they have declared their interests.
        conflicts: with how many they have a conflict of interest: these they do not read.
    """

    person: str
    reads: int
    assigned: tuple[str, ...]
    declared: int
    conflicts: int


class Wanted(Value):
    """An assignment that somebody asks for.

    Args:
        share: how many readers each application has; 0 for an assignment by hand.
        reader: by hand: the reader.
        applications: by hand: what this reader reads from now on, and nothing else.
    """

    share: int = 0
    reader: str = ""
    applications: tuple[str, ...] = ()


def read_readers(database: Database, challenge: str) -> tuple[Reader, ...]:
    """The readers of a challenge, in the order of their ids.

    Args:
        database: where from.
        challenge: id of the challenge.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        applications, anything = _counting(connection, challenge), are_assigned(connection, challenge)
        assigned = _assigned(connection, challenge)
        return tuple(
            Reader(
                person=person,
                assigned=assigned.get(person, ()),
                reads=len((set(assigned.get(person, ())) if anything else set(applications)) - shut_out),
                declared=_declared(connection, challenge, person),
                conflicts=len(shut_out),
            )
            for person in readers_of(connection, challenge)
            for shut_out in [set(conflicts(connection, challenge, person)) & set(applications)]
        )


def assign(
    database: Database, challenge: str, wanted: Wanted, by: str, at: Instant, announcing: Announcing, compose: Compose
) -> Mapping[str, Sequence[str]]:
    """Assigns the applications to a challenge to its readers, instead of what was assigned before.

    Args:
        database: where to.
        challenge: id of the challenge.
        wanted: by share or by hand. If neither is given, everybody reads all.
        by: id of the person who decides it.
        at: when.
        announcing: makes the announcement.
        compose: finds the words of notices.

    Returns:
        What each reader reads from now on; nothing if everybody reads all.

    Raises:
        UnknownPerson: the person does not read here.
        UnknownTeam: an id is not an application to the challenge that counts.
        WrongNumber: there are too few readers for such a share.
        ConflictOfInterest: the reader has a conflict of interest with one of the applications.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        hold(connection, challenge)
        readers = readers_of(connection, challenge)
        given = _given(connection, challenge, wanted, readers)
        put(connection, announcing(given), compose)
        here = select(_applications.c.id).where(_applications.c.challenge == challenge)
        connection.execute(delete(_assignments).where(_assignments.c.application.in_(here)))
        rows = [
            {"application": application, "person": person, "by": by, "at": at}
            for person, those in given.items()
            for application in those
        ]
        if rows:
            connection.execute(insert(_assignments), rows)
        return given


def _given(
    connection: Connection, challenge: str, wanted: Wanted, readers: Sequence[str]
) -> Mapping[str, Sequence[str]]:
    if wanted.share:
        shut_out = {person: conflicts(connection, challenge, person) for person in readers}
        return shared_out(_counting(connection, challenge), readers, wanted.share, shut_out)
    if not wanted.reader:
        return {}
    if wanted.reader not in readers:
        # The name that was typed may be personal, and the refusal goes on the record.
        raise UnknownPerson(f"No such person reads in {challenge}: name one of {listed(readers)}.")
    known = _counting(connection, challenge)
    named = tuple(dict.fromkeys(wanted.applications))
    if unknown := [each for each in named if each not in set(known)]:
        raise UnknownTeam(
            f"{listed(unknown)}: no such application to {challenge}, or it was withdrawn. Look up the id."
        )
    if mine := [each for each in named if each in conflicts(connection, challenge, wanted.reader)]:
        raise ConflictOfInterest(
            f"{wanted.reader} declared a conflict of interest with {listed(mine)}: give it to another reader."
        )
    kept = {person: those for person, those in _assigned(connection, challenge).items() if person in readers}
    return kept | {wanted.reader: named}


def _counting(connection: Connection, challenge: str) -> tuple[str, ...]:
    """The applications to a challenge that were not withdrawn, in the order in which they came."""
    wanted = select(_applications.c.id).where(_applications.c.challenge == challenge, COUNT)
    return tuple(connection.scalars(wanted.order_by(*_AS_RECEIVED)))


def _assigned(connection: Connection, challenge: str) -> dict[str, tuple[str, ...]]:
    wanted = (
        select(_assignments.c.application, _assignments.c.person)
        .join(_applications, _applications.c.id == _assignments.c.application)
        .where(_applications.c.challenge == challenge, COUNT)
        .order_by(*_AS_RECEIVED)
    )
    found = defaultdict[str, list[str]](list)
    for row in connection.execute(wanted):
        found[row.person].append(row.application)
    return {person: tuple(those) for person, those in found.items()}


def _declared(connection: Connection, challenge: str, person: str) -> int:
    wanted = (
        select(func.count(_interests.c.application.distinct()))
        .join(_applications, _applications.c.id == _interests.c.application)
        .where(_applications.c.challenge == challenge, COUNT, _interests.c.person == person)
    )
    return connection.scalars(wanted).one()
