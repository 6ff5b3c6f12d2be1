"""Who a mailbox, or somebody at an organisation, is in the rounds that were opened."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select

from domain.identity.session import Session
from domain.values.model import Value
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.prepared import Prepared
from store.database.tables import Found

_people = tables.people
_PEOPLE = TotalOrder(_people.c.round, _people.c.id)
_BY_MAILBOX = Prepared(
    select(_people).where(_people.c.mailbox == bindparam("of"), _people.c.issuer == "").order_by(*_PEOPLE)
)
"""Made once, because making a statement takes longer than running it, and every page asks it."""


class Known(Value):
    """A person of a round who has a role.

    Args:
        round: id of the round.
        person: their id there.
        mailbox: theirs.
        issuer, subject: how they sign in with their organisation; empty if the mailbox is enough.
    """

    round: str
    person: str
    mailbox: str
    issuer: str
    subject: str


def at_mailbox(database: Database, mailbox: str) -> tuple[Known, ...]:
    """The people with a role whose mailbox it is, in any round. Somebody's former mailbox is nobody's.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return _known(connection, _people.c.mailbox == mailbox) if mailbox else ()


def issuers_for(connection: Connection, mailbox: str) -> tuple[str, ...]:
    """The organisations with which the person with a mailbox has to sign in; none if the mailbox is enough."""
    known = _known(connection, and_(_people.c.mailbox == mailbox, _people.c.issuer != ""))
    return tuple(dict.fromkeys(each.issuer for each in known))


def at_organisation(database: Database, issuer: str, subject: str) -> tuple[Known, ...]:
    """The people with a role who are known to an organisation by this subject, in any round.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        here = and_(_people.c.issuer == issuer, _people.c.subject == subject)
        return _known(connection, here) if issuer and subject else ()


def of_id(database: Database, person: str) -> tuple[Known, ...]:
    """The people with a role who have this id, in any round: they need not be one human.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return _known(connection, _people.c.id == person)


def proven_by(session: Session) -> ColumnElement[bool]:
    """The condition on `people` that a session proves somebody to be this person.

    A round that names an organisation for a person believes that organisation only, and there the subject, if the round
    names one. Otherwise whoever got the mailbox later would be the person.
    """
    theirs = _people.c.mailbox == session.mailbox
    enough = [and_(theirs, _people.c.issuer == "")]
    if session.issuer:
        here = _people.c.issuer == session.issuer
        enough.append(and_(theirs, here, _people.c.subject.in_(("", session.subject))))
        if session.subject:
            enough.append(and_(here, _people.c.subject == session.subject))
    return or_(*enough)


def rows_proven_by(connection: Connection, session: Session) -> Sequence[Found]:
    """The rows of the people whom a session proves somebody to be; see `proven_by`."""
    if not session.issuer:
        return _BY_MAILBOX.all(connection, {"of": session.mailbox})
    return connection.execute(select(_people).where(proven_by(session)).order_by(*_PEOPLE)).all()


def _known(connection: Connection, who: ColumnElement[bool]) -> tuple[Known, ...]:
    columns = (_people.c[name] for name in ("round", "mailbox", "issuer", "subject"))
    wanted = select(*columns, _people.c.id.label("person")).where(who, _people.c.role != "").order_by(*_PEOPLE)
    return tuple(Known.model_validate(dict(row._mapping)) for row in connection.execute(wanted))
