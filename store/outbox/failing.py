"""Notices that failed: operators are told about them, and a person can send them again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Update, select, update
from whenever import Instant

from domain.announcements.occasions import Occasion
from domain.values.refusals import NotSentAgain
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.record.notices import Compose, find_notice, tell_one

from .lapsing import why_lapsed, with_what_they_hang_on

_notices, _challenges = tables.notices, tables.challenges
_people, _applications = tables.people, tables.applications
_PEOPLE = TotalOrder(_people.c.round, _people.c.id)

_UNTOLD = (Occasion.ATTENTION, Occasion.APPLICATION_REFUSED)
"""Nobody is told if one of these does not arrive: a call for operators, or an answer to somebody who did not apply."""


def fail(connection: Connection, row: Found, reason: str, now: Instant, compose: Compose) -> None:
    """Gives a notice up, and tells the operators of its challenge, who can reach people in other ways.

    Nobody is told about a notice that no channel was ever asked to take: such notices were meant to stay in the outbox.
    """
    change(connection, row.key, now, status="failed", reason=reason, next_try=None)
    challenge = connection.execute(select(_challenges).where(_challenges.c.id == row.challenge)).one()
    operators = connection.execute(
        # The operators are the people whom the challenge names as its contact.
        select(_people.c.id, _people.c.email)
        .where(_people.c.round == challenge.round, _people.c.email.in_(challenge.contact.split(" or ")))
        .order_by(*_PEOPLE)
    ).all()
    if row.occasion in _UNTOLD or not row.channel:
        return
    # A notice that a person sent again may fail again.
    key = f"{row.key}/failed/{row.resent_at}" if row.resent_at else f"{row.key}/failed"
    facts = {"what": f"the notice {row.occasion} did not reach {row.recipient}: {reason}"}
    for operator in operators:
        if operator.id != row.recipient:
            tell_one(connection, key, challenge, Occasion.ATTENTION, operator.id, operator.email, facts, now, compose)


def send_again(database: Database, key: str, now: Instant) -> str:
    """Sends a failed notice again because a person asks for it, to the recipient's current address.

    Args:
        database: where it is.
        key: the notice's key, or the end of the key.
        now: the present.

    Returns:
        The notice's key.

    Raises:
        UnknownNotice: there is no such notice, or several match.
        NotSentAgain: the notice did not fail, or is no longer true.
        Unavailable: the database cannot be read or written.
    """
    found = find_notice(database, key)
    with database.writing() as connection:
        wanted = with_what_they_hang_on().where(_notices.c.key == found.key).with_for_update(of=_notices)
        row = connection.execute(wanted).one()
        if row.status != "failed":
            raise NotSentAgain(f"{row.key} is {row.status}: only what has failed is sent again.")
        if not row.body:
            raise NotSentAgain(f"{row.key} is not sent again: {row.reason}.")
        lapsed = why_lapsed(connection, row, now)
        if lapsed:
            raise NotSentAgain(f"{row.key} is not sent again: {lapsed}")
        afresh = {"status": "created", "reason": "", "reference": "", "tries": 0, "maybe_sent": 0}
        change(connection, row.key, now, **afresh, address=_address(connection, row), next_try=now, resent_at=now)
    return found.key


def _address(connection: Connection, row: Found) -> str:
    """The recipient's current address. The old address if the service does not know the recipient."""
    of_person = (
        select(_people.c.email)
        .join(_challenges, _challenges.c.round == _people.c.round)
        .where(_challenges.c.id == row.challenge, _people.c.id == row.recipient)
    )
    of_applicant = select(_applications.c.email).where(
        _applications.c.challenge == row.challenge, _applications.c.id == row.recipient
    )
    known = connection.scalar(of_person) or connection.scalar(of_applicant)
    return known or str(row.address)


def change(connection: Connection, key: str, now: Instant, **values: Any) -> None:
    """Changes a notice that the transaction has locked."""
    connection.execute(changed(now, **values).where(_notices.c.key == key))


def changed(now: Instant, **values: Any) -> Update:
    """An update of notices. The caller adds which ones."""
    return update(_notices).values(status_at=now, **values)
