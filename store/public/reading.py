"""Reads what the public sees of challenges. No reader needs anybody but the database."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, and_, select
from whenever import Instant

from domain.challenges.state import Outcome
from domain.payments.payment import PaymentStatus
from domain.programmes.round import REHEARSAL
from domain.publishing.challenge import Answered, Moved, Paid, PublicChallenge, Selected, Shelf, shelf_at
from domain.publishing.posed import Posed
from domain.publishing.snapshot import Snapshot
from domain.values.calendar import earlier
from domain.values.money import Money
from domain.values.paging import Page, Paged
from domain.values.refusals import UnknownChallenge
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found

from . import moves, names

_challenges, _copies, _windows = tables.challenges, tables.public_copies, tables.windows
_questions, _payments, _transfers = tables.questions, tables.payments, tables.transfers

_BY_DEADLINE = TotalOrder(_windows.c.closes, _challenges.c.id)
_BY_ID = TotalOrder(_challenges.c.id)
_AS_ANSWERED = TotalOrder(_questions.c.answered_at, _questions.c.id)
_AS_SETTLED = TotalOrder(_transfers.c.settled_at, _transfers.c.id)

_DATES = (_challenges.c.id, _challenges.c.record_head, _challenges.c.outcome, _windows.c.opens, _windows.c.closes)
"""What a version is made of."""
_COPY = (_copies.c.posed, _copies.c.snapshot, _copies.c.at, _windows.c.held)


def find(database: Database, challenge: str, now: Instant, *, rehearsals: bool = False) -> PublicChallenge:
    """A challenge as the public sees it.

    Args:
        database: where from.
        challenge: its id.
        now: the present.
        rehearsals: whether rehearsed challenges are shown, too.

    Raises:
        UnknownChallenge: there is no such challenge, or the public does not see it.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        rows = connection.execute(_seen(rehearsals, *_DATES, *_COPY).where(_challenges.c.id == challenge)).all()
        if not rows:
            raise unknown(challenge)
        return _made(connection, rows, now)[0]


def page_of(
    database: Database, page: Page, shelf: Shelf | None, now: Instant, *, rehearsals: bool = False
) -> Paged[PublicChallenge]:
    """A page of the challenges that the public sees, by the closing of their windows.

    Args:
        database: where from.
        page: which one.
        shelf: only those of this shelf; all if left out.
        now, rehearsals: as in `find`.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    wanted = _seen(rehearsals, *_DATES, *_COPY)
    return _page(database, page, wanted if shelf is None else wanted.where(_on(shelf, now)), now)


def page_of_catalogue(
    database: Database, page: Page, now: Instant, *, rehearsals: bool = False
) -> Paged[PublicChallenge]:
    """A page of the challenges that were completed; see `page_of`."""
    completed = _seen(rehearsals, *_DATES, *_COPY).where(_challenges.c.outcome == str(Outcome.COMPLETED))
    return _page(database, page, completed, now)


def version_of(database: Database, challenge: str, now: Instant, *, rehearsals: bool = False) -> str:
    """What changes with every change of what the public sees of a challenge; see `find`."""
    with database.reading() as connection:
        row = connection.execute(_seen(rehearsals, *_DATES).where(_challenges.c.id == challenge)).one_or_none()
    if row is None:
        raise unknown(challenge)
    return _version(row, now)


def version_of_all(database: Database, now: Instant, *, rehearsals: bool = False) -> str:
    """What changes with every change of what the public sees of any challenge.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        rows = connection.execute(_seen(rehearsals, *_DATES).order_by(*_BY_ID)).all()
    return _digest(*(_version(row, now) for row in rows))


def unknown(challenge: str) -> UnknownChallenge:
    """The refusal for a challenge that the public does not see, whether or not it exists."""
    return UnknownChallenge(f"There is no public challenge {challenge!r}: look it up in the list of challenges.")


def _seen(rehearsals: bool, *columns: Any) -> Select[Any]:
    """Columns of the challenges that the public sees: of those that have a public copy."""
    of_applications = and_(_windows.c.challenge == _challenges.c.id, _windows.c.stage == "")
    wanted = select(*columns).join_from(_challenges, _copies).join(_windows, of_applications)
    shown = wanted.where(_copies.c.snapshot != "")
    return shown if rehearsals else shown.where(_challenges.c.round.not_like(f"%{REHEARSAL}%"))


