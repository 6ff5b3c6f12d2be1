"""Interests come first: nobody reads, scores or decides on an application before they have declared theirs.

A declared conflict of interest shuts the person out of the application from that moment on. Everything here is asked in
the transaction that it allows, so a declaration cannot slip in between.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, exists, func, or_, select, true

from domain.announcements.announcement import Impartial
from domain.values.refusals import ConflictOfInterest, InterestsMissing, NotAllowed, UnknownTeam
from domain.values.wording import counted, listed
from store.database import tables
from store.database.ordering import TotalOrder
from store.database.prepared import Prepared

_applications, _interests, _assignments = tables.applications, tables.interests, tables.assignments
_later = _interests.alias()
_BY_ID = TotalOrder(_applications.c.id)
COUNT = and_(_applications.c.withdrawn.is_(None), _applications.c.erased.is_(None))
"""Applications that can be selected."""
_MOST_NAMED = 3
"""How many applications a refusal names; it gives only the number of the others."""


def check_impartial(connection: Connection, challenge: str, person: str, impartial: Impartial) -> None:
    """Checks that somebody may decide on applications, by what they have declared.

    Args:
        connection: in the transaction that writes the decision. The challenge is locked.
        challenge: id of the challenge.
        person: id of the person who decides.
        impartial: on which applications. Without ids, on all that were not withdrawn.

    Raises:
        InterestsMissing: the person has not declared their interests for all of them.
        ConflictOfInterest: the person has declared a conflict of interest for one of them.
    """
    if len(impartial.towards) == 1 and not impartial.declares_first:  # as at every step of every payment
        where = {"application": impartial.towards[0], "challenge": challenge, "person": person}
        shut_out = tuple(row.id for row in _shut_out_of_one().all(connection, where))
    else:
        which = _applications.c.id.in_(impartial.towards) if impartial.towards else COUNT
        if impartial.declares_first:
            _check_declared(connection, challenge, person, which)
        shut_out = _conflicts(connection, challenge, person, which)
    if shut_out:
        raise ConflictOfInterest(
            f"{person} declared a conflict of interest with {_named(shut_out)}: somebody else has to decide. "
            f"If nobody else may, an operator hands over the role of {person}."
        )


def readable(
    connection: Connection, challenge: str, person: str, *, assigned_only: bool = False
) -> ColumnElement[bool]:
    """Which applications to a challenge somebody may read, as a condition for a query of applications.

    Args:
        connection: in any transaction.
        challenge: id of the challenge.
        person: id of the person who reads.
        assigned_only: whether they read only what is assigned to them. If nothing of the challenge is assigned to
            anybody, everybody reads all.

    Raises:
        InterestsMissing: the person has not declared their interests for all that they could read.
    """
    theirs = _theirs(connection, challenge, person, assigned_only=assigned_only)
    _check_declared(connection, challenge, person, and_(theirs, _applications.c.erased.is_(None)))
    return readable_as_declared(connection, challenge, person, assigned_only=assigned_only)


def readable_as_declared(
    connection: Connection, challenge: str, person: str, *, assigned_only: bool = False
) -> ColumnElement[bool]:
    """The same condition without the check of all applications, which takes long if there are many.

    For what follows such a check, as the second page of a list. What the person has not declared for is left out.
    """
    declared = or_(_applications.c.erased.is_not(None), ~has_not_declared(person))
    theirs = _theirs(connection, challenge, person, assigned_only=assigned_only)
    return and_(theirs, declared, ~is_shut_out(person))


def check_may_read(
    connection: Connection, challenge: str, person: str, application: str, *, assigned_only: bool = False
) -> None:
    """Checks that somebody may read, or score, one application. The window is sealed.

    Args:
        connection, challenge, person, assigned_only: see `readable`.
        application: id of the application.

    Raises:
        InterestsMissing: the person has not declared their interests for all that they could read.
        ConflictOfInterest: the person has declared a conflict of interest with this application.
        UnknownTeam: there is no such application to the challenge.
        NotAllowed: the application is assigned to others.
    """
    may = readable(connection, challenge, person, assigned_only=assigned_only)
    wanted = select(may.label("may")).where(_applications.c.challenge == challenge, _applications.c.id == application)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise UnknownTeam(f"{application} is not an application to {challenge}: look up its id.")
    if not row.may:
        check_no_conflict(connection, challenge, person, application)
        raise NotAllowed(f"{application} is not assigned to {person}: see `starter.py readers {challenge}`.")


def check_no_conflict(connection: Connection, challenge: str, person: str, application: str) -> None:
    """Checks that somebody has not declared a conflict of interest with an application.

    Raises:
        ConflictOfInterest: they have.
    """
    if _conflicts(connection, challenge, person, _applications.c.id == application):
        raise ConflictOfInterest(
            f"{person} declared a conflict of interest with {application}: somebody else has to see to it."
        )


def conflicts(connection: Connection, challenge: str, person: str) -> tuple[str, ...]:
    """The applications with which somebody has a conflict of interest, by what they declared last."""
    return _conflicts(connection, challenge, person, true())


def are_assigned(connection: Connection, challenge: str) -> bool:
    """Whether applications to a challenge are assigned to readers. Otherwise every reader reads all."""
    wanted = (
        select(_assignments.c.person)
        .join_from(_assignments, _applications)
        .where(_applications.c.challenge == challenge)
    )
    return connection.execute(wanted.limit(1)).first() is not None


def is_assigned(person: str) -> ColumnElement[bool]:
    """Whether an application is assigned to somebody, in a query of applications."""
    return exists().where(_assignments.c.application == _applications.c.id, _assignments.c.person == person)


def has_not_declared(person: str) -> ColumnElement[bool]:
    """Whether somebody has declared nothing yet for an application, in a query of applications."""
    return ~exists().where(_interests.c.application == _applications.c.id, _interests.c.person == person)


def is_latest() -> ColumnElement[bool]:
    """Whether a declaration is the last one of this person for this application, in a query of interests."""
    return ~exists().where(
        _later.c.application == _interests.c.application,
        _later.c.person == _interests.c.person,
        _later.c.version > _interests.c.version,
    )


def _theirs(connection: Connection, challenge: str, person: str, *, assigned_only: bool) -> ColumnElement[bool]:
    """What somebody could read but for their interests."""
    return is_assigned(person) if assigned_only and are_assigned(connection, challenge) else true()


def _check_declared(connection: Connection, challenge: str, person: str, which: ColumnElement[bool]) -> None:
    missing = and_(_applications.c.challenge == challenge, which, has_not_declared(person))
    number = connection.scalars(select(func.count()).select_from(_applications).where(missing)).one()
    if number:
        raise InterestsMissing(
            f"{person} has not declared their interests for {counted(number, 'application')} to {challenge}: declare "
            f"them first, with `starter.py interests {challenge} --as {person}`."
        )


def _conflicts(connection: Connection, challenge: str, person: str, which: ColumnElement[bool]) -> tuple[str, ...]:
    wanted = select(_applications.c.id).where(_applications.c.challenge == challenge, which, is_shut_out(person))
    return tuple(connection.scalars(wanted.order_by(*_BY_ID)))


@cache
def _shut_out_of_one() -> Prepared:
    one = (_applications.c.id == bindparam("application"), _applications.c.challenge == bindparam("challenge"))
    return Prepared(select(_applications.c.id).where(*one, is_shut_out(bindparam("person"))))


def is_shut_out(person: str | BindParameter[str]) -> ColumnElement[bool]:
    """Whether what somebody declared last for an application is a conflict, in a query of applications."""
    return exists().where(
        _interests.c.application == _applications.c.id,
        _interests.c.person == person,
        _interests.c.conflict.is_(True),
        is_latest(),
    )


def _named(those: Collection[str]) -> str:
    first = tuple(those)[:_MOST_NAMED]
    more = len(those) - len(first)
    return listed((*first, f"{more:,} more") if more else first)
