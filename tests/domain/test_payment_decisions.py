"""Who may move a payment on, from where, and for which bank details."""

from __future__ import annotations

from itertools import product

import pytest

from domain.challenges import evidence
from domain.challenges.awards import payments_due
from domain.challenges.decisions import Decision, Evidence
from domain.payments.decisions import PAYMENT_DECISIONS, CancelPayment, Release, Return, UndoReturn, check_move
from domain.payments.payment import SERVICE, TO_RELEASE, PaymentStatus, PaymentToMake, payment_to_make
from domain.values.refusals import NotAllowed, ReasonMissing, Refused, TooEarly, TooLate
from tests.domain.challenges import (
    DECIDER,
    DEPUTY,
    FINANCE,
    ON_EVIDENCE,
    OPERATOR,
    OTHER,
    TREASURER,
    A,
    exploring,
    in_instalments,
)
from tests.domain.payments import ACCEPTOR, EARLIER_GIVER, GIVER, OWN, REQUESTED, RETURNER, snapshot, to_make

PEOPLE = (*OWN, FINANCE, OPERATOR, DEPUTY, A, OTHER, SERVICE)
EARLY = (PaymentStatus.REQUESTED, *TO_RELEASE)


def expected(decision: type[Decision], status: PaymentStatus, by: str) -> type[Refused] | None:
    """What the rules must answer, by the words of the design; None for leave."""
    if decision is Release:
        own = (DECIDER, ACCEPTOR) if status is PaymentStatus.REQUESTED else OWN
        if by in own or by not in (FINANCE, *OWN):
            return NotAllowed
        if status is PaymentStatus.REQUESTED:
            return TooEarly
        return None if status in TO_RELEASE else TooLate
    if by not in (FINANCE, *OWN, OPERATOR):
        return NotAllowed
    if decision is Return:
        return TooEarly if status in EARLY else TooLate if status is PaymentStatus.CANCELLED else None
    if decision is UndoReturn:
        return None  # the ledger knows of attempts
    return TooLate if status in (PaymentStatus.SUBMITTED, PaymentStatus.SETTLED, PaymentStatus.CANCELLED) else None


@pytest.mark.parametrize(("decision", "status"), list(product(PAYMENT_DECISIONS.values(), PaymentStatus)))
def test_who_may_move_a_payment_from_where_it_stands(decision: type[Decision], status: PaymentStatus) -> None:
    """Invariant 10. Fails when any of the people, or any status, is not looked at."""
    for by in PEOPLE:
        wanted = expected(decision, status, by)
        more = {"release": {"payee_version": 1}, "undo-return": {"attempt": 1}}.get(decision.kind, {})
        said = decision.model_validate({"by": by, "decision_id": "1", "reason": "Because.", **more})
        if wanted is None:
            check_move(to_make(), snapshot(status), said)
            continue
        with pytest.raises(wanted) as refused:
            check_move(to_make(), snapshot(status), said)
        assert type(refused.value) is wanted, by
        assert "\n" not in str(refused.value)
        assert to_make().order.key in str(refused.value)


@pytest.mark.parametrize(
    ("by", "why"),
    [
        (DECIDER, "selected the team"),
        (ACCEPTOR, "accepted its evidence"),
        (GIVER, "gave or changed the team's bank details"),
        (EARLIER_GIVER, "gave or changed the team's bank details"),
        (RETURNER, "said that the money came back"),
    ],
)
def test_nobody_releases_what_follows_from_their_own_decision_and_is_told_why(by: str, why: str) -> None:
    """Invariant 10. Fails without any one of the four comparisons."""
    back = snapshot(PaymentStatus.RETURNED, returned_by=RETURNER)
    with pytest.raises(NotAllowed, match=f"{by} {why}, and a second person must release it"):
        check_move(to_make(releasers=(FINANCE, RETURNER, *OWN)), back, Release(by=by, payee_version=1))


def test_whoever_releases_is_named_by_the_round() -> None:
    with pytest.raises(NotAllowed, match=f"{OPERATOR} may not release .*: {FINANCE} may"):
        check_move(
            to_make(releasers=(FINANCE,)), snapshot(PaymentStatus.PAYEE_KNOWN), Release(by=OPERATOR, payee_version=1)
        )


def test_a_payment_that_hangs_on_no_evidence_has_nobody_who_accepted_it() -> None:
    check_move(to_make(accepted_by=""), snapshot(PaymentStatus.PAYEE_KNOWN), Release(by=FINANCE, payee_version=1))


@pytest.mark.parametrize("version", [0, 1, 3])
def test_a_release_is_for_the_bank_details_that_count(version: int) -> None:
    """Fails when the version that the releaser saw is not compared."""
    known = snapshot(PaymentStatus.PAYEE_KNOWN, payee_version=2)
    with pytest.raises(TooLate, match=f"goes to version 2 of .* this release is for version {version}"):
        check_move(to_make(), known, Release(by=FINANCE, payee_version=version))
    check_move(to_make(), known, Release(by=FINANCE, payee_version=2))


@pytest.mark.parametrize("decision", [Return, CancelPayment])
def test_what_the_team_is_told_of_needs_a_reason(decision: type[Decision]) -> None:
    status = PaymentStatus.RELEASED
    with pytest.raises(ReasonMissing, match="needs a reason, for the team"):
        check_move(to_make(), snapshot(status), decision(by=FINANCE))


def test_a_payment_knows_who_selected_its_team_and_who_accepted_its_evidence() -> None:
    """Invariant 10. Fails when one of the two is left out, or taken from another team's verdict."""
    state = exploring(*in_instalments(ON_EVIDENCE))
    accepted = Evidence(by=DEPUTY, decision_id="1", stage="exploration", team=A, accepted=True)
    state, _ = evidence.judge(state, accepted, REQUESTED)
    made = {order.key: payment_to_make(state, order) for order in payments_due(state)}

    on_evidence = made[f"round/air-quality/exploration/{A}/2"]
    assert (on_evidence.selected_by, on_evidence.accepted_by) == (DECIDER, DEPUTY)
    assert (on_evidence.releasers, on_evidence.operators) == ((FINANCE, TREASURER), (OPERATOR,))
    assert on_evidence.which == "instalment 2 of 4"
    at_start = [each for each in made.values() if each is not on_evidence]
    assert {(each.selected_by, each.accepted_by) for each in at_start} == {(DECIDER, "")}
    assert PaymentToMake.model_validate_json(on_evidence.model_dump_json()) == on_evidence