def _on(shelf: Shelf, now: Instant) -> Any:
    goes_on, opens, closes = _challenges.c.outcome == "", _windows.c.opens, _windows.c.closes
    match shelf:
        case Shelf.FINISHED:
            return _challenges.c.outcome != ""
        case Shelf.COMING:
            return and_(goes_on, opens > now)
        case Shelf.OPEN:
            return and_(goes_on, opens <= now, closes > now)
        case Shelf.CLOSED:
            return and_(goes_on, opens <= now, closes <= now)


def _page(database: Database, page: Page, wanted: Select[Any], now: Instant) -> Paged[PublicChallenge]:
    with database.reading() as connection:
        rows = _BY_DEADLINE.read(connection, wanted, page, lambda row: row)
        return Paged(items=_made(connection, rows.items, now), next=rows.next)


def _version(row: Found, now: Instant) -> str:
    """A short name of a challenge as it is: every change is on its record, and the shelf changes by the clock."""
    shelf = shelf_at(now, row.opens, row.closes, is_finished=bool(row.outcome))
    return _digest(row.id, row.record_head, shelf)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _made(connection: Connection, rows: Sequence[Found], now: Instant) -> tuple[PublicChallenge, ...]:
    """Challenges with all that is not in their copies: names, answers and payments, in a statement for each kind."""
    ids = [row.id for row in rows]
    if not ids:
        return ()
    copies = {row.id: (_posed(row.posed), Snapshot.model_validate_json(row.snapshot)) for row in rows}
    selected = names.read(connection, copies)
    answered, paid, moved = _answered(connection, ids), _paid(connection, ids), moves.read(connection, ids)
    return tuple(_challenge(row, *copies[row.id], selected, answered, paid, moved, now) for row in rows)


def _challenge(
    row: Found,
    posed: Posed,
    snapshot: Snapshot,
    selected: Mapping[str, Selected],
    answered: Mapping[str, tuple[Answered, ...]],
    paid: Mapping[str, tuple[Paid, ...]],
    moved: Mapping[str, tuple[Moved, ...]],
    now: Instant,
) -> PublicChallenge:
    return PublicChallenge(
        id=row.id,
        posed=posed,
        snapshot=snapshot,
        opens=row.opens,
        closes=row.closes,
        is_held=row.held,
        questions_close=earlier(row.closes, posed.questions_until, posed.time_zone),
        selected={team: selected[team] for team in snapshot.selected if team in selected},
        answered=answered.get(row.id, ()),
        paid=paid.get(row.id, ()),
        moved=moved.get(row.id, ()),
        at=row.at,
        version=_version(row, now),
    )


def _answered(connection: Connection, challenges: Collection[str]) -> Mapping[str, tuple[Answered, ...]]:
    """The questions that were answered for all, by challenge. Who has asked is read by nobody here."""
    columns = (_questions.c[name] for name in ("id", "challenge", "text", "answer", "answered_at"))
    wanted = select(*columns).where(_questions.c.challenge.in_(challenges), _questions.c.answered_at.is_not(None))
    found: dict[str, list[Answered]] = defaultdict(list)
    for row in connection.execute(wanted.order_by(*_AS_ANSWERED)):
        said = Answered(id=row.id, question=row.text, answer=row.answer, at=row.answered_at)
        found[row.challenge].append(said)
    return {challenge: tuple(each) for challenge, each in found.items()}


def _paid(connection: Connection, challenges: Collection[str]) -> Mapping[str, tuple[Paid, ...]]:
    """The payments that were made, by challenge. Money that came back is not paid."""
    columns = (_payments.c[name] for name in ("key", "challenge", "stage", "team", "number", "net", "vat"))
    of_it = and_(_transfers.c.payment == _payments.c.key, _transfers.c.returned_at.is_(None))
    made = (_payments.c.challenge.in_(challenges), _payments.c.status == str(PaymentStatus.SETTLED))
    wanted = select(*columns, _transfers.c.settled_at).join_from(_payments, _transfers, of_it).where(*made)
    found: dict[str, list[Paid]] = defaultdict(list)
    for row in connection.execute(wanted.order_by(*_AS_SETTLED)):
        found[row.challenge].append(_payment(row))
    return {challenge: tuple(each) for challenge, each in found.items()}


def _payment(row: Found) -> Paid:
    said = {name: getattr(row, name) for name in ("key", "stage", "team", "number")}
    return Paid(**said, net=Money(row.net), vat=Money(row.vat), at=row.settled_at)


@lru_cache(maxsize=200)
def _posed(said: str) -> Posed:
    return Posed.model_validate_json(said)
