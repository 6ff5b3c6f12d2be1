"""Sweeping: the content of files that nobody has attached any more is removed from the store.

What to sweep is decided by the rows and their dates alone. The store's own dates say nothing: a copy can be older than
its original.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, and_, case, delete, exists, select, update
from whenever import Instant, hours

from domain.challenges.sent_evidence import OF_EVIDENCE
from domain.forms import answers
from domain.forms.answers import ids_in
from domain.forms.attachments import Scan
from domain.values.model import Value
from domain.values.refusals import Unavailable
from store.database import tables
from store.database.database import Database
from store.database.instants import to_microsecond
from store.database.ordering import TotalOrder

from .keys import FileKeys

_attachments, _files = tables.attachments, tables.files
_PATIENCE = hours(24)
"""How long an upload can be under way. Nobody waits so long for an answer."""
_BY_ID = TotalOrder(_attachments.c.id)
_FILES = TotalOrder(_files.c.id)
_AT_ONCE = 1000


class Going(Value):
    """A file whose content is to be removed.

    Args:
        file: its name in the store.
        size: in bytes.
    """

    file: str
    size: int


class Waiting(Value):
    """A file that waits for a scanner.

    Args:
        file: its name in the store.
        key: encrypts it; sealed.
        size: in bytes.
    """

    file: str
    key: str
    size: int


def sweep(database: Database, clock: Callable[[], Instant], remove: Callable[[str, int], None]) -> int:
    """Removes what is no longer attached, and what was begun and not finished. You can safely call this again.

    Args:
        database: where the rows are.
        clock: the service's clock.
        remove: removes a file from the store, by its name and its size in bytes. Nothing happens if it is not there.

    Returns:
        How many files were removed.

    Raises:
        Unavailable: the database or the store cannot be used. The next call goes on from there.
    """
    now = to_microsecond(clock())
    with database.writing() as connection:
        _drop(connection, now)
        _give_up(connection, now)
    removed, refused = 0, list[Unavailable]()
    for each in _going(database):
        try:
            remove(each.file, each.size)
        except Unavailable as refusal:  # it holds up no other file
            refused.append(refusal)
            continue
        with database.writing() as connection:
            connection.execute(delete(_files).where(_files.c.id == each.file, _files.c.going_at.is_not(None)))
        removed += 1
    if refused:
        raise refused[0]
    return removed


def forget(connection: Connection, application: str, now: Instant) -> None:
    """Takes back everything that belongs to an application. Nobody can read the content of these files from then on.

    Another application that has the same file keeps it.

    Args:
        connection: in a transaction that writes.
        application: its id.
        now: the present.
    """
    its = select(_attachments.c.id).where(_attachments.c.application == application)
    connection.execute(delete(tables.evidence_files).where(tables.evidence_files.c.attachment.in_(its)))
    connection.execute(delete(_attachments).where(_attachments.c.application == application))
    _give_up(connection, to_microsecond(now))


def count(connection: Connection, application: str) -> int:
    """How many files belong to an application."""
    rows = connection.execute(select(_attachments.c.id).where(_attachments.c.application == application))
    return len(rows.all())


def reseal(database: Database, keys: FileKeys) -> int:
    """Seals the keys of all files again, with the first key of the key file. Returns how many.

    Raises:
        Unavailable: some do not open, and all stay unchanged. Or the database cannot be written to.
    """
    with database.writing() as connection:
        rows = connection.execute(select(_files).where(_files.c.key != "").order_by(*_FILES).with_for_update()).all()
        for row in rows:
            connection.execute(update(_files).where(_files.c.id == row.id).values(key=keys.reseal(row.key, row.id)))
        return len(rows)


def is_needed(database: Database) -> bool:
    """Whether there is any file at all, or was until now."""
    with database.reading() as connection:
        return connection.execute(select(_files.c.id).limit(1)).first() is not None


def are_kept(database: Database) -> bool:
    """Whether the database has keys of any file."""
    with database.reading() as connection:
        return connection.execute(select(_files.c.id).where(_files.c.key != "").limit(1)).first() is not None


def are_in_the_store(database: Database) -> bool:
    """Whether the content of any file should be in the store."""
    there = and_(_files.c.key != "", _files.c.stored_at.is_not(None), _files.c.going_at.is_(None))
    with database.reading() as connection:
        return connection.execute(select(_files.c.id).where(there).limit(1)).first() is not None


def not_scanned(database: Database) -> tuple[Waiting, ...]:
    """Files that no scanner has looked at yet."""
    waiting = and_(_files.c.scanned_at.is_(None), _files.c.stored_at.is_not(None), _files.c.going_at.is_(None))
    wanted = select(_files.c.id, _files.c.key, _files.c.size).where(waiting).order_by(*_FILES).limit(_AT_ONCE)
    with database.reading() as connection:
        return tuple(Waiting(file=row.id, key=row.key, size=row.size) for row in connection.execute(wanted))


def note_scan(database: Database, file: str, scan: Scan, at: Instant) -> None:
    """Notes what a scanner has said of a file."""
    with database.writing() as connection:
        of_it = _files.c.id == file
        connection.execute(update(_files).where(of_it).values(scan=str(scan), scanned_at=to_microsecond(at)))


def _drop(connection: Connection, now: Instant) -> None:
    """Deletes the rows of uploads that came to no end, and of what is neither in a draft nor in what was sent.

    What was sent as evidence stays, and so does what waits to be sent.
    """
    lapsed = and_(_attachments.c.attached_at.is_(None), _attachments.c.begun_at < now - _PATIENCE)
    connection.execute(delete(_attachments).where(lapsed))
    for row in _in_no_draft(connection):
        if row.id not in ids_in(answers.read(row.answers or "")):
            connection.execute(delete(_attachments).where(_attachments.c.id == row.id))


def _in_no_draft(connection: Connection) -> Sequence[tables.Found]:
    drafts, sent, applications = tables.drafts, tables.proposals, tables.applications
    here = (_attachments.c.application, _attachments.c.stage)
    draft = exists().where(drafts.c.application == here[0], drafts.c.stage == here[1])
    sent_as_evidence = exists().where(tables.evidence_files.c.attachment == _attachments.c.id)
    waits = and_(here[1].startswith(OF_EVIDENCE, autoescape=True), _attachments.c.detached_at.is_(None))
    loose = and_(
        *(_attachments.c.attached_at.is_not(None), _attachments.c.detached_at.is_not(None) | ~draft),
        *(~sent_as_evidence, ~waits),
    )
    wanted = (
        select(_attachments.c.id, case((here[1] == "", applications.c.answers), else_=sent.c.answers).label("answers"))
        .join(applications, applications.c.id == here[0], isouter=True)
        .join(sent, and_(sent.c.application == here[0], sent.c.stage == here[1]), isouter=True)
        .where(loose)
        .order_by(*_BY_ID)
    )
    return connection.execute(wanted).all()


def _give_up(connection: Connection, now: Instant) -> None:
    """Marks the files that nothing has attached. Their keys go at once, and so does what they encrypt."""
    attached = exists().where(_attachments.c.file == _files.c.id)
    loose = select(_files.c.id).where(_files.c.going_at.is_(None), ~attached).order_by(*_FILES).limit(_AT_ONCE)
    # First locked and then looked at again: whoever attaches one of them meanwhile has locked it first.
    locked = list(connection.scalars(loose.with_for_update()))
    if locked:
        still = and_(_files.c.id.in_(locked), ~attached)
        connection.execute(update(_files).where(still).values(going_at=now, key=""))


def _going(database: Database) -> list[Going]:
    with database.reading() as connection:
        rows = connection.execute(
            select(_files.c.id, _files.c.size).where(_files.c.going_at.is_not(None)).order_by(*_FILES).limit(_AT_ONCE)
        )
        return [Going(file=row.id, size=row.size) for row in rows]
