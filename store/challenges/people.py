"""The people of rounds: who has which role, and who applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, and_, bindparam, exists, insert, literal, select, union_all, update

from domain.identity.session import Session
from domain.identity.sign_in import SignIn
from domain.permissions import Grant, Role
from domain.programmes.round import Person, Round, round_of
from domain.values.addresses import mailbox_of
from domain.values.refusals import FileRefused
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.prepared import Prepared
from store.database.tables import Found
from store.identity import persons
from store.judging import readers

from . import writers

_people, _applications, _drafts = tables.people, tables.applications, tables.drafts
_BY_PERSON = (Role.SPONSOR, Role.OPERATOR, Role.RELEASER)
"""The roles that somebody has by their row alone. What a reader reads stands in rows of its own."""
_PEOPLE = TotalOrder(_people.c.round, _people.c.id)


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
    mailbox = mailbox_of(name) if "@" in name else ""
    who = _people.c.mailbox == mailbox if mailbox else _people.c.id == name
    with database.reading() as connection:
        known = connection.execute(select(_people).where(who).order_by(*_PEOPLE)).all()
        reads = readers.grants(connection, who) if known else ()
        return (*_people_grants(known), *reads, *(_applying_grants(connection, mailbox) if mailbox else ()))


def grants_proven_by(database: Database, session: Session) -> tuple[Grant, ...]:
    """Every role that whoever is signed in has now in the rounds that were opened; see `persons.proven_by`.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        known = persons.rows_proven_by(connection, session)
        # Whoever no round names, as nearly every applicant, reads for none.
        reads = readers.grants(connection, persons.proven_by(session)) if known else ()
        return (*_people_grants(known), *reads, *_applying_grants(connection, session.mailbox))


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
            row = {"round": round_.id, "role": str(role), "sponsor": sponsor}
            connection.execute(insert(_people).values(row | row_of(person)))
        elif has_role(known.get(person.id), role, sponsor):
            _bring_up_to_date(connection, known, known[person.id], person)


def row_of(person: Person) -> dict[str, str]:
    """What the row of a person says about who they are: their name, their mailbox, and how they sign in."""
    sign_in = person.sign_in
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "mailbox": mailbox_of(person.email),
        "issuer": sign_in.issuer if sign_in else "",
        "subject": sign_in.subject if sign_in else "",
    }


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
    wanted = mailbox_of(email)
    return next((row.id for row in rows if wanted in map(mailbox_of, (row.email, *row.former.split("\n")))), "")


def whose_sign_in(rows: Iterable[Found], sign_in: SignIn | None) -> str:
    """The id of the person who signs in like this; empty if nobody does, or if the mailbox alone says who it is."""
    if sign_in is None or not sign_in.subject:
        return ""
    wanted = (sign_in.issuer, sign_in.subject)
    return next((row.id for row in rows if (row.issuer, row.subject) == wanted), "")


def people_in(connection: Connection, round_: str) -> Sequence[Found]:
    """The rows of everybody who has or had a role in a round, locked in a transaction that writes."""
    wanted = select(_people).where(_people.c.round == round_).order_by(*_PEOPLE).with_for_update()
    return connection.execute(wanted).all()


def _bring_up_to_date(connection: Connection, known: Mapping[str, Found], row: Found, person: Person) -> None:
    """Changes the name of a person, their address, and how they sign in.

    A mailbox that belongs or has belonged to another stays with them, and so does somebody's name at an organisation.
    """
    now = row_of(person)
    changes = {"name": person.name}
    if person.email != row.email and whose_mailbox(known.values(), person.email) in ("", person.id):
        changes |= {"email": person.email, "former": "\n".join(filter(None, (row.former, row.email)))}
        changes["mailbox"] = now["mailbox"]
    if whose_sign_in(known.values(), person.sign_in) in ("", person.id):
        changes |= {"issuer": now["issuer"], "subject": now["subject"]}
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
    who = (_people.c.id == name) | and_(_people.c.mailbox == mailbox_of(name), _people.c.mailbox != "")
    wanted = select(_people.c.id).where(_people.c.round == round_, _people.c.id == person, who)
    with database.reading() as connection:
        return connection.execute(wanted).first() is not None


def _people_grants(known: Iterable[Found]) -> tuple[Grant, ...]:
    return tuple(
        Grant(round=row.round, role=Role(row.role), person=row.id, sponsor=row.sponsor)
        for row in known
        if row.role in _BY_PERSON
    )


_APPLYING = Prepared(
    union_all(
        select(
            literal(str(Role.TEAM)).label("role"), _applications.c.id.label("application"), _applications.c.challenge
        ).where(_applications.c.mailbox == bindparam("of")),
        # Once a draft is sent, it belongs to the contact of its application.
        select(literal(str(Role.TEAM)), _drafts.c.application, _drafts.c.challenge).where(
            _drafts.c.mailbox == bindparam("of"),
            ~exists(_applications.c.id).where(_applications.c.id == _drafts.c.application),
        ),
        writers.INVITED,
    )
)
"""What the person with a mailbox has sent or writes. One statement, because every page of theirs asks for all of it."""


def _applying_grants(connection: Connection, mailbox: str) -> Iterator[Grant]:
    found = _APPLYING.all(connection, {"of": mailbox})
    for role, application, challenge in sorted(map(tuple, found)):
        yield Grant(round=round_of(challenge), role=Role(role), person=application, challenge=challenge)
