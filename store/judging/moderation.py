"""Agreed marks. Each is a new row with its line of the record; the last for a criterion counts."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select
from whenever import Instant

from domain.identity.proof import Shown
from domain.judging.marks import Given
from domain.judging.moderation import Agreed, agreed_announcement
from domain.values.refusals import TooEarly
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.record.notices import Compose
from store.record.record import put

from .expected import in_field
from .impartiality import check_may_read
from .scores import check_in_field, check_not_decided
from .tallies import JudgedStage, sights

_applications, _agreed = tables.applications, tables.agreed_marks
_AS_AGREED = TotalOrder(*(_agreed.c[name] for name in ("application", "stage", "criterion", "version")))


def agree(
    database: Database,
    stage: JudgedStage,
    stages: tuple[str, ...],
    person: str,
    title: str,
    given: Given,
    at: Instant,
    compose: Compose,
    proof: str = "",
) -> bool:
    """Keeps an agreed mark. The same as before changes nothing.

    Args:
        database: where to.
        stage, stages: see `scores.give`.
        person: id of the decider who records the mark.
        title: of the stage.
        given: the mark, which fits the scorecard.
        at: when.
        compose: finds the words of notices.
        proof: how the decider was proven.

    Returns:
        Whether it is new.

    Raises:
        TooLate: the stage was decided.
        TooEarly: the person does not see the marks of the application yet.
        InterestsMissing, ConflictOfInterest, UnknownTeam: see `scores.give`.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        check_not_decided(connection, stage, stages)
        check_in_field(connection, stage, [given.application])
        check_may_read(connection, stage.challenge, person, given.application)
        if hidden := sights(connection, stage, person)[given.application].hidden:
            raise TooEarly(f"Nothing can be agreed on {given.application} yet: {hidden}. See `progress`.")
        last = next(reversed(agreed_on(connection, stage, given.application, given.criterion)), None)
        if last is not None and (last.mark, last.reason) == (given.mark, given.reason):
            return False
        version = 1 if last is None else last.version + 1
        values = {**dict(given), "stage": stage.name, "version": version, "by": person, "at": at}
        connection.execute(insert(_agreed).values(values))
        criterion = next(each for each in stage.scorecard.criteria if each.id == given.criterion)
        announcement = agreed_announcement(
            stage.challenge, stage.name, title, given.application, criterion, person, version, at
        )
        put(connection, announcement.proven(Shown(proof=proof)), compose)
        return True


def agreed_on(connection: Connection, stage: JudgedStage, application: str = "", criterion: str = "") -> list[Agreed]:
    """Everything that was agreed in a stage, also what no longer counts, the last version last.

    Args:
        connection: in a transaction.
        stage: what is judged.
        application, criterion: only of these; of all if left out.
    """
    wanted = (
        select(_agreed)
        .join(_applications, _applications.c.id == _agreed.c.application)
        .where(_applications.c.challenge == stage.challenge, in_field(stage.field))
        .where(_agreed.c.stage == stage.name)
    )
    if application:
        wanted = wanted.where(_agreed.c.application == application)
    if criterion:
        wanted = wanted.where(_agreed.c.criterion == criterion)
    found = connection.execute(wanted.order_by(*_AS_AGREED))
    return [Agreed.model_validate(dict(row._mapping)) for row in found]
