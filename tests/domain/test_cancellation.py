"""A challenge can be cancelled whatever it waits for: who may cancel it, and what is announced."""

from __future__ import annotations

import pytest

from domain.announcements.occasions import Occasion
from domain.challenges import cancellation, holding
from domain.challenges.decisions import Cancel, Hold
from domain.challenges.state import Outcome, Phase, State
from domain.values.refusals import NotAllowed, ReasonMissing, TooLate
from tests.domain.challenges import (
    DECIDER,
    OPERATOR,
    OTHER,
    accelerating,
    completed,
    explored,
    exploring,
    sealed,
    taking_applications,
    waiting,
)
from tests.domain.changing import LATER, WHY, occasions, refused


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
