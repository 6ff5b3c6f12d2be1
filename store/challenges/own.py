"""Reads what is kept of somebody's own applications: where they stand, their letters, feedback and bank details."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from sqlalchemy import Connection, Select, and_, exists, select
from whenever import Instant

from domain.announcements.occasions import Occasion
from domain.challenges.standing import Own
from domain.publishing.posed import Posed
from domain.publishing.snapshot import Snapshot
from domain.values.model import Value
from domain.values.paging import Page, Paged
from domain.values.refusals import UnknownNotice
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found

_applications, _drafts, _challenges = tables.applications, tables.drafts, tables.challenges
_windows, _copies, _invited = tables.windows, tables.public_copies, tables.invited
_notices, _feedback, _payees = tables.notices, tables.feedback, tables.payees

_BY_ID = TotalOrder(_applications.c.id)
_DRAFTS = TotalOrder(_drafts.c.application, _drafts.c.stage)
_INVITED = TotalOrder(_invited.c.challenge, _invited.c.stage, _invited.c.application)
_NEWEST_FIRST = TotalOrder(_notices.c.created_at, _notices.c.key)
_AS_GIVEN = TotalOrder(_feedback.c.given_at, _feedback.c.team, _feedback.c.stage)
_VERSIONS = TotalOrder(_payees.c.team, _payees.c.version)

_CHALLENGE = (
    _challenges.c.id.label("challenge"),
    *(_challenges.c[name] for name in ("question", "sponsor_name", "contact", "time_zone", "currency")),
    *(_windows.c[name] for name in ("opens", "closes", "held", "sealed_at")),
    _copies.c.posed,
    _copies.c.snapshot,
)


class OwnLetter(Value):
    """A letter to the contact of an application, as it was written. Personal data.

    Args:
        key: its business key.
        subject, body: the text.
        created: when it was written.
        status: of its delivery, as in `store.record.notices.Notice`.
    """

    key: str
    subject: str
    body: str
    created: Instant
    status: str


class GivenFeedback(Value):
    """Feedback that the applicant was told.

    Args:
        stage: name of the stage.
        text: as the sponsor wrote it.
        at: when it was given.
    """

    stage: str
    text: str
    at: Instant


class PayeeVersion(Value):
    """Bank details that were given once, as people see them.

    Args:
        version: counts them from 1. The last one counts.
        masked: enough to recognise the account; empty once it was erased.
        at: when it was given.
    """

    version: int
    masked: str
    at: Instant


def read(database: Database, ids: Collection[str]) -> tuple[Own, ...]:
    """Applications and drafts by their ids, in no order. What there is not is left out.

    Raises:
        Unavailable: the database cannot be read.
    """
    if not ids:
        return ()
    with database.reading() as connection:
        return read_in(connection, ids)


def read_in(connection: Connection, ids: Collection[str]) -> tuple[Own, ...]:
    """As `read`, in a transaction."""
    asked, reserve = _asked(connection, ids), _in_reserve(connection, ids)
    rows = (*connection.execute(_sent(ids)), *connection.execute(_unsent(ids)))
    return tuple(_own(row, asked.get(row.application, ()), row.application in reserve) for row in rows)


def _sent(ids: Collection[str]) -> Select[tuple[object, ...]]:
    own = (_applications.c[name] for name in ("organisation", "received", "version", "withdrawn"))
    wanted = select(_applications.c.id.label("application"), *own, *_CHALLENGE).join_from(_applications, _challenges)
    return _with_copy(wanted).where(_applications.c.id.in_(ids)).order_by(*_BY_ID)


def _unsent(ids: Collection[str]) -> Select[tuple[object, ...]]:
    wanted = select(_drafts.c.application, _drafts.c.organisation, *_CHALLENGE).join_from(_drafts, _challenges)
    is_sent = exists().where(_applications.c.id == _drafts.c.application)
    return _with_copy(wanted).where(_drafts.c.application.in_(ids), _drafts.c.stage == "", ~is_sent).order_by(*_DRAFTS)


def _with_copy(wanted: Select[tuple[object, ...]]) -> Select[tuple[object, ...]]:
    of_applications = and_(_windows.c.challenge == _challenges.c.id, _windows.c.stage == "")
    return wanted.join(_windows, of_applications).join(_copies, _copies.c.challenge == _challenges.c.id, isouter=True)


def _asked(connection: Connection, ids: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    found = defaultdict[str, list[str]](list)
    wanted = select(_invited.c.application, _invited.c.stage).where(_invited.c.application.in_(ids))
    for row in connection.execute(wanted.order_by(*_INVITED)):
        found[row.application].append(row.stage)
    return {application: tuple(stages) for application, stages in found.items()}


def _in_reserve(connection: Connection, ids: Collection[str]) -> frozenset[str]:
    told = (_notices.c.recipient.in_(ids), _notices.c.occasion == str(Occasion.IN_RESERVE))
    here = and_(_applications.c.id == _notices.c.recipient, _applications.c.challenge == _notices.c.challenge)
    wanted = select(_notices.c.recipient).join(_applications, here).where(*told)
    return frozenset(connection.scalars(wanted))


def _own(row: Found, asked: tuple[str, ...], in_reserve: bool) -> Own:
    same = ("application", "challenge", "question", "sponsor_name", "contact", "time_zone", "currency", "organisation")
    return Own(
        **{name: getattr(row, name) for name in same},
        received=getattr(row, "received", None),
        version=getattr(row, "version", 0),
        withdrawn=getattr(row, "withdrawn", None),
        opens=row.opens,
        closes=row.closes,
        is_sealed=row.sealed_at is not None,
        is_held=row.held,
        in_reserve=in_reserve,
        invited=asked,
        posed=Posed.model_validate_json(row.posed) if row.posed else None,
        snapshot=Snapshot.model_validate_json(row.snapshot) if row.snapshot else None,
    )


def letters(database: Database, page: Page, challenge: str, application: str) -> Paged[OwnLetter]:
    """A page of the letters to the contact of an application, oldest first. Letters to sign in are not among them.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return _NEWEST_FIRST.read(connection, _letters(challenge, application), page, _letter)


