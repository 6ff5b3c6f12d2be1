"""On which applications each decision is: whoever takes it has to be impartial towards them."""

from __future__ import annotations

from typing import Any

import pytest
from whenever import Date, ItemizedDelta

from domain.announcements.announcement import Impartial
from domain.challenges import deadlines, selection
from domain.challenges.decisions import (
    DECISIONS,
    Admit,
    Amend,
    Cancel,
    Decision,
    Decline,
    Evidence,
    Extend,
    ExtendStage,
    HandOver,
    Hold,
    Participate,
    PublishAnswer,
    Resume,
    Select,
    Withdraw,
)
from domain.challenges.feedback import feedback_given
from domain.challenges.holding import hold
from domain.challenges.messages import decide
from domain.challenges.state import State
from domain.payments import announcements
from domain.payments.decisions import PAYMENT_DECISIONS, CancelPayment, Release, Return, UndoReturn
from domain.programmes.pay import Pay
from domain.values.money import Money
from tests.domain.challenges import (
    CLOSES,
    DECIDER,
    EXPLORATION,
    ON_EVIDENCE,
    OPERATOR,
    A,
    B,
    C,
    D,
    sealed,
    select,
    taking_applications,
)
from tests.domain.payments import to_make

NOW = CLOSES.add(hours=24)
AGREED = EXPLORATION.model_copy(update={"pay": Pay(agreed_up_to=Money(900_000), instalments=ON_EVIDENCE)})
OFFICE: dict[str, Any] = {"by": OPERATOR, "reason": "Because."}
LEAD: dict[str, Any] = {"by": DECIDER, "reason": "Because."}
ALL, ONLY_A = Impartial(), Impartial(towards=(A,))


def chosen(*teams: str) -> Select:
    amounts = dict.fromkeys(teams, Money(500_000))
    return select("exploration", *teams).model_copy(update={"amounts": amounts, "reason": "Good."})


def running() -> State:
    """The teams A, B and C work in a stage with an agreed amount and evidence."""
    return selection.select(sealed(AGREED), chosen(A, B, C), NOW)[0]


def ended() -> State:
    return deadlines.stage_ended(running(), running().run.ends)[0]


TABLE: dict[str, tuple[State, Decision, Impartial | None]] = {
    "select": (sealed(AGREED), chosen(A, B), ALL),
    "decline": (sealed(AGREED), Decline(stage="exploration", **LEAD), ALL),
    "evidence": (running(), Evidence(stage="exploration", team=A, accepted=True, **LEAD), ONLY_A),
    "amend": (running(), Amend(stage="exploration", team=A, amount=Money(400_000), **LEAD), ONLY_A),
    "extend-stage": (
        running(),
        ExtendStage(stage="exploration", team=A, longer=ItemizedDelta(weeks=1), **OFFICE),
        ONLY_A,
    ),
    "withdraw": (running(), Withdraw(team=A, **OFFICE), Impartial(towards=(A,), declares_first=False)),
    # On the challenge as a whole, or on nobody whom anybody knows yet.
    "extend": (taking_applications(), Extend(closes=CLOSES.add(hours=240), **OFFICE), None),
    "hold": (running(), Hold(**OFFICE), None),
    "resume": (hold(running(), Hold(**OFFICE), NOW)[0], Resume(**OFFICE), None),
    "cancel": (running(), Cancel(**OFFICE), None),
    "admit": (
        sealed().having(programme=sealed().programme.model_copy(update={"late_applications": True})),
        Admit(application=D, **OFFICE),
        None,
    ),
    "participation": (
        running(),
        Participate(stage="exploration", on=Date(2016, 8, 3), people=3, summary="Maps.", by=OPERATOR),
        None,
    ),
    "answer": (taking_applications(), PublishAnswer(question="Why?", answer="So.", by=OPERATOR), None),
    "hand-over": (running(), HandOver(number=1, person=DECIDER, successor="next", **OFFICE), None),
}
"""Each decision, in a state in which it is taken, and what it has to say. A new decision needs its line."""


def test_every_decision_has_its_line() -> None:
    assert set(TABLE) == set(DECISIONS)


@pytest.mark.parametrize("kind", TABLE)
def test_a_decision_says_towards_whom_one_has_to_be_impartial(kind: str) -> None:
    """Fails where a decision on an application is let through whatever somebody has declared."""
    state, message, impartial = TABLE[kind]
    now = NOW if state.runs else (CLOSES if state.opened and state.phase == "deciding" else state.opens.add(hours=1))
    assert decide(state, message, now)[1].must_be_impartial == impartial


def test_a_later_stage_is_decided_on_the_teams_of_the_stage_before() -> None:
    second = AGREED.model_copy(update={"name": "second", "title": "Second"})
    state = deadlines.stage_ended(selection.select(sealed(AGREED, second), chosen(A, B, C), NOW)[0], NOW)[0]
    later = chosen(A).model_copy(update={"stage": "second"})
    assert decide(state, later, NOW)[1].must_be_impartial == Impartial(towards=(A, B, C))


def test_a_team_leaves_by_its_own_word_whatever_anybody_declared() -> None:
    message = Withdraw(by=A, team=A, reason="We are ill.")
    assert decide(running(), message, NOW)[1].must_be_impartial is None


def test_more_time_for_all_teams_is_no_decision_on_one() -> None:
    message = ExtendStage(stage="exploration", longer=ItemizedDelta(weeks=1), **OFFICE)
    assert decide(running(), message, NOW)[1].must_be_impartial is None


def test_feedback_is_about_one_application() -> None:
    assert feedback_given(running(), "exploration", D, OPERATOR, "No.", NOW, "1").must_be_impartial == Impartial(
        towards=(D,)
    )


def test_of_all_decisions_on_a_payment_only_a_release_needs_somebody_without_a_conflict() -> None:
    payment = to_make()
    said = {
        "release": Release(by="finance", decision_id="1", payee_version=1),
        "return": Return(by="finance", decision_id="1", reason="Closed."),
        "undo-return": UndoReturn(by="finance", decision_id="1", reason="Arrived.", attempt=1),
        "cancel": CancelPayment(by="finance", decision_id="1", reason="Left."),
    }
    assert said.keys() == PAYMENT_DECISIONS.keys()
    found = {kind: announcements.decided(payment, decision, NOW).must_be_impartial for kind, decision in said.items()}
    released = Impartial(towards=(payment.order.team,), declares_first=False)
    assert found == {"release": released, "return": None, "undo-return": None, "cancel": None}
