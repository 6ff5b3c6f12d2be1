"""A stage that takes no time and pays: a prize."""

from __future__ import annotations

from whenever import ItemizedDelta

from domain.announcements.announcement import ToTeams
from domain.announcements.occasions import Occasion
from domain.challenges import selection
from domain.programmes.pay import Due, Instalment, Pay
from domain.values.money import Money
from tests.domain.challenges import ACCELERATOR, CLOSES, EXPLORATION, A, B, sealed, select

NOW = CLOSES.add(hours=24)


def test_a_stage_without_duration_that_pays_is_a_prize_and_says_how_much_and_how() -> None:
    """Fails when whoever has won is told to do nothing, and when a prize is paid at the start of a stage."""
    prize = EXPLORATION.model_copy(update={"name": "prize", "title": "Prize", "duration": ItemizedDelta(seconds=0)})
    [won] = {
        (notice.occasion, tuple(sorted(notice.facts.items())))
        for notice in selection.select(sealed(prize, ACCELERATOR), select("prize", A, B), NOW)[1].notices
        if isinstance(notice.whom, ToTeams)
    }
    assert won[0] is Occasion.PRIZE_WON
    assert dict(won[1]) == {
        "stage": "Prize",
        "award": "£2,000",
        "paid": "all of it now",
        "next": "Accelerator",
        "intellectual_property": "The company keeps it.",
        "equity": "The company keeps it.",
    }
    parts = (Instalment(share="50%"), Instalment(share="50%", due=Due.EVIDENCE, evidence="A report"))
    shown = prize.model_copy(update={"pay": Pay(fixed=Money(200_000), instalments=parts)})
    facts = selection.select(sealed(shown), select("prize", A), NOW)[1].notices[0].facts
    assert (facts["paid"], facts["next"]) == ("50% now, 50% once this is accepted: A report", "")
