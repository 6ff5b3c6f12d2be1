"""Further proposals: a stage asks those who may enter it, in a window of its own."""

from __future__ import annotations

import pytest
from whenever import Instant

from domain.announcements.announcement import ToPeople, ToTeams, ToUnsent, Window
from domain.announcements.occasions import Occasion
from domain.challenges import deadlines, extension, selection, stage_extension, withdrawal
from domain.challenges.decisions import Extend, ExtendStage, Withdraw
from domain.challenges.erasure import check_is_out
from domain.challenges.page import details
from domain.challenges.state import Outcome, Phase
from domain.forms.form import text_form
from domain.values.refusals import TooEarly, UnknownTeam
from tests.domain.challenges import (
    BID,
    CLOSES,
    DECIDER,
    FULLER,
    OPERATOR,
    A,
    B,
    C,
    D,
    E,
    asking,
    exploring,
    programme,
    select,
)
from tests.domain.changing import WHY, occasions, refused
from tests.domain.further import AS_IT_WAS, AT_ONCE, DAY, HOUR, asked, sealed, told


def test_when_a_stage_ends_its_teams_are_asked_for_the_proposals_of_the_next() -> None:
    exploring_ = exploring(*asking())
    state, announcement = deadlines.stage_ended(exploring_, exploring_.run.ends)

    three_weeks = Instant("2016-09-06T23:00Z")
    assert (state.phase, state.stage_name, state.waits_for) == (
        Phase.WINDOW,
        "accelerator",
        "proposals for accelerator",
    )
    assert state.deadline == three_weeks
    window = Window(opens=exploring_.run.ends, closes=three_weeks, stage="accelerator", teams=(A, B, C))
    assert (announcement.window, state.window) == (window, window)
    (invited,) = told(announcement, Occasion.PROPOSAL_INVITED)
    assert invited.whom == ToTeams(teams=(A, B, C))
    assert invited.facts == {
        "stage": "Accelerator",
        "proposal": "Fuller proposal",
        "opens": "",
        "until": "Tuesday 6 September 2016, 24:00 BST",
        "out": "yes",
    }
    (opened,) = told(announcement, Occasion.WINDOW_OPENED)
    assert opened.whom == ToPeople(people=state.in_charge)
    assert "proposals for Accelerator are taken until Tuesday 6 September 2016, 24:00 BST" in announcement.entry.text


def test_a_team_that_sends_none_is_out_and_the_others_are_selected_from() -> None:
    state, announcement = sealed(asked(), A, C)

    assert (state.phase, state.waits_for, state.field) == (Phase.DECIDING, "selection for accelerator", (A, C))
    (missing,) = told(announcement, Occasion.PROPOSAL_MISSING)
    assert (missing.whom, missing.facts["out"]) == (ToTeams(teams=(B,)), "yes")
    (invited,) = told(announcement, Occasion.DECISION_INVITED)
    assert invited.facts["field"] == "2 teams sent a further proposal: team-a and team-c"
    assert "team-b sent none and is out" in announcement.entry.text
    refusal = refused(UnknownTeam, lambda: selection.select(state, select("accelerator", B), CLOSES.add(hours=2000)))
    assert refusal == "team-b sent no proposal for Accelerator and is out: choose from team-a and team-c."
    check_is_out(state, B)


def test_the_time_to_decide_counts_from_the_closing_however_late_the_window_is_sealed() -> None:
    state = asked()
    assert state.deadline is not None
    late, _ = deadlines.sealed(state, 3, state.deadline + 30 * DAY, (A, B, C))
    assert late.decide_by == sealed(state, A, B, C)[0].decide_by == Instant("2016-09-13T23:00Z")


def test_a_team_that_sends_none_stays_as_it_was_if_the_programme_says_so() -> None:
    state, announcement = sealed(asked(AS_IT_WAS), A)

    assert state.field == (A, B, C)
    (missing,) = told(announcement, Occasion.PROPOSAL_MISSING)
    assert (missing.whom, missing.facts["out"]) == (ToTeams(teams=(B, C)), "")
    assert "team-b and team-c sent none and stay in without one" in announcement.entry.text
    (invited,) = told(announcement, Occasion.DECISION_INVITED)
    assert invited.facts["field"].endswith("; without one: team-b and team-c")
    selected, _ = selection.select(state, select("accelerator", B), CLOSES.add(hours=2000))
    assert selected.run.active == (B,)


