"""Roles that go from one person to another: the books of a round say who has which."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import Connection, func, insert, select, update
from whenever import Instant

from domain.announcements.announcement import HandedOver
from domain.permissions import Role
from domain.programmes.edits import Somebody
from domain.programmes.round import Challenge, Person
from domain.values.addresses import mailbox_of
from domain.values.model import Value
from domain.values.refusals import NotAllowed, Refused, TooLate, UnknownPerson, UnknownRound, refuse_for_all
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.judging import readers

from .people import has_role, people_in, row_of, whose_mailbox, whose_sign_in
from .rounds import keep_contact

_people, _hand_overs = tables.people, tables.hand_overs
_applications, _challenges = tables.applications, tables.challenges
_PEOPLE = TotalOrder(_people.c.round, _people.c.id)
_IN_ORDER = TotalOrder(_hand_overs.c.round, _hand_overs.c.number)


class HandOverRow(Value):
    """A role that went from one person to another.

    Args:
        round: id of the round.
        number: counts the hand-overs of the round, from 1.
        person, successor: ids of the two.
        role: the role.
        sponsor: of a decider: id of the sponsor.
        by, reason: who decided it, and why.
        at: when.
    """

    round: str
    number: int
    person: str
    successor: str
    role: str
    sponsor: str
    by: str
    reason: str
    at: Instant

    def concerns(self, sponsor: str) -> bool:
        """Whether the challenges of a sponsor have to know of this. They do not know who reads."""
        return self.role != Role.READER and self.sponsor in ("", sponsor)


class Heir(Value):
    """A person who takes over a role.

    Args:
        id: the person's id.
        known_as: name and address of somebody who is new in the round; None for somebody whom the round knows.
    """

    id: str
    known_as: Person | None = None


def hand_over(
    database: Database, round_: str, person: str, heir: Heir, by: str, reason: str, at: Instant
) -> HandOverRow:
    """Ends somebody's role and gives it to a successor. You can safely call this again.

    Args:
        database: where to.
        round_: id of the round.
        person: id of the person who has the role.
        heir: who takes over.
        by: id of the person who decides it.
        reason: why.
        at: when.

    Returns:
        The hand-over; the first one if this person has handed over to this successor before, and has no role since.

    Raises:
        UnknownRound: no such round was opened.
        UnknownPerson: the round does not know the person; or not the successor, and no name and address are given.
        TooLate: the person has handed over to somebody else.
        NotAllowed: the successor has another role in the round, or the mailbox belongs to somebody else.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        rows = {row.id: row for row in people_in(connection, round_)}
        if not rows:
            raise UnknownRound(f"No round {round_!r} was opened: see `status` for the rounds that were opened.")
        row = rows.get(person)
        if row is None:
            those = ", ".join(each.id for each in rows.values() if each.role)
            raise UnknownPerson(f"{person} has no role in {round_}: {those} have one.")
        if not row.role:
            return _handed_over_before(connection, row, heir.id)
        refuse_for_all(_wrong_heir(connection, rows, row, heir))
        return _go(connection, row, heir, by, reason, at)


def read_hand_overs(database: Database, round_: str) -> tuple[HandOverRow, ...]:
    """The hand-overs of a round, in order.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        wanted = select(_hand_overs).where(_hand_overs.c.round == round_).order_by(*_IN_ORDER)
        return tuple(HandOverRow.model_validate(dict(row._mapping)) for row in connection.execute(wanted))


def led_by_the_books(
    database: Database, challenges: Sequence[Challenge], late: Collection[str] = ()
) -> tuple[Challenge, ...]:
    """Challenges with the people who have the roles now, whatever a file says.

    Args:
        database: where from.
        challenges: the challenges. They stay as they are if no role was handed over in their round.
        late: ids of challenges that come into a round that is open: its people have the roles in any case.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return tuple(_led_by_the_books(connection, each, each.id in late) for each in challenges)


def _led_by_the_books(connection: Connection, challenge: Challenge, is_late: bool) -> Challenge:
    last = select(func.max(_hand_overs.c.number)).where(_hand_overs.c.round == challenge.round)
    number = connection.scalars(last).one()
    if number is None and not is_late:
        return challenge
    rows = connection.execute(select(_people).where(_people.c.round == challenge.round).order_by(*_PEOPLE)).all()

    def having(role: Role, sponsor: str = "") -> tuple[str, ...]:
        return tuple(row.id for row in rows if has_role(row, role, sponsor))

    lists = {
        "deciders": having(Role.SPONSOR, challenge.sponsor),
        "operators": having(Role.OPERATOR),
        "releasers": having(Role.RELEASER),
    }
    return challenge.model_copy(update={**lists, "hand_overs": number or 0})


def read_people(database: Database, round_: str) -> tuple[Somebody, ...]:
    """Everybody who has or had a role in a round.

    Raises:
        Unavailable: the database cannot be read.
    """
    successors = {each.person: each.successor for each in read_hand_overs(database, round_)}
    with database.reading() as connection:
        rows = connection.execute(select(_people).where(_people.c.round == round_).order_by(*_PEOPLE)).all()
    return tuple(
        Somebody(
            id=row.id,
            role=row.role,
            sponsor=row.sponsor,
            email=row.email,
            successor="" if row.role else _present(successors, row.id, {each.id for each in rows if each.role}),
        )
        for row in rows
    )


