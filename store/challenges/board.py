"""The board of operators: all challenges of some rounds, by what needs a person first."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, Integer, Select, and_, case, cast, exists, func, or_, select
from whenever import Instant

from domain.challenges.board import BoardRow, Need, View
from domain.permissions import Role
from domain.values.addresses import mailbox_of
from domain.values.paging import Page, Paged
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found

from . import rounds

_challenges, _applications, _people = tables.challenges, tables.applications, tables.people
_DECIDED_BY_PEOPLE = or_(
    _challenges.c.waits_for.startswith("selection for "), _challenges.c.waits_for == "release of the hold"
)
_ASKS = or_(
    exists().where(tables.attention.c.challenge == _challenges.c.id, tables.attention.c.text != ""),
    exists().where(tables.unconfirmed.c.challenge == _challenges.c.id, tables.unconfirmed.c.settled_at.is_(None)),
)
_NEED = cast(
    case(
        (_ASKS, int(Need.NOW)),
        (_DECIDED_BY_PEOPLE, int(Need.PERSON)),
        (or_(_challenges.c.outcome == "", rounds.waits_for() != "nothing"), int(Need.TIME)),
        else_=int(Need.NOBODY),
    ),
    Integer,
).label("need")
_DUE = func.coalesce(_challenges.c.until, _challenges.c.status_at, _challenges.c.opened_at).label("due")
"""What is due first comes first; what has no date, such as a hold, comes by how long it has lasted."""
_KNOWN = BoardRow.model_fields.keys() & rounds.ChallengeRow.model_fields.keys() - {"applications"}
_BY_NEED = TotalOrder(_NEED, _DUE, _challenges.c.id)


def page_of(database: Database, page: Page, those: Collection[str], view: View, now: Instant) -> Paged[BoardRow]:
    """A page of the board. The number of statements does not depend on the number of challenges.

    Args:
        database: where from.
        page: which one.
        those: ids of the rounds.
        view: which challenges of these rounds.
        now: the present: what is late needs somebody, too.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    wanted = select(_challenges.c.id, _challenges.c.status_at, _NEED, _DUE).where(_challenges.c.round.in_(those))
    with database.reading() as connection:
        found = _BY_NEED.read(connection, _seen(wanted, view, now), page, lambda row: row)
        ids = [row.id for row in found.items]
        counted = connection.execute(_so_far(ids)).all()
    known = {row.id: row for row in rounds.page_of_challenges(database, Page(limit=page.limit), challenges=ids).items}
    so_far = {row.challenge: row.number for row in counted}
    return Paged(items=tuple(_made(row, known, so_far) for row in found.items), next=found.next)


def stages_of(database: Database, those: Collection[str]) -> tuple[str, ...]:
    """The stages in which challenges of some rounds are.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = select(_challenges.c.stage).where(_challenges.c.round.in_(those), _challenges.c.stage != "").distinct()
    with database.reading() as connection:
        return tuple(sorted(connection.scalars(wanted)))


def _made(row: Found, known: Mapping[str, rounds.ChallengeRow], so_far: Mapping[str, int]) -> BoardRow:
    of_it = known[row.id]
    counted = so_far.get(row.id, 0) if of_it.applications is None else of_it.applications
    more = {"need": Need(row.need), "since": row.status_at, "is_sealed": of_it.applications is not None}
    return BoardRow(**{name: getattr(of_it, name) for name in _KNOWN}, **more, applications=counted)


def _so_far(ids: Collection[str]) -> Select[tuple[str, int]]:
    counted = func.count().label("number")
    return (
        select(_applications.c.challenge, counted)
        .where(_applications.c.challenge.in_(ids), _applications.c.withdrawn.is_(None))
        .group_by(_applications.c.challenge)
    )


def _seen(
    wanted: Select[tuple[str, Instant, int, Instant]], view: View, now: Instant
) -> Select[tuple[str, Instant, int, Instant]]:
    if view.round:
        wanted = wanted.where(_challenges.c.round == view.round)
    if view.stage:
        wanted = wanted.where(_challenges.c.stage == view.stage)
    if view.needs_somebody:
        wanted = wanted.where(or_(_ASKS, _DECIDED_BY_PEOPLE, _challenges.c.until < now))
    return wanted.where(_found(view.search)) if view.search else wanted


def _found(text: str) -> ColumnElement[bool]:
    """Whether a challenge, one of its people, or what belongs to it goes by a name, an id or an address."""
    payment = tables.payments
    paid = exists().where(payment.c.challenge == _challenges.c.id, payment.c.key.icontains(text, autoescape=True))
    return or_(
        _challenges.c.id.icontains(text, autoescape=True),
        _challenges.c.question.icontains(text, autoescape=True),
        _challenges.c.sponsor_name.icontains(text, autoescape=True),
        _of_person(text),
        and_(_is_sealed(), or_(_of_applicant(text), paid)),
    )


def _is_sealed() -> ColumnElement[bool]:
    """Before the seal, an operator knows how many have applied, and not who."""
    window = tables.windows
    return exists().where(window.c.challenge == _challenges.c.id, window.c.stage == "", window.c.sealed_at.is_not(None))


def _of_applicant(text: str) -> ColumnElement[bool]:
    is_it = (_applications.c.id == text, _applications.c.organisation.icontains(text, autoescape=True))
    is_theirs = and_(_applications.c.mailbox != "", _applications.c.mailbox == mailbox_of(text))
    return exists().where(_applications.c.challenge == _challenges.c.id, or_(*is_it, is_theirs))


def _of_person(text: str) -> ColumnElement[bool]:
    """Whoever has a role there now: for the round, for its sponsor, or as a reader of it."""
    reader = tables.readers
    reads = (
        exists()
        .where(
            reader.c.round == _people.c.round,
            reader.c.person == _people.c.id,
            or_(reader.c.challenge == _challenges.c.id, reader.c.sponsor == _challenges.c.sponsor),
        )
        .correlate(_people, _challenges)
    )
    has_role = or_(
        _people.c.role.in_((Role.OPERATOR, Role.RELEASER)),
        and_(_people.c.role == Role.SPONSOR, _people.c.sponsor == _challenges.c.sponsor),
        reads,
    )
    named = or_(
        _people.c.id == text,
        _people.c.name.icontains(text, autoescape=True),
        and_(_people.c.mailbox != "", _people.c.mailbox == mailbox_of(text)),
    )
    return exists().where(_people.c.round == _challenges.c.round, _people.c.role != "", has_role, named)
