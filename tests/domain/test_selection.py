"""Who may take how many of whom into which stage, and when."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from whenever import Instant, ItemizedDelta

from domain.announcements.announcement import Announcement, ToApplicants, ToPeople, ToTeams
from domain.announcements.occasions import Occasion
from domain.challenges import deadlines, holding, selection
from domain.challenges.decisions import Decline, Hold, Select
from domain.challenges.state import Outcome, Phase, State
from domain.programmes.pay import Due, Instalment, Pay
from domain.values.money import Amount, Money, Vat
from domain.values.refusals import (
    NamedTwice,
    NotAllowed,
    OnHold,
    ReasonMissing,
    Refused,
    TooEarly,
    TooLate,
    UnknownStage,
    UnknownTeam,
    WrongAmount,
    WrongNumber,
)
from tests.domain.challenges import (
    CLOSES,
    DECIDER,
    DEPUTY,
    EXPLORATION,
    IN_HALVES,
    INTERVIEW,
    OPERATOR,
    OTHER,
    PRE_COMMERCIAL,
    TEAMS,
    A,
    B,
    C,
    D,
    E,
    F,
    accelerating,
    completed,
    explored,
    exploring,
    sealed,
    select,
    taking_applications,
)
from tests.domain.stories import Story, stories

NOW = CLOSES.add(hours=24)


def refused(kind: type[Refused], state: State, message: Select | Decline, now: Instant = NOW) -> str:
    """The text with which a decision is refused, which is one line."""
    with pytest.raises(kind) as caught:
        selection.select(state, message, now) if isinstance(message, Select) else selection.decline(state, message, now)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


def told(announcement: Announcement, occasion: Occasion) -> list[object]:
    return [notice.whom for notice in announcement.notices if notice.occasion is occasion]


def test_a_selection_begins_the_stage_now_and_ends_it_by_the_calendar() -> None:
    new, _ = selection.select(sealed(), select("exploration", A, B, C), Instant("2016-08-22T16:00Z"))
    assert (new.phase, new.stage, new.decide_by) == (Phase.RUNNING, 0, None)
    assert new.at(new.run.begins) == "Monday 22 August 2016, 17:00 BST"
    assert new.at(new.run.ends) == "Monday 5 September 2016, 17:00 BST"
    assert new.run.active == (A, B, C)
    assert [team.award.gross for team in new.run.teams if team.award] == [Money(200_000)] * 3


def test_the_accelerator_of_three_months_ends_at_the_same_local_time_across_the_end_of_summer_time() -> None:
    new, _ = selection.select(explored(), select("accelerator", A), Instant("2016-08-22T16:00Z"))
    assert new.run.ends == Instant("2016-11-22T17:00Z")


def test_applicants_are_told_who_is_in_in_reserve_and_not() -> None:
    _, announcement = selection.select(sealed(), select("exploration", A, B, reserve=(C,)), NOW)
    assert told(announcement, Occasion.STAGE_STARTED) == [ToTeams(teams=(A,)), ToTeams(teams=(B,))]
    assert told(announcement, Occasion.IN_RESERVE) == [ToTeams(teams=(C,))]
    assert told(announcement, Occasion.NOT_SELECTED) == [ToApplicants(without=(A, B, C))]
    assert announcement.applications == (A, B, C), "whom the database must know as applicants"


def test_teams_of_the_stage_before_that_are_not_chosen_are_told() -> None:
    _, announcement = selection.select(explored(), select("accelerator", A, reserve=(B,)), NOW)
    assert told(announcement, Occasion.NOT_SELECTED) == [ToTeams(teams=(C,))]
    assert announcement.applications == ()


def test_every_team_is_told_its_award_and_what_it_keeps() -> None:
    _, announcement = selection.select(sealed(), select("exploration", A), NOW)
    facts = next(notice.facts for notice in announcement.notices if notice.occasion is Occasion.STAGE_STARTED)
    assert facts["award"] == "£2,000"
    assert facts["intellectual_property"] == facts["equity"] == "The company keeps it."


def test_any_of_those_who_decide_for_the_sponsor_may_select() -> None:
    new, announcement = selection.select(sealed(), select("exploration", A, by=DEPUTY), NOW)
    assert new.run.active == (A,)
    assert (announcement.entry.by, announcement.entry.role) == (DEPUTY, "sponsor")


@pytest.mark.parametrize("by", [OTHER, OPERATOR, A])
def test_nobody_else_decides_for_a_sponsor(by: str) -> None:
    """Invariant 10. Fails when `_stage_to_decide` does not look at who it is."""
    text = refused(NotAllowed, sealed(), select("exploration", A, by=by))
    assert by in text
    assert "lead or deputy may" in text
    refused(NotAllowed, sealed(), Decline(by=by, stage="exploration", reason="None suits."))


def test_a_stage_that_the_programme_lacks_is_refused_with_those_that_it_has() -> None:
    text = refused(UnknownStage, sealed(), select("acceleration", A))
    assert "'acceleration'" in text
    assert "exploration, accelerator, pre-commercial, commercialisation" in text


def test_nothing_is_selected_while_the_window_is_open() -> None:
    assert "Monday 1 August 2016, 24:00 BST" in refused(
        TooEarly, taking_applications(), select("exploration", A), CLOSES.subtract(hours=1)
    )


def test_a_later_stage_is_not_filled_while_one_runs() -> None:
    assert "decide on accelerator after that" in refused(TooEarly, exploring(), select("accelerator", A))


def test_a_selection_that_was_taken_is_not_taken_again() -> None:
    assert "its teams are team-a, team-b and team-c" in refused(TooLate, exploring(), select("exploration", D))
    refused(TooLate, explored(), select("exploration", D))


def test_nothing_is_decided_on_a_challenge_that_has_ended() -> None:
    assert "has ended (completed)" in refused(TooLate, completed(), select("accelerator", A))


def test_nothing_is_decided_on_hold() -> None:
    state = holding.hold(sealed(), Hold(by=OPERATOR, reason="An appeal."), NOW)[0]
    assert "An appeal." in refused(OnHold, state, select("exploration", A))


def test_a_stage_that_may_not_be_skipped_comes_first() -> None:
    assert "exploration comes before accelerator" in refused(TooEarly, sealed(), select("accelerator", A))


def test_a_stage_that_may_be_skipped_is_skipped_by_filling_the_next() -> None:
    skippable = PRE_COMMERCIAL.model_copy(update={"may_be_skipped": True})
    last = EXPLORATION.model_copy(update={"name": "last"})
    state = explored(EXPLORATION, skippable, last)
    new, _ = selection.select(state, select("last", A), NOW)
    assert [run.stage for run in new.runs] == ["exploration", "last"]
    new = deadlines.stage_ended(new, new.run.ends)[0]
    assert new.outcome is Outcome.COMPLETED
    running = selection.select(state, select("last", A), NOW)[0]
    assert "was skipped" in refused(TooLate, running, select("pre-commercial", A))


@pytest.mark.parametrize("teams", [(), (A, B, C, D)])
def test_too_few_and_too_many_teams_are_refused_with_the_number(teams: tuple[str, ...]) -> None:
    text = refused(WrongNumber, sealed(), select("exploration", *teams))
    assert "takes 1 to 3 teams" in text
    assert str(len(teams)) in text


def test_a_stage_that_takes_an_exact_number_says_so() -> None:
    exact = EXPLORATION.model_copy(update={"min": 3})
    text = refused(WrongNumber, sealed(exact), select("exploration", A))
    assert "takes 3 teams: 1 was named. If no more teams are suitable, decline: that ends the challenge." in text
    too_many = refused(WrongNumber, sealed(exact), select("exploration", A, B, C, D))
    assert too_many.endswith("takes 3 teams: 4 were named.")


def test_more_than_expected_needs_a_reason() -> None:
    state = explored()
    assert "expects 1 team: taking 2 needs a reason" in refused(ReasonMissing, state, select("accelerator", A, B))
    new, announcement = selection.select(state, select("accelerator", A, B, reason="Both are ready."), NOW)
    assert new.run.active == (A, B)
    assert announcement.entry.reason == "Both are ready."


@pytest.mark.parametrize(
    "message",
    [
        select("exploration", A, A),
        select("exploration", A, B, reserve=(B,)),
        select("exploration", A, reserve=(B, B)),
    ],
)
def test_the_same_team_twice_is_refused(message: Select) -> None:
    assert "is named twice" in refused(NamedTwice, sealed(), message)


@pytest.mark.parametrize("message", [select("accelerator", F), select("accelerator", A, reserve=(F,))])
def test_a_team_that_was_not_in_the_stage_before_is_refused(message: Select) -> None:
    text = refused(UnknownTeam, explored(), message)
    assert "team-f is not a team in exploration" in text
    assert "choose from team-a, team-b and team-c" in text


def test_a_team_that_was_only_in_reserve_is_refused() -> None:
    assert "team-d" in refused(UnknownTeam, explored(), select("accelerator", D))


def agreed(amounts: dict[str, Money], *teams: str, stage: str = "pre-commercial") -> Select:
    return Select(by=DECIDER, stage=stage, teams=teams, amounts=amounts, reason="Because.")


def accelerated() -> State:
    state = accelerating()
    return deadlines.stage_ended(state, state.run.ends)[0]


def test_an_agreed_amount_is_awarded_up_to_the_cap() -> None:
    new, _ = selection.select(accelerated(), agreed({A: Money(5_000_000)}, A), NOW)
    assert new.run.teams[0].award is not None
    assert new.run.teams[0].award.gross == Money(5_000_000)


def test_an_amount_over_the_cap_missing_or_not_wanted_is_refused() -> None:
    """Fails when an amount is not shown as people write it, with its currency."""
    assert refused(WrongAmount, accelerated(), agreed({A: Money(5_000_001)}, A)) == (
        "£50,000.01 for team-a is over the cap of Pre-commercial development: agree on £50,000 at most."
    )
    assert "up to £50,000: name the amount for team-a" in refused(WrongAmount, accelerated(), agreed({}, A))
    unwanted = agreed({A: Money(1)}, A, stage="accelerator")
    assert "pays a fixed £15,000: leave the amount £0.01 out" in refused(WrongAmount, explored(), unwanted)
    sifting = agreed({A: Money(1)}, A, stage="interview")
    assert "pays nothing" in refused(WrongAmount, sealed(INTERVIEW, EXPLORATION), sifting)


def test_an_amount_for_somebody_who_is_not_selected_is_refused() -> None:
    message = agreed({A: Money(1), B: Money(1)}, A)
    assert "team-b, which is not selected" in refused(UnknownTeam, accelerated(), message)


def test_taking_nobody_ends_the_challenge_without_award_and_tells_applicants_why() -> None:
    message = Decline(by=DECIDER, stage="exploration", reason="None suits.")
    new, announcement = selection.decline(sealed(), message, NOW)
    assert (new.phase, new.outcome, new.outcome_reason) == (Phase.ENDED, Outcome.NO_AWARD, "None suits.")
    assert ToApplicants() in told(announcement, Occasion.NOT_CONTINUED)


def test_taking_nobody_after_an_award_discontinues_the_challenge_and_tells_its_teams() -> None:
    message = Decline(by=DECIDER, stage="accelerator", reason="Not continued.")
    new, announcement = selection.decline(explored(), message, NOW)
    assert new.outcome is Outcome.DISCONTINUED
    assert ToTeams(teams=(A, B, C)) in told(announcement, Occasion.NOT_CONTINUED)


def test_the_others_who_decide_for_the_sponsor_are_told_when_one_of_them_takes_nobody() -> None:
    """Fails when only operators are told: the deputy would find the challenge ended."""
    message = Decline(by=DEPUTY, stage="accelerator", reason="Not continued.")
    _, announcement = selection.decline(explored(), message, NOW)
    assert ToPeople(people=(DECIDER, OPERATOR)) in told(announcement, Occasion.NOT_CONTINUED)


def test_taking_nobody_after_interviews_which_pay_nothing_is_no_award() -> None:
    state = explored(INTERVIEW, EXPLORATION)
    new, _ = selection.decline(state, Decline(by=DECIDER, stage="exploration", reason="None suits."), NOW)
    assert new.outcome is Outcome.NO_AWARD


def test_taking_nobody_needs_a_reason() -> None:
    refused(ReasonMissing, sealed(), Decline(by=DECIDER, stage="exploration"))


def test_a_stage_that_only_sifts_ends_when_it_begins() -> None:
    state = sealed(INTERVIEW, EXPLORATION)
    new, announcement = selection.select(state, select("interview", *TEAMS), NOW)
    assert new.run.ends == new.run.begins == NOW
    assert told(announcement, Occasion.SHORTLISTED) == [ToTeams(teams=(team,)) for team in TEAMS]
    assert told(announcement, Occasion.STAGE_STARTED) == []
    assert announcement.notices[0].facts == {"stage": "Interview", "next": "Exploration"}


def test_nobody_is_put_in_reserve_for_a_stage_that_takes_no_time() -> None:
    """Fails when it is taken: whoever waits there would be told of a time that begins and ends at one instant."""
    state = sealed(INTERVIEW, EXPLORATION)
    text = refused(WrongNumber, state, select("interview", A, B, reserve=(C,)))
    assert text == "Interview takes no time, so no place in it can become free: name nobody in reserve for it."


def test_a_team_is_told_in_pounds_how_it_is_paid_in_amounts_and_what_is_added() -> None:
    """Fails when a bare number without VAT stands beside an award with it."""
    parts = (Instalment(amount=Money(50_000)), Instalment(amount=Money(150_000), due=Due.END))
    pay = Pay(fixed=Money(200_000), vat=Vat.ADDED, instalments=parts)
    state = sealed(EXPLORATION.model_copy(update={"pay": pay}))
    facts = selection.select(state, select("exploration", A), NOW)[1].notices[0].facts
    assert (facts["award"], facts["paid"]) == (
        "£2,400 (£2,000 and VAT)",
        "£500 without VAT at the start, £1,500 without VAT at the end",
    )
    assert Pay(fixed=Money(200_000), instalments=parts).in_words("GBP") == "£500 at the start, £1,500 at the end"
    assert Pay(fixed=Money(2), instalments=IN_HALVES).in_words("GBP") == "50% at the start, 50% at the end"


@given(stories())
def test_nobody_is_ever_in_a_stage_who_was_not_in_the_one_before(story: Story) -> None:
    """Fails when `_wrong_names` does not compare with the field."""
    names = [stage.name for stage in story.state.programme.stages]
    for step in story.steps:
        if isinstance(step.message, Select):
            chosen = {*step.message.teams, *step.message.reserve}
            assert not step.before.runs or chosen <= set(step.before.field)
            assert step.after.programme.stages[step.after.stage].min <= len(step.message.teams)
    runs = story.state.runs
    assert [run.stage for run in runs] == sorted((run.stage for run in runs), key=names.index)
    for earlier, later in pairwise(runs):
        assert {team.id for team in later.teams} <= {team.id for team in earlier.teams}


@given(stories())
def test_no_decision_of_somebody_who_does_not_decide_is_ever_taken(story: Story) -> None:
    """Invariant 10. Fails when `_stage_to_decide` does not look at who it is."""
    for step in story.steps:
        if isinstance(step.message, Select | Decline):
            assert step.message.by in story.state.challenge.deciders
            assert step.before.phase is Phase.DECIDING
            assert step.before.held is None


def test_a_duration_is_the_only_thing_that_makes_a_stage_run() -> None:
    longer = EXPLORATION.model_copy(update={"duration": ItemizedDelta(weeks=3)})
    new, _ = selection.select(sealed(longer), select("exploration", A, reserve=(E,)), NOW)
    assert new.run.ends == NOW.add(hours=3 * 7 * 24)


def test_a_selection_with_several_faults_names_all_of_them() -> None:
    """Fails when a sponsor mends one fault only to be told the next."""
    message = select("accelerator", A, B, C, E, F, reserve=(B, D))
    with pytest.raises(NamedTwice) as caught:
        selection.select(explored(), message, NOW)
    assert [(problem.field, problem.text.partition(":")[0]) for problem in caught.value.problems] == [
        ("teams", "team-b is named twice"),
        ("teams", f"team-e and team-f are not teams in exploration of {explored().challenge.id}"),
        ("reserve", f"team-d is not a team in exploration of {explored().challenge.id}"),
        ("teams", "Accelerator takes 1 to 3 teams"),
        ("reason", "Accelerator expects 1 team"),
    ]
    assert str(caught.value) == " ".join(problem.text for problem in caught.value.problems)
    assert "taking 3 needs a reason" in str(caught.value)


def test_every_amount_that_is_wrong_is_named() -> None:
    message = agreed({A: Money(0), B: Money(5_000_001), D: Money(1), E: Money(1)}, A, B, C)
    with pytest.raises(Refused) as caught:
        selection.select(accelerated(), message, NOW)
    assert {problem.field for problem in caught.value.problems} == {"teams", "amounts"}
    said = str(caught.value)
    assert "Amounts are given for team-d and team-e, which are not selected" in said
    assert "£0 for team-a is nothing" in said
    assert "£50,000.01 for team-b is over the cap" in said
    assert "name the amount for team-c" in said


def test_too_many_teams_for_a_stage_that_expects_as_many_as_it_takes_need_no_reason() -> None:
    text = refused(WrongNumber, sealed(), select("exploration", A, B, C, D))
    assert "reason" not in text


def test_an_agreed_amount_of_nothing_is_refused() -> None:
    text = refused(WrongAmount, accelerated(), agreed({A: Money(0)}, A))
    assert text == "£0 for team-a is nothing: name an amount up to £50,000."


def test_an_agreed_amount_of_which_an_instalment_would_be_nothing_is_refused() -> None:
    """Fails when it is ordered: nothing can be paid that is nothing, and no bank takes it."""
    state = accelerated()
    halves = (Instalment(share="50%"), Instalment(share="50%", due=Due.END))
    stages = tuple(
        stage.model_copy(update={"pay": stage.pay.model_copy(update={"instalments": halves})})
        if stage.pay and stage.name == "pre-commercial"
        else stage
        for stage in state.programme.stages
    )
    state = state.having(programme=state.programme.model_copy(update={"stages": stages}))
    text = refused(WrongAmount, state, agreed({A: Money(1)}, A))
    assert text == "£0.01 for team-a is too little for 2 instalments: one would be nothing."
    new, _ = selection.select(state, agreed({A: Money(2)}, A), NOW)
    assert new.run.teams[0].award == Amount(net=Money(2), vat=Money(0))
