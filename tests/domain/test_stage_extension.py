"""A stage that ends later, for all its teams or for one."""

from __future__ import annotations

import pytest
from whenever import Instant, ItemizedDelta

from domain.announcements.announcement import Announcement, ToPeople, ToTeams
from domain.announcements.occasions import Occasion
from domain.challenges import deadlines, evidence, holding, withdrawal
from domain.challenges.awards import payments_due
from domain.challenges.decisions import Evidence, ExtendStage, Hold, Resume, Withdraw
from domain.challenges.page import details
from domain.challenges.stage_extension import extend_stage
from domain.challenges.state import Phase, State
from domain.values.calendar import TimeAllowed, WorkingDays, later
from domain.values.places import Holidays
from domain.values.refusals import (
    DeadlineRefused,
    NotAllowed,
    OnHold,
    ReasonMissing,
    TooEarly,
    TooLate,
    UnknownStage,
    UnknownTeam,
)
from tests.domain.challenges import (
    CLOSES,
    DECIDER,
    FINANCE,
    ON_EVIDENCE,
    OPERATOR,
    OTHER,
    SCOTLAND,
    A,
    B,
    C,
    D,
    E,
    F,
    accelerating,
    explored,
    exploring,
    in_instalments,
    sealed,
)
from tests.domain.changing import WHY, refused

NOW = CLOSES.add(hours=48)
WEEK = ItemizedDelta(weeks=1)


def longer(
    team: str = "",
    by: str = OPERATOR,
    stage: str = "exploration",
    reason: str = WHY,
    ends: Instant | None = None,
    longer: TimeAllowed | None = None,
) -> ExtendStage:
    return ExtendStage(by=by, stage=stage, team=team, ends=ends, longer=longer, reason=reason)


def by(state: State, length: TimeAllowed, team: str = "") -> State:
    """The state after more time was given."""
    return extend_stage(state, longer(team, longer=length), NOW)[0]


def told(announcement: Announcement, occasion: Occasion) -> list[tuple[tuple[str, ...], dict[str, str]]]:
    """Who was told of an occasion, and with which facts."""
    return [
        (notice.whom.teams if isinstance(notice.whom, ToTeams) else notice.whom.people, notice.facts)
        for notice in announcement.notices
        if notice.occasion is occasion and isinstance(notice.whom, ToTeams | ToPeople)
    ]


def due(state: State) -> set[str]:
    return {order.key.removeprefix("round/air-quality/exploration/") for order in payments_due(state)}


# --- For all teams -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("whose", [OPERATOR, DECIDER])
def test_a_stage_ends_later_for_all_its_teams_and_each_is_told(whose: str) -> None:
    """Fails when the deadline stays, or a team or somebody in charge is not told."""
    state = exploring()
    new, announcement = extend_stage(state, longer(by=whose, longer=ItemizedDelta(weeks=2)), NOW)

    ends = later(state.run.ends, ItemizedDelta(weeks=2), state.zone, state.programme.holidays)
    assert new.deadline == new.run.ends == ends
    assert {team.ends for team in new.run.teams} == {None}
    facts = {"stage": "Exploration", "ends": new.at(ends), "was": state.at(state.run.ends), "reason": WHY, "team": ""}
    assert told(announcement, Occasion.STAGE_EXTENDED) == [
        *(((team,), facts) for team in (A, B, C)),
        ((DECIDER, "deputy", OPERATOR), facts),
    ]
    assert told(announcement, Occasion.STAGE_GOES_ON) == [((D, E), {"stage": "Exploration", "until": new.at(ends)})]
    assert (announcement.entry.action, announcement.entry.reason) == ("extend-stage", WHY)
    assert announcement.status is not None
    assert announcement.status.until == ends
    assert WHY in new.story[-1].text


def test_more_time_is_counted_by_the_programmes_calendar() -> None:
    """Fails when a month is thirty days, when the hour follows the clocks of November, or when all days are working
    days."""
    state = accelerating()
    assert state.at(state.run.ends) == "Thursday 17 November 2016, 01:00 GMT"
    shifted = extend_stage(state, longer(stage="accelerator", longer=ItemizedDelta(months=5)), state.run.begins)[0]
    assert shifted.at(shifted.run.ends) == "Monday 17 April 2017, 01:00 BST"
    days = extend_stage(state, longer(stage="accelerator", longer=WorkingDays(3)), state.run.begins)[0]
    assert days.at(days.run.ends) == "Tuesday 22 November 2016, 24:00 GMT"


def test_reminders_move_with_the_end_and_evidence_is_taken_meanwhile() -> None:
    state = exploring(*in_instalments(ON_EVIDENCE))
    reminder = deadlines.next_reminder(state)
    state, _ = deadlines.reminded(state, state.run.ends.subtract(hours=47))
    new = extend_stage(state, longer(longer=WEEK), state.run.ends.subtract(hours=1))[0]

    assert reminder is not None
    assert deadlines.next_reminder(new) == later(reminder, WEEK, state.zone, state.programme.holidays)
    after = state.run.ends.add(hours=24)
    shown, _ = evidence.judge(new, Evidence(by=DECIDER, stage="exploration", team=A, accepted=True), after)
    assert f"{A}/2" in due(shown)
    rung = deadlines.next_reminder(shown)
    assert rung is not None
    wanted = told(deadlines.reminded(shown, rung)[1], Occasion.EVIDENCE_DUE)
    assert {facts["until"] for _, facts in wanted} == {new.at(new.run.ends)}


