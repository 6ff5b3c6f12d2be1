"""The record of what was done. An announcement writes a line of the record, the status and the notices together."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from sqlalchemy import Connection, bindparam, select, update
from whenever import Instant

from domain.announcements.announcement import Announcement, Attention, Deciding
from domain.challenges import deadlines
from domain.challenges.decisions import Select
from domain.challenges.publishing import with_snapshot
from domain.challenges.state import State
from domain.challenges.steps import Sealed
from domain.values.calendar import spoken
from domain.values.model import Value
from domain.values.paging import MOST, Page, Paged, everything
from domain.values.refusals import TooLate, UnknownTeam
from store.challenges import judged_evidence, late, windows
from store.challenges.hand_overs import check_handed_over
from store.database import tables
from store.database.database import Database
from store.database.inserts import inserting
from store.database.ordering import TotalOrder
from store.database.prepared import Prepared
from store.database.tables import Found
from store.identity import settling
from store.judging.departures import departure_of
from store.judging.impartiality import check_impartial
from store.public import copies, questions

from .lines import add, taken, write_line
from .notices import Compose as Compose
from .notices import Letter as Letter
from .notices import Notice as Notice
from .notices import read_notices as read_notices
from .notices import tell_all
from .reader_notices import tell_readers

_challenges, _applications, _record = tables.challenges, tables.applications, tables.record
_AS_WRITTEN = TotalOrder(_record.c.id)
_attention = tables.attention

# Made once, because making a statement takes longer than running it.
_LINE = Prepared(select(_record).where(_record.c.key == bindparam("wanted")))
_STATUS = Prepared(
    update(_challenges)
    .where(_challenges.c.id == bindparam("challenge"))
    .values(
        {
            name: bindparam(name, type_=_challenges.c[name].type)
            for name in ("stage", "waits_for", "until", "outcome", "outcome_reason", "status_at")
        }
    )
)
_NEEDS_NOBODY = Prepared(update(_attention).where(_attention.c.workflow == bindparam("wanted")).values(text=""))


class RecordLine(Value):
    """One line of the record: see `domain.announcements.announcement.Entry`.

    Args:
        id: the number of the line, in the order of writing.
        key: its business key: unique for ever.
        challenge: id of the challenge that the line is about.
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
    proof: str
    number: int
    previous: str
    hash: str
    signed: str
    principal: str


def announce(database: Database, announcement: Announcement, compose: Compose) -> None:
    """Writes down what happened: the line of the record, status, window and notices; either all of them or none.

    If the key was announced before, this does nothing.

    Args:
        database: where to.
        announcement: what happened.
        compose: finds the words of a notice.

    Raises:
        UnknownChallenge: there is no such challenge.
        UnknownTeam: an id is not an application to the challenge, or the application was withdrawn before.
        UnknownPerson: the books of the round do not have the hand-over.
        InterestsMissing, ConflictOfInterest: the person who decides has not declared their interests, or has a
            conflict of interest.
        ReasonMissing: the announcement is of a selection that departs from the ranking, and gives no reason.
        TooLate: the announcement opens, moves or holds a window that is sealed.
        LookupError: a recipient is not in the database, or a notice lacks a fact. The caller is wrong.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        put(connection, announcement, compose)


def put(connection: Connection, announcement: Announcement, compose: Compose) -> bool:
    """Like `announce`, in the caller's transaction. Returns whether the announcement was new."""
    challenge = taken(connection, announcement.challenge)
    status = _columns(challenge, announcement)
    if not add(connection, challenge, announcement.key, announcement.entry, status=status):
        # After a reset in Temporal the same step can give other dates. Lists must show the enforced ones.
        if _is_later(announcement, challenge):
            _put_again(connection, challenge, announcement, status)
        return False
    if announcement.snapshot is not None and not _is_outrun(announcement, challenge):
        copies.put(connection, challenge.id, announcement.snapshot, announcement.entry.at)
    if announcement.entry.signed and not announcement.entry.refused:
        settling.confirm(connection, announcement.key, announcement.entry.at)
    if announcement.handed_over is not None:
        check_handed_over(connection, challenge.round, announcement.handed_over)
    for team in announcement.applications:
        _check_stands(connection, team, challenge)
    if (impartial := announcement.must_be_impartial) is not None:
        check_impartial(connection, challenge.id, announcement.entry.by, impartial)
    if announcement.decides is not None:
        _note_departure(connection, announcement, announcement.decides)
    if announcement.admitted:
        late.admit(connection, challenge, announcement.admitted)
    if announcement.withdrawn:
        _withdraw(connection, announcement.withdrawn, challenge, announcement.entry.at)
    if announcement.window is not None:
        # Do this before the notices: it locks the window, so everybody who has applied so far is told.
        windows.put(connection, challenge.id, announcement.window, announcement.entry.at)
    if announcement.attention is not None:
        _put_attention(connection, challenge, announcement.attention, announcement.entry.at)
    if announcement.answered is not None:
        questions.publish(connection, challenge, announcement, compose)
    if announcement.judged is not None:
        judged_evidence.keep(connection, announcement.key, announcement.judged)
    tell_all(connection, announcement, challenge, compose)
    tell_readers(connection, announcement, challenge, compose)
    return True


