"""Whose turn it is on the page of a challenge: who must act, on what, until when."""

from __future__ import annotations

import re

import pytest

from domain.challenges import cancellation, deadlines, holding
from domain.challenges.decisions import Cancel, Hold, Resume
from domain.challenges.page import details
from domain.challenges.state import OrderState, Phase
from domain.programmes.pay import Pay
from domain.values.money import Money, Vat
from tests.domain.challenges import (
    ACCELERATOR,
    CLOSES,
    COMMERCIALISATION,
    DECIDER,
    EXPLORATION,
    INTERVIEW,
    OPERATOR,
    PRE_COMMERCIAL,
    A,
    B,
    C,
    accelerating,
    completed,
    explored,
    exploring,
    sealed,
    taking_applications,
    waiting,
)
from tests.domain.page import LATER, SHOWN_FIRST, WHY, ending, row, section, stage_line, with_payments


def test_whoever_decides_reads_how_many_can_be_chosen_out_of_what() -> None:
    assert row(sealed(), "Who must act") == (
        "lead or deputy: select teams for Exploration out of 6 applications (3 expected, 1 to 3 allowed); or decline"
    )
    assert row(explored(), "Who must act") == (
        "lead or deputy: select teams for Accelerator out of team-a, team-b and team-c "
        "(1 expected, 1 to 3 allowed); or decline"
    )
    exact = sealed(INTERVIEW.model_copy(update={"min": 6}), EXPLORATION)
    assert "(6 expected, exactly 6 allowed)" in row(exact, "Who must act")


@pytest.mark.parametrize(
    ("vat", "amount"),
    [(Vat.NONE, "£50,000"), (Vat.ADDED, "£50,000 (without VAT)"), (Vat.INCLUDED, "£50,000 (with VAT)")],
)
def test_whoever_decides_reads_up_to_how_much_and_that_a_stage_may_be_skipped(vat: Vat, amount: str) -> None:
    """Fails when the page leaves out that an amount has to be named: the selection is then refused."""
    pay = Pay(agreed_up_to=Money(5_000_000), vat=vat)
    skippable = PRE_COMMERCIAL.model_copy(update={"may_be_skipped": True, "pay": pay})
    assert row(explored(EXPLORATION, skippable, COMMERCIALISATION), "Who must act") == (
        "lead or deputy: select teams for Pre-commercial development out of team-a, team-b and team-c "
        f"(1 expected, 1 to 3 allowed; may be skipped), with an amount of up to {amount} for each; or decline"
    )


def test_a_decision_is_due_by_its_date_and_overdue_since_then() -> None:
    """Fails when a date that has passed is still shown as one to come."""
    state = sealed()
    assert state.decide_by is not None
    assert row(state, "Due by") == "Monday 15 August 2016, 24:00 BST"
    before = deadlines.reminded(state, state.decide_by.subtract(hours=48))[0]
    assert row(before, "Due by") == "Monday 15 August 2016, 24:00 BST"
    over = deadlines.reminded(before, state.decide_by)[0]
    assert row(over, "Overdue since") == "Monday 15 August 2016, 24:00 BST"
    assert "Due" not in details(over)
    assert row(exploring(), "Until") == exploring().at(exploring().run.ends)


def test_on_hold_the_page_says_until_when_a_decision_was_due() -> None:
    """Fails when the date is gone as long as the clock stands."""
    state = sealed()
    assert state.decide_by is not None
    due = f"{state.at(state.decide_by)} (moves by the length of the hold)"
    held = holding.hold(state, Hold(by=DECIDER, reason=WHY), LATER)[0]
    assert row(held, "Was due by") == due
    overdue = deadlines.reminded(state, state.decide_by)[0]
    held = holding.hold(overdue, Hold(by=DECIDER, reason=WHY), state.decide_by.add(hours=1))[0]
    assert row(held, "Was due by") == due
    resumed = holding.resume(held, Resume(by=OPERATOR), state.decide_by.add(hours=2))[0]
    cancelled = cancellation.cancel(state, Cancel(by=OPERATOR, reason=WHY), LATER)[0]
    for other in (state, resumed, cancelled, explored(), exploring()):
        assert not re.search(r"^\| Was", details(other), re.MULTILINE)


