"""Who reads the applications to which challenges: as the round names them, and after hand-overs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, or_, select, update

from domain.permissions import Grant, Role
from domain.programmes.round import Challenge, Round
from store.database import tables
from store.database.inserts import inserting
from store.database.ordering import TotalOrder

_readers, _people, _challenges = tables.readers, tables.people, tables.challenges
_assignments, _applications = tables.assignments, tables.applications
_IN_ROUNDS = TotalOrder(_readers.c.round, _readers.c.person, _readers.c.sponsor, _readers.c.challenge)
_BY_ID = TotalOrder(_people.c.round, _people.c.id)


def keep(connection: Connection, round_: Round, challenges: Sequence[Challenge], *, judged: bool) -> None:
    """Writes down who reads what in a round that is opened. Readers who are there stay; new ones are added.

    Whoever has handed over their role is left out, whatever the file says.

    Args:
        connection: in a transaction that writes. The people of the round are there.
        round_: the round.
        challenges: its challenges.
        judged: whether the programme has a scorecard. Its deciders then read where no reader is named.
    """
    rows = connection.execute(select(_people).where(_people.c.round == round_.id).order_by(*_BY_ID))
    present = {row.id: (row.role, row.sponsor) for row in rows}
    named = [(sponsor.id, "", sponsor.id, name) for sponsor in round_.sponsors for name in sponsor.readers]
    of_sponsor = {sponsor.id: sponsor for sponsor in round_.sponsors}
    questions = {question.id: question for question in round_.challenges}
    for challenge in challenges:
        question, sponsor = questions[challenge.slug], of_sponsor[challenge.sponsor]
        ids = question.readers
        if judged and not ids and not sponsor.readers:
            ids = tuple(person.id for person in sponsor.deciders)
        named += [("", challenge.id, sponsor.id, name) for name in ids]
    for sponsor_id, challenge_id, decides_for, name in named:
        if present.get(name) in ((Role.READER, ""), (Role.SPONSOR, decides_for)):
            row = {"round": round_.id, "person": name, "sponsor": sponsor_id, "challenge": challenge_id}
            connection.execute(inserting(connection, _readers).values(row).on_conflict_do_nothing())


def grants(connection: Connection, who: ColumnElement[bool]) -> tuple[Grant, ...]:
    """The roles that somebody has as a reader.

    Args:
        connection: in any transaction.
        who: the condition on `people` that they are this person.
    """
    wanted = (
        select(_readers)
        .join(_people, and_(_people.c.round == _readers.c.round, _people.c.id == _readers.c.person))
        .where(who, _people.c.role.in_((Role.READER, Role.SPONSOR)))
        .order_by(*_IN_ROUNDS)
    )
    return tuple(
        Grant(round=row.round, role=Role.READER, person=row.person, sponsor=row.sponsor, challenge=row.challenge)
        for row in connection.execute(wanted)
    )


def read_by_somebody(connection: Connection, round_: str, sponsor: str) -> bool:
    """Whether a round names readers for the challenges of a sponsor."""
    of_it = exists().where(_challenges.c.id == _readers.c.challenge, _challenges.c.sponsor == sponsor)
    wanted = select(_readers.c.person).where(_readers.c.round == round_, or_(_readers.c.sponsor == sponsor, of_it))
    return connection.execute(wanted.limit(1)).first() is not None


def readers_of(connection: Connection, challenge: str) -> tuple[str, ...]:
    """The ids of those who read the applications to a challenge, each once, in their order."""
    wanted = (
        select(_readers.c.person)
        .distinct()
        .join_from(_readers, _challenges, _challenges.c.round == _readers.c.round)
        .where(_challenges.c.id == challenge)
        .where(or_(_readers.c.challenge == _challenges.c.id, _readers.c.sponsor == _challenges.c.sponsor))
    )
    return tuple(sorted(connection.scalars(wanted)))


def hand_over(connection: Connection, round_: str, person: str, successor: str) -> None:
    """Gives a successor what somebody reads, and what was assigned to them. The successor declares for themselves.

    Args:
        connection: in a transaction that writes.
        round_: id of the round.
        person, successor: ids of the two.
    """
    rows = connection.execute(
        select(_readers).where(_readers.c.round == round_, _readers.c.person == person).order_by(*_IN_ROUNDS)
    ).all()
    for row in rows:
        values = {"round": round_, "person": successor, "sponsor": row.sponsor, "challenge": row.challenge}
        connection.execute(inserting(connection, _readers).values(values).on_conflict_do_nothing())
    connection.execute(delete(_readers).where(_readers.c.round == round_, _readers.c.person == person))
    here = (
        select(_applications.c.id)
        .join(_challenges, _challenges.c.id == _applications.c.challenge)
        .where(_challenges.c.round == round_)
    )
    theirs, twice = _assignments, _assignments.alias()
    has_both = exists().where(twice.c.application == theirs.c.application, twice.c.person == successor)
    those = (theirs.c.person == person, theirs.c.application.in_(here))
    connection.execute(delete(theirs).where(*those, has_both))
    connection.execute(update(theirs).where(*those).values(person=successor))
