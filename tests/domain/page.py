"""What stands where on the page of a challenge, and states whose page is looked at."""

from __future__ import annotations

import re

from whenever import Instant

from domain.challenges import deadlines, selection
from domain.challenges.awards import payments_due
from domain.challenges.decisions import Select
from domain.challenges.page import details
from domain.challenges.state import OrderState, State
from domain.programmes.pay import Due, Instalment, Pay
from domain.values.money import Money
from tests.domain.challenges import DECIDER

LATER = Instant("2016-08-05T12:00Z")
WHY = "The building is closed."
SHOWN_FIRST = Pay(
    fixed=Money(100_000),
    instalments=(Instalment(share="40%"), Instalment(share="60%", due=Due.EVIDENCE, evidence="A prototype")),
)


def row(state: State, label: str, attention: str = "") -> str:
    """What the table at the head of the page says beside a label."""
    unfolded = re.escape(f"{label}  ".replace(" ", "\N{NO-BREAK SPACE}"))
    [said] = re.findall(rf"^\| {unfolded} \| (.*) \|$", details(state, attention), re.MULTILINE)
    return str(said)


def section(state: State, title: str) -> list[str]:
    """The lines of a section of the page."""
    _, _, rest = details(state).partition(f"\n### {title}\n")
    return [line for line in rest.partition("\n### ")[0].splitlines() if line]


def stage_line(state: State, title: str) -> str:
    """What the page says of a stage."""
    [said] = [line for line in section(state, "Stages") if line.startswith(f"- **{title}**")]
    return said.removeprefix(f"- **{title}**: ")


def with_payments(state: State, *how: OrderState) -> State:
    """The state once all that is due was ordered and came out like this, in order."""
    return state.having(payments=dict(zip((order.key for order in payments_due(state)), how, strict=True)))


def ending(state: State) -> State:
    """The state after the stage under way has ended."""
    return deadlines.stage_ended(state, state.run.ends)[0]


def agreeing(state: State, stage: str, amounts: dict[str, Money], reason: str = "Because.") -> State:
    """The state after a selection that agrees on amounts."""
    message = Select(by=DECIDER, stage=stage, teams=tuple(amounts), amounts=amounts, reason=reason)
    return selection.select(state, message, LATER)[0]