# --- For one team --------------------------------------------------------------------------------------------------


def test_a_stage_ends_for_the_others_as_before_and_they_are_paid_then() -> None:
    """Fails when one team's exception holds up what the others are due, or when the selection does not wait."""
    before = exploring(*in_instalments())
    state = by(before, WEEK, B)
    assert state.deadline == before.run.ends

    some, announcement = deadlines.stage_ended(state, before.run.ends)
    assert some.phase is Phase.RUNNING
    assert due(some) == {f"{A}/1", f"{B}/1", f"{C}/1", f"{A}/2", f"{C}/2"}
    assert announcement.entry.text.startswith(f"Exploration ended for {A} and {C}; it goes on for {B} until ")
    ends = later(before.run.ends, WEEK, state.zone, state.programme.holidays)
    assert some.deadline == ends

    over, last = deadlines.stage_ended(some, ends)
    assert (over.phase, over.field) == (Phase.DECIDING, (A, B, C))
    assert due(over) == due(some) | {f"{B}/2"}
    assert announcement.key != last.key
    stage = over.filling
    assert over.decide_by == later(ends, stage.decision_within, over.zone, over.programme.holidays)


def test_one_team_gets_more_time_and_the_others_hear_only_that_the_stage_goes_on() -> None:
    """Fails when the reason of one team, which may be personal, goes to the others."""
    state = exploring()
    new, announcement = extend_stage(state, longer(B, longer=WEEK), NOW)
    ends, was = new.at(new.run.last_end), state.at(state.run.ends)
    facts = {"stage": "Exploration", "ends": ends, "was": was, "reason": WHY}
    assert told(announcement, Occasion.STAGE_EXTENDED) == [
        ((B,), facts | {"team": ""}),
        ((DECIDER, "deputy", OPERATOR), facts | {"team": B}),
    ]
    assert told(announcement, Occasion.STAGE_GOES_ON) == [((A, C, D, E), {"stage": "Exploration", "until": ends})]
    assert f"under way, from {new.at(new.run.begins)} to {was} for {A} and {C}; {ends} for {B}" in details(new)
    assert new.next_turn == f"Exploration ends for {A} and {C}"


def test_a_team_with_more_time_is_reminded_of_its_own_end() -> None:
    """Fails when its reminder falls before the end of the others, and is left out."""
    state = by(exploring(), ItemizedDelta(days=1), B)
    first = deadlines.next_reminder(state)
    assert first == state.run.ends.subtract(hours=48)
    state, announcement = deadlines.reminded(state, first)
    was, own = state.at(state.run.ends), state.at(state.run.last_end)
    assert told(announcement, Occasion.STAGE_ENDING) == [
        ((A, C), {"stage": "Exploration", "until": was}),
        ((DECIDER, "deputy", OPERATOR), {"stage": "Exploration", "until": f"{was} for {A} and {C}; {own} for {B}"}),
    ]
    second = deadlines.next_reminder(state)
    assert second == state.run.ends.subtract(hours=24)
    assert told(deadlines.reminded(state, second)[1], Occasion.STAGE_ENDING)[0] == (
        (B,),
        {"stage": "Exploration", "until": own},
    )


def test_if_the_last_team_at_work_leaves_the_stage_is_over_and_the_team_is_not_paid_for_its_end() -> None:
    """Fails when the challenge waits for a team that is gone, or pays it for an end that it left before."""
    state = by(exploring(*in_instalments()), WEEK, B)
    some, _ = deadlines.stage_ended(state, state.run.ends)
    some = some.having_run(reserve=())
    at = state.run.ends.add(hours=30)
    left, _ = withdrawal.withdraw(some, Withdraw(by=OPERATOR, team=B, reason=WHY), at)
    assert left.deadline == at
    over, _ = deadlines.stage_ended(left, at)
    assert (over.phase, over.field) == (Phase.DECIDING, (A, C))
    assert f"{B}/2" not in due(over)
    assert {f"{A}/2", f"{C}/2"} <= due(over)


def test_who_takes_the_place_of_a_team_with_more_time_has_that_time() -> None:
    state = by(exploring(), WEEK, B)
    some, _ = deadlines.stage_ended(state, state.run.ends)
    at = state.run.ends.add(hours=30)
    new, announcement = withdrawal.withdraw(some, Withdraw(by=OPERATOR, team=B, reason=WHY), at)
    assert [team.id for team in new.run.working] == [D]
    assert new.deadline == some.deadline
    assert told(announcement, Occasion.FROM_RESERVE)[0][1]["ends"] == new.at(new.run.last_end)
    new, _ = withdrawal.withdraw(new, Withdraw(by=OPERATOR, team=A, reason=WHY), at)
    assert E not in new.run.active, "the time for that place is over"


