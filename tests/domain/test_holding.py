"""A hold stops the clock of a challenge, and a resumption moves its deadline."""

from __future__ import annotations

import contextlib

from whenever import Instant

from domain.announcements.announcement import ToTeams
from domain.announcements.occasions import Occasion
from domain.challenges import cancellation, holding
from domain.challenges.decisions import Cancel, Hold, Resume
from domain.values.refusals import NotAllowed, OnHold, ReasonMissing, Refused, TooLate
from tests.domain.challenges import (
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
    accelerating,
    explored,
    exploring,
    sealed,
    taking_applications,
    waiting,
)
from tests.domain.changing import LATER, NOW, WHY, occasions, refused


def test_those_who_were_in_reserve_of_a_stage_that_is_over_are_told_nothing_more() -> None:
    """They were told that no place came to them. Fails when they are told of each hold for ever."""
    _, held = holding.hold(explored(), Hold(by=OPERATOR, reason=WHY), LATER)
    _, cancelled = cancellation.cancel(explored(), Cancel(by=OPERATOR, reason=WHY), LATER)
    assert [each.notices[0].whom for each in (held, cancelled)] == [ToTeams(teams=(A, B, C))] * 2


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
    assert announcement.window is not None
    assert not announcement.window.held


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


def test_teams_of_the_field_are_told_of_a_hold_and_those_in_reserve() -> None:
    _, announcement = holding.hold(exploring(), Hold(by=OPERATOR, reason=WHY), LATER)
    assert announcement.notices[0].whom == ToTeams(teams=(A, B, C, D, E))


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
