"""Attachments: the files that belong to what somebody is writing, and to what was sent.

A row is there before the content of its file, so that nothing lies in the store that the database does not know. What a
draft has attached are its rows here; what was sent has the ids of its attachments among its answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, literal, select, update
from whenever import Instant

from domain.challenges.sent_evidence import FILES, is_place
from domain.forms import answers
from domain.forms.answers import ids_in
from domain.forms.attachments import Attachment, FileKind, Scan
from domain.forms.form import Kind, Question
from domain.values.calendar import spoken
from domain.values.model import Value
from domain.values.refusals import NotReadable, TooLate, UnknownAttachment, UnknownTeam, WindowNotSealed
from store.database import tables
from store.database.database import Database
from store.database.instants import Moment, to_microsecond
from store.files.keys import FileKeys
from store.judging.impartiality import check_may_read

from . import draft_rows, evidence, forms, submissions, windows
from .attached import AS_ATTACHED, Kept, attachment_of, kept_of, of_draft, wanted

_attachments, _files, _drafts, _windows = tables.attachments, tables.files, tables.drafts, tables.windows
_ID_LENGTH = 16


class Place(Value):
    """What a file is attached to.

    Args:
        challenge: id of the challenge.
        application: id of the draft, which its application will have.
        stage: whose further proposal is written; empty for the application itself. Of evidence: see `place_of` of
            `domain.challenges.sent_evidence`.
        question: id of the question that the file answers.
    """

    challenge: str
    application: str
    stage: str = ""
    question: str


class Upload(Value):
    """A file that somebody attaches.

    Args:
        name: the file's name.
        kind: what its content is.
        size: in bytes.
        digest: what stands for its content, as `FileKeys.digest` says.
        scan: what a virus scanner said.
        scanned: whether a scanner answered.
    """

    name: str
    kind: FileKind
    size: int
    digest: str
    scan: Scan
    scanned: bool


class Begun(Value):
    """An attachment whose content is being kept."""

    attachment: str
    place: Place
    upload: Upload
    kept: Kept


class Opened(Value):
    """An attachment, with where its content is kept."""

    attachment: Attachment
    kept: Kept


def question_for(database: Database, place: Place, clock: Callable[[], Instant]) -> Question:
    """The question that a file can still be attached to.

    Raises:
        UnknownTeam: there is no such draft.
        NotReadable: the form has no such question, or the question asks for no file, or has all its files.
        TooLate: the window is closed.
    """
    with database.writing() as connection:
        return _question(connection, place, to_microsecond(clock()))


def begin(database: Database, keys: FileKeys, place: Place, upload: Upload, clock: Callable[[], Instant]) -> Begun:
    """Writes down that a file is attached, before its content is kept. Nobody sees the attachment yet.

    Args:
        database: where to.
        keys: make the key of the file, if nobody attached the same content before.
        place: where to attach it.
        upload: the file.
        clock: the service's clock.

    Raises:
        UnknownTeam, NotReadable, TooLate: see `question_for`.
    """
    with database.writing() as connection:
        now = to_microsecond(clock())
        _question(connection, place, now)
        kept = _file(connection, keys, upload, now)
        attachment = submissions.random(_ID_LENGTH)
        row = {"id": attachment, "application": place.application, "stage": place.stage, "question": place.question}
        row |= {"file": kept.file, "name": upload.name, "kind": str(upload.kind)}
        connection.execute(insert(_attachments).values(**row, begun_at=now))
        return Begun(attachment=attachment, place=place, upload=upload, kept=kept)


def finish(database: Database, begun: Begun, clock: Callable[[], Instant]) -> Attachment:
    """Attaches a file whose whole content is kept.

    Raises:
        UnknownTeam, NotReadable, TooLate: see `question_for`. The upload took so long that it is too late, or others
            were faster.
    """
    with database.writing() as connection:
        now = to_microsecond(clock())
        _question(connection, begun.place, now)
        there = and_(_attachments.c.id == begun.attachment, _attachments.c.attached_at.is_(None))
        if connection.execute(update(_attachments).where(there).values(attached_at=now)).rowcount != 1:
            raise TooLate("The upload took too long, and was given up meanwhile: attach the file again.")
        whole: dict[str, object] = {"stored_at": func.coalesce(_files.c.stored_at, literal(now, Moment))}
        if begun.upload.scanned:  # otherwise, what was said of the same content before still counts
            whole |= {"scan": str(begun.upload.scan), "scanned_at": now}
        connection.execute(update(_files).where(_files.c.id == begun.kept.file).values(whole))
        return attachment_of(connection.execute(wanted().where(_attachments.c.id == begun.attachment)).one())


def abandon(database: Database, begun: Begun) -> None:
    """Takes back an upload that did not come to its end. Its content is removed with the next sweep."""
    with database.writing() as connection:
        unfinished = and_(_attachments.c.id == begun.attachment, _attachments.c.attached_at.is_(None))
        connection.execute(delete(_attachments).where(unfinished))


def read_of_draft(database: Database, application: str, stage: str) -> tuple[Attachment, ...]:
    """What is attached to a draft now; nothing if there is no such draft. For the draft's own applicant only."""
    if is_place(stage):
        return ()  # whoever writes a draft does not see the team's evidence
    with database.reading() as connection:
        return of_draft(connection, application, stage)


