"""An agreed amount that is amended: who may, up to what, and what of it stays as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.announcements.announcement import ToPeople, ToTeams
from domain.announcements.occasions import Occasion
from domain.challenges import cancellation, deadlines, evidence, holding, selection, withdrawal
from domain.challenges.amendment import amend, payments_of
from domain.challenges.awards import amended_orders, orders_made, payments_due
from domain.challenges.decisions import Amend, Cancel, Evidence, Hold, Select, Withdraw
from domain.challenges.publishing import snapshot_of
from domain.challenges.stage_run import parts_of
from domain.challenges.state import Phase, State
from domain.programmes.pay import Instalment, Pay
from domain.values.money import Money, Vat, total
from domain.values.refusals import (
    NotAllowed,
    OnHold,
    ReasonMissing,
    TooEarly,
    TooLate,
    UnknownStage,
    UnknownTeam,
    WrongAmount,
)
from tests.domain.challenges import (
    CLOSES,
    DECIDER,
    DEPUTY,
    EXPLORATION,
    FINANCE,
    IN_HALVES,
    ON_EVIDENCE,
    OPERATOR,
    OTHER,
    PRE_COMMERCIAL,
    TREASURER,
    A,
    B,
    C,
    sealed,
)
from tests.domain.changing import WHY, refused

NOW = CLOSES.add(hours=72)
STAGE = "pre-commercial"


def agreed(
    parts: tuple[Instalment, ...] = IN_HALVES, fee: int = 4_000_000, vat: Vat = Vat.NONE, cap: int = 5_000_000
) -> State:
    """A and B are in a stage for which an amount was agreed, and what was due at its start is ordered."""
    pay = Pay(agreed_up_to=Money(cap), vat=vat, instalments=parts)
    state = sealed(PRE_COMMERCIAL.model_copy(update={"pay": pay}), EXPLORATION)
    amounts = {A: Money(fee), B: Money(fee)}
    message = Select(by=DECIDER, stage=STAGE, teams=(A, B), amounts=amounts, reserve=(C,), reason=WHY)
    return ordering(selection.select(state, message, CLOSES.add(hours=24))[0])


def ordering(state: State) -> State:
    return state.ordering(each.key for each in payments_due(state))


def to(pounds: str, team: str = A, by: str = DECIDER, stage: str = STAGE, reason: str = WHY) -> Amend:
    return Amend(by=by, stage=stage, team=team, amount=Money.parse(pounds), reason=reason)


def key(number: int, team: str = A) -> str:
    return f"round/air-quality/{STAGE}/{team}/{number}"


def amounts(state: State, team: str = A) -> list[str]:
    """What each payment that was ordered for a team pays."""
    return [str(order.amount.gross) for order in orders_made(state).values() if order.team == team]


def over(state: State) -> State:
    """The stage has ended, and what was due then is ordered."""
    return ordering(deadlines.stage_ended(state, state.run.ends)[0])


# --- What is amended -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [DECIDER, DEPUTY])
def test_an_amount_that_has_not_left_is_split_anew_and_everybody_concerned_is_told(by: str) -> None:
    """Fails when a payment keeps its old amount, when another team's changes, or when finance does not hear of it."""
    state = agreed()
    new, announcement = amend(state, to("30000", by=by), NOW, ())
    assert amounts(new) == ["15000.00"]
    assert amounts(over(new)) == ["15000.00", "15000.00"]
    assert amounts(over(new), B) == ["20000.00", "20000.00"]
    assert [order.key for order in amended_orders(state, new)] == [key(1)]

    facts = {
        "stage": "Pre-commercial development",
        "award": "£30,000",
        "was": "£40,000",
        "paid": "£15,000 at the start, £15,000 at the end",
        "reason": WHY,
    }
    assert [(notice.occasion, notice.whom, notice.facts) for notice in announcement.notices] == [
        (Occasion.AWARD_AMENDED, ToTeams(teams=(A,)), facts | {"team": ""}),
        (
            Occasion.AWARD_AMENDED,
            ToPeople(people=(DECIDER, DEPUTY, OPERATOR, FINANCE, TREASURER)),
            facts | {"team": A},
        ),
    ]
    entry = announcement.entry
    assert (entry.by, entry.action, entry.stage, entry.reason) == (by, "amend", STAGE, WHY)
    assert "£30,000 instead of £40,000" in entry.text


