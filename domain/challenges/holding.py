"""A challenge is put on hold or resumed."""

from __future__ import annotations

from collections.abc import Callable

from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.announcements.occasions import Occasion
from domain.values.calendar import pushed_back
from domain.values.refusals import TooLate

from .change import announced_to_all, check_may_change, check_not_held, need_reason
from .decisions import Hold, Resume
from .stage_run import FurtherWindow, StageRun
from .state import Hold as Held
from .state import Phase, State


def hold(state: State, message: Hold, now: Instant) -> tuple[State, Announcement]:
    """Stops the challenge's clock: no deadline passes and nothing is decided until the challenge is resumed.

    Raises:
        Refused: one of its kinds.
    """
    check_may_change(state, message)
    need_reason(message, "A hold")
    check_not_held(state)
    if state.phase is Phase.WINDOW and state.window and now >= state.window.closes:
        raise TooLate(
            f"The window of {state.challenge.id} has just closed: hold the challenge once the window is sealed."
        )
    new = state.having(held=Held(since=now, by=message.by, reason=message.reason))
    text = f"On hold, while waiting for {state.waiting}"
    facts = {"reason": message.reason, "waits_for": state.waiting}
    window = new.window if new.window and new.window.held else None
    return announced_to_all(new, message, now, text, Occasion.HELD, facts, window=window)


def resume(state: State, message: Resume, now: Instant) -> tuple[State, Announcement]:
    """Restarts the challenge's clock. The present deadline moves by the length of the hold.

    Raises:
        Refused: one of its kinds.
    """
    check_may_change(state, message)
    if state.held is None:
        raise TooLate(f"{state.challenge.id} is not on hold: there is nothing to resume.")
    since = state.held.since

    def later(deadline: Instant) -> Instant:
        return pushed_back(deadline, since, now, state.zone)

    new = state.having(held=None, reminded=now)
    if state.asked and since < state.asked.closes:
        new = new.having(further=(*state.further[:-1], _window_moved(state.asked, since, later)))
    if state.takes_applications:
        new = new.having(closes=later(state.closes), opens=state.opens if state.opened else later(state.opens))
    elif state.phase is Phase.DECIDING and state.decide_by is not None:
        new = new.having(decide_by=later(state.decide_by))
    elif state.phase is Phase.RUNNING:
        new = new.having(runs=(*state.runs[:-1], _moved(state.run, later)))
    assert new.deadline is not None, "only a challenge that goes on can be held"
    text = f"Resumed; {new.next_turn} on {new.turns_at}"
    facts = {"reason": message.reason, "turn": new.next_turn, "until": new.turns_at}
    window = new.window if state.window and state.window.held else None
    return announced_to_all(new, message, now, text, Occasion.RESUMED, facts, window=window)


def _window_moved(window: FurtherWindow, since: Instant, later: Callable[[Instant], Instant]) -> FurtherWindow:
    """The window of further proposals with a later closing; also with a later opening, if it was not open yet."""
    opens = window.opens if window.opens <= since else later(window.opens)
    return window.model_copy(update={"opens": opens, "closes": later(window.closes)})


def _moved(run: StageRun, later: Callable[[Instant], Instant]) -> StageRun:
    """The stage under way, with later ends for the teams for which it goes on."""
    ends = later(run.ends) if any(team.ends is None for team in run.working) else run.ends
    teams = (
        team.model_copy(update={"ends": later(team.ends)}) if team.ends and team in run.working else team
        for team in run.teams
    )
    return run.model_copy(update={"ends": ends, "teams": tuple(teams)})
