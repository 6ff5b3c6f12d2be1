"""What sponsors say to applicants and teams that they do not take. It stays here: Temporal never has it."""

from __future__ import annotations

from domain.announcement import Announcement

from . import tables
from .database import Database
from .inserts import inserting
from .notices import Compose
from .record import put

_feedback = tables.feedback


def keep(database: Database, team: str, stage: str, text: str, announcement: Announcement, compose: Compose) -> None:
    """Keeps what is said of a team's try for a stage. Said again, it is replaced.

    Args:
        database: where to.
        team: an application to the challenge of the announcement.
        stage: the stage that it is, or was, not taken into.
        text: what is said.
        announcement: who says it, and who is told at once, if anybody.
        compose: finds the words of notices.

    Raises:
        UnknownTeam: it is no application to that challenge, or was withdrawn.
        Unavailable: the database cannot be written to.
    """
    entry = announcement.entry
    with database.writing() as connection:
        put(connection, announcement, compose)
        insertion = inserting(connection, _feedback).values(
            team=team, stage=stage, text=text, given_by=entry.by, given_at=entry.at
        )
        connection.execute(
            insertion.on_conflict_do_update(
                index_elements=["team", "stage"],
                set_={name: insertion.excluded[name] for name in ("text", "given_by", "given_at")},
            )
        )
