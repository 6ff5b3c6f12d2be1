"""Which stage is judged, among whom, and until when; progress in words; and what a draft of feedback quotes."""

from __future__ import annotations

import pytest

from domain.challenges.state import State
from domain.judging.progress import Progress, ReaderProgress
from domain.judging.quoting import draft
from domain.judging.turn import check_is_judged, field_of, stage_meant
from domain.values.refusals import TooEarly, TooLate, UnknownStage
from tests.domain.challenges import (
    A,
    B,
    C,
    accelerating,
    completed,
    explored,
    exploring,
    sealed,
    taking_applications,
)
from tests.domain.judging import CARD

BOTH = ("exploration", "accelerator")


@pytest.mark.parametrize(
    ("state", "meant"),
    [
        (taking_applications(), "exploration"),
        (sealed(), "exploration"),
        (exploring(), "accelerator"),
        (explored(), "accelerator"),
        (accelerating(), "accelerator"),
        (completed(), "accelerator"),
    ],
)
def test_without_a_name_the_stage_is_meant_that_is_judged_now_or_next(state: State, meant: str) -> None:
    assert stage_meant(state, BOTH, "") == meant
    assert stage_meant(state, BOTH, "exploration") == "exploration"


def test_a_stage_without_a_scorecard_is_not_judged() -> None:
    with pytest.raises(UnknownStage, match="name exploration and accelerator"):
        stage_meant(sealed(), BOTH, "pre-commercial")
    with pytest.raises(UnknownStage, match="No stage of round/air-quality has a scorecard"):
        stage_meant(sealed(), (), "")


def test_marks_are_given_while_the_stage_waits_for_its_decision() -> None:
    check_is_judged(sealed(), "exploration")
    check_is_judged(explored(), "accelerator")


@pytest.mark.parametrize(
    ("state", "stage"),
    [(taking_applications(), "exploration"), (sealed(), "accelerator"), (exploring(), "accelerator")],
)
def test_before_its_turn_a_stage_is_not_judged(state: State, stage: str) -> None:
    with pytest.raises(TooEarly):
        check_is_judged(state, stage)


@pytest.mark.parametrize(
    ("state", "stage"),
    [(exploring(), "exploration"), (explored(), "exploration"), (completed(), "accelerator")],
)
def test_after_its_decision_a_stage_is_not_judged_any_more(state: State, stage: str) -> None:
    with pytest.raises(TooLate):
        check_is_judged(state, stage)


def test_the_field_is_everybody_at_first_and_then_the_teams_of_the_stage_before() -> None:
    assert field_of(sealed(), "exploration") == ()
    assert field_of(explored(), "accelerator") == (A, B, C)
    assert field_of(explored(), "exploration") == ()
    assert field_of(accelerating(), "accelerator") == (A, B, C)


def test_progress_is_told_in_a_line_with_ones_own_part() -> None:
    readers = tuple(
        ReaderProgress(person=person, applications=9, left=left)
        for person, left in (("ann", 0), ("ben", 5), ("cat", 0), ("dan", 9))
    )
    found = Progress(stage="exploration", readers=readers)

    assert found.in_words("ben") == "2 of 4 readers done; yours: 5 left"
    assert found.in_words("ann") == "2 of 4 readers done; yours: done"
    assert found.in_words("sponsor") == "2 of 4 readers done"


def test_a_draft_quotes_each_reason_once_and_leaves_out_what_was_erased() -> None:
    reasons = {"merit": ["Clear.", "Clear.", "Cheap."], "cost": ["", ""], "heard": ["At a fair."]}

    assert draft(CARD, {"heard": "Agreed."}, reasons) == (
        "Merit\n- Clear.\n- Cheap.\n\nWhere they heard of us\n- Agreed.\n"
    )
    assert draft(CARD, {}, {}) == ""
