"""The window of further proposals: its dates, and all that people do which moves or ends it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whenever import Instant, ItemizedDelta

from domain.announcements.announcement import ToPeople, ToTeams
from domain.announcements.occasions import Occasion
from domain.challenges import cancellation, deadlines, extension, holding, withdrawal
from domain.challenges.decisions import Cancel, Extend, Hold, Resume, Withdraw
from domain.challenges.state import Outcome, Phase, State
from domain.programmes.programme import Asks, CountedFrom, Without
from domain.programmes.windows import WindowDates
from domain.values.refusals import DeadlineRefused, TooLate
from tests.domain.challenges import (
    BID,
    CLOSES,
    FULLER,
    OPERATOR,
    A,
    B,
    C,
    D,
    asking,
    challenge,
    exploring,
    programme,
)
from tests.domain.changing import WHY, refused
from tests.domain.further import AT_ONCE, DAY, HOUR, asked, sealed, told
from tests.domain.stories import Story

# Dates of the round.


def with_dates(opens: Instant, closes: Instant) -> State:
    """A, B and C explore, in a round that says when the fuller proposals are taken."""
    state = exploring(*asking())
    dates = (WindowDates(stage="accelerator", opens=opens, closes=closes),)
    return state.having(challenge=challenge().model_copy(update={"windows": dates}))


def test_the_round_can_say_when_the_window_opens_and_closes() -> None:
    state = with_dates(Instant("2016-09-01T08:00Z"), Instant("2016-10-01T23:00Z"))
    ended, announcement = deadlines.stage_ended(state, state.run.ends)
    assert ended.window is not None
    assert (ended.window.opens, ended.deadline) == (Instant("2016-09-01T08:00Z"), Instant("2016-10-01T23:00Z"))
    (invited,) = told(announcement, Occasion.PROPOSAL_INVITED)
    assert invited.facts["opens"] == "Thursday 1 September 2016, 09:00 BST"


def test_a_window_is_open_as_long_as_the_programme_says_however_late_the_stage_before_ends() -> None:
    """Fails when a team has a day for what the programme gives it three weeks for, because the sponsor was late."""
    state = with_dates(Instant("2016-08-17T08:00Z"), Instant("2016-09-08T23:00Z"))
    late = state.run.ends + 20 * DAY
    ended, _ = deadlines.stage_ended(state.having_run(ends=late), late)
    assert ended.window is not None
    assert (ended.window.opens, ended.window.closes) == (late, Instant("2016-09-26T23:00Z"))


def test_nobody_is_reminded_that_a_window_closes_before_it_is_open() -> None:
    state = with_dates(Instant("2016-09-01T08:00Z"), Instant("2016-09-02T08:00Z"))
    a_day = FULLER.model_copy(update={"within": ItemizedDelta(days=1)})
    short = state.having(programme=programme(*asking(a_day)))
    ended, _ = deadlines.stage_ended(short, short.run.ends)
    assert ended.deadline == Instant("2016-09-02T08:00Z")
    assert deadlines.next_reminder(ended) is None


def test_a_hold_before_the_window_opens_moves_the_opening_too() -> None:
    state = with_dates(Instant("2016-09-01T08:00Z"), Instant("2016-10-01T23:00Z"))
    ended, _ = deadlines.stage_ended(state, state.run.ends)
    held, _ = holding.hold(ended, Hold(by=OPERATOR, reason=WHY), state.run.ends + HOUR)
    new, _ = holding.resume(held, Resume(by=OPERATOR), state.run.ends + HOUR + 7 * DAY)
    assert new.window is not None
    assert (new.window.opens, new.deadline) == (Instant("2016-09-08T08:00Z"), Instant("2016-10-08T23:00Z"))


# Everything that can be done to the first window can be done to this one.


def test_more_time_is_given_to_the_teams_that_are_asked() -> None:
    state = asked()
    closes = Instant("2016-09-20T23:00Z")
    new, announcement = extension.extend(state, Extend(by=OPERATOR, reason=WHY, closes=closes), state.run.ends + HOUR)

    assert new.deadline == closes
    assert announcement.window == new.window
    moved = told(announcement, Occasion.DEADLINE_MOVED)
    assert [notice.whom for notice in moved] == [ToTeams(teams=(A, B, C)), ToPeople(people=state.in_charge)]
    assert moved[0].facts["stage"] == "Accelerator"
    assert announcement.entry.text.startswith("Window for Accelerator closes on Tuesday 20 September 2016, 24:00 BST")


@pytest.mark.parametrize("closes", [Instant("2016-09-01T00:00Z"), Instant("2016-08-01T00:00Z")])
def test_the_closing_only_moves_to_a_later_time(closes: Instant) -> None:
    state = asked()
    message = Extend(by=OPERATOR, reason=WHY, closes=closes)
    refused(DeadlineRefused, lambda: extension.extend(state, message, state.run.ends + HOUR))


def test_a_window_that_has_closed_is_neither_extended_nor_held() -> None:
    state = asked()
    assert state.deadline is not None
    late = state.deadline
    extend = Extend(by=OPERATOR, reason=WHY, closes=late + DAY)
    assert "closed on Tuesday 6 September" in refused(TooLate, lambda: extension.extend(state, extend, late))
    hold = Hold(by=OPERATOR, reason=WHY)
    assert "has just closed" in refused(TooLate, lambda: holding.hold(state, hold, late))
    over, _ = sealed(state, A)
    assert "for good" in refused(TooLate, lambda: extension.extend(over, extend, late + HOUR))


def test_a_hold_moves_the_closing_and_is_the_teams_own_time() -> None:
    state = asked()
    held, announcement = holding.hold(state, Hold(by=OPERATOR, reason=WHY), state.run.ends + HOUR)
    assert announcement.window is not None
    assert (announcement.window.held, announcement.window.stage) == (True, "accelerator")
    assert held.deadline is None
    new, announcement = holding.resume(held, Resume(by=OPERATOR), state.run.ends + HOUR + 2 * DAY)
    assert state.deadline is not None
    assert new.deadline == state.deadline + 2 * DAY
    assert announcement.window == new.window
    assert "the window for Accelerator closes" in announcement.entry.text


def test_a_window_that_had_closed_before_a_hold_stays_closed() -> None:
    state = exploring(*asking(AT_ONCE.model_copy(update={"within": BID.within})))
    closes = state.further[-1].closes
    held, announcement = holding.hold(state, Hold(by=OPERATOR, reason=WHY), closes + HOUR)
    assert announcement.window is None
    new, announcement = holding.resume(held, Resume(by=OPERATOR), closes + 2 * DAY)
    assert announcement.window is None
    assert new.further[-1].closes == closes
    assert new.run.ends > state.run.ends


def test_a_challenge_that_is_cancelled_seals_the_window() -> None:
    for state in (asked(), exploring(*asking(AT_ONCE))):
        new, announcement = cancellation.cancel(state, Cancel(by=OPERATOR, reason=WHY), state.run.begins + HOUR)
        assert announcement.window is not None
        assert (announcement.window.sealed, announcement.window.stage) == (True, "accelerator")
        assert new.window is None
        _, outside = deadlines.cancelled_outside(state, state.run.begins + HOUR)
        assert outside.window == announcement.window


def test_when_the_last_team_leaves_the_window_is_sealed() -> None:
    state, now = asked(), asked().run.ends + HOUR
    for team in (A, B):
        state, announcement = withdrawal.withdraw(state, Withdraw(by=OPERATOR, team=team, reason=WHY), now)
    assert announcement.window is not None
    assert announcement.window.teams == state.field == (C,)
    state, announcement = withdrawal.withdraw(state, Withdraw(by=OPERATOR, team=C, reason=WHY), now)
    assert announcement.window is not None
    assert announcement.window.sealed
    assert (state.outcome, state.window) == (Outcome.DISCONTINUED, None)


def test_when_those_who_sent_one_leave_the_challenge_ends_although_others_are_out() -> None:
    state, _ = sealed(asked(), A)
    new, _ = withdrawal.withdraw(state, Withdraw(by=OPERATOR, team=A, reason=WHY), CLOSES.add(hours=2000))
    assert (new.phase, new.outcome) == (Phase.ENDED, Outcome.DISCONTINUED)


# Whatever people do.


@st.composite
def asked_in_a_story(draw: st.DrawFn) -> tuple[State, Story]:
    """A challenge that asks for proposals, or is about to: people do what moves a window, or who may send."""
    fuller = Asks(
        form="fuller",
        within=draw(st.sampled_from((FULLER.within, BID.within))),
        counted_from=draw(st.sampled_from(CountedFrom)),
        without=draw(st.sampled_from(Without)),
    )
    begun = exploring(*asking(fuller))
    story = Story(begun, begun.run.begins, draw(st.frozensets(st.sampled_from((A, B, C, D)))))
    for _ in range(draw(st.integers(1, 15))):
        story.now = story.now.add(seconds=draw(st.integers(0, 400_000)))
        match draw(st.sampled_from((Hold, Resume, Resume, Extend, Withdraw, None, None))):
            case kind if kind is Hold:
                story.hear(Hold(by=OPERATOR, reason=WHY))
            case kind if kind is Resume:
                story.hear(Resume(by=OPERATOR, reason=WHY))
            case kind if kind is Extend:
                story.hear(Extend(by=OPERATOR, reason=WHY, closes=story.now + draw(st.integers(1, 60)) * DAY))
            case kind if kind is Withdraw:
                story.hear(Withdraw(by=OPERATOR, reason=WHY, team=draw(st.sampled_from((A, B, C, D)))))
            case _:
                story.wait()
    return begun, story


@given(asked_in_a_story())
def test_the_window_that_is_kept_is_always_the_window_that_people_are_shown(told: tuple[State, Story]) -> None:
    """Fails when a change to a window, or to who may send, does not reach the row by which proposals are refused."""
    begun, story = told
    rows = {begun.window.stage: begun.window} if begun.window else {}
    for step in story.steps:
        written = step.announcement.window
        if written is not None:
            rows[written.stage] = written
        shown = step.after.window
        if shown is not None:
            assert rows[shown.stage] == shown
        if step.after.phase is Phase.WINDOW and not step.after.held:
            assert step.after.deadline == rows["accelerator"].closes
        if step.after.phase is Phase.ENDED and step.before.window is not None and step.message is not None:
            assert rows[step.before.window.stage].sealed


@given(asked_in_a_story())
def test_a_window_that_has_closed_never_opens_again(told: tuple[State, Story]) -> None:
    """Fails when a hold, its end or more time lets somebody send after the closing that everybody was told."""
    for step in told[1].steps:
        before, now = step.before.window, step.announcement.entry.at
        if before is not None and not before.held and now >= before.closes and step.after.window is not None:
            assert step.after.window.closes == before.closes
            assert not step.after.window.held


@given(asked_in_a_story())
def test_a_challenge_that_asks_can_be_left_and_taken_up_again_at_any_point(told: tuple[State, Story]) -> None:
    """Invariant 8. Fails when a window of further proposals is lost, or moves, as a run goes on in another."""
    for step in told[1].steps:
        again = State.model_validate_json(step.after.model_dump_json())
        assert (again, again.window, again.deadline) == (step.after, step.after.window, step.after.deadline)
        assert deadlines.next_reminder(again) == deadlines.next_reminder(step.after)


@given(asked_in_a_story())
def test_only_those_who_may_be_selected_are_asked(told: tuple[State, Story]) -> None:
    for step in told[1].steps:
        if step.announcement.window is not None and not step.announcement.window.sealed:
            assert step.announcement.window.teams == step.after.field
        out = {team for window in step.after.further for team in window.out}
        if step.after.phase is not Phase.ENDED:
            assert not out & set(step.after.field)
            assert step.after.field
