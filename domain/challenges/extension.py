"""The window closes at a later instant."""

from __future__ import annotations

from collections.abc import Iterator

from whenever import Instant, TimeDelta

from domain.announcements.announcement import Announcement
from domain.announcements.occasions import Occasion
from domain.values.refusals import DeadlineRefused, TooLate, refuse_for_all

from .change import announced_to_all, check_may_change, check_not_held, no_reason
from .decisions import Extend
from .state import Phase, State

_LONGEST_EXTENSION = TimeDelta(hours=2 * 366 * 24)


def extend(state: State, message: Extend, now: Instant) -> tuple[State, Announcement]:
    """Moves the closing of the window to a later instant; everybody is told.

    Raises:
        Refused: one of its kinds.
    """
    check_may_change(state, message)
    check_not_held(state)
    if state.phase is not Phase.WINDOW or now >= state.closes:
        raise TooLate(
            f"The window of {state.challenge.id} closed on {state.at(state.closes)} for good: it cannot be extended."
        )
    refuse_for_all([*no_reason(message, "Moving a deadline"), *_wrong_deadline(state, message, now)])
    new = state.having(closes=message.closes, reminded=now)
    text = f"Window closes on {new.at(new.closes)} instead of {state.at(state.closes)}"
    facts = {"closes": new.at(new.closes), "was": state.at(state.closes), "reason": message.reason}
    return announced_to_all(new, message, now, text, Occasion.DEADLINE_MOVED, facts, window=new.window)


def _wrong_deadline(state: State, message: Extend, now: Instant) -> Iterator[DeadlineRefused]:
    if message.closes <= now:
        yield DeadlineRefused(f"{state.at(message.closes)} is in the past: choose a time in the future.")
    elif message.closes <= state.closes:
        yield DeadlineRefused(
            f"{state.at(message.closes)} is not after {state.at(state.closes)}: "
            "a deadline only moves to a later time, because applicants rely on it."
        )
    elif message.closes > now + _LONGEST_EXTENSION:
        yield DeadlineRefused(f"{state.at(message.closes)} is more than two years away: check the date.")
