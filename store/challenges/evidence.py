"""The evidence that teams send for instalments: what is written, what was sent, and what was decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, Table, and_, cast, delete, insert, literal, select, update
from whenever import Instant

from domain.challenges import sent_evidence
from domain.challenges.sent_evidence import EvidenceOf, JudgedEvidence, SentEvidence, instalments, place_of
from domain.challenges.standing import Own
from domain.forms.attachments import Attachment
from domain.values.model import Value
from domain.values.refusals import DraftChanged, UnknownAttachment, UnknownTeam
from store.database import tables
from store.database.database import Database
from store.database.inserts import inserting
from store.database.ordering import TotalOrder

from . import own
from .attached import AS_ATTACHED, Kept, attachment_of, kept_of, of_draft, wanted

_sent, _drafts, _judged = tables.evidence_sent, tables.evidence_drafts, tables.evidence_judged
_files, _attachments, _record = tables.evidence_files, tables.attachments, tables.record
_VERSIONS = TotalOrder(_sent.c.team, _sent.c.stage, _sent.c.number, _sent.c.version)
_AS_JUDGED = TotalOrder(_record.c.id)

_NOBODYS = literal("erased/") + cast(_sent.c.version, String)
"""What an erasure leaves of the name of a form, which came from outside."""

_Of = Mapping[tuple[str, int], tuple[Any, ...]]


class Written(Value):
    """What a team has written for an instalment and not sent. Personal data.

    Args:
        statement: the text.
        files: that are attached.
    """

    statement: str = ""
    files: tuple[Attachment, ...] = ()


class Opened(Value):
    """A file of evidence, with where its content is kept."""

    attachment: Attachment
    kept: Kept


def of_team(connection: Connection, found: Own) -> tuple[EvidenceOf, ...]:
    """The instalments of a team that are paid on evidence, with all that was sent and decided."""
    sent, judged = _all_sent(connection, found.application), _all_judged(connection, found.application)
    return tuple(_with(found, each, sent, judged) for each in instalments(found))


def read(database: Database, team: str) -> tuple[EvidenceOf, ...]:
    """The same, by the id of the team. Nothing if there is no such team.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return tuple(each for found in own.read_in(connection, (team,)) for each in of_team(connection, found))


def written(database: Database, team: str, stage: str, number: int) -> Written:
    """What a team has written and not sent.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        text = connection.scalar(select(_drafts.c.statement).where(*_of(_drafts, team, stage, number)))
        return Written(statement=text or "", files=of_draft(connection, team, place_of(stage, number)))


def taking(connection: Connection, team: str, place: str) -> EvidenceOf:
    """The instalment for which a team can send something. The team's row stays locked until the transaction ends.

    Args:
        connection: in a transaction that writes.
        team: its id.
        place: as `place_of` names the instalment.

    Raises:
        UnknownTeam: the team has no such instalment, or was erased.
        TooLate, OnHold: nothing is taken for it.
    """
    applications = tables.applications
    standing = and_(applications.c.id == team, applications.c.erased.is_(None))
    if connection.execute(select(applications.c.id).where(standing).with_for_update()).one_or_none() is None:
        raise unknown(team)
    found = own.read_in(connection, (team,))
    asked = next(
        (each for one in found for each in of_team(connection, one) if place_of(each.stage, each.number) == place), None
    )
    if asked is None:
        raise unknown(team)
    refusal = sent_evidence.refusal(found[0], asked)
    if refusal is not None:
        raise refusal
    return asked


def save(connection: Connection, team: str, stage: str, number: int, statement: str, at: Instant) -> None:
    """Keeps what a team writes, until it is sent. Needs a transaction that writes."""
    row = inserting(connection, _drafts).values(team=team, stage=stage, number=number, statement=statement, saved_at=at)
    said = {"statement": row.excluded.statement, "saved_at": row.excluded.saved_at}
    connection.execute(row.on_conflict_do_update(index_elements=["team", "stage", "number"], set_=said))


def was_sent(connection: Connection, team: str, stage: str, number: int, submission: str, statement: str) -> int:
    """The version that a form was sent as; 0 if it was not sent.

    Raises:
        DraftChanged: it was sent with other words.
    """
    wanted = select(_sent.c.version, _sent.c.statement)
    row = connection.execute(
        wanted.where(*_of(_sent, team, stage, number), _sent.c.submission == submission)
    ).one_or_none()
    if row is None:
        return 0
    if row.statement != statement:
        raise DraftChanged(
            f"This form was sent as version {row.version}: look at it, and send the new words once more."
        )
    return int(row.version)


def send(
    connection: Connection, challenge: str, team: str, asked: EvidenceOf, submission: str, statement: str, at: Instant
) -> int:
    """Sends what was written, with the files that are attached. Returns its version.

    Args:
        connection: in a transaction that writes, in which `taking` gave the instalment.
        challenge: of the team.
        team: its id.
        asked: the instalment.
        submission: names the form.
        statement: as `check_statement` gave it.
        at: when.
    """
    stage, number = asked.stage, asked.number
    version = (asked.sent[-1].version if asked.sent else 0) + 1
    which = {"team": team, "stage": stage, "number": number, "version": version}
    said = {"challenge": challenge, "submission": submission, "statement": statement, "sent_at": at}
    connection.execute(insert(_sent).values(**which, **said))
    for each in of_draft(connection, team, place_of(stage, number)):
        connection.execute(insert(_files).values(attachment=each.id, **which))
        connection.execute(update(_attachments).where(_attachments.c.id == each.id).values(detached_at=at))
    connection.execute(delete(_drafts).where(*_of(_drafts, team, stage, number)))
    return version


def detach(connection: Connection, team: str, stage: str, number: int, attachment: str, at: Instant) -> None:
    """Takes away a file that waits to be sent. What was sent stays. Needs a transaction that writes.

    Raises:
        UnknownAttachment: no such file waits there.
    """
    waits = (_attachments.c.attached_at.is_not(None), _attachments.c.detached_at.is_(None))
    here = (_attachments.c.application == team, _attachments.c.stage == place_of(stage, number))
    going = update(_attachments).where(_attachments.c.id == attachment, *here, *waits).values(detached_at=at)
    if not connection.execute(going).rowcount:
        raise _no_file(team, attachment)


def open_file(database: Database, team: str, attachment: str, *, sent_only: bool) -> Opened:
    """A file of a team's evidence. Says nothing about who may open it.

    Args:
        database: where from.
        team: its id.
        attachment: id of the file.
        sent_only: whether what waits to be sent is left out.

    Raises:
        UnknownAttachment: there is no such file.
        Unavailable: the database cannot be read.
    """
    sent = select(_files.c.attachment).where(_files.c.attachment == _attachments.c.id).exists()
    shown = sent if sent_only else sent | _attachments.c.detached_at.is_(None)
    its = (_attachments.c.application == team, _attachments.c.stage.startswith(sent_evidence.OF_EVIDENCE))
    query = wanted().where(_attachments.c.id == attachment, *its, _attachments.c.attached_at.is_not(None), shown)
    with database.reading() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        raise _no_file(team, attachment)
    return Opened(attachment=attachment_of(row), kept=kept_of(row))


def team_of(database: Database, challenge: str, attachment: str) -> str:
    """The team that has sent a file as evidence to a challenge.

    Raises:
        UnknownAttachment: none has.
        Unavailable: the database cannot be read.
    """
    wanted_ = select(_sent.c.team).join(_files, _same(_files)).where(_files.c.attachment == attachment)
    with database.reading() as connection:
        team: str | None = connection.scalar(wanted_.where(_sent.c.challenge == challenge))
    if team is None:
        raise UnknownAttachment(f"No team of {challenge} has sent a file {attachment!r}: see `evidence … read`.")
    return team


def forget(connection: Connection, team: str) -> None:
    """Blanks what a team wrote. When it was sent, and what was decided, stays. The files go with the team's others."""
    connection.execute(update(_sent).where(_sent.c.team == team).values(statement="", submission=_NOBODYS))
    connection.execute(delete(_drafts).where(_drafts.c.team == team))


