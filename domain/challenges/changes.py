"""What else people may do to a challenge: move its deadline, withdraw, hold, resume, cancel, tell of a session."""

from __future__ import annotations

from whenever import Instant, TimeDelta

from domain.announcements.announcement import (
    Announcement,
    Entry,
    OutgoingNotice,
    ToApplicants,
    Window,
    to_people,
    to_teams,
    while_so,
)
from domain.announcements.occasions import Occasion
from domain.permissions import Action, Role
from domain.values.calendar import pushed_back, spoken_day
from domain.values.refusals import (
    DeadlineRefused,
    NotAllowed,
    OnHold,
    Problem,
    ReasonMissing,
    TooEarly,
    TooLate,
    UnknownStage,
)
from domain.values.wording import counted

from .decisions import Cancel, Decision, Extend, Hold, Participate, Resume, Withdraw
from .feedback import kept_words
from .selection import place_in_words
from .state import Hold as Held
from .state import Outcome, Phase, Session, State, Team

_LONGEST_EXTENSION = TimeDelta(hours=2 * 366 * 24)


def extend(state: State, message: Extend, now: Instant) -> tuple[State, Announcement]:
    """Moves the closing of the window to a later instant; everybody is told.

    Raises:
        Refused: one of its kinds.
    """
    _check(state, message)
    _need_reason(message, "Moving a deadline")
    _check_not_held(state)
    if state.phase is not Phase.WINDOW or now >= state.closes:
        raise TooLate(f"The window of {state.challenge.id} closed on {state.at(state.closes)} for good.")
    if message.closes <= now:
        raise DeadlineRefused(f"{state.at(message.closes)} is in the past: move the deadline to a time to come.")
    if message.closes <= state.closes:
        raise DeadlineRefused(
            f"{state.at(message.closes)} is not after {state.at(state.closes)}, which applicants rely on: "
            "a deadline only moves to a later time."
        )
    if message.closes > now + _LONGEST_EXTENSION:
        raise DeadlineRefused(f"{state.at(message.closes)} is more than two years away: write it anew.")
    new = state.having(closes=message.closes, reminded=now)
    text = f"Window closes on {new.at(new.closes)} instead of {state.at(state.closes)}"
    facts = {"closes": new.at(new.closes), "was": state.at(state.closes), "reason": message.reason}
    return _announced(new, message, now, text, Occasion.DEADLINE_MOVED, facts, window=new.window)


def withdraw(state: State, message: Withdraw, now: Instant) -> tuple[State, Announcement]:
    """Takes out an applicant or a team; the first of the reserve may take its place in the stage under way.

    A challenge that is left without any team ends there.

    Raises:
        Refused: one of its kinds.
    """
    if message.by != message.team:
        if state.role_of(message.by) == Role.TEAM:
            raise NotAllowed(f"{message.by} may not withdraw {message.team}: a team withdraws itself alone.")
        state.check_may(Action.WITHDRAW, message.by)
    _check_goes_on(state)
    _need_reason(message, "A withdrawal")
    left = next((team for team in (state.run.teams if state.runs else ()) if team.id == message.team), None)
    if left is not None and left.left is not None:
        raise TooLate(f"{message.team} left {state.title_of(state.run.stage)} on {state.at(left.left)}.")
    if left is None:
        return _application_withdrawn(state, message, now)
    new = state.having_run(
        teams=tuple(team.model_copy(update={"left": now}) if team.id == left.id else team for team in state.run.teams)
    )
    title = state.title_of(state.run.stage)
    text = f"{left.id} left {title}"
    notices = [_withdrawn(message)]
    facts = {"reason": message.reason}
    if message.replace and state.phase is Phase.RUNNING and state.run.reserve:
        first, *rest = state.run.reserve
        heir = Team(id=first, since=now, award=left.award)
        new = new.having_run(teams=(*new.run.teams, heir), reserve=tuple(rest))
        text += f"; {first} takes its place from the reserve"
        notices.append(to_teams((first,), Occasion.FROM_RESERVE, place_in_words(new, state.filling, heir)))
    elif not new.run.active:
        reason = f"every team has left {title}"
        new = new.having(
            phase=Phase.ENDED,
            outcome=Outcome.DISCONTINUED,
            outcome_reason=reason,
            held=None,
            decide_by=None,
            reminded=now,
            ended=now,
        )
        text += f"; {reason}, and the challenge ends: {Outcome.DISCONTINUED}"
    new = new.telling(now, f"{text}, by {message.by}: {message.reason}")
    notices.append(to_people(state.in_charge, Occasion.TEAM_LEFT, facts | {"what": text}))
    if new.phase is Phase.ENDED:
        ending = {"stage": new.filling.title, "reason": new.outcome_reason}
        if new.run.in_reserve:
            notices.append(to_teams(new.run.in_reserve, Occasion.NOT_CONTINUED, ending))
        notices.append(to_people(new.in_charge, Occasion.NOT_CONTINUED, ending))
        notices += kept_words(new)
    return new, Announcement(
        key=_key(state, message),
        challenge=state.challenge.id,
        entry=_entry(new, message, now, text),
        status=new.status,
        notices=tuple(notices),
        withdrawn=message.team,
    )


