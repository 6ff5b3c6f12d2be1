"""Whose marks are expected, and which marks count.

A reader marks the applications that are assigned to them; all, if nothing of the challenge is assigned to anybody. A
declared conflict of interest takes a reader out of the application at once: their marks are no longer expected, and
those that they gave no longer count. All other marks count, also those of a reader who has handed over their role.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, or_, select

from store.database import tables

_applications, _challenges, _readers = tables.applications, tables.challenges, tables.readers
_people, _assignments, _interests = tables.people, tables.assignments, tables.interests
_scores = tables.scores

Field = Sequence[str]
"""The ids of those who could enter a stage; empty for all applications that count."""


def in_field(field: Field) -> ColumnElement[bool]:
    """Whether an application could enter the stage, in a query of applications."""
    if field:
        return _applications.c.id.in_(field)
    return and_(_applications.c.withdrawn.is_(None), _applications.c.erased.is_(None))


def expected(challenge: str, field: Field) -> Select[Any]:
    """Who is to mark which applications: pairs of `application` and `person`."""
    reads = or_(_readers.c.sponsor == _challenges.c.sponsor, _readers.c.challenge == _challenges.c.id)
    here = _people.c.round == _readers.c.round, _people.c.id == _readers.c.person
    return (
        select(_applications.c.id.label("application"), _readers.c.person.label("person"))
        .distinct()
        .join_from(_applications, _challenges, _challenges.c.id == _applications.c.challenge)
        .join(_readers, and_(_readers.c.round == _challenges.c.round, reads))
        .join(_people, and_(*here, _people.c.role != ""))
        .where(_applications.c.challenge == challenge, in_field(field))
        .where(or_(~_anything_assigned(challenge), _is_assigned()))
        .where(~has_conflict(_applications.c.id, _readers.c.person))
    )


def counting(challenge: str, stage: str, field: Field) -> Select[Any]:
    """The marks that count for a stage: `application`, `person`, `criterion` and `mark`."""
    out = _conflicts(challenge).subquery("out")
    same = and_(out.c.application == _scores.c.application, out.c.person == _scores.c.person)
    return (
        select(_scores.c.application, _scores.c.person, _scores.c.criterion, _scores.c.mark)
        .join(_applications, _applications.c.id == _scores.c.application)
        .join(out, same, isouter=True)  # conflicts are few, and marks are many
        .where(_applications.c.challenge == challenge, in_field(field), _scores.c.stage == stage)
        .where(is_last_mark(), out.c.person.is_(None))
    )


def _conflicts(challenge: str) -> Select[Any]:
    """The conflicts of interest with the applicants to a challenge: pairs of `application` and `person`."""
    last, of_it = _interests.alias(), _applications.alias()
    return (
        select(last.c.application, last.c.person)
        .join(of_it, of_it.c.id == last.c.application)
        .where(of_it.c.challenge == challenge, last.c.conflict.is_(True), _is_latest(last))
    )


def is_last_mark() -> ColumnElement[bool]:
    """Whether a mark is the last of this reader for this criterion, in a query of scores."""
    later = _scores.alias()
    same = (later.c[name] == _scores.c[name] for name in ("application", "stage", "person", "criterion"))
    return ~exists().where(*same, later.c.version > _scores.c.version)


def has_conflict(application: ColumnElement[str], person: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether what somebody declared last for an application is a conflict of interest.

    Args:
        application, person: columns of the query.
    """
    last = _interests.alias()
    return exists().where(
        last.c.application == application, last.c.person == person, last.c.conflict.is_(True), _is_latest(last)
    )


def _is_latest(last: FromClause) -> ColumnElement[bool]:
    later = _interests.alias()
    same = later.c.application == last.c.application, later.c.person == last.c.person
    return ~exists().where(*same, later.c.version > last.c.version)


def _is_assigned() -> ColumnElement[bool]:
    return exists().where(_assignments.c.application == _applications.c.id, _assignments.c.person == _readers.c.person)


def _anything_assigned(challenge: str) -> ColumnElement[bool]:
    of_it = _applications.alias()
    return exists().where(_assignments.c.application == of_it.c.id, of_it.c.challenge == challenge)
