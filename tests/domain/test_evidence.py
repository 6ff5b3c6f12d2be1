"""What a team has shown for an instalment: who judges it, what that makes due, and when it is too late."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whenever import Instant

from domain.announcements.announcement import ToTeams
from domain.announcements.occasions import Occasion
from domain.challenges import cancellation, deadlines, evidence, holding, selection, withdrawal
from domain.challenges.awards import payments_due
from domain.challenges.decisions import Cancel, Decline, Evidence, Hold, Withdraw
from domain.challenges.state import OrderState, Outcome, Phase, State
from domain.programmes.pay import Due, Instalment, Pay
from domain.values.money import Money, Vat, total
from domain.values.refusals import NotAllowed, OnHold, ReasonMissing, Refused, TooLate, UnknownStage, UnknownTeam
from tests.domain.challenges import (
    COMMERCIALISATION,
    DECIDER,
    DEPUTY,
    EXPLORATION,
    FINANCE,
    ON_EVIDENCE,
    OPERATOR,
    OTHER,
    A,
    B,
    C,
    D,
    E,
    F,
    exploring,
    in_instalments,
    pay_of,
    select,
    taking_applications,
)
from tests.domain.stories import Story, stories

NOW = Instant("2016-08-10T12:00Z")
STAGES = in_instalments(ON_EVIDENCE)


def says(team: str = A, accepted: bool = True, by: str = DECIDER, **more: object) -> Evidence:
    """What somebody says of the evidence of a team; a rejection has a reason."""
    fields = {"by": by, "team": team, "stage": "exploration", "accepted": accepted, "decision_id": "1"}
    return Evidence.model_validate(fields | {"reason": "" if accepted else "No report."} | more)


def judged(state: State, *messages: Evidence) -> State:
    """The state after that was said."""
    for message in messages:
        state, _ = evidence.judge(state, message, NOW)
    return state


def refused(kind: type[Refused], state: State, message: Evidence) -> str:
    """The text with which it is refused, which is one line."""
    with pytest.raises(kind) as caught:
        evidence.judge(state, message, NOW)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


def due(state: State) -> set[str]:
    """What is due, without what all keys have in common."""
    return {order.key.removeprefix("round/air-quality/exploration/") for order in payments_due(state)}


def at_start() -> set[str]:
    """What is due without any evidence."""
    return {f"{team}/1" for team in (A, B, C)}


def ended() -> State:
    """Exploration was the only stage, and is over; all evidence is still to be shown."""
    state = exploring(STAGES[0])
    return deadlines.stage_ended(state, state.run.ends)[0]


# --- Accepted and rejected -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [DECIDER, DEPUTY, OPERATOR])
def test_accepted_evidence_makes_its_instalment_due_and_no_other(by: str) -> None:
    """Fails when a verdict is looked up by team alone, or an instalment is due without one."""
    state = exploring(*STAGES)
    assert due(state) == at_start()
    new, announcement = evidence.judge(state, says(by=by), NOW)

    assert due(new) == at_start() | {f"{A}/2"}
    verdict = new.run.teams[0].verdicts[2]
    assert (verdict.by, verdict.at, verdict.accepted) == (by, NOW, True)
    [notice] = announcement.notices
    assert (notice.occasion, notice.whom) == (Occasion.EVIDENCE_ACCEPTED, ToTeams(teams=(A,)))
    assert (notice.facts["evidence"], notice.facts["amount"]) == ("A prototype", "£720")
    assert (announcement.entry.by, announcement.key) == (by, "round/air-quality/evidence/1")
    assert announcement.entry.text == "Evidence of team-a for Exploration, instalment 2 (A prototype): accepted"


def test_rejected_evidence_makes_nothing_due_and_can_be_shown_again() -> None:
    """Fails when a rejection counts as a verdict."""
    state = exploring(*STAGES)
    new, announcement = evidence.judge(state, says(accepted=False), NOW)
    assert due(new) == at_start()
    assert new.open_evidence == state.open_evidence
    [notice] = announcement.notices
    assert notice.occasion is Occasion.EVIDENCE_REJECTED
    assert (notice.facts["reason"], notice.facts["final"]) == ("No report.", "")
    assert announcement.entry.reason == "No report."

    assert f"{A}/2" in due(judged(new, says()))


def test_a_final_rejection_is_for_good() -> None:
    """Fails when `final` is not kept."""
    new, announcement = evidence.judge(exploring(*STAGES), says(accepted=False, final=True), NOW)
    assert announcement.notices[0].facts["final"] == "yes"
    assert "rejected for good" in announcement.entry.text
    assert "it was accepted or rejected before" in refused(TooLate, new, says(number=2))
    assert due(new) == at_start()
    assert f"{A}/3" in due(judged(new, says())), "what comes next is still waited for"


def test_two_instalments_on_evidence_come_one_after_the_other_unless_one_is_named() -> None:
    state = exploring(*STAGES)
    assert [(each.team, each.number, each.what) for each in state.open_evidence][:2] == [
        (A, 2, "A prototype"),
        (A, 3, "A trial with citizens"),
    ]
    named = judged(state, says(number=3))
    assert due(named) == at_start() | {f"{A}/3"}
    both = judged(named, says())
    assert due(both) == at_start() | {f"{A}/2", f"{A}/3"}
    assert [each.team for each in both.open_evidence] == [B, B, C, C]
    refused(TooLate, both, says())


def test_an_instalment_that_was_ordered_is_not_ordered_again_by_a_second_verdict() -> None:
    state = judged(exploring(*STAGES), says())
    state = state.having(payments={order.key: OrderState.UNDER_WAY for order in payments_due(state)})
    assert due(state) == set()
    refused(TooLate, state, says(number=2))


@pytest.mark.parametrize("number", [1, 4, 5])
def test_what_is_not_paid_on_evidence_is_not_judged(number: int) -> None:
    text = refused(TooLate, exploring(*STAGES), says(number=number))
    assert f"No evidence of instalment {number} of {A} in exploration waits" in text


# --- Who, whose, when ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [FINANCE, OTHER, A, B])
def test_only_those_in_charge_judge(by: str) -> None:
    """Invariant 10. Fails when anybody may say that a team is due money: the team itself, or who releases it."""
    assert f"{by} may not judge evidence" in refused(NotAllowed, exploring(*STAGES), says(by=by))


def test_a_rejection_without_a_reason_of_an_unknown_team_is_refused_for_both() -> None:
    with pytest.raises(ReasonMissing) as caught:
        evidence.judge(exploring(*STAGES), says(F, accepted=False, reason=""), NOW)
    reason, team = caught.value.problems
    assert reason.field == "reason"
    assert team.text.startswith(f"{F} was not in exploration")


def test_a_rejection_needs_a_reason() -> None:
    assert "a reason, for the team" in refused(ReasonMissing, exploring(*STAGES), says(accepted=False, reason=""))


@pytest.mark.parametrize("team", [D, F])
def test_a_team_that_was_not_in_the_stage_shows_nothing(team: str) -> None:
    assert "choose from team-a, team-b, team-c" in refused(UnknownTeam, exploring(*STAGES), says(team))


@pytest.mark.parametrize("stage", ["accelerator", "nowhere"])
def test_a_stage_that_has_not_begun_waits_for_nothing(stage: str) -> None:
    assert "Its stages so far: exploration" in refused(UnknownStage, exploring(*STAGES), says(stage=stage))
    assert "Its stages so far: none yet" in refused(UnknownStage, taking_applications(*STAGES), says(stage=stage))


def test_nothing_is_judged_on_hold() -> None:
    held, _ = holding.hold(exploring(*STAGES), Hold(by=OPERATOR, reason="Election."), NOW)
    assert "Election." in refused(OnHold, held, says())


def test_nothing_is_judged_once_the_challenge_was_cancelled() -> None:
    """Fails when a challenge that was called off goes on to pay."""
    cancelled, _ = cancellation.cancel(exploring(*STAGES), Cancel(by=OPERATOR, reason="No money."), NOW)
    assert cancelled.open_evidence == ()
    assert "was cancelled" in refused(TooLate, cancelled, says())
    assert due(cancelled) == at_start()


def test_a_team_that_left_shows_nothing_and_keeps_what_was_accepted() -> None:
    """Fails when what a team is due depends on whether it is there."""
    state = judged(exploring(*STAGES), says())
    left, _ = withdrawal.withdraw(state, Withdraw(by=A, team=A, reason="No people."), NOW)
    assert A not in {each.team for each in left.open_evidence}
    assert "the team has left" in refused(TooLate, left, says(number=3))
    assert {f"{A}/1", f"{A}/2"} <= due(left)


def test_a_team_from_the_reserve_shows_its_evidence_as_any_other() -> None:
    left, _ = withdrawal.withdraw(exploring(*STAGES), Withdraw(by=A, team=A, reason="No people."), NOW)
    assert f"{D}/2" in due(judged(left, says(D)))
    assert "was not in exploration" in refused(UnknownTeam, left, says(E))


def test_evidence_of_a_stage_is_judged_while_a_later_one_runs() -> None:
    state = exploring(*STAGES)
    state, _ = deadlines.stage_ended(state, state.run.ends)
    state, _ = selection.select(state, select("accelerator", B), state.run.ends)
    assert f"{A}/2" in due(judged(state, says()))


# --- After the end -------------------------------------------------------------------------------------------------


def test_a_challenge_that_has_ended_waits_for_evidence_and_can_accept_it() -> None:
    state = ended()
    assert (state.phase, state.waits_for) == (Phase.ENDED, "evidence")
    assert f"{A}/2" in due(judged(state, says()))


def test_after_the_end_a_rejection_is_final() -> None:
    """Fails when it is not: the challenge would wait for ever."""
    state = ended()
    for team in (A, B, C):
        state = judged(state, says(team, accepted=False), says(team, accepted=False))
    assert state.open_evidence == ()
    assert "it was accepted or rejected before" in refused(TooLate, state, says(number=2))
    assert due(state) == at_start() | {f"{team}/4" for team in (A, B, C)}


def test_what_a_declined_challenge_has_asked_for_can_still_be_shown() -> None:
    """A sponsor that does not go on still owes what its teams have worked for."""
    state = exploring(*STAGES)
    state, _ = deadlines.stage_ended(state, state.run.ends)
    state, _ = selection.decline(state, Decline(by=DECIDER, stage="accelerator", reason="No budget."), NOW)
    assert state.outcome is Outcome.DISCONTINUED
    assert f"{A}/2" in due(judged(state, says()))


def test_teams_are_reminded_of_what_is_still_to_be_shown_until_nothing_is() -> None:
    """Fails when a challenge that has ended reminds nobody, or goes on for ever."""
    state = ended()
    for _ in range(3):
        rung = deadlines.next_reminder(state)
        assert rung == state.reminded.add(hours=7 * 24)
        state, announcement = deadlines.reminded(state, rung)
        told = [notice.whom.teams for notice in announcement.notices if isinstance(notice.whom, ToTeams)]
        assert sorted(told) == [(A,), (B,), (C,)]
        assert {notice.occasion for notice in announcement.notices} == {Occasion.EVIDENCE_DUE}
        assert not any(notice.lapses for notice in announcement.notices), "payments may be made meanwhile"
        assert {notice.facts["until"] for notice in announcement.notices} == {""}, "no day that has passed"
    for team in (A, B, C):
        state = judged(state, says(team), says(team))
    assert deadlines.next_reminder(state) is None


# --- Every penny ---------------------------------------------------------------------------------------------------


@st.composite
def pays(draw: st.DrawFn) -> Pay:
    """Any fee, VAT and division into parts, each of which is due at any moment."""

    def part(**size: object) -> Instalment:
        when = draw(st.sampled_from(Due))
        return Instalment.model_validate(size | {"due": when, "evidence": "It." if when is Due.EVIDENCE else None})

    vat, rate = draw(st.sampled_from(Vat)), draw(st.decimals(0, 100, places=2))
    if draw(st.booleans()):
        cuts = sorted(draw(st.sets(st.integers(1, 9_999), max_size=6)))
        shares = [b - a for a, b in zip([0, *cuts], [*cuts, 10_000], strict=True)]
        parts = tuple(part(share=f"{share // 100}.{share % 100:02d}%") for share in shares)
        return pay_of(draw(st.integers(1, 10**9)), vat, rate, parts)
    pence = draw(st.lists(st.integers(1, 10**7), min_size=1, max_size=6))
    parts = tuple(part(amount=Money(each)) for each in pence)
    return pay_of(sum(pence), vat, rate, parts)


@given(pays(), st.randoms(use_true_random=False), st.sets(st.integers(1, 7)))
def test_whatever_is_paid_on_evidence_the_instalments_sum_to_the_award(
    pay: Pay, random: Random, lost: set[int]
) -> None:
    """In whatever order it is accepted; what is rejected for good is missing, to the penny.

    Fails when an instalment on evidence is left out, counted twice, or is not its part of the award.
    """
    state = exploring(EXPLORATION.model_copy(update={"pay": pay}), COMMERCIALISATION)
    award = pay.amount_of(pay.most)
    waiting = [each for each in state.open_evidence if each.team == A]
    random.shuffle(waiting)
    for each in waiting:
        accepted = each.number not in lost
        state = judged(state, says(number=each.number, accepted=accepted, final=not accepted))
    state, _ = deadlines.stage_ended(state, state.run.ends)

    paid = {order.number: order.amount for order in payments_due(state) if order.team == A}
    missing = [each.amount for each in waiting if each.number in lost]
    assert len(paid) + len(missing) == len(pay.instalments)
    assert total(part.gross for part in (*paid.values(), *missing)) == award.gross
    assert all(each.amount == paid[each.number] for each in waiting if each.number not in lost), "as it was told"


@given(stories())
def test_a_verdict_is_one_for_good_and_by_somebody_in_charge(story: Story) -> None:
    """Invariant 10. Fails when a second verdict replaces the first."""
    for step in story.steps:
        before = {
            (run.stage, team.id, number): verdict
            for run in step.before.runs
            for team in run.teams
            for number, verdict in team.verdicts.items()
        }
        after = {
            (run.stage, team.id, number): verdict
            for run in step.after.runs
            for team in run.teams
            for number, verdict in team.verdicts.items()
        }
        assert before.items() <= after.items()
        assert all(verdict.by in story.state.in_charge for verdict in after.values())
        if after != before:
            assert isinstance(step.message, Evidence)
            assert len(after) == len(before) + 1


def test_evidence_is_asked_for_in_time_where_the_programme_reminds_of_the_end_of_a_stage() -> None:
    state = exploring(*STAGES)
    _, announcement = deadlines.reminded(state, state.run.ends.subtract(hours=48))
    wanted = {
        notice.whom.teams: notice.facts
        for notice in announcement.notices
        if notice.occasion is Occasion.EVIDENCE_DUE and isinstance(notice.whom, ToTeams)
    }
    assert set(wanted) == {(A,), (B,), (C,)}
    assert wanted[(A,)]["evidence"] == "A prototype", "what comes first"
