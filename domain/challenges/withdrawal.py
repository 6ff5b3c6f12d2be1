"""An applicant or a team withdraws, or an operator withdraws it."""

from __future__ import annotations

from whenever import Instant

from domain.announcements.announcement import Announcement, Impartial, OutgoingNotice, to_people, to_teams
from domain.announcements.occasions import Occasion
from domain.permissions import Action, Role
from domain.values.refusals import NotAllowed, TooLate

from . import further
from .awards import status_of
from .change import check_goes_on, entry_of, key_of, need_reason
from .decisions import Withdraw
from .feedback import kept_words
from .selection import place_in_words
from .stage_run import Team
from .state import Outcome, Phase, State


def withdraw(state: State, message: Withdraw, now: Instant) -> tuple[State, Announcement]:
    """Withdraws an applicant or a team. The first of the reserve may take its place in the stage under way.

    The challenge ends if no team is left.

    Raises:
        Refused: one of its kinds.
    """
    if message.by != message.team:
        if state.role_of(message.by) == Role.TEAM:
            raise NotAllowed(f"{message.by} may not withdraw {message.team}: a team can withdraw only itself.")
        state.check_may(Action.WITHDRAW, message.by)
    check_goes_on(state)
    need_reason(message, "A withdrawal")
    left = next((team for team in (state.run.teams if state.runs else ()) if team.id == message.team), None)
    if left is not None and left.left is not None:
        raise TooLate(f"{message.team} left {state.title_of(state.run.stage)} on {state.at(left.left)}.")
    if left is None:
        return _application_withdrawn(state, message, now)
    return _team_left(state, left, message, now)


def _team_left(state: State, left: Team, message: Withdraw, now: Instant) -> tuple[State, Announcement]:
    """A team leaves the stage under way. A team from the reserve comes in, or the challenge ends if no team is left."""
    new = state.having_run(
        teams=tuple(team.model_copy(update={"left": now}) if team.id == left.id else team for team in state.run.teams)
    )
    title = state.title_of(state.run.stage)
    text = f"{left.id} left {title}"
    notices = [_withdrawn(message)]
    if message.replace and left in state.run.working and state.run.reserve:
        first, *rest = state.run.reserve
        heir = Team(id=first, since=now, award=left.award, ends=left.ends)
        new = new.having_run(teams=(*new.run.teams, heir), reserve=tuple(rest))
        text += f"; {first} takes its place from the reserve"
        notices.append(to_teams((first,), Occasion.FROM_RESERVE, place_in_words(new, state.filling, heir)))
        notices += further.invitations(new, (first,), now)
    elif not new.field:
        reason = f"every team has left {title}"
        new = _discontinued(new, reason, now)
        text += f"; {reason}, and the challenge ends: {Outcome.DISCONTINUED}"
    new = new.telling(now, f"{text}, by {message.by}: {message.reason}")
    notices.append(to_people(state.in_charge, Occasion.TEAM_LEFT, {"reason": message.reason, "what": text}))
    if new.phase is Phase.ENDED:
        notices += _told_of_the_end(new)
    return new, Announcement(
        key=key_of(state, message),
        challenge=state.challenge.id,
        entry=entry_of(new, message, now, text),
        status=status_of(new),
        notices=tuple(notices),
        window=further.window_after(state, new),
        withdrawn=message.team,
        impartial=_impartial(message),
    )


def _impartial(message: Withdraw) -> Impartial | None:
    """An operator who withdraws a competitor of somebody they know decides on it. Nobody declares before the seal."""
    if message.by == message.team:
        return None
    return Impartial(towards=(message.team,), declares_first=False)


def _discontinued(state: State, reason: str, now: Instant) -> State:
    return state.having(
        phase=Phase.ENDED,
        outcome=Outcome.DISCONTINUED,
        outcome_reason=reason,
        held=None,
        decide_by=None,
        reminded=now,
        ended=now,
    )


def _told_of_the_end(state: State) -> list[OutgoingNotice]:
    """What the reserve and those in charge are told once every team has left."""
    ending = {"stage": state.filling.title, "reason": state.outcome_reason}
    reserve = state.run.in_reserve
    return [
        *([to_teams(reserve, Occasion.NOT_CONTINUED, ending)] if reserve else []),
        to_people(state.in_charge, Occasion.NOT_CONTINUED, ending),
        *kept_words(state),
    ]


def _withdrawn(message: Withdraw) -> OutgoingNotice:
    """The notice to the team that is out. It also says who withdrew the team."""
    by = "you" if message.by == message.team else "the programme office"
    return to_teams((message.team,), Occasion.WITHDRAWN, {"reason": message.reason, "by": by})


def _application_withdrawn(state: State, message: Withdraw, now: Instant) -> tuple[State, Announcement]:
    """Withdraws an application that is in no stage under way. The database checks that it exists."""
    new = state
    if state.runs and message.team in state.run.reserve:
        new = state.having_run(reserve=tuple(team for team in state.run.reserve if team != message.team))
    text = f"{message.team} withdrew its application"
    new = new.telling(now, f"{text}: {message.reason}")
    return new, Announcement(
        key=key_of(state, message),
        challenge=state.challenge.id,
        entry=entry_of(new, message, now, text),
        notices=(_withdrawn(message),),
        applications=(message.team,),
        withdrawn=message.team,
        impartial=_impartial(message),
    )
