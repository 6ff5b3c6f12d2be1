"""The record of what was done, and the announcing that writes it, the status and the notices in one piece."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update
from whenever import Instant

from domain.announcements.announcement import Announcement, Attention, Entry, Status
from domain.challenges.decisions import Select
from domain.values.calendar import spoken
from domain.values.model import Value
from domain.values.paging import Page, Paged, everything
from domain.values.refusals import UnknownChallenge, UnknownTeam
from store.challenges import windows
from store.database import tables
from store.database.database import Database
from store.database.inserts import inserting
from store.database.ordering import TotalOrder
from store.database.tables import Found

from .notices import Compose as Compose
from .notices import Letter as Letter
from .notices import Notice as Notice
from .notices import read_notices as read_notices
from .notices import tell_all

_challenges, _applications, _record = tables.challenges, tables.applications, tables.record
_AS_WRITTEN = TotalOrder(_record.c.id)
_attention = tables.attention


class RecordLine(Value):
    """One line of the record: see `domain.announcements.announcement.Entry`.

    Args:
        id: lines are numbered as they are written.
        key: its business key: unique for ever.
        challenge: id of the challenge that it is about.
    """

    id: int
    key: str
    challenge: str
    at: Instant
    by: str
    role: str
    action: str
    stage: str
    text: str
    reason: str
    refused: bool


def announce(database: Database, announcement: Announcement, compose: Compose) -> None:
    """Writes down what happened: the line of the record, status, window and notices, all or nothing.

    Under a key that was announced before, it does nothing.

    Args:
        database: where to.
        announcement: what happened.
        compose: finds the words of a notice.

    Raises:
        UnknownChallenge: there is no such challenge.
        UnknownTeam: an id in it is no application to the challenge, or was withdrawn before.
        TooLate: it opens, moves or holds a window that is sealed.
        LookupError: a notice goes to someone who is not kept, or lacks a fact: the caller is wrong.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        put(connection, announcement, compose)


def put(connection: Connection, announcement: Announcement, compose: Compose) -> bool:
    """As `announce`, in a transaction that writes more than that; says whether it was new."""
    challenge = _taken(connection, announcement.challenge)
    if is_written(connection, announcement.key):
        # After a reset in Temporal the same step comes to other dates: lists show those that are enforced.
        if announcement.status is not None and _is_later(announcement, challenge):
            _put_status(connection, challenge, announcement.status, announcement.entry.at)
        return False
    for team in announcement.applications:
        _check_stands(connection, team, challenge)
    if announcement.withdrawn:
        _withdraw(connection, announcement.withdrawn, challenge, announcement.entry.at)
    if announcement.window is not None:
        # Before the notices: once the window is taken, all who applied so far are there to be told.
        windows.put(connection, challenge.id, announcement.window, announcement.entry.at)
    write_line(connection, announcement.key, challenge.id, announcement.entry)
    if announcement.attention is not None:
        _put_attention(connection, challenge, announcement.attention, announcement.entry.at)
    if announcement.status is not None:
        _put_status(connection, challenge, announcement.status, announcement.entry.at)
    tell_all(connection, announcement, challenge, compose)
    return True


def read_record(database: Database, challenge: str) -> tuple[RecordLine, ...]:
    """The record of a challenge, in the order in which it was written.

    Args:
        database: where from.
        challenge: id of the challenge.

    Raises:
        Unavailable: the database cannot be read.
    """
    return tuple(everything(lambda page: page_of_record(database, page, challenge)))