def seal(database: Database, state: State, at: Instant, compose: Compose) -> Sealed:
    """Seals a window for good and announces it, in one transaction. You can safely call this again.

    Args:
        database: where to.
        state: the challenge with this window still open.
        at: when the window is sealed. If it was sealed before, the first time stays.
        compose: finds the words of notices.

    Returns:
        What had come in when the window was sealed.

    Raises:
        UnknownChallenge: there is no such challenge.
        Unavailable: the database cannot be written to.
    """
    stage = "" if state.takes_applications else state.filling.name
    with database.writing() as connection:
        challenge = taken(connection, state.challenge.id)  # before the window: see `put`
        came = windows.seal(connection, challenge.id, at, stage)
        new, announcement = deadlines.sealed(state, came.number, at, came.sent)
        put(connection, with_snapshot(new, announcement), compose)
        return came


def read_record(database: Database, challenge: str) -> tuple[RecordLine, ...]:
    """The record of a challenge, in the order in which it was written.

    Args:
        database: where from.
        challenge: id of the challenge.

    Raises:
        Unavailable: the database cannot be read.
    """
    return tuple(everything(lambda page: page_of_record(database, page, challenge)))


def page_of_record(
    database: Database, page: Page, challenge: str, *, refused_only: bool = False, by: str = "", action: str = ""
) -> Paged[RecordLine]:
    """A page of the record of a challenge, in the order in which it was written.

    Args:
        database: where from.
        page: which one.
        challenge: id of the challenge.
        refused_only: whether to read only refusals.
        by, action: only what this person did, or only what is called this; empty for all.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    wanted = select(_record).where(_record.c.challenge == challenge)
    if refused_only:
        wanted = wanted.where(_record.c.refused)
    if by:
        wanted = wanted.where(_record.c.by == by)
    if action:
        wanted = wanted.where(_record.c.action == action)
    with database.reading() as connection:
        return _AS_WRITTEN.read(connection, wanted, page, _record_line)


def lines_about(connection: Connection, challenge: str, payment: str) -> tuple[RecordLine, ...]:
    """What the record of a challenge says about one of its payments, in the order in which it was written.

    Args:
        connection: in any transaction.
        challenge: its id.
        payment: key of the payment, with which the keys of its lines begin.
    """
    begins = _record.c.key.startswith(f"{payment}/", autoescape=True)
    wanted = select(_record).where(_record.c.challenge == challenge, begins)
    return _AS_WRITTEN.read(connection, wanted, Page(limit=MOST), _record_line).items


def actions_of(database: Database, challenge: str) -> tuple[str, ...]:
    """What the record of a challenge calls that which was done there.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = select(_record.c.action).where(_record.c.challenge == challenge).distinct()
    with database.reading() as connection:
        return tuple(sorted(connection.scalars(wanted)))


def _record_line(row: Found) -> RecordLine:
    return RecordLine.model_validate(dict(row._mapping))


def needs_nobody(connection: Connection, workflow: str) -> None:
    """Notes that a workflow no longer needs a person. A workflow that was terminated cannot say so itself."""
    _NEEDS_NOBODY.execute(connection, {"wanted": workflow})


def needs_somebody(connection: Connection, attempt: str, challenge: str, text: str, at: Instant) -> None:
    """Notes that a person has to see to an attempt of a payment.

    Args:
        connection: in a transaction that writes.
        attempt: the attempt's id.
        challenge: id of the challenge.
        text: what the person has to do.
        at: when it was found.
    """
    insertion = inserting(connection, _attention).values(workflow=attempt, challenge=challenge, text=text, at=at)
    said = {"text": insertion.excluded.text, "at": insertion.excluded.at}
    connection.execute(insertion.on_conflict_do_update(index_elements=["workflow"], set_=said))


