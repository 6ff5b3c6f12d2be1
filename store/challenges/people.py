"""The people of rounds: who has which role, and who applied."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from domain.permissions import Grant, Role
from domain.programmes.round import Round, round_of
from store.database import tables
from store.database.database import Database
from store.database.inserts import inserting
from store.database.ordering import TotalOrder

_people, _applications = tables.people, tables.applications
_PEOPLE = TotalOrder(_people.c.round, _people.c.id)
_APPLICATIONS = TotalOrder(_applications.c.id)


def grants_of(database: Database, name: str) -> tuple[Grant, ...]:
    """Every role that somebody has in the rounds that were opened.

    Args:
        database: where from.
        name: a person's id from a round file, or an e-mail address. An address also has the roles of teams whose
            contact it is. The id of an application is not a name: people who know the id need not be its contact.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        if "@" not in name:
            return _people_grants(connection, name, by_address=False)
        return (*_people_grants(connection, name, by_address=True), *_team_grants(connection, name))


def keep_people(connection: Connection, round_: Round) -> None:
    """Writes down the people of a round, and updates those who are there already. Needs a transaction that writes."""
    roles = [(Role.OPERATOR, "", round_.operators), (Role.RELEASER, "", round_.releasers)]
    roles += [(Role.SPONSOR, sponsor.id, sponsor.deciders) for sponsor in round_.sponsors]
    for role, sponsor, people in roles:
        for person in people:
            insertion = inserting(connection, _people).values(
                round=round_.id, id=person.id, name=person.name, email=person.email, role=str(role), sponsor=sponsor
            )
            changes = {name: insertion.excluded[name] for name in ("name", "email", "role", "sponsor")}
            connection.execute(insertion.on_conflict_do_update(index_elements=["round", "id"], set_=changes))


def people_of(database: Database, round_: str, sponsor: str) -> dict[Role, tuple[str, ...]]:
    """The ids of the people who have a say in a sponsor's challenges, by their roles.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = (
        select(_people.c.role, _people.c.id)
        .where(_people.c.round == round_, _people.c.sponsor.in_(("", sponsor)))
        .order_by(*_PEOPLE)
    )
    found: dict[Role, tuple[str, ...]] = {Role.TEAM: ("its teams",)}
    with database.reading() as connection:
        for row in connection.execute(wanted):
            if row.role in list(Role):
                found[Role(row.role)] = (*found.get(Role(row.role), ()), row.id)
    return found


def _people_grants(connection: Connection, name: str, *, by_address: bool) -> tuple[Grant, ...]:
    who = func.lower(_people.c.email) == name.lower() if by_address else _people.c.id == name
    wanted = select(_people).where(who).order_by(*_PEOPLE)
    return tuple(
        Grant(round=row.round, role=Role(row.role), person=row.id, sponsor=row.sponsor)
        for row in connection.execute(wanted)
        if row.role in list(Role)
    )


def _team_grants(connection: Connection, address: str) -> tuple[Grant, ...]:
    wanted = (
        select(_applications.c.id, _applications.c.challenge)
        .where(func.lower(_applications.c.email) == address.lower())
        .order_by(*_APPLICATIONS)
    )
    return tuple(
        Grant(round=round_of(row.challenge), role=Role.TEAM, person=row.id, challenge=row.challenge)
        for row in connection.execute(wanted)
    )
