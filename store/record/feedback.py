"""Sponsors' feedback to applicants and teams that were not selected. It stays in the database, never in Temporal."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import select

from domain.announcements.announcement import Announcement
from store.database import tables
from store.database.database import Database
from store.database.inserts import inserting

from .notices import Compose
from .record import is_selected, put

_feedback, _applications = tables.feedback, tables.applications


def keep(
    database: Database,
    challenge: str,
    team: str,
    text: str,
    stages: tuple[str, ...],
    given: Callable[[bool], Announcement],
    compose: Compose,
) -> Announcement:
    """Keeps the feedback on a team's application for a stage. New feedback replaces the old.

    The challenge is locked meanwhile, so the feedback goes out exactly once: a decision announced before is seen here,
    and a decision announced later finds the feedback.

    Args:
        database: where to.
        challenge: id of the challenge.
        team: id of the application.
        text: the feedback.
        stages: the stage that the feedback is about, and those after it: a selection for any of them settles the stage.
        given: makes the announcement. It gets whether a decision that settles the stage was announced.
        compose: finds the words of notices.

    Returns:
        The announcement.

    Raises:
        UnknownChallenge: there is no such challenge.
        UnknownTeam: the team is not an application to that challenge, or it was withdrawn.
        Unavailable: the database cannot be written to.
        Refused: `given` refuses the feedback. Nothing is kept.
    """
    with database.writing() as connection:
        announcement = given(is_selected(connection, challenge, stages))
        put(connection, announcement, compose)
        entry = announcement.entry
        insertion = inserting(connection, _feedback).values(
            team=team,
            stage=entry.stage,
            text=text,
            given_by=entry.by,
            given_at=entry.at,
            told_at=entry.at if announcement.notices else None,
        )
        connection.execute(
            insertion.on_conflict_do_update(
                index_elements=["team", "stage"],
                set_={name: insertion.excluded[name] for name in ("text", "given_by", "given_at", "told_at")},
            )
        )
        return announcement


def read_kept(database: Database, challenge: str, stage: str) -> Mapping[str, str]:
    """The feedback on a stage that waits for the decision, by the ids of the applications.

    Args:
        database: where from.
        challenge: id of the challenge.
        stage: name of the stage.

    Raises:
        Unavailable: the database cannot be read.
    """
    waiting = (
        select(_feedback.c.team, _feedback.c.text)
        .join(_applications, _applications.c.id == _feedback.c.team)
        .where(_applications.c.challenge == challenge, _feedback.c.stage == stage, _feedback.c.told_at.is_(None))
    )
    with database.reading() as connection:
        return {row.team: row.text for row in connection.execute(waiting)}