def _is_later(announcement: Announcement, challenge: Found) -> bool:
    at = announcement.entry.at.round("microsecond", mode="floor")  # as the database keeps it
    return challenge.status_at is None or at > challenge.status_at


def find_line(connection: Connection, key: str) -> Found | None:
    """The line of the record with this key; None if there is no such line."""
    line: Found | None = _LINE.one_or_none(connection, {"wanted": key})
    return line


def was_signed_by(database: Database, key: str, signed: str) -> bool:
    """Whether the record has a line with this key that was written for this signed statement.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        line = find_line(connection, key)
    return line is not None and line.signed == signed


def is_selected(connection: Connection, challenge: str, stages: tuple[str, ...]) -> bool:
    """Whether it was announced that teams were selected for one of these stages, or that the challenge has ended.

    The challenge stays locked until the transaction ends: nobody else announces anything about it.

    Raises:
        UnknownChallenge: there is no such challenge.
    """
    row = taken(connection, challenge)
    selected = (_record.c.challenge == challenge, _record.c.action == Select.kind, _record.c.refused.is_(False))
    found = select(_record.c.id).where(*selected, _record.c.stage.in_(stages))
    return bool(row.outcome) or connection.execute(found.limit(1)).first() is not None


def _note_departure(connection: Connection, announcement: Announcement, decides: Deciding) -> None:
    """Puts on the record how a selection departs from the ranking of its stage, if it does. That needs a reason."""
    entry = announcement.entry
    if how := departure_of(connection, announcement.challenge, entry, decides):
        text = f"The selection for {entry.stage} departs from the ranking: {how}"
        line = entry.model_copy(update={"action": "departure", "text": text})
        write_line(connection, f"{announcement.key}/departure", announcement.challenge, line)


def _check_stands(connection: Connection, team: str, challenge: Found) -> None:
    row = _application(connection, team, challenge)
    for gone, how in ((row.withdrawn, "withdrawn"), (row.erased, "erased")):
        if gone is not None:
            raise UnknownTeam(f"{team} was {how} ({spoken(gone, challenge.time_zone)}): leave it out.")


def _withdraw(connection: Connection, team: str, challenge: Found, at: Instant) -> None:
    row = _application(connection, team, challenge)
    if row.withdrawn is None:
        connection.execute(update(_applications).where(_applications.c.id == team).values(withdrawn=at))


def _application(connection: Connection, team: str, challenge: Found) -> Found:
    row = connection.execute(
        select(_applications.c.challenge, _applications.c.withdrawn, _applications.c.erased)
        .where(_applications.c.id == team)
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise UnknownTeam(
            f"{team} is not an application to {challenge.id}: look up the id in the challenge's applications."
        )
    if row.challenge != challenge.id:
        raise UnknownTeam(f"{team} is an application to {row.challenge}, not to {challenge.id}: leave it out.")
    return row


def _columns(challenge: Found, announcement: Announcement) -> dict[str, object]:
    """The challenge's columns that change. A later status stays: announcements can come out of order."""
    status, at = announcement.status, announcement.entry.at
    if status is None or _is_outrun(announcement, challenge):
        return {}
    shown = {name: value for name, value in status if name != "reason"}
    return shown | {"outcome_reason": status.reason, "status_at": at}


def _is_outrun(announcement: Announcement, challenge: Found) -> bool:
    return challenge.status_at is not None and announcement.entry.at < challenge.status_at


def _put_again(
    connection: Connection, challenge: Found, announcement: Announcement, status: Mapping[str, object]
) -> None:
    """Writes down once more where the challenge stands. A window that is not sealed closes when people are shown."""
    if announcement.snapshot is not None:
        copies.put(connection, challenge.id, announcement.snapshot, announcement.entry.at)
    if announcement.status is None:
        return
    _STATUS.execute(connection, {"challenge": challenge.id, **status})
    if announcement.window is not None and announcement.window.stage:
        with suppress(TooLate):
            windows.put(connection, challenge.id, announcement.window, announcement.entry.at)


def _put_attention(connection: Connection, challenge: Found, attention: Attention, at: Instant) -> None:
    """Writes the workflow's row unless a later one is there: announcements can come out of order."""
    if attention.mended:
        # An older release kept the problems of payments in the row of the challenge.
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
