"""Sponsors' feedback to applicants and teams that were not selected. It stays here, and never goes to Temporal."""

from __future__ import annotations

from collections.abc import Callable

from domain.announcements.announcement import Announcement
from store.database import tables
from store.database.database import Database
from store.database.inserts import inserting

from .notices import Compose
from .record import is_selected, put

_feedback = tables.feedback


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

    Nothing is announced about the challenge meanwhile, so that the words go out either now or with the decision: a
    decision that is announced first is seen here, and one that comes after it finds the words.

    Args:
        database: where to.
        challenge: id of the challenge.
        team: an application to it.
        text: what is said.
        stages: the stage that it is, or was, not taken into; and those after it, a selection for which settles it too.
        given: makes the announcement, of who says it and who is told at once, if anybody. It is told whether a
            decision that settles the stage was announced.
        compose: finds the words of notices.

    Returns:
        What was announced.

    Raises:
        UnknownChallenge: there is no such challenge.
        UnknownTeam: it is no application to that challenge, or was withdrawn.
        Unavailable: the database cannot be written to.
        Refused: as `given` raises it; then nothing is kept.
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
