"""The decisions on evidence, as teams read them. The workflow decides, and its announcement is written down here."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from domain.announcements.announcement import Judged
from store.database import tables


def keep(connection: Connection, line: str, judged: Judged) -> None:
    """Writes a decision down.

    Args:
        connection: in the transaction of the announcement.
        line: the key of its line in the record, which says who has decided, when and why.
        judged: the decision.
    """
    connection.execute(insert(tables.evidence_judged).values(line=line, **dict(judged)))
