"""A stage ends later, for all its teams or for one."""

from __future__ import annotations

from collections.abc import Iterator

from whenever import Instant, TimeDelta

from domain.announcements.announcement import Announcement, to_people, to_teams
from domain.announcements.occasions import Occasion
from domain.values.calendar import day_of, later
from domain.values.refusals import DeadlineRefused, Problem, Refused, TooEarly, TooLate, UnknownTeam, refuse_for_all
from domain.values.wording import listed

from .change import announced_by, check_may_change, check_not_held, check_stage_known, no_reason
from .decisions import ExtendStage
from .stage_run import StageRun, Team
from .state import Phase, State

_LONGEST_EXTENSION = TimeDelta(hours=2 * 366 * 24)


def extend_stage(state: State, message: ExtendStage, now: Instant) -> tuple[State, Announcement]:
    """Moves the end of the stage under way to a later instant, for all its teams or for one.

    If one team has more time, the stage ends for the others as before, and they are paid what is due at the end. The
    next selection waits for the last team.

    Raises:
        Refused: one of its kinds. The refusal names all faults of the dates.
    """
    check_may_change(state, message)
    check_not_held(state)
    _check_under_way(state, message)
    whose = _teams(state, message, now)
    wrong = list(_wrong_fields(message))
    ends = {} if wrong else {team.id: _new_end(state, message, team) for team in whose}
    was = {team.id: state.run.ends_for(team) for team in whose}
    refuse_for_all(
        [*no_reason(message, "Moving the end of a stage"), *wrong, *_wrong_ends(state, message, was, ends, now)]
    )
    new = state.having(runs=(*state.runs[:-1], _with_ends(state.run, ends)))
    return _announced(state, new, message, now)


def _check_under_way(state: State, message: ExtendStage) -> None:
    name = message.stage
    check_stage_known(state, name)
    run = next((run for run in state.runs if run.stage == name), None)
    if run is None:
        raise TooEarly(f"{name} of {state.challenge.id} has not begun: its end can be moved while it runs.")
    if run.ended is not None or state.phase is not Phase.RUNNING:
        raise TooLate(f"{name} of {state.challenge.id} ended on {state.at(run.ended or run.ends)}: it stays ended.")


def _teams(state: State, message: ExtendStage, now: Instant) -> tuple[Team, ...]:
    """The teams whose end moves: those for which the stage goes on, or one of them."""
    run, named = state.run, [team for team in state.run.teams if team.id == message.team]
    if message.team and not named:
        raise UnknownTeam(
            f"{message.team} is not in {run.stage} of {state.challenge.id}: "
            f"choose from {listed([team.id for team in run.working])}."
        )
    for team in named:
        if team.left is not None:
            raise TooLate(f"{team.id} left {run.stage} on {state.at(team.left)}: it needs no more time.")
    whose = tuple(team for team in named or run.working if run.ended_for(team) is None and now < run.ends_for(team))
    if not whose:
        ended = max(run.ended_for(team) or run.ends_for(team) for team in named or run.teams)
        of = f" for {message.team}" if message.team else ""
        raise TooLate(f"{run.stage} of {state.challenge.id} ended{of} on {state.at(ended)}: it stays ended.")
    return whose


def _wrong_fields(message: ExtendStage) -> Iterator[DeadlineRefused]:
    if (message.ends is None) == (message.longer is None):
        text = "Say either when the stage ends or how much longer it lasts: give one of the two."
        yield DeadlineRefused.for_problems([Problem(field="ends", text=text)])


def _new_end(state: State, message: ExtendStage, team: Team) -> Instant:
    """When the stage ends for a team from now on. If all get more time, a team that has more already keeps it."""
    was = state.run.ends_for(team)
    if message.longer is not None:
        return later(was, message.longer, state.zone, state.programme.holidays)
    assert message.ends is not None, "one of the two is given"
    return message.ends if message.team else max(message.ends, was)


def _wrong_ends(
    state: State, message: ExtendStage, was: dict[str, Instant], ends: dict[str, Instant], now: Instant
) -> Iterator[Refused]:
    if not ends:
        return
    latest, known = max(ends.values()), state.programme.holidays.days
    asked = message.ends or latest
    text = ""
    if asked <= now:
        text = f"{state.at(asked)} is in the past: choose a time in the future."
    elif all(ends[team] <= was[team] for team in ends):
        text = (
            f"{state.at(asked)} is not after {state.at(max(was.values()))}: "
            "the end of a stage only moves to a later time, because teams rely on it."
        )
    elif latest > now + _LONGEST_EXTENSION:
        text = f"{state.at(latest)} is more than two years away: check the date."
    elif known and day_of(latest, state.zone).year > known[-1].year:
        text = (
            f"{state.at(latest)} is after {known[-1].year}, the last year whose public holidays the challenge keeps: "
            "choose an earlier time."
        )
    if text:
        field = "ends" if message.longer is None else "longer"
        yield DeadlineRefused.for_problems([Problem(field=field, text=text)])


def _with_ends(run: StageRun, ends: dict[str, Instant]) -> StageRun:
    """The stage with these ends. While nobody's time is over, the earliest of all ends is the stage's own."""
    working = {team.id: ends.get(team.id, run.ends_for(team)) for team in run.working}
    common = min(working.values()) if len(working) == len(run.active) else run.ends
    own = {team: end if end != common else None for team, end in working.items()}
    teams = (team.model_copy(update={"ends": own[team.id]}) if team.id in own else team for team in run.teams)
    return run.model_copy(update={"ends": common, "teams": tuple(teams)})


def _announced(old: State, new: State, message: ExtendStage, now: Instant) -> tuple[State, Announcement]:
    """Tells teams with more time their own dates, those in charge everything, and others that the stage goes on."""
    title, before = old.filling.title, {team.id: old.run.ends_for(team) for team in old.run.working}
    after = {team.id: new.run.ends_for(team) for team in new.run.working}
    moved = [team for team in after if after[team] != before[team]]
    facts = {"stage": title, "reason": message.reason}
    told = [
        to_teams(
            (team,),
            Occasion.STAGE_EXTENDED,
            facts | {"ends": new.at(after[team]), "was": old.at(before[team]), "team": ""},
        )
        for team in moved
    ]
    ends = new.at(after[message.team]) if message.team else new.ends
    was = old.at(before[message.team]) if message.team else old.ends
    to_all = facts | {"ends": ends, "was": was, "team": message.team}
    told.append(to_people(new.in_charge, Occasion.STAGE_EXTENDED, to_all))
    others = tuple(team for team in (*new.run.active, *new.run.in_reserve) if team not in moved)
    if others and new.run.last_end > old.run.last_end:
        goes_on = {"stage": title, "until": new.at(new.run.last_end)}
        told.append(to_teams(others, Occasion.STAGE_GOES_ON, goes_on))
    whose = f" for {message.team}" if message.team else ""
    return announced_by(
        new, message, now, f"{title} ends{whose} on {ends} instead of {was}", tuple(told), team=message.team
    )