class Reader(Value):
    """Who reads what applicants have sent.

    Args:
        person: id of the person.
        assigned_only: see `store.judging.impartiality.readable`. Such a reader sees nothing that is marked personal.
    """

    person: str
    assigned_only: bool


def read_of_sent(
    database: Database, challenge: str, application: str, stage: str, reader: Reader, clock: Callable[[], Instant]
) -> tuple[Attachment, ...]:
    """What was sent with an application, or with a further proposal. It is noted that somebody reads.

    Raises:
        WindowNotSealed: nobody but the applicant may know yet.
        InterestsMissing, ConflictOfInterest, UnknownTeam, NotAllowed: see `check_may_read`.
    """
    _note_read(database, challenge, application, stage, reader, clock)
    with database.reading() as connection:
        _check_reader(connection, challenge, application, reader)
        ids = files_sent(connection, challenge, application, stage, reader)
        of_it = (_attachments.c.application == application, _attachments.c.stage == stage)
        rows = connection.execute(wanted().where(*of_it).order_by(*AS_ATTACHED))
        return tuple(attachment_of(row) for row in rows if row.id in ids)


def find(database: Database, challenge: str, attachment: str) -> Opened:
    """An attachment of an application, or of a draft, to a challenge; not of evidence. Says nothing about who may open
    it.

    Raises:
        UnknownAttachment: the challenge has no such attachment.
    """
    with database.reading() as connection:
        row = connection.execute(
            wanted().where(_attachments.c.id == attachment, _attachments.c.attached_at.is_not(None))
        ).one_or_none()
        if row is None or is_place(row.stage) or challenge not in _challenges_of(connection, row.application):
            raise UnknownAttachment(f"{challenge} has no attachment {attachment!r}: look it up with `attachments`.")
        return Opened(attachment=attachment_of(row), kept=kept_of(row))


def check_sent(
    database: Database, challenge: str, attachment: Attachment, reader: Reader, clock: Callable[[], Instant]
) -> None:
    """Checks that an attachment is part of what was sent, and that what was sent may be read. This is noted.

    Raises:
        WindowNotSealed: nobody may read it yet.
        InterestsMissing, ConflictOfInterest, UnknownTeam, NotAllowed: see `check_may_read`.
        UnknownAttachment: it was not sent.
    """
    _note_read(database, challenge, attachment.application, attachment.stage, reader, clock)
    with database.reading() as connection:
        _check_reader(connection, challenge, attachment.application, reader)
        if attachment.id not in files_sent(connection, challenge, attachment.application, attachment.stage, reader):
            raise UnknownAttachment(f"The attachment {attachment.id} was not sent with {attachment.application}.")


def detach(database: Database, challenge: str, attachment: Attachment, clock: Callable[[], Instant]) -> None:
    """Takes a file out of a draft. What was sent with it stays as it was sent.

    Raises:
        UnknownTeam: there is no such draft any more.
        TooLate: the window is closed.
    """
    with database.writing() as connection:
        now = to_microsecond(clock())
        _check_draft(connection, challenge, attachment.application, attachment.stage, now)
        _check_open(connection, challenge, attachment.stage, now)
        of_it = and_(_attachments.c.id == attachment.id, _attachments.c.detached_at.is_(None))
        connection.execute(update(_attachments).where(of_it).values(detached_at=now))


def _question(connection: Connection, place: Place, now: Instant) -> Question:
    if is_place(place.stage):
        evidence.taking(connection, place.application, place.stage)
        return _with_room(connection, place, FILES)
    _check_draft(connection, place.challenge, place.application, place.stage, now)
    _check_open(connection, place.challenge, place.stage, now)
    questions = {each.id: each for each in forms.read(connection, place.challenge, place.stage).questions()}
    question = questions.get(place.question)
    if question is None or question.kind is not Kind.FILE:
        files = ", ".join(each.id for each in questions.values() if each.kind is Kind.FILE) or "none of its questions"
        raise NotReadable(f"The form asks for no file at {place.question!r}: it does at {files}.")
    return _with_room(connection, place, question)