def test_nobody_is_told_that_a_proposal_is_missing_if_all_have_sent_one() -> None:
    _, announcement = sealed(asked(), A, B, C)
    assert Occasion.PROPOSAL_MISSING not in occasions(announcement)
    assert "3 proposals, one from each team that was asked" in announcement.entry.text


def test_the_challenge_ends_with_a_reason_if_no_team_sends_one() -> None:
    state, announcement = sealed(asked())

    assert (state.phase, state.outcome) == (Phase.ENDED, Outcome.DISCONTINUED)
    assert state.outcome_reason == "no team sent the proposal that Accelerator asks for"
    assert {notice.whom for notice in told(announcement, Occasion.NOT_CONTINUED)} == {
        ToTeams(teams=(A, B, C)),
        ToPeople(people=state.in_charge),
    }
    assert state.window is None


def test_a_stage_that_pays_nobody_ends_without_an_award_if_no_team_sends_one() -> None:
    unpaid = [stage.model_copy(update={"pay": None}) for stage in asking()]
    state = exploring(*unpaid)
    state, _ = sealed(deadlines.stage_ended(state, state.run.ends)[0])
    assert state.outcome is Outcome.NO_AWARD


def test_nobody_is_reminded_of_a_window_that_has_closed_meanwhile() -> None:
    """Fails when a service that was down tells teams to send what is not taken any more."""
    state = exploring(*asking(AT_ONCE.model_copy(update={"within": BID.within})))
    new, announcement = deadlines.reminded(state, state.further[-1].closes + HOUR)
    assert announcement.notices == ()
    assert "were taken until" in announcement.entry.text
    assert deadlines.next_reminder(new) == state.run.ends - 2 * DAY


def test_teams_have_the_whole_time_if_the_service_was_down_as_the_stage_ended() -> None:
    """Fails when an outage of weeks closes the window as it opens, and puts every team out."""
    state = exploring(*asking())
    late, _ = deadlines.stage_ended(state, state.run.ends + 30 * DAY)
    soon, _ = deadlines.stage_ended(state, state.run.ends + HOUR / 2)
    assert late.window is not None
    assert (late.window.opens, late.deadline) == (state.run.ends + 30 * DAY, state.run.ends + 51 * DAY)
    assert soon.window == asked().window


def test_a_team_that_comes_in_after_the_closing_was_never_asked_and_stays() -> None:
    """Fails when a team from the reserve is out because it has not sent what nobody has asked it for."""
    state = exploring(*asking(AT_ONCE.model_copy(update={"within": BID.within})))
    closes = state.further[-1].closes
    message = Withdraw(by=OPERATOR, team=B, reason=WHY)
    state, announcement = withdrawal.withdraw(state, message, closes + HOUR)
    assert told(announcement, Occasion.PROPOSAL_INVITED) == []
    ended, _ = deadlines.stage_ended(state, state.run.ends)
    new, announcement = deadlines.sealed(ended, 1, state.run.ends, (A,))
    assert new.field == (A, D)
    assert [notice.whom for notice in told(announcement, Occasion.PROPOSAL_MISSING)] == [ToTeams(teams=(C,))]


# A window that counts from the selection is open while the stage before runs.


def test_a_window_can_open_with_the_selection_and_be_open_while_the_stage_runs() -> None:
    state = exploring(*asking(AT_ONCE))

    assert (state.phase, state.waits_for) == (Phase.RUNNING, "end of exploration")
    closes = Instant("2016-08-23T23:00Z")  # three weeks after the selection, a week after the end of exploration
    assert state.window == Window(opens=state.run.begins, closes=closes, stage="accelerator", teams=(A, B, C))
    ended, announcement = deadlines.stage_ended(state, state.run.ends)
    assert (ended.phase, ended.deadline) == (Phase.WINDOW, closes)
    assert announcement.window is None
    assert occasions(announcement) == [Occasion.NOT_SELECTED]  # the reserve; the teams have been asked before


def test_a_window_that_closes_while_the_stage_runs_is_sealed_when_the_stage_has_ended() -> None:
    quick = AT_ONCE.model_copy(update={"within": BID.within})
    state = exploring(*asking(quick))
    closes = state.further[-1].closes
    assert closes < state.run.ends

    ended, announcement = deadlines.stage_ended(state, state.run.ends)
    assert ended.deadline == closes
    assert "were taken until" in announcement.entry.text
    decided, _ = deadlines.sealed(ended, 3, state.run.ends, (A, B, C))
    assert decided.decide_by == deadlines.sealed(ended, 3, state.run.ends + DAY, (A, B, C))[0].decide_by
    assert decided.reminded == state.run.ends  # the time to decide counts from the end of the stage


