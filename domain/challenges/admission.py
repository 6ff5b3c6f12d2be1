"""One late application is admitted, by way of exception, as after an outage."""

from __future__ import annotations

from whenever import Instant

from domain.announcements.announcement import Announcement, to_people, to_teams
from domain.announcements.occasions import Occasion
from domain.values.refusals import NotAllowed, TooEarly, TooLate
from domain.values.wording import counted

from .change import announced_by, check_may_change, check_not_held, need_reason
from .decisions import Admit
from .state import State


def admit(state: State, message: Admit, now: Instant) -> tuple[State, Announcement]:
    """Admits an application after the closing, if the programme allows it, before teams are selected for a stage.

    The database refuses the announcement if somebody has read an application.

    Raises:
        Refused: one of its kinds.
    """
    check_may_change(state, message)
    if not state.programme.late_applications:
        raise NotAllowed(
            f"The programme {state.programme.id} takes no application after the closing: "
            "it would have to say late_applications = true when the challenge is opened."
        )
    check_not_held(state)
    need_reason(message, "To admit a late application")
    if state.takes_applications:
        closes = state.at(state.closes)
        raise TooEarly(f"The window of {state.challenge.id} is not sealed yet. It closes: {closes}. Apply as usual.")
    if state.runs:
        first = state.runs[0]
        raise TooLate(
            f"Teams were selected for {state.title_of(first.stage)} on {state.at(first.begins)}: "
            "it is too late for another application."
        )
    number = (state.applications or 0) + 1
    facts = {"application": message.application, "closes": state.at(state.closes), "reason": message.reason}
    told = (
        to_teams((message.application,), Occasion.APPLICATION_ADMITTED, facts),
        to_people(state.in_charge, Occasion.APPLICATION_ADMITTED, facts),
    )
    text = f"Late application {message.application} admitted; there are {counted(number, 'application')} now"
    new, announcement = announced_by(state.having(applications=number), message, now, text, told)
    return new, announcement.model_copy(update={"admitted": message.application})
