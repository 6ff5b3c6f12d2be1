"""What the public may know of a challenge, from all that is known of it. Nothing else decides that.

The public learns who was selected, and nothing of anybody else: neither who is in reserve, nor who was not selected.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain.announcements.announcement import Announcement
from domain.publishing.snapshot import Held, Snapshot, StageSnapshot, TeamIn, WindowSnapshot

from .deadlines import OUTSIDE
from .stage_run import StageRun, Team
from .state import Phase, State


def with_snapshot(state: State, announcement: Announcement) -> Announcement:
    """An announcement with what the public may know once it is written; a refusal changes nothing of that.

    Args:
        state: the challenge after what is announced.
        announcement: what has happened.
    """
    if announcement.entry.refused:
        return announcement
    return announcement.model_copy(update={"snapshot": snapshot_of(state)})


def snapshot_of(state: State) -> Snapshot:
    """How far a challenge has come, as far as the public may know."""
    is_named = not state.takes_applications and state.phase is not Phase.ENDED
    return Snapshot(
        phase=str(state.phase),
        stage=state.filling.name if is_named else "",
        decide_by=state.decide_by if state.phase is Phase.DECIDING else None,
        held_since=state.held.since if state.held else None,
        windows=tuple(_windows(state)),
        stages=tuple(map(_stage, state.runs)),
        outcome=str(state.outcome or ""),
        outcome_reason="" if state.outcome_reason == OUTSIDE else state.outcome_reason,
        ended=state.ended,
        applications=state.applications,
    )


def _windows(state: State) -> Iterator[WindowSnapshot]:
    is_over = state.phase is Phase.ENDED
    sealed = not state.takes_applications
    yield WindowSnapshot(opens=state.opens, closes=state.closes, sealed=sealed)
    for each in state.further:
        sealed = each.sealed or is_over
        yield WindowSnapshot(stage=each.stage, opens=each.opens, closes=each.closes, sealed=sealed)


def _stage(run: StageRun) -> StageSnapshot:
    return StageSnapshot(
        stage=run.stage,
        begins=run.begins,
        ends=run.ends,
        ended=run.ended,
        teams=tuple(_team(run, team) for team in run.teams),
        sessions=tuple(Held(on=each.on, people=each.people) for each in run.sessions),
    )


def _team(run: StageRun, team: Team) -> TeamIn:
    return TeamIn(
        id=team.id,
        since=team.since,
        award=team.award,
        kept=team.kept,
        left=team.left,
        ends=run.ends_for(team),
        ended=run.ended_for(team),
    )