def _present(successors: Mapping[str, str], person: str, having: Collection[str]) -> str:
    """Who has the role now that somebody has handed over: perhaps the successor of a successor."""
    seen = {person}
    while (person := successors.get(person, "")) and person not in having and person not in seen:
        seen.add(person)
    return person


def check_handed_over(connection: Connection, round_: str, said: HandedOver) -> None:
    """Checks that the books of a round have a hand-over that a challenge was told about.

    Raises:
        UnknownPerson: they do not.
    """
    wanted = select(_hand_overs.c.number).where(
        _hand_overs.c.round == round_, *(_hand_overs.c[name] == value for name, value in dict(said).items())
    )
    if connection.execute(wanted).first() is None:
        raise UnknownPerson(
            f"{said.person} has not handed over to {said.successor} in {round_}: use `starter.py hand-over`, which "
            "writes it down and then tells the challenges."
        )


def _handed_over_before(connection: Connection, row: Found, heir: str) -> HandOverRow:
    here = (_hand_overs.c.round == row.round, _hand_overs.c.person == row.id)
    *_, last = connection.execute(select(_hand_overs).where(*here).order_by(*_IN_ORDER)).all()
    if last.successor != heir:
        raise TooLate(
            f"{row.id} has no role in {row.round}: {last.successor} took it over. Hand over from {last.successor}."
        )
    return HandOverRow.model_validate(dict(last._mapping))


def _wrong_heir(connection: Connection, rows: Mapping[str, Found], row: Found, heir: Heir) -> Iterator[Refused]:
    to, new = rows.get(heir.id), heir.known_as
    if to is None and new is None:
        yield UnknownPerson(f"{heir.id} is new in {row.round}: give --name and --email too.")
    if to is not None and new is not None and _is_another(to, new):
        yield NotAllowed(
            f"{heir.id} is known in {row.round} under another name or address, or signs in otherwise: leave out "
            "--name, --email, --issuer and --subject, or choose another id for another person."
        )
    if to is not None and to.role and not has_role(to, row.role, row.sponsor):
        yield NotAllowed(
            f"{heir.id} is a person of {row.round} in the role {to.role}, and a person has one role: hand over that "
            "role first, or choose somebody else."
        )
    if to is None and new is not None and (owner := whose_mailbox(rows.values(), new.email)):
        yield NotAllowed(
            f"The mailbox of {heir.id} belongs to {owner}, and one mailbox is one person: hand over to {owner}, or "
            "give another address."
        )
    if to is None and new is not None and (owner := whose_sign_in(rows.values(), new.sign_in)):
        yield NotAllowed(
            f"{owner} signs in with that subject at that organisation, and one human is one person: hand over to "
            f"{owner}, or give the subject of {heir.id}."
        )
    email = new.email if to is None and new is not None else to.email if to is not None else ""
    if team := _team_of(connection, row.round, email):
        yield NotAllowed(f"The mailbox of {heir.id} is the contact of {team}, which applied in {row.round}.")


def _is_another(row: Found, person: Person) -> bool:
    """Whether a command names somebody otherwise than the round knows them."""
    said = row_of(person)
    names = ("name", "mailbox") if person.sign_in is None else ("name", "mailbox", "issuer", "subject")
    return any(said[name] != row._mapping[name] for name in names)


def _team_of(connection: Connection, round_: str, email: str) -> str:
    """The application in a round whose contact an address is; empty if there is none."""
    wanted = (
        select(func.min(_applications.c.id))
        .join(_challenges, _challenges.c.id == _applications.c.challenge)
        .where(_challenges.c.round == round_, _applications.c.mailbox == mailbox_of(email))
    )
    return connection.scalars(wanted).one() or ""


def _go(connection: Connection, row: Found, heir: Heir, by: str, reason: str, at: Instant) -> HandOverRow:
    if heir.known_as is not None and not _is_there(connection, row.round, heir.id):
        connection.execute(insert(_people).values(round=row.round, **row_of(heir.known_as)))
    for who, role, sponsor in ((row.id, "", ""), (heir.id, row.role, row.sponsor)):
        here = (_people.c.round == row.round, _people.c.id == who)
        connection.execute(update(_people).where(*here).values(role=role, sponsor=sponsor))
    readers.hand_over(connection, row.round, row.id, heir.id)
    keep_contact(connection, row.round)
    last = select(func.max(_hand_overs.c.number)).where(_hand_overs.c.round == row.round)
    done = HandOverRow(
        round=row.round,
        number=(connection.scalars(last).one() or 0) + 1,
        person=row.id,
        successor=heir.id,
        role=row.role,
        sponsor=row.sponsor,
        by=by,
        reason=reason,
        at=at,
    )
    connection.execute(insert(_hand_overs).values(dict(done)))
    return done


def _is_there(connection: Connection, round_: str, person: str) -> bool:
    here = select(_people.c.id).where(_people.c.round == round_, _people.c.id == person)
    return connection.execute(here).first() is not None