def test_a_hold_moves_every_end_that_is_still_to_come() -> None:
    state = by(exploring(), WEEK, B)
    some, _ = deadlines.stage_ended(state, state.run.ends)
    at = state.run.ends.add(hours=24)
    held, _ = holding.hold(some, Hold(by=OPERATOR, reason=WHY), at)
    new, _ = holding.resume(held, Resume(by=OPERATOR), at.add(hours=72))
    assert some.deadline is not None
    assert new.deadline == some.deadline.add(hours=72)
    assert new.run.ends == some.run.ends


def test_more_time_for_all_is_more_for_a_team_that_has_more_already() -> None:
    state = by(by(exploring(), WEEK, B), WEEK)
    assert state.run.last_end == later(state.run.ends, WEEK, state.zone, state.programme.holidays)
    ends = state.run.ends.add(hours=1)
    fixed = extend_stage(state, longer(ends=ends), NOW)[0]
    assert (fixed.run.next_end, fixed.run.last_end) == (ends, state.run.last_end)


# --- What is refused -----------------------------------------------------------------------------------------------


def test_more_time_is_not_for_others_nor_without_reason_nor_on_hold() -> None:
    state = exploring()
    for who in (OTHER, A, FINANCE):
        refused(NotAllowed, lambda who=who: extend_stage(state, longer(by=who, longer=WEEK), NOW))  # type: ignore[misc]
    refused(ReasonMissing, lambda: extend_stage(state, longer(longer=WEEK, reason=""), NOW))
    held, _ = holding.hold(state, Hold(by=OPERATOR, reason=WHY), NOW)
    refused(OnHold, lambda: extend_stage(held, longer(longer=WEEK), NOW))


def test_only_the_stage_under_way_gets_more_time() -> None:
    refused(UnknownStage, lambda: extend_stage(exploring(), longer(stage="nowhere", longer=WEEK), NOW))
    for state in (sealed(), exploring()):
        stage = "exploration" if state.phase is Phase.DECIDING else "accelerator"
        refused(TooEarly, lambda s=state, n=stage: extend_stage(s, longer(stage=n, longer=WEEK), NOW))  # type: ignore[misc]
    over = explored()
    text = refused(TooLate, lambda: extend_stage(over, longer(longer=WEEK), NOW))
    assert text.startswith(f"exploration of round/air-quality ended on {over.at(over.run.ends)}")
    state = exploring()
    refused(TooLate, lambda: extend_stage(state, longer(longer=WEEK), state.run.ends))


def test_a_team_whose_time_is_over_or_who_is_not_there_gets_none() -> None:
    state = by(exploring(), WEEK, B)
    refused(UnknownTeam, lambda: extend_stage(state, longer(F, longer=WEEK), NOW))
    refused(UnknownTeam, lambda: extend_stage(state, longer(D, longer=WEEK), NOW))
    gone, _ = withdrawal.withdraw(state, Withdraw(by=OPERATOR, team=C, reason=WHY, replace=False), NOW)
    refused(TooLate, lambda: extend_stage(gone, longer(C, longer=WEEK), NOW))
    some, _ = deadlines.stage_ended(state, state.run.ends)
    text = refused(TooLate, lambda: extend_stage(some, longer(A, longer=WEEK), state.run.ends))
    assert f"ended for {A} on" in text
    more, _ = extend_stage(some, longer(longer=WEEK), state.run.ends)
    assert more.run.next_end == later(some.run.next_end, WEEK, state.zone, state.programme.holidays)


@pytest.mark.parametrize(
    ("hours", "says"),
    [(-24 * 60, "is in the past"), (-1, "is not after"), (0, "is not after"), (24 * 800, "more than two years away")],
)
def test_an_end_only_moves_later_and_not_for_ever(hours: int, says: str) -> None:
    state = exploring()
    for team in ("", B):
        message = longer(team, ends=state.run.ends.add(hours=hours))
        assert says in refused(DeadlineRefused, lambda m=message: extend_stage(state, m, NOW))  # type: ignore[misc]


def test_a_stage_does_not_last_longer_than_the_holidays_that_are_known() -> None:
    """Fails when working days after it would be counted as if there were no holidays."""
    state = exploring()
    kept = tuple(day for day in SCOTLAND.days if day.year <= 2016)
    frozen = state.programme.model_copy(update={"holidays": Holidays(code="GB-SCT", days=kept)})
    message = longer(ends=Instant.from_utc(2017, 2, 1))
    text = refused(DeadlineRefused, lambda: extend_stage(state.having(programme=frozen), message, NOW))
    assert "after 2016, the last year whose public holidays the challenge keeps" in text


def test_one_of_two_ways_to_say_it_is_needed_and_all_faults_are_named() -> None:
    state = exploring()
    for message in (longer(reason=""), longer(reason="", ends=state.run.ends, longer=WEEK)):
        with pytest.raises(ReasonMissing) as caught:
            extend_stage(state, message, NOW)
        assert [problem.field for problem in caught.value.problems] == ["reason", "ends"]
