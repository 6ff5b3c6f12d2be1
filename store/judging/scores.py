"""The marks that readers give. A mark is a new row, never a changed one: the last counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, insert, select
from whenever import Instant

from domain.judging.marks import Given
from domain.judging.moderation import Spread
from domain.values.model import Value
from domain.values.paging import Page, Paged
from domain.values.refusals import Refused, TooLate, UnknownTeam, refuse_for_all
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.record.record import is_selected

from .expected import has_conflict, in_field, is_last_mark
from .impartiality import check_may_read, readable
from .tallies import JudgedStage

_applications, _scores = tables.applications, tables.scores
_AS_GIVEN = TotalOrder(
    *(_scores.c[name] for name in ("application", "stage", "person", "criterion", "version")),
)
_BY_ID = TotalOrder(_applications.c.id)


class Mark(Value):
    """A mark as it is kept. Its reason never leaves the database but for those who may see it.

    Args:
        application, criterion, mark, reason: see `Given`.
        stage: name of the stage.
        person: id of the reader.
        version: how often they have marked this, counted from 1.
        at: when.
        counts: whether it counts: false for a reader who declared a conflict of interest since.
    """

    application: str
    stage: str
    person: str
    criterion: str
    version: int
    mark: int
    reason: str
    at: Instant
    counts: bool = True


class Kept(NamedTuple):
    """What became of the marks that somebody gave.

    Args:
        new: how many are new, or differ from what was there.
        same: how many were there already.
    """

    new: int
    same: int


def give(
    database: Database, stage: JudgedStage, stages: tuple[str, ...], person: str, given: Sequence[Given], at: Instant
) -> Kept:
    """Keeps the marks of a reader: all of them, or none. What is there already changes nothing.

    The challenge is locked meanwhile, so no mark slips in after the decision, or after a declaration of interest.

    Args:
        database: where to.
        stage: what is judged.
        stages: the stage, and those after it: a decision on any of them settles the stage.
        person: id of the reader.
        given: the marks, which fit the scorecard.
        at: when.

    Raises:
        TooLate: the stage was decided.
        InterestsMissing, ConflictOfInterest, NotAllowed, UnknownTeam: the reader may not mark one of the applications,
            or it cannot enter the stage. The refusal names all that is wrong.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        check_not_decided(connection, stage, stages)
        applications = tuple(dict.fromkeys(each.application for each in given))
        check_in_field(connection, stage, applications)
        refuse_for_all(_not_allowed(connection, stage.challenge, person, applications))
        before = _last_marks(connection, stage.name, person, applications)
        rows = []
        for each in given:
            last = before.get((each.application, each.criterion))
            if last is None or (last.mark, last.reason) != (each.mark, each.reason):
                version = 1 if last is None else last.version + 1
                rows.append({**dict(each), "stage": stage.name, "person": person, "version": version, "at": at})
        if rows:
            connection.execute(insert(_scores), rows)
        return Kept(new=len(rows), same=len(given) - len(rows))


def check_not_decided(connection: Connection, stage: JudgedStage, stages: tuple[str, ...]) -> None:
    """Checks that a stage is still to be decided. Nobody decides it until the transaction ends.

    Raises:
        TooLate: it was decided, or the challenge has ended.
    """
    if is_selected(connection, stage.challenge, stages):
        raise TooLate(f"{stage.name} of {stage.challenge} was decided: its marks stay as they were then.")


def check_in_field(connection: Connection, stage: JudgedStage, applications: Sequence[str]) -> None:
    """Checks that applications could enter the stage.

    Raises:
        UnknownTeam: some cannot. The refusal names all of them.
    """
    wanted = select(_applications.c.id).where(
        _applications.c.challenge == stage.challenge, in_field(stage.field), _applications.c.id.in_(applications)
    )
    known = set(connection.scalars(wanted.order_by(*_BY_ID)))
    refuse_for_all(
        UnknownTeam(f"{each!r} is not an application that could enter {stage.name}: look up its id.")
        for each in applications
        if each not in known
    )


