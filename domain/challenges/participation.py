"""A citizen participation session was held."""

from __future__ import annotations

from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.values.calendar import spoken_day
from domain.values.refusals import DeadlineRefused, NotAllowed, Problem, TooEarly
from domain.values.wording import counted

from .change import check_may_change, check_stage_known, entry_of, key_of
from .decisions import Participate
from .stage_run import Session
from .state import State


def participate(state: State, message: Participate, now: Instant) -> tuple[State, Announcement]:
    """Records that a citizen participation session was held.

    Raises:
        Refused: one of its kinds.
    """
    check_may_change(state, message)
    check_stage_known(state, message.stage)
    run = next((run for run in state.runs if run.stage == message.stage), None)
    if run is None:
        raise TooEarly(f"{message.stage} of {state.challenge.id} has not begun: report a session after it was held.")
    if state.role_of(message.by) == "team" and message.by not in run.active:
        raise NotAllowed(
            f"{message.by} is not in {message.stage} of {state.challenge.id}: "
            "a team that is in the stage can report the session."
        )
    first, last = (instant.to_tz(state.zone).date() for instant in (run.begins, run.ended or now))
    if not first <= message.on <= last:
        end = f"{last}, when it ended" if run.ended else f"today, {last}"
        text = f"{message.on} is not between {first}, when {message.stage} began, and {end}: correct the date."
        raise DeadlineRefused.for_problems([Problem(field="on", text=text)])
    sessions = (*run.sessions, Session(on=message.on, people=message.people))
    new = state.having(
        runs=tuple(
            each.model_copy(update={"sessions": sessions}) if each.stage == run.stage else each for each in state.runs
        )
    )
    people = counted(message.people, "person", "people")
    text = f"Citizen participation session on {spoken_day(message.on)} with {people}"
    return new.telling(now, text), Announcement(
        key=key_of(state, message),
        challenge=state.challenge.id,
        entry=entry_of(new, message, now, text).model_copy(
            update={"stage": message.stage, "reason": message.summary},
        ),
    )