def _withdrawn(message: Withdraw) -> OutgoingNotice:
    """What the one who is out is told: also whether that was its own doing."""
    by = "you" if message.by == message.team else "the programme office"
    return to_teams((message.team,), Occasion.WITHDRAWN, {"reason": message.reason, "by": by})


def _application_withdrawn(state: State, message: Withdraw, now: Instant) -> tuple[State, Announcement]:
    """An application that is in no stage under way: whether it exists, the database says."""
    new = state
    if state.runs and message.team in state.run.reserve:
        new = state.having_run(reserve=tuple(team for team in state.run.reserve if team != message.team))
    text = f"{message.team} withdrew its application"
    new = new.telling(now, f"{text}: {message.reason}")
    return new, Announcement(
        key=_key(state, message),
        challenge=state.challenge.id,
        entry=_entry(new, message, now, text),
        notices=(_withdrawn(message),),
        applications=(message.team,),
        withdrawn=message.team,
    )


def hold(state: State, message: Hold, now: Instant) -> tuple[State, Announcement]:
    """Stops the challenge's clock: no deadline passes and nothing is decided until it is resumed.

    Raises:
        Refused: one of its kinds.
    """
    _check(state, message)
    _need_reason(message, "A hold")
    _check_not_held(state)
    if state.phase is Phase.WINDOW and now >= state.closes:
        raise TooLate(f"The window of {state.challenge.id} has just closed: hold it once it is sealed.")
    new = state.having(held=Held(since=now, by=message.by, reason=message.reason))
    text = f"On hold, while waiting for {state.waiting}"
    facts = {"reason": message.reason, "waits_for": state.waiting}
    window = new.window if state.phase is Phase.WINDOW else None
    return _announced(new, message, now, text, Occasion.HELD, facts, window=window)


def resume(state: State, message: Resume, now: Instant) -> tuple[State, Announcement]:
    """Lets the challenge's clock go on; what it waits for is due later by the time that it stood.

    Raises:
        Refused: one of its kinds.
    """
    _check(state, message)
    if state.held is None:
        raise TooLate(f"{state.challenge.id} is not on hold.")
    since = state.held.since

    def later(deadline: Instant) -> Instant:
        return pushed_back(deadline, since, now, state.zone)

    new = state.having(held=None, reminded=now)
    if state.phase is Phase.WINDOW:
        new = new.having(closes=later(state.closes), opens=state.opens if state.opened else later(state.opens))
    elif state.phase is Phase.DECIDING and state.decide_by is not None:
        new = new.having(decide_by=later(state.decide_by))
    elif state.phase is Phase.RUNNING:
        new = new.having_run(ends=later(state.run.ends))
    assert new.deadline is not None, "only a challenge that goes on can be held"
    text = f"Resumed; {new.next_turn} on {new.at(new.deadline)}"
    facts = {"reason": message.reason, "turn": new.next_turn, "until": new.at(new.deadline)}
    window = new.window if state.phase is Phase.WINDOW else None
    return _announced(new, message, now, text, Occasion.RESUMED, facts, window=window)