def page_of_record(database: Database, page: Page, challenge: str, *, refused_only: bool = False) -> Paged[RecordLine]:
    """A page of the record of a challenge, in the order in which it was written.

    Args:
        database: where from.
        page: which one.
        challenge: id of the challenge.
        refused_only: only what was refused.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    wanted = select(_record).where(_record.c.challenge == challenge)
    if refused_only:
        wanted = wanted.where(_record.c.refused)
    with database.reading() as connection:
        return _AS_WRITTEN.read(connection, wanted, page, _record_line)


def _record_line(row: Found) -> RecordLine:
    return RecordLine.model_validate(dict(row._mapping))


def needs_nobody(connection: Connection, workflow: str) -> None:
    """Forgets what needed a person in a workflow that is over; one that was terminated no longer says so itself."""
    connection.execute(update(_attention).where(_attention.c.workflow == workflow).values(text=""))


def _is_later(announcement: Announcement, challenge: Found) -> bool:
    at = announcement.entry.at.round("microsecond", mode="floor")  # as the database keeps it
    return challenge.status_at is None or at > challenge.status_at


def is_written(connection: Connection, key: str) -> bool:
    """Whether the record has a line of this key."""
    return connection.execute(select(_record.c.id).where(_record.c.key == key)).first() is not None


def find_line(connection: Connection, key: str) -> Found | None:
    """The line of the record under this key, if there is one."""
    return connection.execute(select(_record).where(_record.c.key == key)).one_or_none()


def is_selected(connection: Connection, challenge: str, stages: tuple[str, ...]) -> bool:
    """Whether teams were selected for one of some stages, or the challenge has ended, as far as it was announced.

    Nobody else announces about the challenge until the transaction ends.

    Raises:
        UnknownChallenge: there is no such challenge.
    """
    row = _taken(connection, challenge)
    selected = (_record.c.challenge == challenge, _record.c.action == Select.kind, _record.c.refused.is_(False))
    found = select(_record.c.id).where(*selected, _record.c.stage.in_(stages))
    return bool(row.outcome) or connection.execute(found.limit(1)).first() is not None


def write_line(connection: Connection, key: str, challenge: str, entry: Entry) -> None:
    """Adds a line to the record, in a transaction that writes."""
    connection.execute(insert(_record).values(key=key, challenge=challenge, **dict(entry)))


def _taken(connection: Connection, challenge: str) -> Found:
    """The row of a challenge; nobody else announces about it until the transaction ends."""
    row = connection.execute(
        # Not the strongest lock: applications refer to the row, and go on meanwhile.
        select(_challenges).where(_challenges.c.id == challenge).with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise UnknownChallenge(f"No challenge {challenge!r} was opened: open its round first.")
    return row


def _check_stands(connection: Connection, team: str, challenge: Found) -> None:
    row = _application(connection, team, challenge)
    if row.withdrawn is not None:
        when = spoken(row.withdrawn, challenge.time_zone)
        raise UnknownTeam(f"{team} was withdrawn ({when}): leave it out.")


def _withdraw(connection: Connection, team: str, challenge: Found, at: Instant) -> None:
    row = _application(connection, team, challenge)
    if row.withdrawn is None:
        connection.execute(update(_applications).where(_applications.c.id == team).values(withdrawn=at))


def _application(connection: Connection, team: str, challenge: Found) -> Found:
    row = connection.execute(
        select(_applications.c.challenge, _applications.c.withdrawn)
        .where(_applications.c.id == team)
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise UnknownTeam(
            f"{team} is no application to {challenge.id}: look up its id in the list of the challenge's applications."
        )
    if row.challenge != challenge.id:
        raise UnknownTeam(f"{team} is an application to {row.challenge}, not to {challenge.id}: name one of its own.")
    return row


def _put_status(connection: Connection, challenge: Found, status: Status, at: Instant) -> None:
    """Writes the status unless a later one is there: announcements can come in out of order."""
    if challenge.status_at is not None and at < challenge.status_at:
        return
    connection.execute(
        update(_challenges)
        .where(_challenges.c.id == challenge.id)
        .values(
            stage=status.stage,
            waits_for=status.waits_for,
            until=status.until,
            outcome=status.outcome,
            outcome_reason=status.reason,
            status_at=at,
        )
    )


def _put_attention(connection: Connection, challenge: Found, attention: Attention, at: Instant) -> None:
    """Writes the workflow's row unless a later one is there: announcements can come in out of order."""
    if attention.mended:
        # An older release kept under the challenge what one of its payments had said.
        of_it = (_attention.c.challenge == challenge.id) & (_attention.c.text == attention.text)
        connection.execute(update(_attention).where(of_it).values(text=""))
    insertion = inserting(connection, _attention).values(
        workflow=attention.of or challenge.id, challenge=challenge.id, text=attention.left, at=at
    )
    new = insertion.excluded
    connection.execute(
        insertion.on_conflict_do_update(
            index_elements=["workflow"], set_={"text": new.text, "at": new.at}, where=_attention.c.at <= new.at
        )
    )
