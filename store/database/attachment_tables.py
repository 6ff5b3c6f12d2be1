"""The tables of files whose content is kept outside the database, and of what was attached where."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, String, Table, Text

from .instants import Moment
from .metadata import METADATA

# One row for each content in the store of files. The row is there before the content, and goes after the content.
files = Table(
    "files",
    METADATA,
    Column("id", String, primary_key=True),  # the name in the store
    Column("digest", String, nullable=False),  # of the content; nobody without the keys can tell which content it is
    Column("size", BigInteger, nullable=False),
    Column("key", Text, nullable=False),  # encrypts the content; sealed. Empty once the file is to go
    Column("scan", String, nullable=False),
    Column("scanned_at", Moment),  # when a scanner last answered
    Column("begun_at", Moment, nullable=False),
    Column("stored_at", Moment),  # empty until the whole content is in the store
    Column("going_at", Moment),  # from then on nobody attaches it again, and the content is removed
    CheckConstraint("size > 0", name="a_file_is_not_empty"),
)
Index(
    "files_digest",
    files.c.digest,
    unique=True,
    sqlite_where=files.c.going_at.is_(None),
    postgresql_where=files.c.going_at.is_(None),
)

attachments = Table(
    "attachments",
    METADATA,
    Column("id", String, primary_key=True),
    Column("application", String, nullable=False),  # of a draft, too, which has the id of its application to be
    Column("stage", String, nullable=False),  # empty: the application itself; of evidence, see evidence_tables
    Column("question", String, nullable=False),
    Column("file", ForeignKey("files.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", String, nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("attached_at", Moment),  # empty until the upload has ended
    Column("detached_at", Moment),  # no longer in the draft; kept while it is in what was sent
    Index(None, "application", "stage"),
    Index(None, "file"),
)
