"""Challenges that ask selected teams for further proposals."""

from __future__ import annotations

from whenever import TimeDelta

from domain.announcements.announcement import Announcement, OutgoingNotice
from domain.announcements.occasions import Occasion
from domain.challenges import deadlines
from domain.challenges.state import State
from domain.programmes.programme import Asks, CountedFrom, Without
from tests.domain.challenges import (
    FULLER,
    asking,
    exploring,
)

AT_ONCE = FULLER.model_copy(update={"counted_from": CountedFrom.SELECTION})
AS_IT_WAS = FULLER.model_copy(update={"without": Without.AS_IT_WAS})
HOUR, DAY = TimeDelta(hours=1), TimeDelta(hours=24)


def asked(fuller: Asks = FULLER) -> State:
    """A, B and C have explored, and are asked for a fuller proposal before the accelerator."""
    state = exploring(*asking(fuller))
    return deadlines.stage_ended(state, state.run.ends)[0]


def sealed(state: State, *sent: str) -> tuple[State, Announcement]:
    """The window has closed, and these have sent their proposals."""
    assert state.deadline is not None
    return deadlines.sealed(state, len(sent), state.deadline, sent)


def told(announcement: Announcement, occasion: Occasion) -> list[OutgoingNotice]:
    """The notices of an occasion."""
    return [notice for notice in announcement.notices if notice.occasion is occasion]