def unknown(team: str) -> UnknownTeam:
    """The refusal for an instalment that a team does not have."""
    return UnknownTeam(f"{team} has no such instalment that is paid on evidence: look up its stage and its number.")


def _no_file(team: str, attachment: str) -> UnknownAttachment:
    return UnknownAttachment(f"The evidence of {team} has no file {attachment!r}: look it up there.")


def _of(table: Table, team: str, stage: str, number: int) -> tuple[ColumnElement[bool], ...]:
    return (table.c.team == team, table.c.stage == stage, table.c.number == number)


def _same(table: Table) -> ColumnElement[bool]:
    return and_(*(table.c[name] == _sent.c[name] for name in ("team", "stage", "number", "version")))


def _with(found: Own, asked: EvidenceOf, sent: _Of, judged: _Of) -> EvidenceOf:
    which = (asked.stage, asked.number)
    full = asked.model_copy(update={"sent": sent.get(which, ()), "judged": judged.get(which, ())})
    refusal = sent_evidence.refusal(found, full)
    return full.model_copy(update={"closed": str(refusal) if refusal else ""})


def _all_sent(connection: Connection, team: str) -> _Of:
    files = defaultdict[tuple[str, int, int], list[Attachment]](list)
    query = wanted().add_columns(_files.c.stage.label("of_stage"), _files.c.number, _files.c.version)
    query = query.join(_files, _files.c.attachment == _attachments.c.id).where(_files.c.team == team)
    for row in connection.execute(query.order_by(*AS_ATTACHED)):
        files[row.of_stage, row.number, row.version].append(attachment_of(row))
    rows = connection.execute(select(_sent).where(_sent.c.team == team).order_by(*_VERSIONS)).all()
    return _grouped(
        (
            (row.stage, row.number),
            SentEvidence(
                version=row.version,
                statement=row.statement,
                at=row.sent_at,
                files=tuple(files[row.stage, row.number, row.version]),
            ),
        )
        for row in rows
    )


def _all_judged(connection: Connection, team: str) -> _Of:
    columns = (*(_judged.c[name] for name in ("stage", "number", "accepted", "final")), _record.c.at, _record.c.reason)
    query = select(*columns, _record.c.id).join_from(_judged, _record, _record.c.key == _judged.c.line)
    rows = connection.execute(query.where(_judged.c.team == team).order_by(*_AS_JUDGED)).all()
    return _grouped(
        (
            (row.stage, row.number),
            JudgedEvidence(accepted=row.accepted, final=row.final, reason=row.reason, at=row.at),
        )
        for row in rows
    )


def _grouped(pairs: Iterable[tuple[tuple[str, int], Any]]) -> _Of:
    found = defaultdict[tuple[str, int], list[Any]](list)
    for which, value in pairs:
        found[which].append(value)
    return {which: tuple(values) for which, values in found.items()}
