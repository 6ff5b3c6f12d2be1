"""Deadlines moved, withdrawals, holds, cancellations and sessions: who may, when, and what comes of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from whenever import Date, Instant

from domain.announcements.announcement import Announcement, ToApplicants, ToPeople, ToTeams
from domain.announcements.occasions import Occasion
from domain.challenges import cancellation, extension, holding, participation, withdrawal
from domain.challenges.decisions import Cancel, Decision, Extend, Hold, Participate, Resume, Withdraw
from domain.challenges.state import Outcome, Phase, State
from domain.values.calendar import end_of_day
from domain.values.refusals import (
    DeadlineRefused,
    NotAllowed,
    OnHold,
    ReasonMissing,
    Refused,
    TooEarly,
    TooLate,
    UnknownStage,
)
from tests.domain.strategies import (
    CLOSES,
    DECIDER,
    OPENS,
    OPERATOR,
    OTHER,
    A,
    B,
    C,
    D,
    E,
    F,
    Story,
    accelerating,
    completed,
    explored,
    exploring,
    sealed,
    stories,
    taking_applications,
    waiting,
)

NOW = Instant("2016-07-20T12:00Z")
LATER = Instant("2016-09-01T12:00Z")
WHY = "The building is closed."


def refused(kind: type[Refused], change: Callable[[], object]) -> str:
    """The text with which a change is refused, which is one line."""
    with pytest.raises(kind) as caught:
        change()
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


def occasions(announcement: Announcement) -> list[Occasion]:
    return [notice.occasion for notice in announcement.notices]


def extend(closes: Instant, by: str = OPERATOR, reason: str = WHY) -> Extend:
    return Extend(by=by, closes=closes, reason=reason)


@pytest.mark.parametrize("by", [OPERATOR, DECIDER])
def test_a_deadline_moves_later_and_everybody_is_told(by: str) -> None:
    closes = CLOSES.add(hours=24)
    new, announcement = extension.extend(taking_applications(), extend(closes, by), NOW)
    assert new.closes == new.deadline == closes
    assert announcement.window is not None
    assert announcement.window.closes == closes
    assert announcement.notices[0].whom == ToApplicants()
    assert announcement.notices[0].facts["closes"] == "Tuesday 2 August 2016, 24:00 BST"
    assert announcement.notices[0].facts["reason"] == WHY


def test_a_deadline_does_not_move_into_the_past() -> None:
    refused(DeadlineRefused, lambda: extension.extend(taking_applications(), extend(NOW), NOW))
    text = refused(DeadlineRefused, lambda: extension.extend(taking_applications(), extend(OPENS), NOW))
    assert "Wednesday 6 July 2016, 09:00 BST is in the past" in text


@pytest.mark.parametrize("closes", [CLOSES, CLOSES.subtract(hours=1)])
def test_a_deadline_does_not_move_to_an_earlier_time(closes: Instant) -> None:
    text = refused(DeadlineRefused, lambda: extension.extend(taking_applications(), extend(closes), NOW))
    assert "only moves to a later time" in text


def test_a_deadline_that_is_too_far_away_is_said_as_the_day_that_was_meant() -> None:
    """Fails when the end of a day is said as the day after."""
    far = extend(end_of_day(Date(2036, 2, 20), "Europe/London"))
    text = refused(DeadlineRefused, lambda: extension.extend(taking_applications(), far, NOW))
    assert "Wednesday 20 February 2036, 24:00 GMT is more than two years away" in text


def test_a_window_that_has_closed_stays_closed() -> None:
    """Invariant 2, as far as the rules go. Fails when `extend` looks at the phase alone."""
    late = extend(CLOSES.add(hours=24))
    refused(TooLate, lambda: extension.extend(taking_applications(), late, CLOSES))
    refused(TooLate, lambda: extension.extend(sealed(), late, CLOSES))


def test_moving_a_deadline_is_not_for_others_nor_without_reason_nor_on_hold() -> None:
    later = CLOSES.add(hours=24)
    for by in (OTHER, A):
        refused(NotAllowed, lambda by=by: extension.extend(taking_applications(), extend(later, by), NOW))  # type: ignore[misc]
    refused(ReasonMissing, lambda: extension.extend(taking_applications(), extend(later, reason=""), NOW))
    held = holding.hold(taking_applications(), Hold(by=OPERATOR, reason=WHY), NOW)[0]
    refused(OnHold, lambda: extension.extend(held, extend(later), NOW))


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


def test_those_who_were_in_reserve_of_a_stage_that_is_over_are_told_nothing_more() -> None:
    """They were told that no place came to them. Fails when they are told of each hold for ever."""
    _, held = holding.hold(explored(), Hold(by=OPERATOR, reason=WHY), LATER)
    _, cancelled = cancellation.cancel(explored(), Cancel(by=OPERATOR, reason=WHY), LATER)
    assert [each.notices[0].whom for each in (held, cancelled)] == [ToTeams(teams=(A, B, C))] * 2


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


def test_a_hold_stops_the_clock_and_its_release_gives_the_time_back() -> None:
    state = accelerating()
    held, announcement = holding.hold(state, Hold(by=DECIDER, reason=WHY), LATER)
    assert held.deadline is None
    assert held.waits_for == "release of the hold"
    assert Occasion.HELD in occasions(announcement)
    assert {notice.facts["waits_for"] for notice in announcement.notices} == {"end of Accelerator"}
    month_later = Instant("2016-10-01T12:00Z")
    new, announcement = holding.resume(held, Resume(by=OPERATOR), month_later)
    assert new.held is None
    assert new.run.ends == state.run.ends.add(hours=30 * 24)
    assert Occasion.RESUMED in occasions(announcement)


def test_a_window_on_hold_takes_nothing_and_stays_open_longer_afterwards() -> None:
    held, announcement = holding.hold(taking_applications(), Hold(by=OPERATOR, reason=WHY), NOW)
    assert announcement.window is not None
    assert announcement.window.held
    new, announcement = holding.resume(held, Resume(by=OPERATOR), NOW.add(hours=48))
    assert new.closes == CLOSES.add(hours=48)
    assert announcement.window == new.window
    assert not new.window.held


def test_a_window_that_is_held_before_it_opens_opens_later() -> None:
    held, _ = holding.hold(waiting(), Hold(by=OPERATOR, reason=WHY), OPENS.subtract(hours=24))
    new, _ = holding.resume(held, Resume(by=OPERATOR), OPENS.add(hours=24))
    assert (new.opens, new.closes) == (OPENS.add(hours=48), CLOSES.add(hours=48))


def test_a_decision_is_due_later_after_a_hold() -> None:
    state = sealed()
    assert state.decide_by is not None
    held, _ = holding.hold(state, Hold(by=OPERATOR, reason=WHY), CLOSES)
    new, _ = holding.resume(held, Resume(by=OPERATOR), CLOSES.add(hours=24))
    assert new.decide_by == state.decide_by.add(hours=24)


def test_a_hold_is_not_for_others_nor_without_reason_nor_twice() -> None:
    held = holding.hold(exploring(), Hold(by=OPERATOR, reason=WHY), LATER)[0]
    refused(NotAllowed, lambda: holding.hold(exploring(), Hold(by=A, reason=WHY), LATER))
    refused(NotAllowed, lambda: holding.resume(held, Resume(by=OTHER), LATER))
    refused(ReasonMissing, lambda: holding.hold(exploring(), Hold(by=OPERATOR), LATER))
    refused(OnHold, lambda: holding.hold(held, Hold(by=OPERATOR, reason=WHY), LATER))
    refused(TooLate, lambda: holding.resume(exploring(), Resume(by=OPERATOR), LATER))


@pytest.mark.parametrize("state", [waiting(), taking_applications(), sealed(), exploring(), explored(), accelerating()])
def test_a_challenge_can_be_cancelled_whatever_it_waits_for(state: State) -> None:
    new, announcement = cancellation.cancel(state, Cancel(by=OPERATOR, reason=WHY), LATER)
    assert (new.phase, new.outcome, new.outcome_reason) == (Phase.ENDED, Outcome.CANCELLED, WHY)
    assert new.deadline is None
    assert set(occasions(announcement)) == {Occasion.CANCELLED, Occasion.FEEDBACK}
    sealed_with_it = announcement.window is not None and announcement.window.sealed
    assert sealed_with_it == (state.phase is Phase.WINDOW)


def test_a_challenge_on_hold_can_be_cancelled() -> None:
    held = holding.hold(exploring(), Hold(by=OPERATOR, reason=WHY), LATER)[0]
    new, _ = cancellation.cancel(held, Cancel(by=DECIDER, reason=WHY), LATER)
    assert new.held is None
    assert new.outcome is Outcome.CANCELLED


def test_a_cancellation_is_not_for_others_nor_without_reason_nor_twice() -> None:
    refused(NotAllowed, lambda: cancellation.cancel(exploring(), Cancel(by=OTHER, reason=WHY), LATER))
    refused(ReasonMissing, lambda: cancellation.cancel(exploring(), Cancel(by=OPERATOR), LATER))
    refused(TooLate, lambda: cancellation.cancel(completed(), Cancel(by=OPERATOR, reason=WHY), LATER))


def session(by: str = OPERATOR, stage: str = "exploration", on: str = "2016-08-20") -> Participate:
    return Participate(by=by, stage=stage, on=Date(on), people=12, summary="Buses matter most.")


@pytest.mark.parametrize("by", [OPERATOR, DECIDER, A])
def test_a_session_with_citizens_is_written_down(by: str) -> None:
    new, announcement = participation.participate(exploring(), session(by), LATER)
    assert [(str(each.on), each.people) for each in new.run.sessions] == [("2016-08-20", 12)]
    assert (announcement.entry.stage, announcement.entry.reason) == ("exploration", "Buses matter most.")


def test_a_session_is_within_a_stage_that_has_begun_and_not_to_come() -> None:
    state = exploring()
    refused(DeadlineRefused, lambda: participation.participate(state, session(on="2016-08-01"), LATER))
    refused(DeadlineRefused, lambda: participation.participate(state, session(on="2016-09-02"), LATER))
    refused(TooEarly, lambda: participation.participate(state, session(stage="accelerator"), LATER))
    refused(UnknownStage, lambda: participation.participate(state, session(stage="nowhere"), LATER))
    refused(NotAllowed, lambda: participation.participate(state, session(by=F), LATER))


@given(stories())
def test_whoever_changes_something_has_a_say_in_it(story: Story) -> None:
    """Invariant 10. Fails when `_check` does not look at the role."""
    for step in story.steps:
        if isinstance(step.message, Extend | Hold | Resume | Cancel):
            assert step.message.by in (*story.state.challenge.deciders, *story.state.challenge.operators)
        if isinstance(step.message, Withdraw):
            assert step.message.by in (step.message.team, *story.state.challenge.operators)


@given(stories())
def test_a_refusal_is_one_line_and_everything_taken_is_told_under_a_key_of_its_challenge(
    story: Story,
) -> None:
    assert all(str(refusal) and "\n" not in str(refusal) for refusal in story.refusals)
    for step in story.steps:
        assert step.announcement.key.startswith(f"{story.state.challenge.id}/")
        assert step.announcement.entry.text
        assert isinstance(step.message, Decision | None)


@given(stories())
def test_a_deadline_never_comes_nearer_while_what_is_waited_for_stays_the_same(story: Story) -> None:
    for step in story.steps:
        old, new = step.before, step.after
        if old.deadline and new.deadline and old.waits_for == new.waits_for:
            assert new.deadline >= old.deadline


def test_teams_of_the_field_are_told_of_a_hold_and_those_in_reserve() -> None:
    _, announcement = holding.hold(exploring(), Hold(by=OPERATOR, reason=WHY), LATER)
    assert announcement.notices[0].whom == ToTeams(teams=(A, B, C, D, E))


def test_a_team_cannot_leave_a_challenge_that_has_ended() -> None:
    refused(TooLate, lambda: withdrawal.withdraw(completed(), withdraw(A, by=A), LATER))


def test_a_hold_after_the_closing_instant_does_not_open_the_window_again() -> None:
    """Invariant 2: however it is refused or taken, nothing is taken at or after the closing instant."""
    state = taking_applications()
    with contextlib.suppress(Refused):
        state = holding.hold(state, Hold(by=OPERATOR, reason=WHY), CLOSES)[0]
        state = holding.resume(state, Resume(by=OPERATOR), CLOSES.add(hours=24))[0]
    assert state.closes == CLOSES


def test_a_refusal_is_one_line_although_the_reason_of_a_hold_has_two() -> None:
    held = holding.hold(exploring(), Hold(by=OPERATOR, reason="First.\nSecond."), LATER)[0]
    refused(OnHold, lambda: holding.hold(held, Hold(by=OPERATOR, reason=WHY), LATER))