def cancel(state: State, message: Cancel, now: Instant) -> tuple[State, Announcement]:
    """Ends the challenge, whatever it waits for. Payments that are under way go on.

    Raises:
        Refused: one of its kinds.
    """
    _check(state, message)
    _need_reason(message, "A cancellation")
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
    window = Window(opens=state.opens, closes=state.closes, sealed=True) if state.phase is Phase.WINDOW else None
    return _announced(new, message, now, text, Occasion.CANCELLED, facts, window=window)


def participate(state: State, message: Participate, now: Instant) -> tuple[State, Announcement]:
    """Writes down that a citizen participation session was held.

    Raises:
        Refused: one of its kinds.
    """
    _check(state, message)
    names = [stage.name for stage in state.programme.stages]
    if message.stage not in names:
        raise UnknownStage(f"No stage {message.stage!r} in {state.programme.id}: it has {', '.join(names)}.")
    run = next((run for run in state.runs if run.stage == message.stage), None)
    if run is None:
        raise TooEarly(f"{message.stage} of {state.challenge.id} has not begun: no session can have been held in it.")
    if state.role_of(message.by) == "team" and message.by not in run.active:
        raise NotAllowed(f"{message.by} is not in {message.stage} of {state.challenge.id}: a team of it tells.")
    first, last = (instant.to_tz(state.zone).date() for instant in (run.begins, run.ended or now))
    if not first <= message.on <= last:
        end = f"{last}, when it ended" if run.ended else f"today, {last}"
        text = f"{message.on} is not between {first}, when {message.stage} began, and {end}."
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
        key=_key(state, message),
        challenge=state.challenge.id,
        entry=_entry(new, message, now, text).model_copy(
            update={"stage": message.stage, "reason": message.summary},
        ),
    )


def _check(state: State, message: Decision) -> None:
    """That the person may decide this, and that the challenge goes on."""
    state.check_may(Action(message.kind), message.by)
    _check_goes_on(state)


def _check_goes_on(state: State) -> None:
    if state.phase is Phase.ENDED:
        raise TooLate(f"{state.challenge.id} has ended ({state.outcome}): nothing changes in it any more.")


def _check_not_held(state: State) -> None:
    if state.held:
        raise OnHold(f"{state.challenge.id} is on hold ({state.held.reason}): it must be resumed first.")


def _need_reason(message: Decision, what: str) -> None:
    if not message.reason:
        raise ReasonMissing(f"{what} needs a reason, which those concerned are told.")


def _key(state: State, message: Decision) -> str:
    return f"{state.challenge.id}/{message.kind}/{message.decision_id}"


def _entry(state: State, message: Decision, now: Instant, text: str) -> Entry:
    return Entry(
        at=now,
        by=message.by,
        role="team" if isinstance(message, Withdraw) and message.by == message.team else state.role_of(message.by),
        action=message.kind,
        stage=state.stage_name,
        text=text,
        reason=message.reason,
    )


def _announced(
    new: State,
    message: Decision,
    now: Instant,
    text: str,
    occasion: Occasion,
    facts: dict[str, str],
    window: Window | None,
) -> tuple[State, Announcement]:
    """A change that concerns everybody: those in charge, and the field as it stands."""
    because = f": {message.reason}" if message.reason else ""
    new = new.telling(now, f"{text}, by {message.by}{because}")
    field = to_teams((*new.run.active, *new.run.in_reserve), occasion, facts) if new.runs else None
    notices = (
        field or OutgoingNotice(occasion=occasion, whom=ToApplicants(), facts=facts),
        to_people(new.in_charge, occasion, facts),
    )
    return new, Announcement(
        key=_key(new, message),
        challenge=new.challenge.id,
        entry=_entry(new, message, now, text),
        status=new.status,
        window=window,
        # An ending stays so; what else is told here is right until the next deadline, or the next change.
        notices=(*notices, *kept_words(new)) if new.phase is Phase.ENDED else tuple(map(while_so, notices)),
    )