def test_no_label_is_folded_and_none_touches_what_is_said_beside_it() -> None:
    """Fails when a label has a space, at which the UI folds it in its narrow column, or ends without one."""
    held = holding.hold(sealed(), Hold(by=DECIDER, reason=WHY), LATER)[0]
    labels = re.findall(r"^\| ([^|-]+) \| ", details(held, "The rail is down"), re.MULTILINE)
    assert [label.replace("\N{NO-BREAK SPACE}", " ").removesuffix("  ") for label in labels] == [
        "**Needs attention**",
        "Waits for",
        "Was due by",
        "Who must act",
        "On hold",
        "Sponsor",
        "Window",
    ]
    assert not [label for label in labels if " " in label or not label.endswith("\N{NO-BREAK SPACE}")]


def test_what_needs_attention_comes_with_the_command_that_has_it_tried_again() -> None:
    """Fails when staff read of a message to the workflow that they cannot send."""
    assert row(sealed(), "**Needs attention**", "announce: it is full") == (
        "announce: it is full; mend the cause, then `starter.py retry round/air-quality`"
    )


def test_while_something_needs_attention_the_operators_must_act_first() -> None:
    """Fails when the page goes on asking for the decision that was taken and could not be written."""
    first = "office: mend what needs attention"
    said = {state.phase: state for state in (taking_applications(), sealed(), exploring())}
    for state in (*said.values(), holding.hold(sealed(), Hold(by=DECIDER, reason=WHY), LATER)[0]):
        others = row(state, "Who must act")
        assert row(state, "Who must act", "It is full") == f"{first}; unless that settles it, {others}"
    for state in (waiting(), completed(), with_payments(completed(), *[OrderState.UNDER_WAY] * 5)):
        assert row(state, "Who must act", "It is full") == first


def test_the_page_says_until_when_it_is_the_teams_turn() -> None:
    assert row(exploring(), "Who must act") == "the teams, until the stage ends: team-a, team-b, team-c"
    assert row(taking_applications(), "Who must act") == "applicants"


def test_on_hold_all_who_can_resume_are_named_and_what_moves_is_marked() -> None:
    """Fails when only the operators are named: the sponsor can end a hold too."""
    moves = "(moves by the length of the hold)"
    running = holding.hold(accelerating(), Hold(by=DECIDER, reason=WHY), LATER)[0]
    assert row(running, "Who must act") == "lead or deputy or office: resume or cancel"
    assert moves in stage_line(running, "Accelerator")
    assert moves not in stage_line(running, "Exploration")
    assert moves not in row(running, "Window")
    taking = holding.hold(taking_applications(), Hold(by=OPERATOR, reason=WHY), CLOSES.subtract(hours=9))[0]
    assert row(taking, "Window").endswith(f"Monday 1 August 2016, 24:00 BST {moves}")
    resumed = holding.resume(running, Resume(by=OPERATOR), LATER.add(hours=24))[0]
    assert moves not in details(resumed)


def test_after_the_end_the_page_says_whether_anything_is_left_to_do() -> None:
    shown_first = EXPLORATION.model_copy(update={"pay": SHOWN_FIRST})
    state = ending(exploring(shown_first))
    assert state.phase is Phase.ENDED
    assert row(state, "Who must act") == "lead or deputy or office: accept or reject the evidence"
    assert section(state, "Evidence") == [
        f"- {team} for Exploration, instalment 2: A prototype; pays £600" for team in (A, B, C)
    ]
    paying = with_payments(completed(), *[OrderState.UNDER_WAY] * 5)
    assert row(paying, "Who must act") == "nobody here: see the payments that are not paid yet"
    assert row(completed(), "Who must act") == "nobody"
    assert "Evidence" not in details(completed())


def test_evidence_that_is_waited_for_is_on_the_page_while_the_stage_runs() -> None:
    state = exploring(EXPLORATION.model_copy(update={"pay": SHOWN_FIRST}), ACCELERATOR)
    assert state.phase is Phase.RUNNING
    assert len(section(state, "Evidence")) == 3
