"""How a challenge goes its way when nobody does anything, and that it can be left and taken up at any point."""

from __future__ import annotations

from itertools import islice

from hypothesis import given
from whenever import Instant

from domain.announcements.announcement import Announcement, ToApplicants, ToPeople, ToTeams
from domain.announcements.occasions import Occasion
from domain.challenges import deadlines, extension, holding, selection
from domain.challenges.awards import payments_due
from domain.challenges.decisions import Extend, Hold
from domain.challenges.state import OrderState, Outcome, Phase, State
from tests.domain.challenges import (
    CLOSES,
    DECIDER,
    EXPLORATION,
    INTERVIEW,
    ON_EVIDENCE,
    OPENS,
    OPERATOR,
    TEAMS,
    A,
    B,
    C,
    D,
    E,
    accelerating,
    completed,
    explored,
    exploring,
    in_instalments,
    sealed,
    select,
    taking_applications,
    waiting,
)
from tests.domain.changing import occasions
from tests.domain.stories import Story, stories


def reminders(state: State, most: int) -> list[Instant]:
    """The next reminders, each given when it is due."""

    def one_after_another(state: State) -> object:
        while (due := deadlines.next_reminder(state)) is not None:
            yield due
            state = deadlines.reminded(state, due)[0]

    return list(islice(one_after_another(state), most))  # type: ignore[call-overload]


def test_a_challenge_waits_for_its_opening_and_then_for_applications() -> None:
    state = waiting()
    assert (state.waits_for, state.deadline, state.stage_name) == ("opening", OPENS, "window")
    new, announcement = deadlines.opened(state, OPENS)
    assert (new.waits_for, new.deadline) == ("applications", CLOSES)
    assert announcement.window == new.window
    assert announcement.notices[0].facts["closes"] == "Monday 1 August 2016, 24:00 BST"


def test_a_sealed_window_invites_the_sponsor_to_select_by_the_calendar() -> None:
    """Fails when `decide_by` is not computed by working days in the programme's zone."""
    new, announcement = deadlines.sealed(taking_applications(), 80, CLOSES)
    assert (new.phase, new.stage, new.applications) == (Phase.DECIDING, 0, 80)
    assert new.decide_by is not None
    assert new.at(new.decide_by) == "Monday 15 August 2016, 24:00 BST"
    assert announcement.notices[0].whom == ToPeople(people=(DECIDER, "deputy"))
    assert announcement.notices[0].facts["field"] == "80 applications came in"


def test_an_invitation_to_select_says_out_of_whom_and_up_to_how_much() -> None:
    """Fails when a later stage still speaks of applications, or the cap is left out where an amount has to be named."""
    state = exploring()
    told, *_ = deadlines.stage_ended(state, state.run.ends)[1].notices
    assert (told.facts["field"], told.facts["amount"]) == (
        "Exploration has ended with 3 teams: team-a, team-b, team-c",
        "",
    )
    state = accelerating()
    told, *_ = deadlines.stage_ended(state, state.run.ends)[1].notices
    assert (told.facts["field"], told.facts["amount"]) == ("Accelerator has ended with 1 team: team-a", "up to £50,000")


def test_a_challenge_to_which_nobody_applied_ends_without_award() -> None:
    new, announcement = deadlines.sealed(taking_applications(), 0, CLOSES)
    assert (new.phase, new.outcome, new.outcome_reason) == (Phase.ENDED, Outcome.NO_AWARD, "nobody applied")
    assert "0 applications" in announcement.entry.text
    assert new.stage_name == "window"


def test_one_application_is_called_one() -> None:
    assert "with 1 application;" in deadlines.sealed(taking_applications(), 1, CLOSES)[1].entry.text


def test_a_stage_that_ends_invites_the_sponsor_to_select_for_the_next() -> None:
    state = exploring()
    new, announcement = deadlines.stage_ended(state, state.run.ends)
    assert (new.phase, new.stage, new.waits_for) == (Phase.DECIDING, 1, "selection for accelerator")
    assert new.run.ended == state.run.ends
    assert new.field == (A, B, C)
    assert occasions(announcement) == [Occasion.DECISION_INVITED, Occasion.SCORING_INVITED, Occasion.NOT_SELECTED]


def test_those_in_reserve_are_told_when_no_place_can_come_to_them_any_more() -> None:
    """Fails when a stage ends, or with it the challenge, without a word to them."""
    for state in (exploring(), exploring(EXPLORATION)):
        _, announcement = deadlines.stage_ended(state, state.run.ends)
        [told] = [each for each in announcement.notices if each.occasion is Occasion.NOT_SELECTED]
        assert (told.whom, told.facts["stage"]) == (ToTeams(teams=(D, E)), "Exploration")
    alone = exploring().having_run(reserve=())
    assert Occasion.NOT_SELECTED not in occasions(deadlines.stage_ended(alone, alone.run.ends)[1])
    _, cancelled = deadlines.cancelled_outside(exploring(), CLOSES)
    assert cancelled.notices[0].whom == ToTeams(teams=(A, B, C, D, E))