def _not_allowed(connection: Connection, challenge: str, person: str, applications: Sequence[str]) -> Iterator[Refused]:
    """A refusal for each application that somebody may not mark; one for all if their interests are missing."""
    may = readable(connection, challenge, person, assigned_only=True)
    wanted = select(_applications.c.id).where(_applications.c.challenge == challenge, may)
    theirs = set(connection.scalars(wanted.order_by(*_BY_ID)))
    for each in applications:
        if each not in theirs:
            try:
                check_may_read(connection, challenge, person, each, assigned_only=True)
            except Refused as refusal:
                yield refusal


def _last_marks(
    connection: Connection, stage: str, person: str, applications: Sequence[str]
) -> dict[tuple[str, str], Found]:
    wanted = select(_scores).where(
        _scores.c.application.in_(applications),
        _scores.c.stage == stage,
        _scores.c.person == person,
        is_last_mark(),
    )
    return {(row.application, row.criterion): row for row in connection.execute(wanted.order_by(*_AS_GIVEN))}


def own_marks(connection: Connection, stage: JudgedStage, person: str) -> tuple[Mark, ...]:
    """The last marks that somebody gave in a stage."""
    wanted = _marks(stage).where(_scores.c.person == person, is_last_mark())
    return tuple(map(_mark, connection.execute(wanted.order_by(*_AS_GIVEN))))


def marks_of(connection: Connection, stage: JudgedStage, application: str) -> tuple[Mark, ...]:
    """The last marks of all readers for one application, by reader and criterion."""
    wanted = _marks(stage).where(_scores.c.application == application, is_last_mark())
    return tuple(map(_mark, connection.execute(wanted.order_by(*_AS_GIVEN))))


def page_of_marks(
    connection: Connection, page: Page, stage: JudgedStage, seen: Callable[[str, str], bool], application: str = ""
) -> Paged[Mark]:
    """A page of the last marks of all readers in a stage, by application, reader and criterion.

    Args:
        connection: in a transaction.
        page: which one. A page can have fewer marks than it could: those that are hidden are left out.
        stage: what is judged.
        seen: whether a mark may be seen, by application and reader.
        application: only those of this application; of all if left out.

    Raises:
        NotReadable: no page begins there.
    """
    wanted = _marks(stage).where(is_last_mark())
    if application:
        wanted = wanted.where(_scores.c.application == application)
    found = _AS_GIVEN.read(connection, wanted, page, _mark)
    return Paged(items=tuple(each for each in found.items if seen(each.application, each.person)), next=found.next)


def _marks(stage: JudgedStage) -> Select[Any]:
    conflict = has_conflict(_scores.c.application, _scores.c.person)
    return (
        select(_scores, conflict.label("conflict"))
        .join(_applications, _applications.c.id == _scores.c.application)
        .where(_applications.c.challenge == stage.challenge, in_field(stage.field))
        .where(_scores.c.stage == stage.name)
    )


def _mark(row: Found) -> Mark:
    known = {name: getattr(row, name) for name in Mark.model_fields if name != "counts"}
    return Mark(**known, counts=not row.conflict)


def spreads(connection: Connection, stage: JudgedStage, application: str) -> tuple[Spread, ...]:
    """The marks that count of one application, by the criteria of the scorecard."""
    wanted = _marks(stage).where(
        _scores.c.application == application,
        is_last_mark(),
        ~has_conflict(_scores.c.application, _scores.c.person),
    )
    found: dict[str, tuple[int, ...]] = {}
    for row in connection.execute(wanted.order_by(*_AS_GIVEN)):
        found[row.criterion] = (*found.get(row.criterion, ()), row.mark)
    return tuple(Spread(criterion=each, marks=tuple(sorted(found.get(each, ())))) for each in stage.criteria)


def reasons_of(connection: Connection, stage: JudgedStage, application: str) -> dict[str, list[str]]:
    """The reasons of the marks that count of one application, by criterion."""
    wanted = _marks(stage).where(
        _scores.c.application == application,
        is_last_mark(),
        ~has_conflict(_scores.c.application, _scores.c.person),
    )
    found: dict[str, list[str]] = {}
    for row in connection.execute(wanted.order_by(*_AS_GIVEN)):
        found.setdefault(row.criterion, []).append(row.reason)
    return found
