"""Declarations of interest: applicants by name for those who have to declare, and what was declared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, literal, select
from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.judging.interests import Declared, Declarer, Interest, likely_in_words
from domain.permissions import Role
from domain.values.model import Value
from domain.values.paging import Page, Paged
from domain.values.refusals import InterestsMissing, UnknownTeam
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.payments.rows import hold
from store.payments.shut_out import ToMake, take_back
from store.record.notices import Compose
from store.record.record import put

from .impartiality import conflicts, has_not_declared, is_latest

_applications, _interests = tables.applications, tables.interests
_people, _challenges = tables.people, tables.challenges
_AS_RECEIVED = TotalOrder(_applications.c.received, _applications.c.id)


class Kept(Value):
    """What a declaration changes.

    Args:
        new: what was not declared in these words before.
        void: the keys of payments that the person had released, and that have to be released again by somebody else.
    """

    new: tuple[Declared, ...] = ()
    void: tuple[str, ...] = ()


Announcing = Callable[[Sequence[Declared]], Announcement]
"""Makes the announcement of what was declared."""


def page_of_interests(database: Database, page: Page, challenge: str, person: str) -> Paged[Interest]:
    """A page of the applicants to a challenge by name, with what somebody declared, in the order in which they came.

    Args:
        database: where from.
        page: which one.
        challenge: id of the challenge.
        person: id of the person who declares.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        declarer = _declarer(connection, challenge, person)

        def interest(row: Found) -> Interest:
            return Interest(
                application=row.id,
                organisation=row.organisation,
                likely=declarer.likely(row.organisation, row.email),
                declared=row.what is not None,
                what=row.what or "",
                conflict=bool(row.conflict),
                withdrawn=row.withdrawn is not None,
            )

        return _AS_RECEIVED.read(connection, _applicants(challenge, person), page, interest)


def read_conflicts(database: Database, challenge: str, person: str) -> tuple[str, ...]:
    """The applications with which somebody has a conflict of interest, by what they declared last.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return conflicts(connection, challenge, person)


def declare(
    database: Database,
    challenge: str,
    person: str,
    declared: Declared | None,
    at: Instant,
    announcing: Announcing,
    compose: Compose,
    to_make: ToMake | None = None,
) -> Kept:
    """Keeps what somebody declares. What they declared before stays in the table, and no longer counts.

    Args:
        database: where to.
        challenge: id of the challenge.
        person: id of the person who declares.
        declared: what they declare for one applicant. None: that they have nothing to do with any of the applicants
            for whom they have declared nothing yet.
        at: when.
        announcing: makes the announcement of what is new.
        compose: finds the words of notices.
        to_make: needed if the person has released payments to the applicant: see `shut_out.take_back`.

    Returns:
        What is new, and whose releases are void. The same declaration as before changes nothing.

    Raises:
        UnknownTeam: there is no such application to the challenge.
        InterestsMissing: some of the applicants may be known to the person, who has to declare for them by name.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        hold(connection, challenge)  # no decision and no other declaration comes in between
        if declared is None:
            new = _not_declared(connection, challenge, person)
            if new:
                put(connection, announcing(new), compose)
                _none_for_all(connection, challenge, person, at)
            return Kept(new=new)
        last = _last(connection, challenge, person, declared.application)
        if (last.what, last.conflict) == (declared.what, declared.conflict):
            return Kept()
        put(connection, announcing([declared]), compose)
        values = {**dict(declared), "person": person, "version": (last.version or 0) + 1, "at": at}
        connection.execute(insert(_interests).values(values))
        void = take_back(connection, declared.application, person, to_make, at, compose) if declared.conflict else ()
        return Kept(new=(declared,), void=void)


def _not_declared(connection: Connection, challenge: str, person: str) -> tuple[Declared, ...]:
    """A declaration of nothing for each applicant for whom somebody has declared nothing yet.

    Raises:
        InterestsMissing: some of them may be known to the person.
    """
    declarer = _declarer(connection, challenge, person)
    missing = _applicants(challenge, person).where(_interests.c.application.is_(None))
    rows = connection.execute(missing.order_by(*_AS_RECEIVED)).all()
    if likely := [row.id for row in rows if declarer.likely(row.organisation, row.email)]:
        raise InterestsMissing(likely_in_words(person, challenge, likely))
    return tuple(Declared(application=row.id) for row in rows)


def _none_for_all(connection: Connection, challenge: str, person: str, at: Instant) -> None:
    """One statement, however many applications there are."""
    rows = select(
        _applications.c.id,
        literal(person),
        literal(1),
        literal(value=False),
        literal(""),
        bindparam("declared_at", at, _interests.c.at.type),
    ).where(_applications.c.challenge == challenge, _applications.c.erased.is_(None), has_not_declared(person))
    columns = ["application", "person", "version", "conflict", "what", "at"]
    connection.execute(insert(_interests).from_select(columns, rows))


def _applicants(challenge: str, person: str) -> Select[Any]:
    """The applications to a challenge, except the erased ones, with what somebody declared last."""
    theirs = (_interests.c.application == _applications.c.id) & (_interests.c.person == person) & is_latest()
    return (
        select(
            *(_applications.c[name] for name in ("id", "organisation", "email", "received", "withdrawn")),
            _interests.c.what,
            _interests.c.conflict,
        )
        .join_from(_applications, _interests, theirs, isouter=True)
        .where(_applications.c.challenge == challenge, _applications.c.erased.is_(None))
    )


def _declarer(connection: Connection, challenge: str, person: str) -> Declarer:
    row = connection.execute(
        select(_people.c.name, _people.c.email, _people.c.former, _people.c.role, _challenges.c.sponsor_name)
        .join_from(_people, _challenges, _challenges.c.round == _people.c.round)
        .where(_challenges.c.id == challenge, _people.c.id == person)
    ).one()
    return Declarer(
        name=row.name,
        addresses=(row.email, *filter(None, row.former.split("\n"))),
        bodies=(row.sponsor_name,) if row.role == Role.SPONSOR else (),
    )


def _last(connection: Connection, challenge: str, person: str, application: str) -> Found:
    """What somebody declared last for an application, with an empty version if they declared nothing."""
    row = connection.execute(
        select(_applications.c.challenge, _applications.c.erased)
        .add_columns(_interests.c.version, _interests.c.what, _interests.c.conflict)
        .join_from(
            _applications,
            _interests,
            (_interests.c.application == _applications.c.id) & (_interests.c.person == person) & is_latest(),
            isouter=True,
        )
        .where(_applications.c.id == application)
    ).one_or_none()
    if row is None or row.challenge != challenge or row.erased is not None:
        raise UnknownTeam(
            f"{application} is not an application to {challenge}: see `starter.py interests {challenge}` for their ids."
        )
    return row