def test_what_may_have_left_keeps_its_amount_and_the_rest_of_the_award_goes_to_the_others() -> None:
    """Fails when a team is paid more or less than its amended award in all."""
    new, announcement = amend(agreed(), to("30000"), NOW, (key(1),))
    assert amounts(over(new)) == ["20000.00", "10000.00"]
    assert announcement.notices[0].facts["paid"] == "£20,000 at the start (as before), £10,000 at the end"
    again, _ = amend(over(new), to("45000"), NOW, (key(1),))
    assert amounts(again) == ["20000.00", "25000.00"]
    assert again.phase is Phase.DECIDING, "also after the stage has ended"


def test_an_award_with_vat_is_amended_as_the_programme_states_it() -> None:
    """Fails when the amount is taken as what is paid, or the VAT stays that of the old amount."""
    new, announcement = amend(agreed(vat=Vat.ADDED), to("30000"), NOW, (key(1),))
    last = orders_made(over(new))[key(2)].amount
    assert (str(last.net), str(last.vat)) == ("10000.00", "2000.00")
    assert announcement.notices[0].facts["award"] == "£36,000 (£30,000 and VAT)"


def test_what_was_lost_or_cancelled_stays_lost() -> None:
    """Fails when money that a team can no longer earn comes back with an amendment."""
    state = agreed(ON_EVIDENCE)
    lost = Evidence(by=DECIDER, stage=STAGE, team=A, number=2, accepted=False, final=True, reason=WHY)
    state = evidence.judge(state, lost, NOW)[0]
    new, _ = amend(state, to("50000"), NOW, (key(1),))
    kept = {number: str(amount.gross) for number, amount in new.run.teams[0].kept.items()}
    assert kept == {1: "16000.00", 2: "12000.00"}
    [third] = [each for each in new.open_evidence if each.team == A]
    assert str(third.amount.gross) == "14666.67"
    assert amounts(over(new)) == ["16000.00", "7333.33"]


def test_the_public_copy_has_what_each_instalment_comes_to_after_it() -> None:
    """Fails when a team that reads its page is told another amount than it is paid."""
    new, _ = amend(agreed(ON_EVIDENCE), to("50000"), NOW, (key(1),))
    pay, (public, *_) = new.filling.pay, snapshot_of(new).stages[0].teams

    assert pay is not None
    assert [str(each.gross) for each in parts_of(pay, public)][:2] == ["16000.00", "17000.00"]
    assert parts_of(pay, public) == parts_of(pay, new.run.teams[0])


def test_an_ended_challenge_can_still_be_amended_while_it_owes_something() -> None:
    stages = agreed().programme.stages[:1]
    state = agreed()
    state = over(state.having(programme=state.programme.model_copy(update={"stages": stages})))
    assert state.phase is Phase.ENDED
    new, _ = amend(state, to("30000"), NOW, (key(1),))
    assert amounts(new) == ["20000.00", "10000.00"]
    text = refused(TooLate, lambda: amend(state, to("30000"), NOW, (key(1), key(2))))
    assert "each part of it may have left" in text
    cancelled = cancellation.cancel(agreed(), Cancel(by=OPERATOR, reason=WHY), NOW)[0]
    new, _ = amend(cancelled, to("30000"), NOW, ())
    assert amounts(new) == ["10000.00"], "the half that is due at the end is never paid"


