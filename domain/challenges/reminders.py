"""When people are reminded of a deadline, and what they are told while a stage runs."""

from __future__ import annotations

from collections.abc import Iterator

from whenever import Instant

from domain.announcements.announcement import OutgoingNotice, to_people, to_teams
from domain.announcements.occasions import Occasion
from domain.values.calendar import earlier, later

from . import further
from .state import Phase, State


def rungs(state: State) -> Iterator[Instant]:
    """The instants of all reminders of the present deadline, in order; an endless series for a decision."""
    deadline, ladder = state.deadline, state.programme.reminders
    if state.phase is Phase.ENDED and state.open_evidence:
        yield later(state.reminded, ladder.evidence_overdue_every, state.zone, state.programme.holidays)
    if deadline is None or (state.takes_applications and not state.opened):
        return
    if state.phase is Phase.RUNNING:
        ends = {state.run.ends_for(team) for team in state.run.working}
        of_ends = {rung for end in ends for rung in _stage_rungs(state, end)}
        yield from sorted(of_ends | set(further.reminder_rungs(state)))
        return
    if state.phase is Phase.WINDOW and state.stage:
        yield from sorted(further.reminder_rungs(state))
        return
    before = ladder.window if state.phase is Phase.WINDOW else ladder.decision
    yield from sorted(earlier(deadline, each, state.zone) for each in before)
    if state.phase is Phase.DECIDING:
        while True:
            yield deadline
            deadline = later(deadline, ladder.decision_overdue_every, state.zone, state.programme.holidays)


def _stage_rungs(state: State, end: Instant) -> Iterator[Instant]:
    """When teams are reminded of the end of the stage under way. A stage that takes no time has no reminders."""
    ladder = () if state.filling.only_sifts else state.programme.reminders.stage
    return (earlier(end, each, state.zone) for each in ladder)


def while_running(state: State, rung: Instant, now: Instant) -> tuple[tuple[OutgoingNotice, ...], str]:
    """Reminds of the ends of the stage, and of the further proposals that are taken meanwhile: of what is due."""
    ends = {state.run.ends_for(team) for team in state.run.working}
    notices: tuple[OutgoingNotice, ...] = ()
    texts = []
    if any(state.reminded < each <= rung for end in ends for each in _stage_rungs(state, end)):
        notices = (*_endings(state, rung), *evidence_wanted(state))
        texts.append(f"{state.filling.title} ends on {state.ends}")
    if any(state.reminded < each <= rung for each in further.reminder_rungs(state)):
        notices = (*notices, *further.closing_soon(state, now))
        texts.append(further.opening_in_words(state, now))
    return notices, f"Reminder: {'; '.join(texts)}"


def _endings(state: State, rung: Instant) -> Iterator[OutgoingNotice]:
    """Reminds each team of its own end, if a reminder of that end is due, and those in charge of all ends."""
    run, title = state.run, state.filling.title
    for end in sorted({run.ends_for(team) for team in run.working}):
        if any(state.reminded < each <= rung for each in _stage_rungs(state, end)):
            teams = tuple(team.id for team in run.working if run.ends_for(team) == end)
            yield to_teams(teams, Occasion.STAGE_ENDING, {"stage": title, "until": state.at(end)})
    yield to_people(state.in_charge, Occasion.STAGE_ENDING, {"stage": title, "until": state.ends})


def evidence_wanted(state: State) -> tuple[OutgoingNotice, ...]:
    """What each team must show next to be paid."""
    titles = {stage.name: stage.title for stage in state.programme.stages}
    # When a stage is over for a team, no date for its evidence is left that the team could meet.
    ends = {
        (run.stage, team.id): "" if run.ended_for(team) else state.at(run.ends_for(team))
        for run in state.runs
        for team in run.teams
    }
    first = {each.team: each for each in reversed(state.open_evidence)}
    return tuple(
        to_teams(
            (team,),
            Occasion.EVIDENCE_DUE,
            {
                "stage": titles[each.stage],
                "evidence": each.what,
                "amount": each.amount.gross.shown(state.programme.currency),
                "until": ends[each.stage, team],
            },
        )
        for team, each in first.items()
    )
