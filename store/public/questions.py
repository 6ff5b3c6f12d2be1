"""Questions about a challenge: asked, answered for all, or dropped. Who has asked is told to nobody."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, insert, select, update
from whenever import Instant

from domain.announcements.announcement import Announcement, Answered
from domain.announcements.occasions import Occasion
from domain.values.model import Value
from domain.values.refusals import UnknownQuestion
from store.database import tables
from store.database.database import Database
from store.database.inserts import inserting
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.record.notices import Compose, tell_one

_questions = tables.questions
_AS_ASKED = TotalOrder(_questions.c.asked_at, _questions.c.id)


class Asked(Value):
    """A question as those who answer see it, without whoever has asked.

    Args:
        id: of the question.
        text: as it was asked; if it was answered, as it was published.
        at: when it was asked.
        is_late: whether it came after the last moment for questions.
        answer: to all; empty if there is none.
        is_dropped: whether somebody decided that it is not answered for all.
    """

    id: str
    text: str
    at: Instant
    is_late: bool
    answer: str = ""
    is_dropped: bool = False


def keep(
    connection: Connection, question: str, challenge: str, text: str, mailbox: str, at: Instant, *, late: bool
) -> None:
    """Writes a question down. Needs a transaction that writes."""
    row = {"id": question, "challenge": challenge, "text": text, "mailbox": mailbox, "asked_at": at, "late": late}
    connection.execute(insert(_questions).values(row))


def of(database: Database, challenge: str) -> tuple[Asked, ...]:
    """The questions about a challenge, in the order in which they were asked.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = select(_questions).where(_questions.c.challenge == challenge).order_by(*_AS_ASKED)
    with database.reading() as connection:
        return tuple(map(_asked, connection.execute(wanted)))


def drop(database: Database, challenge: str, question: str, by: str, at: Instant) -> None:
    """Decides that a question is not answered for all.

    Raises:
        UnknownQuestion: there is no such question that waits for an answer.
        Unavailable: the database cannot be written to.
    """
    waits = (_questions.c.answered_at.is_(None), _questions.c.dropped_at.is_(None))
    of_it = (_questions.c.challenge == challenge, _questions.c.id == question)
    with database.writing() as connection:
        dropping = update(_questions).where(*of_it, *waits).values(dropped_at=at, dropped_by=by)
        if not connection.execute(dropping).rowcount:
            raise unknown(challenge, question)


def check_waits(database: Database, challenge: str, question: str) -> None:
    """Checks that a question waits for an answer.

    Raises:
        UnknownQuestion: there is no such question, or it was answered or dropped.
        Unavailable: the database cannot be read.
    """
    waits = (_questions.c.answered_at.is_(None), _questions.c.dropped_at.is_(None))
    wanted = select(_questions.c.id).where(_questions.c.challenge == challenge, _questions.c.id == question, *waits)
    with database.reading() as connection:
        if connection.execute(wanted).first() is None:
            raise unknown(challenge, question)


def unknown(challenge: str, question: str) -> UnknownQuestion:
    """The refusal for a question that does not wait for an answer."""
    return UnknownQuestion(
        f"No question {question!r} about {challenge} waits for an answer: see `questions {challenge}`."
    )


def publish(connection: Connection, challenge: Found, announcement: Announcement, compose: Compose) -> None:
    """Writes an answer down, so that everybody reads it, and tells whoever has asked, if they left their address.

    Args:
        connection: in the transaction of the announcement.
        challenge: the row of the challenge.
        announcement: with an answer.
        compose: finds the words of the letter.
    """
    said, at = announcement.answered, announcement.entry.at
    assert said is not None, "the announcement has an answer"
    answer = {"text": said.question, "answer": said.answer, "answered_at": at, "answered_by": announcement.entry.by}
    row = connection.execute(select(_questions).where(_is(challenge.id, said))).one_or_none()
    if row is None:
        new = {"id": said.id, "challenge": challenge.id, "asked_at": at, "late": False, **answer}
        connection.execute(inserting(connection, _questions).values(new).on_conflict_do_nothing())
        return
    still = (_questions.c.answered_at.is_(None), _questions.c.dropped_at.is_(None))
    if not connection.execute(update(_questions).where(_is(challenge.id, said), *still).values(answer)).rowcount:
        return
    if row.mailbox:
        facts = {"asked": said.question, "answer": said.answer}
        occasion = Occasion.QUESTION_ANSWERED
        tell_one(connection, announcement.key, challenge, occasion, said.id, row.mailbox, facts, at, compose)


def _is(challenge: str, said: Answered) -> ColumnElement[bool]:
    return (_questions.c.challenge == challenge) & (_questions.c.id == said.id)


def _asked(row: Found) -> Asked:
    return Asked(
        id=row.id,
        text=row.text,
        at=row.asked_at,
        is_late=row.late,
        answer=row.answer,
        is_dropped=row.dropped_at is not None,
    )
