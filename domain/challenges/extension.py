"""The window closes at a later instant."""

from __future__ import annotations

from collections.abc import Iterator

from whenever import Instant, TimeDelta

from domain.announcements.announcement import Announcement
from domain.announcements.occasions import Occasion
from domain.values.refusals import DeadlineRefused, TooLate, refuse_for_all

from . import further
from .change import announced_to_all, check_may_change, check_not_held, no_reason
from .decisions import Extend
from .state import State

_LONGEST_EXTENSION = TimeDelta(hours=2 * 366 * 24)


def extend(state: State, message: Extend, now: Instant) -> tuple[State, Announcement]:
    """Moves the closing of the window to a later instant; everybody is told.

    Raises:
        Refused: one of its kinds.
    """
    check_may_change(state, message)
    check_not_held(state)
    window = state.window
    if window is None or now >= window.closes:
        closed = window.closes if window else state.further[-1].closes if state.further else state.closes
        raise TooLate(
            f"The window of {state.challenge.id} closed on {state.at(closed)} for good: it cannot be extended."
        )
    refuse_for_all([*no_reason(message, "Moving a deadline"), *_wrong_deadline(state, message, window.closes, now)])
    new = _closing_at(state, message.closes).having(reminded=now)
    which = f"Window for {state.title_of(window.stage)}" if window.stage else "Window"
    text = f"{which} closes on {new.at(message.closes)} instead of {state.at(window.closes)}"
    facts = further.moved_facts(state) | {
        "closes": new.at(message.closes),
        "was": state.at(window.closes),
        "reason": message.reason,
    }
    return announced_to_all(
        new,
        message,
        now,
        text,
        Occasion.DEADLINE_MOVED,
        facts,
        window=new.window,
        teams=new.field if new.asked else None,
    )


def _closing_at(state: State, closes: Instant) -> State:
    """The challenge whose window, of applications or of further proposals, closes at another instant."""
    if state.asked is None:
        return state.having(closes=closes)
    moved = state.asked.model_copy(update={"closes": closes})
    return state.having(further=(*state.further[:-1], moved))


def _wrong_deadline(state: State, message: Extend, present: Instant, now: Instant) -> Iterator[DeadlineRefused]:
    if message.closes <= now:
        yield DeadlineRefused(f"{state.at(message.closes)} is in the past: choose a time in the future.")
    elif message.closes <= present:
        yield DeadlineRefused(
            f"{state.at(message.closes)} is not after {state.at(present)}: "
            "a deadline only moves to a later time, because applicants rely on it."
        )
    elif message.closes > now + _LONGEST_EXTENSION:
        yield DeadlineRefused(f"{state.at(message.closes)} is more than two years away: check the date.")
