"""The check of a selection against the ranking of its stage, in the transaction that announces the selection."""

from __future__ import annotations

from sqlalchemy import Connection

from domain.announcements.announcement import Deciding, Entry
from domain.judging.departure import departure
from domain.judging.ranking import ranking
from domain.values.refusals import ReasonMissing

from . import scorecards
from .tallies import JudgedStage, judged


def departure_of(connection: Connection, challenge: str, entry: Entry, decides: Deciding) -> str:
    """How a selection departs from the ranking, as a clause with ids; empty if it does not, or there is no ranking.

    Args:
        connection: in the transaction that writes the decision. The challenge is locked, so no mark comes in between.
        challenge: id of the challenge.
        entry: the decision's line of the record.
        decides: whom it takes, and from whom.

    Raises:
        ReasonMissing: the selection departs from the ranking and gives no reason.
    """
    scorecard = scorecards.read(connection, challenge, entry.stage) if decides.teams else None
    if scorecard is None:
        return ""
    rows = ranking(scorecard, judged(connection, JudgedStage(challenge, entry.stage, decides.field, scorecard)))
    how = departure(rows, decides.teams, decides.reserve)
    if how and not entry.reason:
        raise ReasonMissing(f"The selection for {entry.stage} departs from the ranking: {how}. Give a reason.")
    return how
