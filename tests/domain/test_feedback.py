"""When what a sponsor says to those it does not take goes out: with whatever settles the stage, and not before."""

from __future__ import annotations

import pytest

from domain.announcements.announcement import Announcement, ToSpokenOf, ToTeams
from domain.announcements.occasions import Occasion
from domain.challenges import cancellation, deadlines, selection, withdrawal
from domain.challenges.decisions import Cancel, Decline, Withdraw
from domain.challenges.feedback import feedback_given, stages_from
from domain.challenges.state import State
from domain.values.refusals import UnknownStage, UnknownTeam
from tests.domain.challenges import (
    CLOSES,
    DECIDER,
    EXPLORATION,
    INTERVIEW,
    OPERATOR,
    PRE_COMMERCIAL,
    A,
    B,
    C,
    D,
    accelerating,
    completed,
    explored,
    exploring,
    sealed,
    select,
    taking_applications,
)

NOW = CLOSES.add(hours=24)
STAGES = ("exploration", "accelerator", "pre-commercial", "commercialisation")


def told(announcement: Announcement) -> dict[str, tuple[str, ...]]:
    """On which stages what was kept is told now, and to whom not."""
    return {
        notice.whom.stage: notice.whom.without for notice in announcement.notices if isinstance(notice.whom, ToSpokenOf)
    }


def said(state: State, stage: str, team: str, *, settled: bool = False) -> Announcement:
    """The sponsor says something of a team."""
    return feedback_given(state, stage, team, DECIDER, "Strong on buses.", NOW, "1", settled=settled)


def test_a_selection_tells_what_was_kept_on_its_stage_but_not_to_those_it_takes() -> None:
    """Fails when the words are told to the chosen, or only with the notice that somebody is not selected."""
    _, announcement = selection.select(sealed(), select("exploration", A, B, reserve=(C,)), NOW)
    assert told(announcement) == {"exploration": (A, B)}
    [notice] = [each for each in announcement.notices if each.occasion is Occasion.FEEDBACK]
    assert notice.facts == {"stage": "Exploration", "feedback": ""}


def test_a_selection_tells_what_was_kept_on_a_stage_that_it_skips() -> None:
    """Fails when only the stage that is filled counts: nobody ever decides on the one before it."""
    skippable = PRE_COMMERCIAL.model_copy(update={"may_be_skipped": True})
    state = explored(EXPLORATION, skippable, EXPLORATION.model_copy(update={"name": "last"}))
    _, announcement = selection.select(state, select("last", A), NOW)
    assert told(announcement) == {"exploration": (A, B, C), "pre-commercial": (), "last": (A,)}


def cancelled(state: State) -> Announcement:
    return cancellation.cancel(state, Cancel(by=OPERATOR, reason="No money."), NOW)[1]


def declined() -> Announcement:
    return selection.decline(explored(), Decline(by=DECIDER, stage="accelerator", reason="No money."), NOW)[1]


def left_by_all() -> Announcement:
    state = explored()
    for team in (A, B, C):
        message = Withdraw(by=OPERATOR, team=team, replace=False, reason="No people.")
        state, announcement = withdrawal.withdraw(state, message, NOW)
    return announcement


def run_to_its_end() -> Announcement:
    state = accelerating()
    state = state.having(stage=len(state.programme.stages) - 1)
    return deadlines.stage_ended(state, state.run.ends)[1]


@pytest.mark.parametrize(
    "announcement",
    [
        declined(),
        left_by_all(),
        cancelled(sealed()),
        cancelled(exploring()),
        cancelled(taking_applications()),
        deadlines.cancelled_outside(explored(), NOW)[1],
        deadlines.sealed(taking_applications(), 0, CLOSES)[1],
        run_to_its_end(),
    ],
    ids=["declined", "left", "deciding", "running", "window", "in Temporal", "nobody applied", "completed"],
)
def test_whatever_ends_a_challenge_tells_what_was_kept_on_every_stage(announcement: Announcement) -> None:
    """Fails when an ending leaves words untold that nobody can decide upon any more."""
    assert tuple(told(announcement)) == STAGES


def test_what_settles_no_stage_tells_nothing() -> None:
    state = exploring()
    for announcement in (
        deadlines.stage_ended(state, state.run.ends)[1],
        withdrawal.withdraw(state, Withdraw(by=OPERATOR, team=A, reason="No people."), NOW)[1],
        deadlines.sealed(taking_applications(), 6, CLOSES)[1],
    ):
        assert told(announcement) == {}


@pytest.mark.parametrize(
    ("state", "stage", "team", "at_once"),
    [
        (sealed(), "exploration", D, False),
        (exploring(), "exploration", D, True),
        (exploring(), "accelerator", A, False),
        (explored(), "accelerator", A, False),
        (completed(), "accelerator", B, True),
    ],
)
def test_the_team_is_told_at_once_where_the_stage_is_settled(
    state: State, stage: str, team: str, at_once: bool
) -> None:
    announcement = said(state, stage, team)
    assert [notice.whom for notice in announcement.notices] == ([ToTeams(teams=(team,))] if at_once else [])
    assert ("told at once" in announcement.entry.text) is at_once


def test_the_team_is_told_at_once_also_where_the_state_does_not_know_of_the_decision_yet() -> None:
    """Fails when only the state is asked: the decision is announced before the workflow goes on from it."""
    assert said(sealed(), "exploration", D, settled=True).notices
    assert not said(sealed(), "exploration", D).notices


def test_a_stage_is_settled_by_a_selection_for_it_or_for_one_after_it() -> None:
    assert stages_from(sealed(), "pre-commercial") == STAGES[2:]
    assert stages_from(sealed(INTERVIEW, EXPLORATION), "interview") == ("interview", "exploration")
    assert stages_from(sealed(), "nowhere") == ()


def test_feedback_that_is_wrong_in_several_ways_is_refused_for_all_of_them() -> None:
    """Fails when a sponsor mends the stage only to be told that the text is wrong, too."""
    with pytest.raises(UnknownStage) as caught:
        feedback_given(explored(), "acceleration", A, DECIDER, "\x00" * 10_001, NOW, "1")
    assert [problem.text.partition(":")[0] for problem in caught.value.problems] == [
        f"No stage 'acceleration' in {explored().programme.id}",
        "The feedback has 10001 characters",
        "The feedback has a NUL character",
    ]
    with pytest.raises(UnknownTeam) as caught_again:
        feedback_given(explored(), "accelerator", D, DECIDER, " ", NOW, "1")
    assert len(caught_again.value.problems) == 2
