"""Notices: who is told what. They are written into the outbox, and channels take them from there."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import (
    Connection,
    Select,
    String,
    bindparam,
    insert,
    select,
    update,
)
from whenever import Instant

from domain.announcements.announcement import Announcement, OutgoingNotice, ToPeople, ToReaders, ToSpokenOf, ToTeams
from domain.announcements.occasions import Facts, Occasion
from domain.values.model import Value
from domain.values.paging import Page, Paged, everything
from domain.values.refusals import UnknownNotice
from store.database import tables
from store.database.database import Database
from store.database.inserts import unless_there
from store.database.ordering import TotalOrder
from store.database.prepared import Prepared
from store.database.tables import Found

from .recipients import NAMED_IN_A_MESSAGE, Recipients, only_to, only_to_person, recipients_of

_notices, _applications, _people, _feedback = tables.notices, tables.applications, tables.people, tables.feedback

_OLDEST_FIRST = TotalOrder(_notices.c.created_at, _notices.c.key)
_BY_KEY = TotalOrder(_notices.c.key)


class Letter(Protocol):
    """A notice in words."""

    @property
    def subject(self) -> str:
        """One line."""
        ...

    @property
    def body(self) -> str:
        """The text."""
        ...


Compose = Callable[[Occasion, Facts], Letter]
"""Finds the words for an occasion, from its facts and those that every occasion has."""


class Notice(Value):
    """A message to one person or applicant. Personal data: it stays in the database.

    Args:
        key: its business key, `…/occasion/recipient`: unique for ever.
        challenge: id of the challenge that the notice is about.
        occasion: what the notice is about.
        recipient: id of the person or application; "applicant" for a person whose application was refused.
        address: the recipient's e-mail address.
        subject, body: the text.
        created: when the notice was written.
        status: created, sending, sent, delivered, failed or lapsed. A lapsed notice was no longer true.
        status_at: when the status last changed; None if no channel was asked to take the notice.
        reason: why the notice failed or lapsed.
        channel: the channel that took the notice; empty before.
    """

    key: str
    challenge: str
    occasion: str
    recipient: str
    address: str
    subject: str
    body: str
    created: Instant
    status: str
    status_at: Instant | None
    reason: str
    channel: str


def read_notices(database: Database, challenge: str | None = None) -> tuple[Notice, ...]:
    """The notices, oldest first.

    Args:
        database: where from.
        challenge: only the notices about this challenge; all notices if left out.

    Raises:
        Unavailable: the database cannot be read.
    """
    challenges = None if challenge is None else [challenge]
    return tuple(everything(lambda page: page_of_notices(database, page, challenges=challenges)))


def page_of_notices(
    database: Database,
    page: Page,
    *,
    challenges: Collection[str] | None = None,
    status: str = "",
    occasion: Occasion | None = None,
) -> Paged[Notice]:
    """A page of the notices, oldest first.

    Args:
        database: where from.
        page: which one.
        challenges: only the notices about these challenges; all notices if left out.
        status: only the notices with this status, such as "failed".
        occasion: only the notices for this occasion.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    wanted = select(_notices)
    if challenges is not None:
        wanted = wanted.where(_notices.c.challenge.in_(challenges))
    if status:
        wanted = wanted.where(_notices.c.status == status)
    if occasion is not None:
        wanted = wanted.where(_notices.c.occasion == str(occasion))
    with database.reading() as connection:
        return _OLDEST_FIRST.read(connection, wanted, page, _notice)


def find_notice(database: Database, key: str) -> Notice:
    """One notice, by its key or the end of its key.

    Raises:
        UnknownNotice: no key ends like this, or several do.
        Unavailable: the database cannot be read.
    """
    matches = (_notices.c.key == key) | _notices.c.key.endswith(f"/{key}", autoescape=True)
    with database.reading() as connection:
        rows = connection.execute(select(_notices).where(matches).order_by(*_BY_KEY).limit(3)).all()
    exact = [row for row in rows if row.key == key]
    if len(exact or rows) != 1:
        several = f"Several keys end with {key!r}, such as {rows[0].key} and {rows[1].key}" if rows else ""
        raise UnknownNotice(f"{several or f'No notice has the key {key!r}'}: see `notices --json` for the keys.")
    return _notice((exact or rows)[0])


def tell_one(
    connection: Connection,
    key: str,
    challenge: Found,
    occasion: Occasion,
    recipient: str,
    address: str,
    facts: Facts,
    at: Instant,
    compose: Compose,
) -> None:
    """Writes one notice, in a transaction that writes. See `written`."""
    notice = written(key, challenge, occasion, recipient, address, facts, at, compose)
    connection.execute(insert(_notices), notice)


def written(
    key: str,
    challenge: Found,
    occasion: Occasion,
    recipient: str,
    address: str,
    facts: Facts,
    at: Instant,
    compose: Compose,
) -> dict[str, object]:
    """The row of one notice, to be inserted.

    Args:
        key: key of the event. No notice with this key, occasion and recipient exists yet.
        challenge: a row with the challenge's id, question and contact.
        occasion, facts: what the notice is about.
        recipient: id of the recipient.
        address: the recipient's e-mail address.
        at: when.
        compose: finds the words.

    Raises:
        KeyError: the words need a fact that is missing. The caller is wrong.
    """
    letter = compose(occasion, facts | _common(challenge))
    return {
        "key": f"{key}/{occasion}/{recipient}",
        "challenge": challenge.id,
        "occasion": str(occasion),
        "recipient": recipient,
        "address": address,
        "subject": letter.subject,
        "body": letter.body,
        "created_at": at,
    }


