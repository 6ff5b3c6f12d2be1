"""A late application that is admitted by way of exception."""

from __future__ import annotations

from domain.announcements.announcement import ToPeople, ToTeams
from domain.announcements.occasions import Occasion
from domain.challenges import deadlines, holding
from domain.challenges.admission import admit
from domain.challenges.decisions import Admit, Hold
from domain.challenges.page import details
from domain.challenges.state import State
from domain.values.refusals import NotAllowed, OnHold, ReasonMissing, TooEarly, TooLate
from tests.domain.challenges import (
    CLOSES,
    DECIDER,
    DEPUTY,
    FINANCE,
    OPERATOR,
    OTHER,
    A,
    exploring,
    sealed,
    taking_applications,
)
from tests.domain.changing import WHY, refused

NOW = CLOSES.add(hours=12)
LATE = "air-quality-7kx3qm"


def allowing(state: State) -> State:
    """The same challenge, under a programme that lets late applications in."""
    return state.having(programme=state.programme.model_copy(update={"late_applications": True}))


def late(by: str = OPERATOR, reason: str = WHY) -> Admit:
    return Admit(by=by, application=LATE, reason=reason)


def test_a_late_application_counts_and_the_applicant_and_those_in_charge_are_told() -> None:
    """Fails when the sponsor is asked to select out of too few, or somebody concerned does not hear of it."""
    state = allowing(sealed())
    new, announcement = admit(state, late(), NOW)
    assert (new.applications, new.deadline) == (7, state.deadline)
    assert announcement.admitted == LATE
    facts = {"application": LATE, "closes": state.at(CLOSES), "reason": WHY}
    assert [(notice.occasion, notice.whom, notice.facts) for notice in announcement.notices] == [
        (Occasion.APPLICATION_ADMITTED, ToTeams(teams=(LATE,)), facts),
        (Occasion.APPLICATION_ADMITTED, ToPeople(people=(DECIDER, DEPUTY, OPERATOR)), facts),
    ]
    assert (announcement.entry.by, announcement.entry.reason) == (OPERATOR, WHY)
    assert "out of 7 applications" in details(new)


def test_no_late_application_is_admitted_unless_the_programme_says_so() -> None:
    assert "late_applications = true" in refused(NotAllowed, lambda: admit(sealed(), late(), NOW))


def test_only_an_operator_admits_with_a_reason_and_not_on_hold() -> None:
    state = allowing(sealed())
    for by in (DECIDER, OTHER, FINANCE, A):
        refused(NotAllowed, lambda by=by: admit(state, late(by), NOW))  # type: ignore[misc]
    refused(ReasonMissing, lambda: admit(state, late(reason=""), NOW))
    held, _ = holding.hold(state, Hold(by=OPERATOR, reason=WHY), NOW)
    refused(OnHold, lambda: admit(held, late(), NOW))


def test_it_is_too_early_before_the_seal_and_too_late_once_teams_were_selected_or_all_is_over() -> None:
    refused(TooEarly, lambda: admit(allowing(taking_applications()), late(), NOW))
    assert "Teams were selected for Exploration" in refused(TooLate, lambda: admit(allowing(exploring()), late(), NOW))
    nobody = deadlines.sealed(taking_applications(), 0, CLOSES)[0]
    refused(TooLate, lambda: admit(allowing(nobody), late(), NOW))
