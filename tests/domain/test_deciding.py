"""What a decision tells the database, which checks what the workflow cannot know: interests and scores."""

from __future__ import annotations

from domain.announcements.announcement import Deciding
from domain.challenges import selection
from domain.challenges.decisions import Decline
from tests.domain.challenges import CLOSES, DECIDER, A, B, C, explored, sealed, select

NOW = CLOSES.add(hours=24)


def test_a_selection_says_whom_it_takes_and_from_whom() -> None:
    _, first = selection.select(sealed(), select("exploration", A, B, reserve=(C,)), NOW)
    _, later = selection.select(explored(), select("accelerator", A, reserve=(B,)), NOW)

    assert first.decides == Deciding(teams=(A, B), reserve=(C,))
    assert later.decides == Deciding(teams=(A,), reserve=(B,), field=(A, B, C))


def test_to_decline_is_a_decision_on_everybody_as_well() -> None:
    _, declined = selection.decline(explored(), Decline(by=DECIDER, stage="accelerator", reason="No."), NOW)

    assert declined.decides == Deciding(field=(A, B, C))
