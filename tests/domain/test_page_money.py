"""The money on the page of a challenge: what was agreed, what was paid and what was not, all of it true."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from domain.challenges import selection
from domain.challenges.awards import order_closed
from domain.challenges.page import details
from domain.challenges.state import OrderState
from domain.programmes.pay import Pay
from domain.values.money import Money, Vat, total
from tests.domain.challenges import PRE_COMMERCIAL, A, B, accelerating, exploring, in_instalments, sealed, select
from tests.domain.page import LATER, agreeing, ending, section, with_payments
from tests.domain.stories import Story, stories


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
