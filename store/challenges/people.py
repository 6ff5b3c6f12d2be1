"""The people of rounds: who has which role, and who applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, exists, func, insert, select, update

from domain.permissions import Grant, Role
from domain.programmes.round import Person, Round, round_of
from domain.values.addresses import in_ascii
from domain.values.refusals import FileRefused
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.judging import readers

_people, _applications, _drafts = tables.people, tables.applications, tables.drafts
_BY_PERSON = (Role.SPONSOR, Role.OPERATOR, Role.RELEASER)
"""The roles that somebody has by their row alone. What a reader reads stands in rows of its own."""
_PEOPLE = TotalOrder(_people.c.round, _people.c.id)
_APPLICATIONS = TotalOrder(_applications.c.id)
_DRAFTS = TotalOrder(_drafts.c.application, _drafts.c.stage)


def grants_of(database: Database, name: str) -> tuple[Grant, ...]:
    """Every role that somebody has in the rounds that were opened.

    Args:
        database: where from.
        name: a person's id from a round file, or an e-mail address. An address also has the roles of teams whose
            contact it is, and of drafts that were begun for it. The id of an application is not a name: people who
            know the id need not be its contact.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        if "@" not in name:
            return (*_people_grants(connection, name, by_address=False), *readers.grants(connection, name))
        teams = (*_team_grants(connection, name), *_draft_grants(connection, name))
        return (*_people_grants(connection, name, by_address=True), *readers.grants(connection, name), *teams)


def keep_people(connection: Connection, round_: Round) -> None:
    """Writes down the people of a round when it is opened. Needs a transaction that writes.

    From then on the database says who has which role. If this is called again, only names and addresses of people
    change who still have the role that the file gives them, and the deciders of new sponsors and new readers are added.

    Raises:
        FileRefused: a new reader, or a decider of a new sponsor, is somebody whom the round knows.
    """
    known = {row.id: row for row in people_in(connection, round_.id)}
    sponsors = {row.sponsor for row in known.values()}
    for role, sponsor, person in _named(round_):
        is_added = person.id not in known if role is Role.READER else bool(sponsor) and sponsor not in sponsors
        if known and is_added:
            _check_is_new(round_.id, known, person)
        if not known or is_added:
            row = {"round": round_.id, "role": str(role), "sponsor": sponsor, **dict(person)}
            connection.execute(insert(_people).values(row))
        elif has_role(known.get(person.id), role, sponsor):
            _bring_up_to_date(connection, known, known[person.id], person)


def _check_is_new(round_: str, known: Mapping[str, Found], person: Person) -> None:
    """Checks that a new reader, or a decider of a new sponsor, is nobody whom the round knows.

    Raises:
        FileRefused: the round knows the id or the mailbox.
    """
    if person.id in known or whose_mailbox(known.values(), person.email):
        raise FileRefused(
            f"people: {person.id} or their mailbox is known in {round_} in another role, and a person has one role: "
            "name another person"
        )


def _named(round_: Round) -> Iterator[tuple[Role, str, Person]]:
    """Everybody whom the file names: the role, the sponsor for whom they decide, and the person."""
    yield from ((Role.OPERATOR, "", each) for each in round_.operators)
    yield from ((Role.RELEASER, "", each) for each in round_.releasers)
    yield from ((Role.READER, "", each) for each in round_.readers)
    yield from ((Role.SPONSOR, sponsor.id, each) for sponsor in round_.sponsors for each in sponsor.deciders)


def has_role(row: Found | None, role: Role | str, sponsor: str) -> bool:
    """Whether a person, given by their row, has a role now; for a decider also: for this sponsor."""
    return row is not None and (row.role, row.sponsor) == (str(role), sponsor)


def whose_mailbox(rows: Iterable[Found], email: str) -> str:
    """The id of the person to whom a mailbox belongs or has belonged; empty if it is nobody's."""
    wanted = _mailbox(email)
    return next((row.id for row in rows if wanted in map(_mailbox, (row.email, *row.former.split("\n")))), "")


def _mailbox(email: str) -> str:
    """An address in the one form in which it can be compared with others."""
    try:
        return in_ascii(email).casefold()
    except ValueError:
        return email.casefold()


def people_in(connection: Connection, round_: str) -> Sequence[Found]:
    """The rows of everybody who has or had a role in a round, locked in a transaction that writes."""
    wanted = select(_people).where(_people.c.round == round_).order_by(*_PEOPLE).with_for_update()
    return connection.execute(wanted).all()


def _bring_up_to_date(connection: Connection, known: Mapping[str, Found], row: Found, person: Person) -> None:
    """Changes the name and address of a person. A mailbox that belongs or has belonged to another stays with them."""
    changes = {"name": person.name}
    if person.email != row.email and whose_mailbox(known.values(), person.email) in ("", person.id):
        changes |= {"email": person.email, "former": "\n".join(filter(None, (row.former, row.email)))}
    here = (_people.c.round == row.round, _people.c.id == row.id)
    connection.execute(update(_people).where(*here).values(changes))


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
        if readers.read_by_somebody(connection, round_, sponsor):
            found[Role.READER] = ("its readers",)
        for row in connection.execute(wanted):
            if row.role in _BY_PERSON:
                found[Role(row.role)] = (*found.get(Role(row.role), ()), row.id)
    return found


def is_person(database: Database, round_: str, person: str, name: str) -> bool:
    """Whether a name, an id or an address, is that of a person of a round, whatever their role is now.

    Raises:
        Unavailable: the database cannot be read.
    """
    who = (_people.c.id == name) | (func.lower(_people.c.email) == name.lower())
    wanted = select(_people.c.id).where(_people.c.round == round_, _people.c.id == person, who)
    with database.reading() as connection:
        return connection.execute(wanted).first() is not None


def _people_grants(connection: Connection, name: str, *, by_address: bool) -> tuple[Grant, ...]:
    who = func.lower(_people.c.email) == name.lower() if by_address else _people.c.id == name
    wanted = select(_people).where(who).order_by(*_PEOPLE)
    return tuple(
        Grant(round=row.round, role=Role(row.role), person=row.id, sponsor=row.sponsor)
        for row in connection.execute(wanted)
        if row.role in _BY_PERSON
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


def _draft_grants(connection: Connection, address: str) -> Iterator[Grant]:
    """For drafts that were not sent. Once a draft is sent, it belongs to the contact of its application."""
    wanted = (
        select(_drafts.c.application, _drafts.c.challenge)
        .where(
            func.lower(_drafts.c.email) == address.lower(),
            ~exists().where(_applications.c.id == _drafts.c.application),
        )
        .order_by(*_DRAFTS)
    )
    for row in connection.execute(wanted):
        yield Grant(round=round_of(row.challenge), role=Role.TEAM, person=row.application, challenge=row.challenge)
