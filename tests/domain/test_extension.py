"""Who may move the closing of a window, and to what time."""

from __future__ import annotations

import pytest
from whenever import Date, Instant

from domain.announcements.announcement import ToApplicants
from domain.challenges import extension, holding
from domain.challenges.decisions import Extend, Hold
from domain.values.calendar import end_of_day
from domain.values.refusals import DeadlineRefused, NotAllowed, OnHold, ReasonMissing, TooLate
from tests.domain.challenges import CLOSES, DECIDER, OPENS, OPERATOR, OTHER, A, sealed, taking_applications
from tests.domain.changing import NOW, WHY, refused


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


def test_a_wrong_deadline_without_a_reason_is_refused_for_both() -> None:
    """Fails when the person is told of the reason first, and of the deadline once the reason is there."""
    message = extend(OPENS).model_copy(update={"reason": ""})
    with pytest.raises(ReasonMissing) as caught:
        extension.extend(taking_applications(), message, NOW)
    assert [problem.field for problem in caught.value.problems] == ["reason", "closes"]


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
