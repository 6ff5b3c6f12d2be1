"""The rows of drafts: locked, taken up from what was sent, and with the answers that count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import Connection, bindparam, exists, insert, select
from whenever import Instant

from domain.challenges.draft import KeptAnswer
from domain.forms import answers
from domain.forms.answers import Answer, Answers
from domain.forms.attachments import Attachment
from domain.forms.form import Form, Kind
from domain.values.refusals import NotAllowed, UnknownTeam
from store.database import tables
from store.database.inserts import inserting
from store.database.prepared import Prepared
from store.database.tables import Found

from . import forms, invited
from .attached import of_draft

_drafts, _answers = tables.drafts, tables.draft_answers
_applications, _proposals = tables.applications, tables.proposals
_later = _answers.alias()
_same_question = (_later.c[name] == _answers.c[name] for name in ("application", "stage", "question"))

# Made once, because making a statement takes longer than running it.
_LOCKED = Prepared(
    select(_drafts)
    .where(_drafts.c.application == bindparam("draft"), _drafts.c.stage == bindparam("of_stage"))
    .with_for_update()
)
_LATEST = Prepared(
    select(_answers).where(
        _answers.c.application == bindparam("draft"),
        _answers.c.stage == bindparam("of_stage"),
        _answers.c.counts,
        ~exists().where(*_same_question, _later.c.counts, _later.c.builds_on == _answers.c.version),
    )
)


def held(connection: Connection, application: str, stage: str, now: Instant) -> Found:
    """The row of a draft, locked: nobody else saves or sends it until the transaction ends.

    What was handed in without a draft is taken up as one, with the answers that were sent.

    Args:
        connection: in a transaction that writes.
        application, stage: which draft.
        now: when.

    Raises:
        UnknownTeam: there is no such draft or application.
        UnknownStage: that stage asks for no proposal.
        NotAllowed: the application is not asked for one.
    """
    which = {"draft": application, "of_stage": stage}
    row: Found | None = _LOCKED.one_or_none(connection, which)
    if row is None:
        _take_up(connection, application, stage, now)
        row = _LOCKED.one_or_none(connection, which)
    if row is None:
        raise unknown(application)  # somebody has erased it meanwhile
    return row


def challenge_of(connection: Connection, application: str) -> str:
    """The challenge of a draft, or of an application that was handed in without one.

    Raises:
        UnknownTeam: there is no such draft or application.
    """
    for table, of_it in ((_drafts, _drafts.c.application), (_applications, _applications.c.id)):
        found: str | None = connection.scalar(select(table.c.challenge).where(of_it == application).limit(1))
        if found is not None:
            return found
    raise unknown(application)


def answered(connection: Connection, application: str, stage: str, form: Form) -> Answers:
    """The answers of a draft that count, by question; for questions that ask for files, what is attached now."""
    rows = _LATEST.all(connection, {"draft": application, "of_stage": stage})
    found: dict[str, Answer] = {row.question: answers.read_one(row.answer) for row in rows}
    if any(question.kind is Kind.FILE for question in form.questions()):
        found |= {each.question: each.answer for each in _files(connection, application, stage)}
    return found


def check_asked(connection: Connection, challenge: str, stage: str, application: str) -> None:
    """Checks that an application is asked for what it sends. Anybody may send an application itself.

    Raises:
        NotAllowed: the stage does not ask this application for a proposal, or does not yet, or no longer.
    """
    if stage and not invited.may_send(connection, challenge, stage, application):
        raise NotAllowed(f"{application} is not asked for a proposal for {stage}: only teams that may enter it are.")


def _take_up(connection: Connection, application: str, stage: str, now: Instant) -> None:
    """Makes a draft of what was handed in without one, or an empty one for a further proposal."""
    wanted = select(_applications).where(_applications.c.id == application, _applications.c.erased.is_(None))
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise unknown(application)
    form = forms.read(connection, row.challenge, stage).version
    check_asked(connection, row.challenge, stage, application)
    new = {"application": application, "stage": stage, "challenge": row.challenge, "form": form, "begun_at": now}
    whose = {"organisation": row.organisation, "email": row.email, "mailbox": row.mailbox}
    insertion = inserting(connection, _drafts).values(**new, **whose).on_conflict_do_nothing()
    if not connection.execute(insertion).rowcount:
        return  # somebody else has taken it up meanwhile
    sent = select(_proposals.c.answers).where(_proposals.c.application == application, _proposals.c.stage == stage)
    said = connection.scalar(sent) if stage else row.answers
    for question, answer in answers.read(said or "").items():
        first = {"application": application, "stage": stage, "question": question, "version": 1, "builds_on": 0}
        text = answers.written_one(answer)
        connection.execute(insert(_answers).values(**first, counts=True, answer=text, saved_at=now))


def that_count(connection: Connection, application: str, stage: str) -> Iterator[KeptAnswer]:
    """The answers of a draft that count: of each question, the last version that does."""
    for row in _LATEST.all(connection, {"draft": application, "of_stage": stage}):
        yield kept_answer(row)
    yield from _files(connection, application, stage)


def _files(connection: Connection, application: str, stage: str) -> Iterator[KeptAnswer]:
    """The answers to questions for files: what is attached. Each file that came is another version."""
    found = defaultdict[str, list[Attachment]](list)
    for each in of_draft(connection, application, stage):
        found[each.question].append(each)
    for question, files in found.items():
        ids = tuple(each.id for each in files)
        yield KeptAnswer(
            question=question, version=len(files), answer=ids, saved_at=max(each.attached for each in files)
        )


def kept_answer(row: Found) -> KeptAnswer:
    return KeptAnswer(
        question=row.question,
        version=row.version,
        answer=answers.read_one(row.answer),
        saved_at=row.saved_at,
        counts=row.counts,
    )


def unknown(application: str) -> UnknownTeam:
    return UnknownTeam(
        f"There is no draft or application {application!r}: look it up with `drafts`, or on the receipt."
    )