def test_a_team_that_comes_in_from_the_reserve_is_asked_too_and_one_that_leaves_no_longer() -> None:
    state = exploring(*asking(AT_ONCE))
    message = Withdraw(by=OPERATOR, team=B, reason=WHY)
    new, announcement = withdrawal.withdraw(state, message, state.run.begins + HOUR)

    assert announcement.window is not None
    assert announcement.window.teams == new.field == (A, C, D)
    (invited,) = told(announcement, Occasion.PROPOSAL_INVITED)
    assert invited.whom == ToTeams(teams=(D,))


def test_those_in_reserve_are_not_told_of_the_dates_of_a_window_that_is_not_theirs() -> None:
    state = exploring(*asking(AT_ONCE))
    message = Extend(by=OPERATOR, reason=WHY, closes=state.further[-1].closes + DAY)
    _, announcement = extension.extend(state, message, state.run.begins + HOUR)
    told_of_it = [notice.whom for notice in told(announcement, Occasion.DEADLINE_MOVED)]
    assert told_of_it == [ToTeams(teams=(A, B, C)), ToPeople(people=state.in_charge)]
    assert {D, E} == set(state.run.in_reserve)


def test_more_time_for_the_stage_moves_no_window_of_proposals() -> None:
    state = exploring(*asking(AT_ONCE))
    more = ExtendStage(by=OPERATOR, stage="exploration", reason=WHY, ends=state.run.ends + 60 * DAY)
    longer, announcement = stage_extension.extend_stage(state, more, state.run.begins + HOUR)
    assert (longer.window, announcement.window) == (state.window, None)


def test_reminders_of_the_stage_and_of_the_window_each_come_at_their_own_time() -> None:
    state = exploring(*asking(AT_ONCE.model_copy(update={"within": BID.within})))
    seen = []
    while (due := deadlines.next_reminder(state)) is not None:
        state, announcement = deadlines.reminded(state, due)
        seen.append((due, occasions(announcement)))
    assert seen == [
        (state.further[-1].closes - 2 * DAY, [Occasion.PROPOSAL_DUE, Occasion.CLOSING_SOON]),
        (state.run.ends - 2 * DAY, [Occasion.STAGE_ENDING, Occasion.STAGE_ENDING]),
    ]


def test_nobody_selects_before_the_window_is_sealed() -> None:
    state = asked()
    message = select("accelerator", A, by=DECIDER)
    said = refused(TooEarly, lambda: selection.select(state, message, state.run.ends + HOUR))
    assert said == (
        "The window for Accelerator of round/air-quality closes on Tuesday 6 September 2016, 24:00 BST: "
        "decide after it is sealed."
    )


def test_those_who_have_sent_nothing_are_reminded_and_those_in_charge() -> None:
    state = asked()
    due = deadlines.next_reminder(state)
    assert due is not None
    assert state.deadline is not None
    assert due == state.deadline - 2 * DAY
    new, announcement = deadlines.reminded(state, due)
    assert [(notice.occasion, notice.whom) for notice in announcement.notices] == [
        (Occasion.PROPOSAL_DUE, ToUnsent(stage="accelerator")),
        (Occasion.CLOSING_SOON, ToPeople(people=state.in_charge)),
    ]
    assert deadlines.next_reminder(new) is None


def test_staff_see_the_window_who_sent_and_who_is_out() -> None:
    page = details(asked())
    assert "proposals for Accelerator" in page
    assert "the teams, until the window closes: team-a, team-b, team-c" in page
    assert "- **Accelerator**: proposals are taken" in page
    after = details(sealed(asked(), A, C)[0])
    assert "2 proposals from team-a and team-c; out: team-b" in after


def test_letters_name_what_is_asked_for_as_the_programme_or_its_form_does() -> None:
    untitled = FULLER.model_copy(update={"title": None})
    assert untitled.named({"fuller-proposal": "Full application"}).title == "Full application"
    assert FULLER.named({"fuller-proposal": "Full application"}).title == "Fuller proposal"
    form = text_form(100).model_copy(update={"id": "fuller-proposal", "title": "Full application"})
    rules = programme(*asking()).model_copy(update={"forms": (form,)})
    assert rules.form_of("accelerator").title == "Fuller proposal"
    with pytest.raises(LookupError, match="exploration asks for no proposal"):
        rules.form_of("exploration")
    assert [stage.asks for stage in programme(*asking()).rules.stages][1] == FULLER
