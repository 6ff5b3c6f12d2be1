"""A challenge is cancelled, whatever it waits for."""

from __future__ import annotations

from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.announcements.occasions import Occasion

from .change import announced_to_all, check_may_change, need_reason
from .decisions import Cancel
from .state import Outcome, Phase, State


def cancel(state: State, message: Cancel, now: Instant) -> tuple[State, Announcement]:
    """Ends the challenge, whatever it waits for. Payments that are under way go on.

    Raises:
        Refused: one of its kinds.
    """
    check_may_change(state, message)
    need_reason(message, "A cancellation")
    new = state.having(
        phase=Phase.ENDED,
        held=None,
        decide_by=None,
        outcome=Outcome.CANCELLED,
        outcome_reason=message.reason,
        reminded=now,
        ended=now,
    )
    text = f"Cancelled, while waiting for {state.waiting}"
    facts = {"reason": message.reason}
    window = state.window and state.window.model_copy(update={"held": False, "sealed": True})
    return announced_to_all(new, message, now, text, Occasion.CANCELLED, facts, window=window)