def test_who_takes_a_place_is_due_the_amended_award_in_full() -> None:
    new, _ = amend(agreed(), to("30000"), NOW, (key(1),))
    left, _ = withdrawal.withdraw(new, Withdraw(by=OPERATOR, team=A, reason=WHY), NOW)
    assert amounts(ordering(left), C) == ["15000.00"]


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=5),
    st.integers(1, 10**7),
    st.integers(1, 10**7),
    st.sampled_from(Vat),
    st.data(),
)
def test_a_team_is_due_its_amended_award_to_the_penny_whatever_has_left(
    weights: list[int], fee: int, amended: int, vat: Vat, data: st.DataObject
) -> None:
    """Property: what has left stays, nothing is negative, and all parts make up the award."""
    shares = [*weights, 10_000 - sum(weights)]
    parts = tuple(Instalment(share=f"{share // 100}.{share % 100:02d}%") for share in shares)
    pay = Pay(agreed_up_to=Money(10**7), vat=vat, instalments=parts)
    if any(part.gross.pence == 0 for part in pay.instalments_of(pay.amount_of(Money(fee)))):
        return
    state = agreed(parts, fee, vat, 10**7)
    before = orders_made(state)
    left = data.draw(st.sets(st.sampled_from([each for each in before if f"/{A}/" in each])))
    message = Amend(by=DECIDER, stage=STAGE, team=A, amount=Money(amended), reason=WHY)
    try:
        new, _ = amend(state, message, NOW, left)
    except (WrongAmount, TooLate):
        return
    after = {key: order.amount for key, order in orders_made(new).items() if order.team == A}
    assert all(after[each] == before[each].amount for each in left)
    assert total(each.gross for each in after.values()) == pay.amount_of(Money(amended)).gross
    assert all(each.gross.pence > 0 and each.net.pence >= 0 and each.vat.pence >= 0 for each in after.values())


# --- What is refused -----------------------------------------------------------------------------------------------


def test_only_a_decider_of_the_sponsor_amends_with_a_reason_and_not_on_hold() -> None:
    for by in (OPERATOR, OTHER, FINANCE, A):
        refused(NotAllowed, lambda by=by: amend(agreed(), to("30000", by=by), NOW, ()))  # type: ignore[misc]
    with pytest.raises(ReasonMissing) as caught:
        amend(agreed(), to("60000", reason=""), NOW, ())
    assert [problem.field for problem in caught.value.problems] == ["reason", "amount"]
    held, _ = holding.hold(agreed(), Hold(by=OPERATOR, reason=WHY), NOW)
    refused(OnHold, lambda: amend(held, to("30000"), NOW, ()))


@pytest.mark.parametrize(
    ("pounds", "left", "says"),
    [
        ("50000.01", (), "is over the cap"),
        ("0", (), "is nothing"),
        ("40000", (), "is what was agreed"),
        ("0.01", (), "too little for 2 instalments"),
        ("20000", (key(1),), "is too little: £20,000 of the award may have left"),
        ("15000", (key(1),), "is too little: £20,000 of the award may have left"),
    ],
)
def test_an_amount_is_refused_that_cannot_be_agreed(pounds: str, left: tuple[str, ...], says: str) -> None:
    assert says in refused(WrongAmount, lambda: amend(agreed(), to(pounds), NOW, left))


def test_only_what_was_agreed_with_a_team_in_the_stage_is_amended() -> None:
    state = agreed()
    refused(UnknownStage, lambda: amend(state, to("1", stage="nowhere"), NOW, ()))
    text = refused(WrongAmount, lambda: amend(state, to("1", stage="exploration"), NOW, ()))
    assert text == "Exploration pays a fixed £2,000: only an agreed amount can be amended."
    refused(UnknownTeam, lambda: amend(state, to("1", C), NOW, ()))
    early = sealed(PRE_COMMERCIAL)
    refused(TooEarly, lambda: amend(early, to("1"), NOW, ()))
    gone, _ = withdrawal.withdraw(state, Withdraw(by=OPERATOR, team=A, reason=WHY), NOW)
    refused(TooLate, lambda: amend(gone, to("30000"), NOW, ()))


def test_the_payments_of_an_award_are_those_of_its_team_and_stage() -> None:
    state = over(agreed())
    assert payments_of(state, to("1")) == (key(1), key(2))
