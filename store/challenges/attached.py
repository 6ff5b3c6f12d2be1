"""What is attached to a draft, or was sent with an application, as the rows say it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from domain.forms.attachments import Attachment, FileKind, Scan
from domain.values.model import Value
from store.database import tables
from store.database.ordering import TotalOrder
from store.database.prepared import Prepared
from store.database.tables import Found

_attachments, _files = tables.attachments, tables.files
AS_ATTACHED = TotalOrder(_attachments.c.begun_at, _attachments.c.id)


class Kept(Value):
    """Where the content of a file is kept.

    Args:
        file: its name in the store.
        key: encrypts it; sealed.
        size: in bytes.
        is_whole: whether the whole content is in the store.
    """

    file: str
    key: str
    size: int
    is_whole: bool


def of_draft(connection: Connection, application: str, stage: str) -> tuple[Attachment, ...]:
    """What is attached to a draft now, in the order in which it was attached."""
    return tuple(attachment_of(row) for row in _OF_DRAFT.all(connection, {"draft": application, "of_stage": stage}))


def wanted() -> Select[Any]:
    """Selects attachments with what is known of their files."""
    its = (_files.c.size, _files.c.scan, _files.c.key, _files.c.stored_at)
    return select(_attachments, *its).join_from(_attachments, _files)


_OF_DRAFT = Prepared(
    wanted()
    .where(
        _attachments.c.application == bindparam("draft"),
        _attachments.c.stage == bindparam("of_stage"),
        _attachments.c.attached_at.is_not(None),
        _attachments.c.detached_at.is_(None),
    )
    .order_by(*AS_ATTACHED)
)


def attachment_of(row: Found) -> Attachment:
    """The attachment in a row that `wanted` selects."""
    return Attachment(
        id=row.id,
        application=row.application,
        stage=row.stage,
        question=row.question,
        name=row.name,
        kind=FileKind(row.kind),
        size=row.size,
        scan=Scan(row.scan),
        attached=row.attached_at,
    )


def kept_of(row: Found) -> Kept:
    """Where its content is kept."""
    return Kept(file=row.file, key=row.key, size=row.size, is_whole=row.stored_at is not None)