def _with_room(connection: Connection, place: Place, question: Question) -> Question:
    counted = select(func.count()).where(
        _attachments.c.application == place.application,
        _attachments.c.stage == place.stage,
        _attachments.c.question == place.question,
        _attachments.c.attached_at.is_not(None),
        _attachments.c.detached_at.is_(None),
    )
    if connection.scalars(counted).one() >= question.most_files_taken:
        there = (
            f"it has all its files ({question.most_files_taken})" if question.most_files_taken > 1 else "it has a file"
        )
        raise NotReadable(f"{question.title}: {there}: remove one before you attach another.")
    return question


def _check_draft(connection: Connection, challenge: str, application: str, stage: str, now: Instant) -> None:
    """Takes up the draft. Of two uploads, the second counts what the first has attached."""
    if draft_rows.held(connection, application, stage, now).challenge != challenge:
        raise UnknownTeam(f"{application} is no application to {challenge}: name its own challenge.")


def _check_open(connection: Connection, challenge: str, stage: str, now: Instant) -> None:
    window = _window(connection, challenge, stage)
    if window is None:
        return  # its form is there, and nothing has been said of when it closes
    if window.sealed_at is not None or (now >= window.closes and not window.held):
        raise TooLate(
            f"Too late for {challenge}: its window closed ({spoken(window.closes, window.time_zone)}), and nothing is "
            "attached or detached any more."
        )


def _check_reader(connection: Connection, challenge: str, application: str, reader: Reader) -> None:
    check_may_read(connection, challenge, reader.person, application, assigned_only=reader.assigned_only)


def _note_read(
    database: Database, challenge: str, application: str, stage: str, reader: Reader, clock: Callable[[], Instant]
) -> None:
    """Notes that what was sent is read: from then on no late application is admitted.

    Raises:
        WindowNotSealed: nobody reads it yet.
    """
    with database.reading() as connection:
        window = _window(connection, challenge, stage)
    if window is None or window.sealed_at is None:
        closes = f" It closes: {spoken(window.closes, window.time_zone)}." if window else ""
        raise WindowNotSealed(f"Nobody reads what is attached in {challenge} before its window is sealed.{closes}")
    with database.reading() as connection:
        _check_reader(connection, challenge, application, reader)
    if window.read_at is None:
        with database.writing() as connection:
            windows.note_read(connection, challenge, clock(), stage)


def _window(connection: Connection, challenge: str, stage: str) -> Row[Any] | None:
    wanted = select(_windows, tables.challenges.c.time_zone).join_from(_windows, tables.challenges)
    return connection.execute(wanted.where(_windows.c.challenge == challenge, _windows.c.stage == stage)).one_or_none()


def files_sent(connection: Connection, challenge: str, application: str, stage: str, reader: Reader) -> frozenset[str]:
    """The ids of what was sent as a file, as far as the reader may see it.

    Nothing was sent if the application is one to another challenge.
    """
    sent, applications = tables.proposals, tables.applications
    wanted = select(applications.c.form, applications.c.answers)
    if stage:
        wanted = select(sent.c.form, sent.c.answers).join(applications, applications.c.id == sent.c.application)
        wanted = wanted.where(sent.c.stage == stage)
    of_it = (applications.c.id == application, applications.c.challenge == challenge)
    row = connection.execute(wanted.where(*of_it)).one_or_none()
    if row is None:
        return frozenset()
    said = answers.read(row.answers)
    if reader.assigned_only:
        said = forms.without_personal(connection, challenge, stage, row.form, said)
    return ids_in(said)


def _challenges_of(connection: Connection, application: str) -> frozenset[str]:
    sent = select(tables.applications.c.challenge).where(tables.applications.c.id == application)
    written = select(_drafts.c.challenge).where(_drafts.c.application == application)
    return frozenset(connection.scalars(sent.union(written)))


def _file(connection: Connection, keys: FileKeys, upload: Upload, now: Instant) -> Kept:
    """The row of a file: that of the same content, if there is one, or else a new one."""
    same = and_(_files.c.digest == upload.digest, _files.c.going_at.is_(None))
    # Locked, so that no sweep removes the file before this transaction has attached it.
    row = connection.execute(select(_files).where(same).with_for_update()).one_or_none()
    if row is None:
        file = f"{upload.digest}-{submissions.random(8)}"
        new = {"id": file, "digest": upload.digest, "size": upload.size, "scan": str(upload.scan)}
        connection.execute(insert(_files).values(**new, key=keys.sealed_key(file), begun_at=now))
        row = connection.execute(select(_files).where(_files.c.id == file)).one()
    return Kept(file=row.id, key=row.key, size=row.size, is_whole=row.stored_at is not None)
