"""An applicant or a team withdraws: who takes its place, who is told, and when the challenge ends."""

from __future__ import annotations

import pytest

from domain.announcements.announcement import ToPeople, ToTeams
from domain.announcements.occasions import Occasion
from domain.challenges import withdrawal
from domain.challenges.decisions import Withdraw
from domain.challenges.state import Outcome, Phase, State
from domain.values.refusals import NotAllowed, ReasonMissing, TooLate
from tests.domain.challenges import (
    DECIDER,
    OPERATOR,
    OTHER,
    A,
    B,
    C,
    D,
    E,
    accelerating,
    completed,
    explored,
    exploring,
    taking_applications,
)
from tests.domain.changing import LATER, NOW, occasions, refused


def withdraw(team: str, by: str = OPERATOR, replace: bool = True, reason: str = "No people.") -> Withdraw:
    return Withdraw(by=by, team=team, replace=replace, reason=reason)


def test_the_first_of_the_reserve_takes_the_place_of_a_team_that_leaves() -> None:
    new, announcement = withdrawal.withdraw(exploring(), withdraw(A), LATER)
    assert new.run.active == (B, C, D)
    assert new.run.reserve == (E,)
    assert new.run.teams[0].left == new.run.teams[-1].since == LATER
    assert new.run.teams[-1].award == new.run.teams[0].award
    assert {Occasion.WITHDRAWN, Occasion.FROM_RESERVE, Occasion.TEAM_LEFT} == set(occasions(announcement))
    assert announcement.withdrawn == A


def test_whoever_comes_in_from_the_reserve_is_told_all_that_its_place_means() -> None:
    """Fails when the sessions that it has to hold are left out."""
    _, announcement = withdrawal.withdraw(accelerating(), withdraw(A), LATER)
    [told] = [notice for notice in announcement.notices if notice.occasion is Occasion.FROM_RESERVE]
    assert (told.facts["sessions"], told.facts["award"]) == ("3", "£15,000")


@pytest.mark.parametrize("state", [exploring(), taking_applications()], ids=["team", "applicant"])
@pytest.mark.parametrize(("by", "said"), [(A, "you"), (OPERATOR, "the programme office")])
def test_whoever_is_out_is_told_whose_doing_that_was(state: State, by: str, said: str) -> None:
    """Fails when a team that was taken out reads that it has withdrawn."""
    _, announcement = withdrawal.withdraw(state, withdraw(A, by=by), LATER)
    [told] = [notice for notice in announcement.notices if notice.occasion is Occasion.WITHDRAWN]
    assert told.facts == {"reason": "No people.", "by": said}


def test_nobody_takes_the_place_if_that_is_not_wanted() -> None:
    new, announcement = withdrawal.withdraw(exploring(), withdraw(A, replace=False), LATER)
    assert new.run.active == (B, C)
    assert Occasion.FROM_RESERVE not in occasions(announcement)


def test_nobody_comes_in_from_the_reserve_of_a_stage_that_is_over() -> None:
    new, _ = withdrawal.withdraw(explored(), withdraw(A), LATER)
    assert new.field == (B, C)


def test_a_team_may_leave_by_itself() -> None:
    new, announcement = withdrawal.withdraw(exploring(), withdraw(A, by=A), LATER)
    assert A not in new.run.active
    assert (announcement.entry.by, announcement.entry.role) == (A, "team")


def test_a_challenge_that_every_team_has_left_ends() -> None:
    state = exploring()
    for team in (A, B, C):
        assert state.phase is Phase.RUNNING
        state, announcement = withdrawal.withdraw(state, withdraw(team, replace=False), LATER)
    assert (state.phase, state.outcome) == (Phase.ENDED, Outcome.DISCONTINUED)
    assert announcement.status is not None
    assert announcement.status.outcome == "discontinued"
    assert (state.outcome_reason, state.ended) == ("every team has left Exploration", LATER)


def test_those_in_reserve_and_in_charge_are_told_how_a_challenge_ends_that_every_team_has_left() -> None:
    """Fails without the notices of the ending: only the team that leaves would hear of it."""
    state = exploring()
    for team in (A, B, C):
        state, announcement = withdrawal.withdraw(state, withdraw(team, replace=False), LATER)
    told = [notice for notice in announcement.notices if notice.occasion is Occasion.NOT_CONTINUED]
    assert [notice.whom for notice in told] == [ToTeams(teams=(D, E)), ToPeople(people=state.in_charge)]
    assert {notice.facts["reason"] for notice in told} == {"every team has left Exploration"}


def test_an_applicant_may_withdraw_before_any_selection_if_the_database_knows_it() -> None:
    new, announcement = withdrawal.withdraw(taking_applications(), withdraw(A, by=A), NOW)
    assert new.phase is Phase.WINDOW
    assert announcement.applications == (A,)
    assert announcement.withdrawn == A


def test_a_reserve_that_withdraws_takes_no_place_any_more() -> None:
    state = withdrawal.withdraw(exploring(), withdraw(D), LATER)[0]
    new, _ = withdrawal.withdraw(state, withdraw(A), LATER)
    assert new.run.active == (B, C, E)


def test_a_withdrawal_is_not_for_others_nor_without_reason_nor_twice() -> None:
    for by in (OTHER, B, DECIDER):
        refused(NotAllowed, lambda by=by: withdrawal.withdraw(exploring(), withdraw(A, by=by), LATER))  # type: ignore[misc]
    refused(ReasonMissing, lambda: withdrawal.withdraw(exploring(), withdraw(A, reason=""), LATER))
    left = withdrawal.withdraw(exploring(), withdraw(A), LATER)[0]
    assert "team-a left Exploration on" in refused(TooLate, lambda: withdrawal.withdraw(left, withdraw(A), LATER))
    assert "has ended" in refused(TooLate, lambda: withdrawal.withdraw(completed(), withdraw(A), LATER))


def test_a_team_cannot_leave_a_challenge_that_has_ended() -> None:
    refused(TooLate, lambda: withdrawal.withdraw(completed(), withdraw(A, by=A), LATER))