def tell_all(connection: Connection, announcement: Announcement, challenge: Found, compose: Compose) -> None:
    """Writes all notices of an announcement, except those to readers: see `tell_readers`.

    Args:
        connection: in a transaction that writes.
        announcement: what is announced, and its key.
        challenge: the row of the challenge.
        compose: finds the words.

    Raises:
        LookupError: a recipient is not in the database. The caller is wrong.
        KeyError: the words need a fact that is missing. The caller is wrong.
    """
    for notice in announcement.notices:
        if isinstance(notice.whom, ToReaders):
            continue
        if isinstance(notice.whom, ToSpokenOf):
            _write_with_feedback(connection, announcement, notice, notice.whom.stage, challenge, compose)
            continue
        if notice.occasion is Occasion.NOT_SELECTED:
            _write_with_feedback(connection, announcement, notice, announcement.entry.stage, challenge, compose)
        letter = compose(notice.occasion, notice.facts | _common(challenge))
        _write_all(connection, announcement, notice, letter, challenge, recipients_of(notice))


def tell_person(
    connection: Connection,
    announcement: Announcement,
    notice: OutgoingNotice,
    facts: Facts,
    person: str,
    challenge: Found,
    compose: Compose,
) -> None:
    """Writes a notice of an announcement to one person of the round, with facts of their own. See `tell_all`."""
    letter = compose(notice.occasion, facts | _common(challenge))
    _write_all(connection, announcement, notice, letter, challenge, only_to_person(person))


def _common(challenge: Found) -> Facts:
    """The facts that every notice has."""
    return {"question": challenge.question, "challenge": challenge.id, "contact": challenge.contact}


def _write_with_feedback(
    connection: Connection,
    announcement: Announcement,
    notice: OutgoingNotice,
    stage: str,
    challenge: Found,
    compose: Compose,
) -> None:
    """Writes a notice of their own to each recipient who has feedback. The others' notices are written after that.

    Feedback is sent once, whatever happens later.
    """
    to = recipients_of(notice)
    feedback = _feedback_on(to.found, len(to.ids))
    for row in feedback.all(connection, to.values(challenge) | {"on": stage}):
        letter = compose(notice.occasion, notice.facts | _common(challenge) | {"feedback": row.text})
        _write_all(connection, announcement, notice, letter, challenge, only_to(row.recipient))
        connection.execute(
            update(_feedback)
            .where(_feedback.c.team == row.recipient, _feedback.c.stage == stage)
            .values(told_at=announcement.entry.at)
        )


@lru_cache
def _feedback_on(found: Callable[[int], Select[Any]], number: int) -> Prepared:
    """The statement that selects the feedback on a stage that none of the recipients was sent yet."""
    to = found(number).subquery()
    return Prepared(
        select(to.c.recipient, _feedback.c.text)
        .join(_feedback, _feedback.c.team == to.c.recipient)
        .where(_feedback.c.stage == bindparam("on"), _feedback.c.told_at.is_(None))
    )


def _write_all(
    connection: Connection,
    announcement: Announcement,
    notice: OutgoingNotice,
    letter: Letter,
    challenge: Found,
    to: Recipients,
) -> None:
    """Writes the same notice to all recipients in one statement, except to those who have a notice with this key."""
    status = announcement.status
    # One recipient may get feedback on several stages at once.
    key = f"{announcement.key}/{notice.whom.stage}" if isinstance(notice.whom, ToSpokenOf) else announcement.key
    waiting_for = status.waits_for if notice.lapses and status else ""
    values = to.values(challenge) | {
        "key": f"{key}/{notice.occasion}/",
        "occasion": str(notice.occasion),
        "subject": letter.subject,
        "body": letter.body,
        "created_at": announcement.entry.at,
        "while_waiting_for": waiting_for,
        "while_until": status.until if waiting_for and status else None,
        "while_payment": notice.payment or None,
    }
    written = _writing(to.found, len(to.ids)).execute(connection, values)
    if isinstance(notice.whom, ToTeams | ToPeople) and written < len(set(to.ids)):
        _check_found(connection, notice, challenge, to)


@lru_cache
def _writing(found: Callable[[int], Select[Any]], number: int) -> Prepared:
    """The statement that writes a notice to all recipients. It is made once: making it takes longer than running it."""
    to = found(number).subquery()
    same = ["challenge", "occasion", "subject", "body", "created_at"]
    same += ["while_waiting_for", "while_until", "while_payment"]
    return unless_there(
        _notices.c.key,
        select(
            (bindparam("key", type_=String) + to.c.recipient).label("key"),
            to.c.recipient,
            to.c.address,
            *(bindparam(name, type_=_notices.c[name].type).label(name) for name in same),
        ).where(to.c.address != ""),  # whoever was erased is told nothing. SQLite also needs a WHERE before ON CONFLICT
    )


def _check_found(connection: Connection, notice: OutgoingNotice, challenge: Found, to: Recipients) -> None:
    """Checks that every recipient is known. A known recipient who got no notice had one before."""
    if notice.occasion in NAMED_IN_A_MESSAGE:
        return
    found = connection.execute(to.found(len(to.ids)), to.values(challenge))
    missing = set(to.ids) - {row.recipient for row in found}
    if missing:
        raise LookupError(
            f"The notice {notice.occasion} about {challenge.id} goes to {sorted(missing)}, who are unknown: "
            "keep the round before anything is announced, and name only applications to this challenge."
        )


def _notice(row: Found) -> Notice:
    known = {name: getattr(row, name) for name in Notice.model_fields if name != "created"}
    return Notice(**known, created=row.created_at)
