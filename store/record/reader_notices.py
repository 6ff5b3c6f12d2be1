"""Notices to readers: each is told how much they have left to mark. The store alone knows who reads what."""

from __future__ import annotations

from sqlalchemy import Connection

from domain.announcements.announcement import Announcement, ToReaders
from domain.values.wording import counted
from store.database.tables import Found
from store.judging import scorecards
from store.judging.tallies import JudgedStage, progress

from .notices import Compose, tell_person


def tell_readers(connection: Connection, announcement: Announcement, challenge: Found, compose: Compose) -> None:
    """Writes the notices of an announcement to readers: see `ToReaders`.

    Args:
        connection: in a transaction that writes.
        announcement: what is announced, and its key.
        challenge: the row of the challenge.
        compose: finds the words.

    Raises:
        KeyError: the words need a fact that is missing. The caller is wrong.
    """
    for notice in announcement.notices:
        whom = notice.whom
        card = scorecards.read(connection, challenge.id, whom.stage) if isinstance(whom, ToReaders) else None
        if card is None or not isinstance(whom, ToReaders):
            continue
        for reader in progress(connection, JudgedStage(challenge.id, whom.stage, whom.field, card)).readers:
            if reader.left:
                known = {
                    "left": counted(reader.left, "application"),
                    "criteria": "\n".join(each.weighed for each in card.criteria),
                }
                facts = {name: known.get(name, fact) for name, fact in notice.facts.items()}
                tell_person(connection, announcement, notice, facts, reader.person, challenge, compose)