def letter(database: Database, challenge: str, application: str, key: str) -> OwnLetter:
    """One of these letters.

    Raises:
        UnknownNotice: there is none of this key to this application.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        row = connection.execute(_letters(challenge, application).where(_notices.c.key == key)).one_or_none()
    if row is None:
        raise UnknownNotice("There is no such letter to this application: look it up in the list of its letters.")
    return _letter(row)


def _letters(challenge: str, application: str) -> Select[tuple[object, ...]]:
    columns = (_notices.c[name] for name in ("key", "subject", "body", "created_at", "status"))
    return select(*columns).where(_notices.c.challenge == challenge, _notices.c.recipient == application)


def _letter(row: Found) -> OwnLetter:
    return OwnLetter(key=row.key, subject=row.subject, body=row.body, created=row.created_at, status=row.status)


def feedback(database: Database, application: str) -> tuple[GivenFeedback, ...]:
    """The feedback that an applicant was told, oldest first. What waits for a decision is not among it.

    Raises:
        Unavailable: the database cannot be read.
    """
    told = select(_feedback).where(_feedback.c.team == application, _feedback.c.told_at.is_not(None))
    with database.reading() as connection:
        rows = connection.execute(told.order_by(*_AS_GIVEN)).all()
    return tuple(GivenFeedback(stage=row.stage, text=row.text, at=row.given_at) for row in rows)


def bank_details(database: Database, application: str) -> tuple[PayeeVersion, ...]:
    """The bank details of a team, masked, in all versions, oldest first.

    Raises:
        Unavailable: the database cannot be read.
    """
    return tuple(_details(database, application))


def _details(database: Database, application: str) -> Iterator[PayeeVersion]:
    columns = (_payees.c[name] for name in ("version", "masked", "given_at"))
    with database.reading() as connection:
        rows = connection.execute(select(*columns).where(_payees.c.team == application).order_by(*_VERSIONS)).all()
    for row in rows:
        yield PayeeVersion(version=row.version, masked=row.masked, at=row.given_at)
