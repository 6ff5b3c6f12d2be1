"""What the domain's calendar says of the dates in a story."""

from __future__ import annotations

from whenever import Instant

from domain.challenges.state import State
from domain.values.calendar import later
from tests.play import Play


def selection_due(play: Play, state: State, since: str) -> Instant:
    """When a selection is due that was invited by the last line of an action in the record."""
    invited = play.record(since)[-1].at
    return later(invited, state.filling.decision_within, state.zone, play.programme.holidays)


def stage_ends(play: Play, state: State) -> Instant:
    """When the stage under way ends, counted from when it began."""
    return later(state.run.begins, state.filling.duration, state.zone, play.programme.holidays)


def happened_at(play: Play, action: str, moment: Instant) -> bool:
    """Whether the last line of an action in the record is of that moment, give or take a second on the way."""
    return 0 <= (play.record(action)[-1].at - moment).total("seconds") < 1