def test_the_last_stage_completes_the_challenge_and_tells_its_teams() -> None:
    state = completed()
    assert (state.phase, state.outcome, state.waits_for) == (Phase.ENDED, Outcome.COMPLETED, "nothing")
    assert [run.stage for run in state.runs] == [
        "exploration",
        "accelerator",
        "pre-commercial",
        "commercialisation",
    ]
    running = state.having(phase=Phase.RUNNING, outcome=None)
    told = deadlines.stage_ended(running, running.run.ends)[1].notices
    assert (told[0].occasion, told[0].whom) == (Occasion.COMPLETED, ToTeams(teams=(A,)))


def test_those_in_charge_are_reminded_before_the_window_closes() -> None:
    state = taking_applications()
    assert reminders(state, 5) == [Instant("2016-07-30T23:00Z")]
    _, announcement = deadlines.reminded(state, Instant("2016-07-30T23:00Z"))
    assert occasions(announcement) == [Occasion.CLOSING_SOON]


def test_nobody_is_reminded_before_the_window_opens_nor_after_the_end_nor_on_hold() -> None:
    held = holding.hold(taking_applications(), Hold(by=OPERATOR, reason="Because."), OPENS)[0]
    assert [deadlines.next_reminder(state) for state in (waiting(), completed(), held)] == [None, None, None]


def test_a_decision_is_called_for_before_when_and_again_and_again_after_it_is_due() -> None:
    state = sealed()
    assert state.decide_by is not None
    due = state.decide_by
    expected = [due.subtract(hours=48), due, due.add(hours=72), due.add(hours=144)]
    assert reminders(state, 4) == expected
    told = []
    for at in expected:
        state, announcement = deadlines.reminded(state, at)
        told.append(occasions(announcement))
    late = [Occasion.DECISION_OVERDUE, Occasion.SCORES_DUE]
    assert told == [[Occasion.DECISION_DUE, Occasion.SCORES_DUE], late, late, late]


def test_those_in_charge_learn_of_a_missed_decision_and_not_only_those_who_decide() -> None:
    state = sealed()
    assert state.decide_by is not None
    state, announcement = deadlines.reminded(state, state.decide_by)
    assert announcement.notices[0].whom == ToPeople(people=(DECIDER, "deputy"))
    assert "was due on Monday 15 August 2016, 24:00 BST" in announcement.entry.text
    _, announcement = deadlines.reminded(state, state.reminded.add(hours=72))
    assert announcement.notices[0].whom == ToPeople(people=(DECIDER, "deputy", OPERATOR))


def test_reminders_that_were_missed_are_given_once_and_say_what_is_so_by_then() -> None:
    """Fails when the first of them is given: "due soon" for a day that has passed, and the operators left out."""
    state = sealed()
    assert state.decide_by is not None
    late = state.decide_by.add(hours=100)
    new, announcement = deadlines.reminded(state, late)
    assert occasions(announcement) == [Occasion.DECISION_OVERDUE, Occasion.SCORES_DUE]
    assert announcement.notices[0].whom == ToPeople(people=(DECIDER, "deputy", OPERATOR))
    assert announcement.key.endswith(str(state.decide_by.add(hours=72)))
    assert deadlines.next_reminder(new) == state.decide_by.add(hours=144)


def test_a_deadline_that_moves_is_reminded_of_anew() -> None:
    state = deadlines.reminded(taking_applications(), Instant("2016-07-30T23:00Z"))[0]
    message = Extend(by=OPERATOR, reason="Because.", closes=CLOSES.add(hours=240))
    new, _ = extension.extend(state, message, Instant("2016-07-31T12:00Z"))
    assert reminders(new, 5) == [CLOSES.add(hours=240 - 48)]


def test_teams_are_reminded_before_a_stage_ends_and_a_stage_that_only_sifts_reminds_nobody() -> None:
    state = exploring()
    assert reminders(state, 5) == [state.run.ends.subtract(hours=48)]
    _, announcement = deadlines.reminded(state, state.run.ends.subtract(hours=48))
    assert announcement.notices[0].whom == ToTeams(teams=(A, B, C))
    sifting = selection.select(sealed(INTERVIEW), select("interview", *TEAMS), CLOSES)[0]
    assert deadlines.next_reminder(sifting) is None


def test_a_cancellation_in_temporal_itself_is_told_like_any_other() -> None:
    new, announcement = deadlines.cancelled_outside(taking_applications(), CLOSES)
    assert new.outcome is Outcome.CANCELLED
    assert announcement.window is not None
    assert announcement.window.sealed
    assert announcement.notices[0].whom == ToApplicants()
    assert [notice.facts.get("reason") for notice in announcement.notices[:2]] == [
        "none was given",
        "cancelled in Temporal, without a reason",
    ]
    held = holding.hold(explored(), Hold(by=OPERATOR, reason="Because."), CLOSES)[0]
    assert deadlines.cancelled_outside(held, CLOSES)[0].held is None


