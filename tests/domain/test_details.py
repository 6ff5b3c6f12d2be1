"""What staff read on the page of a challenge: whose turn it is, what for, and the money, all of it true."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from whenever import Date, Instant

from domain.challenges import cancellation, deadlines, holding, participation, selection, withdrawal
from domain.challenges.awards import order_closed, payments_due
from domain.challenges.decisions import Cancel, Decline, Hold, Participate, Resume, Select, Withdraw
from domain.challenges.page import details
from domain.challenges.state import OrderState, Outcome, Phase, State
from domain.programmes.programme import Due, Instalment, Pay
from domain.values.calendar import spoken_day
from domain.values.money import Money, Vat, total
from tests.domain.strategies import (
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
    Story,
    accelerating,
    completed,
    explored,
    exploring,
    in_instalments,
    sealed,
    select,
    stories,
    taking_applications,
    waiting,
)

LATER = Instant("2016-08-05T12:00Z")
WHY = "The building is closed."
SHOWN_FIRST = Pay(
    fixed=Money(100_000),
    instalments=(Instalment(share="40%"), Instalment(share="60%", due=Due.EVIDENCE, evidence="A prototype")),
)


def row(state: State, label: str, attention: str = "") -> str:
    """What the table at the head of the page says beside a label."""
    unfolded = re.escape(f"{label}  ".replace(" ", "\N{NO-BREAK SPACE}"))
    [said] = re.findall(rf"^\| {unfolded} \| (.*) \|$", details(state, attention), re.MULTILINE)
    return str(said)


def section(state: State, title: str) -> list[str]:
    """The lines of a section of the page."""
    _, _, rest = details(state).partition(f"\n### {title}\n")
    return [line for line in rest.partition("\n### ")[0].splitlines() if line]


def stage_line(state: State, title: str) -> str:
    """What the page says of a stage."""
    [said] = [line for line in section(state, "Stages") if line.startswith(f"- **{title}**")]
    return said.removeprefix(f"- **{title}**: ")


def with_payments(state: State, *how: OrderState) -> State:
    """The state once all that is due was ordered and came out like this, in order."""
    return state.having(payments=dict(zip((order.key for order in payments_due(state)), how, strict=True)))


def ending(state: State) -> State:
    """The state after the stage under way has ended."""
    return deadlines.stage_ended(state, state.run.ends)[0]


def agreeing(state: State, stage: str, amounts: dict[str, Money], reason: str = "Because.") -> State:
    """The state after a selection that agrees on amounts."""
    message = Select(by=DECIDER, stage=stage, teams=tuple(amounts), amounts=amounts, reason=reason)
    return selection.select(state, message, LATER)[0]


# --- The money -----------------------------------------------------------------------------------------------------


def test_each_payment_says_what_it_pays_and_how_it_stands_and_the_last_line_what_was_paid_in_all() -> None:
    """Fails when an instalment shows the whole award, or a sum counts what does not stand so."""
    state = ending(exploring(*in_instalments()))
    under_way, settled, cancelled = OrderState.UNDER_WAY, OrderState.SETTLED, OrderState.CANCELLED
    state = with_payments(state, settled, under_way, settled, cancelled, under_way, under_way)
    part = "£1,200 (£1,000 and VAT)"
    assert section(state, "Payments") == [
        f"- {part} to team-a for Exploration, instalment 1 of 2: paid",
        f"- {part} to team-a for Exploration, instalment 2 of 2: **not paid yet**",
        f"- {part} to team-b for Exploration, instalment 1 of 2: paid",
        f"- {part} to team-b for Exploration, instalment 2 of 2: cancelled",
        f"- {part} to team-c for Exploration, instalment 1 of 2: **not paid yet**",
        f"- {part} to team-c for Exploration, instalment 2 of 2: **not paid yet**",
        "Paid in all: £2,400 (£2,000 and VAT); not paid yet: £3,600 (£3,000 and VAT). "
        "What a payment waits for is on its own page.",
    ]


def test_an_award_that_is_paid_at_once_has_no_instalments() -> None:
    state = with_payments(exploring(), OrderState.SETTLED, OrderState.UNDER_WAY, OrderState.UNDER_WAY)
    assert section(state, "Payments") == [
        "- £2,000 to team-a for Exploration: paid",
        "- £2,000 to team-b for Exploration: **not paid yet**",
        "- £2,000 to team-c for Exploration: **not paid yet**",
        "Paid in all: £2,000; not paid yet: £4,000. What a payment waits for is on its own page.",
    ]


def test_a_challenge_that_has_ordered_nothing_has_no_payments_on_its_page() -> None:
    assert "Payments" not in details(exploring())


@given(stories())
def test_the_page_never_says_another_sum_than_what_was_paid(story: Story) -> None:
    """Fails when the sum is of other parts than the orders, or leaves some out."""
    if not story.orders:
        return
    state = story.state.having(payments={order.key: OrderState.SETTLED for order in story.orders})
    lines = section(state, "Payments")
    assert len(lines) == len(story.orders) + 1
    gross = total(order.amount.gross for order in story.orders)
    assert re.match(r"Paid in all: (\S+)", lines[-1])[1] == gross.shown()  # type: ignore[index]
    assert total(Money.parse(re.match(r"- (\S+)", line)[1]) for line in lines[:-1]) == gross  # type: ignore[index]


@pytest.mark.parametrize(
    ("how", "says"), [(OrderState.SETTLED, "Paid: "), (OrderState.CANCELLED, "Payment cancelled: ")]
)
def test_what_happened_says_the_amount_of_a_payment_once(how: OrderState, says: str) -> None:
    state = with_payments(exploring(*in_instalments()), *[OrderState.UNDER_WAY] * 3)
    key = next(iter(state.payments))
    new = order_closed(state, key, how, LATER)
    assert new.payments[key] is how
    assert new.story[-1].text == f"{says}£1,200 (£1,000 and VAT) to team-a for Exploration, instalment 1 of 2"
    assert order_closed(new, key, how, LATER) == new
    assert order_closed(new, "round/air-quality/exploration/team-f/1", how, LATER) == new


def test_what_happened_says_whom_a_selection_took_for_how_much_and_why() -> None:
    state = agreeing(ending(accelerating()), "pre-commercial", {A: Money(4_000_000)}, reason="It works.")
    said = "team-a selected for Pre-commercial development; agreed: £40,000 for team-a, by lead: It works."
    assert state.story[-1].text == said
    plain = selection.select(sealed(), select("exploration", A), LATER)[0]
    assert plain.story[-1].text == "team-a selected for Exploration, by lead"


def test_an_agreed_amount_with_vat_on_top_of_it_is_told_with_and_without() -> None:
    added = PRE_COMMERCIAL.model_copy(update={"pay": Pay(agreed_up_to=Money(5_000_000), vat=Vat.ADDED)})
    state = agreeing(sealed(added), "pre-commercial", {A: Money(1_000_000), B: Money(2_000_000)})
    assert "; agreed: £12,000 (£10,000 and VAT) for team-a, £24,000 (£20,000 and VAT) for team-b," in (
        state.story[-1].text
    )


# --- What happened -------------------------------------------------------------------------------------------------


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


# --- Who must act, on what, until when -----------------------------------------------------------------------------


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


# --- The stages ----------------------------------------------------------------------------------------------------


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
