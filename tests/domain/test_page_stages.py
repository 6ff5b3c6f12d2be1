"""The stages on the page of a challenge, its outcome, and what happened in which order."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from whenever import Date, Instant

from domain.challenges import cancellation, deadlines, holding, participation, selection, withdrawal
from domain.challenges.decisions import Cancel, Decline, Hold, Participate, Withdraw
from domain.challenges.page import details
from domain.challenges.state import OrderState, Outcome, Phase, State
from domain.values.calendar import spoken_day
from domain.values.money import Money
from tests.domain.challenges import (
    CLOSES,
    COMMERCIALISATION,
    DECIDER,
    EXPLORATION,
    INTERVIEW,
    OPERATOR,
    PRE_COMMERCIAL,
    A,
    accelerating,
    completed,
    explored,
    exploring,
    sealed,
    select,
    taking_applications,
    waiting,
)
from tests.domain.page import LATER, WHY, agreeing, ending, row, section, stage_line, with_payments
from tests.domain.stories import Story, stories


def test_what_happened_is_told_newest_first_whenever_it_became_known() -> None:
    """Fails when the lines stand in the order in which they came."""
    state = waiting().having(story=())
    for hour, text in ((1, "first"), (5, "last"), (3, "second"), (3, "third")):
        state = state.telling(CLOSES.add(hours=hour), text)
    assert [line.rpartition(": ")[2] for line in section(state, "What happened")] == [
        "last",
        "third",
        "second",
        "first",
    ]


def test_a_page_of_a_great_challenge_still_fits() -> None:
    """Temporal takes 20,000 bytes. Fails when characters are counted instead."""
    state = exploring()
    team = state.run.teams[0]
    many = tuple(team.model_copy(update={"id": f"{'ä' * 60}-{number}"}) for number in range(1000))
    assert len(details(state.having_run(teams=many)).encode()) <= 20_000
    assert section(exploring(), "What happened")


def test_a_stage_to_come_is_told_from_one_that_is_being_selected_for() -> None:
    assert stage_line(taking_applications(), "Exploration") == "not begun"
    assert stage_line(sealed(), "Exploration") == "teams are being selected"
    assert stage_line(sealed(), "Accelerator") == "not begun"
    assert stage_line(exploring(), "Accelerator") == "not begun"
    assert stage_line(explored(), "Accelerator") == "teams are being selected"


def test_a_stage_that_is_under_way_is_told_from_one_that_has_ended() -> None:
    """Fails when only the dates tell which stage runs."""
    state = accelerating()
    exploration, accelerator = state.runs
    assert stage_line(state, "Exploration").startswith(
        f"ended, from {state.at(exploration.begins)} to {state.at(exploration.ends)}. Teams: "
    )
    assert stage_line(state, "Accelerator").startswith(
        f"under way, from {state.at(accelerator.begins)} to {state.at(accelerator.ends)}. Teams: "
    )


def test_only_the_stage_under_way_has_anybody_in_reserve() -> None:
    """Fails when those who were told that they are out are shown as in reserve still."""
    assert "In reserve: team-d, team-e" in stage_line(exploring(), "Exploration")
    state = accelerating()
    assert "reserve" not in stage_line(state, "Exploration")
    assert "In reserve: team-b" in stage_line(state, "Accelerator")
    cancelled = cancellation.cancel(state, Cancel(by=OPERATOR, reason=WHY), LATER)[0]
    for over in (explored(), completed(), cancelled):
        assert "reserve" not in "".join(section(over, "Stages"))


def test_a_stage_that_only_sifts_has_one_time() -> None:
    state = ending(exploring(INTERVIEW, EXPLORATION))
    assert state.run.begins == state.run.ends
    assert stage_line(state, "Interview") == f"ended on {state.at(state.run.ends)}. Teams: team-a, team-b, team-c"


def test_a_stage_that_was_cut_short_does_not_show_its_planned_end() -> None:
    """Fails when a cancelled stage keeps the end that it would have had."""
    running = exploring()
    state = cancellation.cancel(running, Cancel(by=OPERATOR, reason=WHY), LATER)[0]
    assert stage_line(state, "Exploration").startswith(
        "ended early, from Tuesday 2 August 2016, 24:00 BST to Friday 5 August 2016, 13:00 BST. Teams: team-a, "
    )
    assert state.at(running.run.ends) not in "".join(section(state, "Stages"))
    assert stage_line(state, "Accelerator") == stage_line(state, "Commercialisation") == "did not take place"


def test_a_stage_that_ended_in_time_shows_its_end_also_where_the_challenge_went_no_further() -> None:
    state = explored()
    end = state.at(state.run.ends)
    state = selection.decline(state, Decline(by=DECIDER, stage="accelerator", reason=WHY), state.run.ends)[0]
    assert f" to {end}. Teams" in stage_line(state, "Exploration")
    assert stage_line(state, "Accelerator") == "did not take place"
    assert row(state, "Outcome") == f"**discontinued** on {end}: {WHY}"


def test_a_stage_is_skipped_once_a_later_one_is_filled() -> None:
    skippable = PRE_COMMERCIAL.model_copy(update={"may_be_skipped": True})
    state = explored(EXPLORATION, skippable, COMMERCIALISATION)
    state = selection.select(state, select("commercialisation", A), LATER)[0]
    assert stage_line(state, "Pre-commercial development") == "skipped"


def test_the_outcome_says_when_and_why() -> None:
    state = cancellation.cancel(exploring(), Cancel(by=OPERATOR, reason=WHY), LATER)[0]
    assert row(state, "Outcome") == f"**cancelled** on Friday 5 August 2016, 13:00 BST: {WHY}"
    over = completed()
    assert row(over, "Outcome") == f"**completed** on {over.at(over.run.ends)}"


@given(stories())
def test_a_challenge_knows_when_it_ended_exactly_if_it_has(story: Story) -> None:
    """Fails when one of the ways to end leaves it out."""
    for step in story.steps:
        assert (step.after.ended is not None) == (step.after.phase is Phase.ENDED)
        if step.after.phase is Phase.ENDED and step.before.phase is not Phase.ENDED:
            assert step.after.ended == step.announcement.entry.at


def pre_commercial_states() -> Sequence[State]:
    """Every way to stand at the stage whose name and title differ most."""
    deciding = ending(accelerating())
    running = agreeing(deciding, "pre-commercial", {A: Money(100)})
    held = holding.hold(running, Hold(by=OPERATOR, reason=WHY), LATER)[0]
    left = withdrawal.withdraw(running, Withdraw(by=OPERATOR, team=A, reason=WHY), LATER)[0]
    cancelled = cancellation.cancel(running, Cancel(by=OPERATOR, reason=WHY), LATER)[0]
    outside = deadlines.cancelled_outside(running, LATER)[0]
    late = deciding
    for _ in range(3):
        late = deadlines.reminded(late, deadlines.next_reminder(late) or LATER)[0]
    paid = with_payments(running, *[OrderState.SETTLED] * 5)
    assert left.outcome is Outcome.DISCONTINUED
    return deciding, running, held, left, cancelled, outside, late, paid


@pytest.mark.parametrize("number", range(8))
def test_the_page_calls_a_stage_by_its_title_and_the_lists_by_its_name(number: int) -> None:
    """Fails when a name meant for searches stands in prose."""
    state = pre_commercial_states()[number]
    page = details(state)
    assert "Pre-commercial development" in page
    assert "pre-commercial" not in page
    assert state.status.stage == "pre-commercial"
    if state.deadline:
        assert state.waits_for.endswith(" pre-commercial")
        assert row(state, "Waits for").endswith(" Pre-commercial development**")


def test_sessions_are_counted_against_those_that_are_expected() -> None:
    state = accelerating()
    assert "Citizen participation: 0 of 3 sessions, 0 people" in stage_line(state, "Accelerator")
    told = Participate(by=A, stage="accelerator", on=Date(2016, 8, 18), people=12, summary="What was learnt.")
    state = participation.participate(state, told, Instant("2016-08-18T15:00Z"))[0]
    assert "Citizen participation: 1 of 3 sessions, 12 people" in stage_line(state, "Accelerator")
    assert "Citizen participation session on Thursday 18 August 2016 with 12 people" in state.story[-1].text
    assert "Citizen participation" not in stage_line(exploring(), "Exploration")


def test_a_session_where_none_is_expected_is_still_told() -> None:
    told = Participate(by=A, stage="exploration", on=Date(2016, 8, 5), people=1, summary="What was learnt.")
    state = participation.participate(exploring(), told, LATER)[0]
    assert "Citizen participation: 1 session, 1 person" in stage_line(state, "Exploration")
    assert state.story[-1].text == "Citizen participation session on Friday 5 August 2016 with 1 person"


def test_the_page_says_what_the_names_of_applicants_and_teams_are() -> None:
    """Fails when it does so only once a stage was filled: somebody may have withdrawn before that."""
    said = "Applicants and teams are named by the reference of their application."
    left = withdrawal.withdraw(taking_applications(), Withdraw(by=A, team=A, reason=WHY), CLOSES.subtract(hours=1))[0]
    assert A in details(left)
    for state in (left, sealed(), exploring(), completed()):
        assert said in section(state, "Stages")
    assert said not in details(waiting())


def test_a_day_is_spoken_as_in_a_deadline() -> None:
    assert spoken_day(Date(2016, 8, 1)) == "Monday 1 August 2016"
