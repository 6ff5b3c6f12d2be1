"""Reads all that the service has of the person behind a mailbox, for that person: no secrets, and nothing of others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, select
from whenever import Instant

from store.database import tables
from store.database.database import Database

_notices, _feedback, _files, _attachments = tables.notices, tables.feedback, tables.files, tables.attachments


class _Part(NamedTuple):
    """Rows that are shown.

    Args:
        table: where from.
        columns: which.
        key: the column that says whose they are: a mailbox, or an application.
        also: what else must hold.
    """

    table: Table
    columns: str
    key: str
    also: Sequence[ColumnElement[bool]] = ()


_OF_MAILBOX = {
    "roles": _Part(tables.people, "round id name email former role sponsor issuer subject", "mailbox"),
    "applications": _Part(
        tables.applications,
        "id challenge organisation email form answers received sent_at version withdrawn",
        "mailbox",
    ),
    "drafts": _Part(tables.drafts, "application stage challenge organisation email form begun_at", "mailbox"),
    "writing with others": _Part(tables.writers, "application invited_by since until", "mailbox"),
    "questions": _Part(tables.questions, "challenge text asked_at answer answered_at", "mailbox"),
    "sign-ins": _Part(tables.sessions, "way where begun_at used_at ends_at ended_at", "mailbox"),
    "links": _Part(tables.links, "address asked_at ends_at used_at ended_at", "mailbox"),
    "passkeys": _Part(tables.passkeys, "name made_at used_at removed_at", "mailbox"),
    "terminal keys": _Part(tables.terminal_keys, "made_by made_at used_at ended_at", "mailbox"),
    "calendars": _Part(tables.calendar_feeds, "made_at ended_at", "mailbox"),
}
_OF_APPLICATION = {
    "all that was typed": _Part(
        tables.draft_answers, "application stage question version counts answer saved_at", "application"
    ),
    "further proposals": _Part(tables.proposals, "application stage form answers sent_at version", "application"),
    "files": _Part(
        _attachments, "application stage question name kind begun_at attached_at detached_at", "application"
    ),
    "evidence": _Part(tables.evidence_sent, "team stage number version statement sent_at", "team"),
    "evidence not sent": _Part(tables.evidence_drafts, "team stage number statement saved_at", "team"),
    "feedback": _Part(_feedback, "team stage text given_at", "team", (_feedback.c.told_at.is_not(None),)),
    "bank details": _Part(tables.payees, "team version masked country given_at", "team"),
    "payments": _Part(tables.payments, "team stage number of net vat currency status requested_at pay_by", "team"),
    "letters": _Part(_notices, "challenge recipient subject body created_at status", "recipient"),
}
_JSON = ("answers",)


def read(database: Database, mailbox: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """All that the service has of somebody, by subject. Moments are in UTC; money is in pence.

    Bank details are masked: the service shows them whole to nobody.

    Args:
        database: where from.
        mailbox: as `mailbox_of` writes it.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        own = {name: _rows(connection, part, [mailbox]) for name, part in _OF_MAILBOX.items()}
        ids = {each["id"] for each in own["applications"]} | {each["application"] for each in own["drafts"]}
        theirs = {name: _rows(connection, part, sorted(ids)) for name, part in _OF_APPLICATION.items()}
    return {name: rows for name, rows in (own | theirs).items() if rows}


def _rows(connection: Connection, part: _Part, whose: Iterable[str]) -> list[Mapping[str, Any]]:
    columns = [part.table.c[name] for name in part.columns.split()]
    found = connection.execute(select(*columns).where(part.table.c[part.key].in_(whose), *part.also))
    return sorted(({name: _shown(name, value) for name, value in row._mapping.items()} for row in found), key=str)


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, Instant):
        return value.format_iso()
    return json.loads(value) if name in _JSON and value else value