def test_what_falls_due_at_the_very_end_is_shown_as_owed_by_the_announcement_of_the_end() -> None:
    """Fails when the list says that an ended challenge waits for nothing, with money still to be paid."""
    last = in_instalments()[0]
    state = exploring(last)
    state = state.ordering(each.key for each in payments_due(state))
    paid = state.having(payments=dict.fromkeys(state.payments, OrderState.SETTLED))
    _, announcement = deadlines.stage_ended(paid, paid.run.ends)
    assert announcement.status is not None
    assert (announcement.status.waits_for, announcement.status.outcome) == ("payments", "completed")


def test_an_ended_challenge_waits_for_evidence_and_for_payments_at_once() -> None:
    """Fails when open evidence hides that money is owed."""
    state = exploring(*in_instalments(ON_EVIDENCE)[:1])
    ended, announcement = deadlines.stage_ended(state, state.run.ends)
    assert announcement.status is not None
    assert announcement.status.waits_for == "evidence and payments"
    reminder = deadlines.next_reminder(ended)
    assert reminder is not None
    assert {notice.lapses for notice in deadlines.reminded(ended, reminder)[1].notices} == {False}


def test_an_ended_challenge_waits_for_its_payments() -> None:
    over = {"b": OrderState.SETTLED, "c": OrderState.CANCELLED}
    state = completed().having(payments={"a": OrderState.UNDER_WAY} | over)
    assert (state.waits_for, state.unpaid) == ("payments", ("a",))
    new, announcement = deadlines.paid_up(state.having(payments=over), CLOSES)
    assert new.waits_for == "nothing"
    assert announcement.key == "round/air-quality/paid-up"


def test_a_challenge_remembers_its_last_lines_and_answers_only() -> None:
    state = waiting()
    for number in range(1010):
        state = state.telling(OPENS, str(number)).answering(str(number), "done", "content")
    assert [line.text for line in state.story] == [str(number) for number in range(950, 1010)]
    assert list(state.decisions) == [str(number) for number in range(10, 1010)]


@given(stories())
def test_a_challenge_can_be_left_and_taken_up_again_at_any_point(story: Story) -> None:
    """Invariant 8. Fails when a field of the state cannot be read from its JSON, or comes back another."""
    for step in story.steps:
        again = State.model_validate_json(step.after.model_dump_json())
        assert again == step.after
        assert again.deadline == step.after.deadline
        assert deadlines.next_reminder(again) == deadlines.next_reminder(step.after)
        assert Announcement.model_validate_json(step.announcement.model_dump_json()) == step.announcement


@given(stories())
def test_after_a_reminder_the_next_one_is_always_to_come(story: Story) -> None:
    """Fails when `reminded` does not move on, which would remind for ever."""
    for step in story.steps:
        if step.announcement.entry.action == "reminded":
            due = deadlines.next_reminder(step.after)
            assert due is None or due > step.announcement.entry.at


@given(stories())
def test_a_challenge_that_goes_on_waits_for_something_and_one_that_ended_says_how(story: Story) -> None:
    for step in story.steps:
        state = step.after
        ended = state.phase is Phase.ENDED
        assert (state.outcome is not None) == ended
        assert (state.deadline is None) == (ended or state.held is not None)
        assert state.status.outcome == (state.outcome or "")


HANGS_ON_THE_WAIT = {
    Occasion.WINDOW_OPENED,
    Occasion.CLOSING_SOON,
    Occasion.DEADLINE_MOVED,
    Occasion.PROPOSAL_DUE,
    Occasion.SCORING_INVITED,
    Occasion.SCORES_DUE,
    Occasion.DECISION_INVITED,
    Occasion.DECISION_DUE,
    Occasion.DECISION_OVERDUE,
    Occasion.EVIDENCE_DUE,
    Occasion.STAGE_ENDING,
    Occasion.HELD,
    Occasion.RESUMED,
}


@given(stories())
def test_whatever_is_right_only_for_as_long_as_the_challenge_waits_is_told_no_longer_than_that(story: Story) -> None:
    """Fails when one of them is told for ever: "Going on", and a day later "On hold"."""
    for step in story.steps:
        for notice in step.announcement.notices:
            assert notice.lapses is (notice.occasion in HANGS_ON_THE_WAIT)
        assert step.announcement.status or not any(notice.lapses for notice in step.announcement.notices)


@given(stories())
def test_what_has_ended_stays_ended(story: Story) -> None:
    for step in story.steps:
        if step.before.phase is Phase.ENDED:
            assert step.after.outcome == step.before.outcome
            assert step.after.phase is Phase.ENDED
