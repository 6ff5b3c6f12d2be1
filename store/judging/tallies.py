"""The marks of a stage in numbers: for the ranking, for the progress of its readers, and for who may see what.

The number of statements does not depend on how many readers, applications or marks there are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import NamedTuple

from sqlalchemy import Connection, and_, case, func, literal, select

from domain.judging.progress import Progress, ReaderProgress
from domain.judging.ranking import Judged, Tally
from domain.judging.scorecard import Scorecard
from domain.judging.seeing import Sight
from store.database import tables
from store.database.ordering import TotalOrder

from .expected import Field, counting, expected, has_conflict, in_field

_applications, _agreed = tables.applications, tables.agreed_marks
_BY_ID = TotalOrder(_applications.c.id)
_AGREED = TotalOrder(_agreed.c.application, _agreed.c.stage, _agreed.c.criterion, _agreed.c.version)


class JudgedStage(NamedTuple):
    """What is being judged.

    Args:
        challenge: id of the challenge.
        name: name of the stage.
        field: see `Field`.
        scorecard: the criteria of the stage.
    """

    challenge: str
    name: str
    field: Field
    scorecard: Scorecard

    @property
    def criteria(self) -> tuple[str, ...]:
        """The ids of the criteria."""
        return tuple(each.id for each in self.scorecard.criteria)


def judged(connection: Connection, stage: JudgedStage) -> tuple[Judged, ...]:
    """The marks of everybody who could enter a stage, by the order of their ids."""
    marks, agreed = _marks(connection, stage), agreed_marks(connection, stage)
    readers = Counter(application for application, _ in _expected(connection, stage))

    def tally(application: str, criterion: str) -> Tally:
        number, total, lowest, highest, expected_ones = marks.get((application, criterion), (0, 0, 0, 0, 0))
        return Tally(
            number=number,
            total=total,
            lowest=lowest,
            highest=highest,
            agreed=agreed.get((application, criterion)),
            missing=readers[application] - expected_ones,
        )

    return tuple(
        Judged(application=each, tallies={criterion: tally(each, criterion) for criterion in stage.criteria})
        for each in _ids(connection, stage)
    )


def _marks(connection: Connection, stage: JudgedStage) -> dict[tuple[str, str], tuple[int, int, int, int, int]]:
    """The marks that count, by application and criterion: how many, their sum, the lowest, the highest, and how many of
    them come from readers whose marks are expected.
    """
    marks = counting(stage.challenge, stage.name, stage.field).subquery("counting")
    theirs = expected(stage.challenge, stage.field).subquery("expected")
    same = and_(theirs.c.application == marks.c.application, theirs.c.person == marks.c.person)
    wanted = (
        select(
            marks.c.application,
            marks.c.criterion,
            func.count(),
            func.sum(marks.c.mark),
            func.min(marks.c.mark),
            func.max(marks.c.mark),
            func.count(theirs.c.person),
        )
        .join_from(marks, theirs, same, isouter=True)
        .group_by(marks.c.application, marks.c.criterion)
    )
    return {
        (application, criterion): (number, int(total), lowest, highest, expected_ones)
        for application, criterion, number, total, lowest, highest, expected_ones in connection.execute(wanted)
    }


def agreed_marks(connection: Connection, stage: JudgedStage) -> dict[tuple[str, str], int]:
    """What was agreed last, by application and criterion."""
    wanted = (
        select(_agreed)
        .join(_applications, _applications.c.id == _agreed.c.application)
        .where(_applications.c.challenge == stage.challenge, in_field(stage.field))
        .where(_agreed.c.stage == stage.name)
        .order_by(*_AGREED)
    )
    return {(row.application, row.criterion): row.mark for row in connection.execute(wanted)}


def _ids(connection: Connection, stage: JudgedStage) -> tuple[str, ...]:
    wanted = select(_applications.c.id).where(_applications.c.challenge == stage.challenge, in_field(stage.field))
    return tuple(connection.scalars(wanted.order_by(*_BY_ID)))


def _expected(connection: Connection, stage: JudgedStage) -> list[tuple[str, str]]:
    found = connection.execute(expected(stage.challenge, stage.field))
    return [(row.application, row.person) for row in found]


def to_mark(connection: Connection, stage: JudgedStage, person: str) -> tuple[str, ...]:
    """The ids of the applications that somebody is to mark."""
    return tuple(sorted(application for application, reader in _expected(connection, stage) if reader == person))


def progress(connection: Connection, stage: JudgedStage) -> Progress:
    """How far the readers of a stage are."""
    to_read: dict[str, set[str]] = defaultdict(set)
    for application, person in _expected(connection, stage):
        to_read[person].add(application)
    done = _complete(connection, stage)
    readers = (
        ReaderProgress(person=person, applications=len(those), left=len(those - done[person]))
        for person, those in sorted(to_read.items())
    )
    return Progress(stage=stage.name, readers=tuple(readers))


def _complete(connection: Connection, stage: JudgedStage) -> defaultdict[str, set[str]]:
    """The applications that each person has marked by every criterion."""
    marks = counting(stage.challenge, stage.name, stage.field).subquery("counting")
    wanted = (
        select(marks.c.person, marks.c.application)
        .group_by(marks.c.person, marks.c.application)
        .having(func.count(case((marks.c.criterion.in_(stage.criteria), 1))) == len(stage.criteria))
    )
    done: defaultdict[str, set[str]] = defaultdict(set)
    for person, application in connection.execute(wanted):
        done[person].add(application)
    return done


def sights(connection: Connection, stage: JudgedStage, person: str, *, only_reads: bool = False) -> dict[str, Sight]:
    """What decides whether somebody sees the marks, for each application.

    Args:
        connection: in any transaction.
        stage: what is judged.
        person: id of the person.
        only_reads: whether they have a say here as a reader only.
    """
    shut_out = select(_applications.c.id).where(
        _applications.c.challenge == stage.challenge,
        in_field(stage.field),
        has_conflict(_applications.c.id, literal(person)),
    )
    conflicts = set(connection.scalars(shut_out))
    readers = _expected(connection, stage)
    reads = {application for application, reader in readers if reader == person}
    done = _complete(connection, stage)
    open_ = {application for application, reader in readers if application not in done[reader]}
    agreed = {application for application, _ in agreed_marks(connection, stage)}
    return {
        each: Sight(
            conflict=each in conflicts,
            reads=each in reads,
            only_reads=only_reads,
            own_done=each in done[person],
            all_done=each not in open_,
            agreed=each in agreed,
        )
        for each in _ids(connection, stage)
    }
