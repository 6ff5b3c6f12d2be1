"""A challenge as staff read it on its run's page: Markdown, without code."""

from __future__ import annotations

import re

from domain.announcements.attention import remedy
from domain.programmes.programme import Stage
from domain.values.money import Amount, total
from domain.values.wording import counted, fact_table, listed

from . import further
from .awards import amount_in_words, order_in_words, orders_made
from .selection import agreed_amount_in_words
from .stage_run import StageRun
from .state import OrderState, Phase, State

_LEFT = re.compile(r"([a-z0-9-]+) \(left\)")
_LONGEST = 15_000
"""Characters. Temporal takes 20,000 bytes of details."""


def details(state: State, attention: str = "") -> str:
    """The page of a run.

    Args:
        state: the challenge as it stands.
        attention: what a person must resolve, or nothing.

    Returns:
        Markdown: what it waits for, until when and who must act; its stages, teams, evidence and payments; what
        happened, newest first.
    """
    title = f"## {state.challenge.question}"
    parts = [title, _facts(state, attention), _stages(state), _evidence(state), _payments(state)]
    head = "\n\n".join(part for part in parts if part)
    # If two things happened at one instant, the later line is the newer: sorting keeps their order.
    story = sorted(state.story, key=lambda line: line.at)
    return _fitting(head, [f"- {state.at(line.at)}: {line.text}" for line in reversed(story)])


def _facts(state: State, attention: str) -> str:
    facts = [(label, _emphasised(state, label, fact)) for label, fact in facts_of(state, attention)]
    if state.not_proven:
        facts.append(("Not proven", f"{counted(state.not_proven, 'decision')} came without a proof: see the record"))
    if attention:
        facts.insert(0, ("**Needs attention**", f"{attention}; {remedy(state.challenge.id)}"))
    return fact_table(facts)


def _emphasised(state: State, label: str, fact: str) -> str:
    """One line about the challenge, with what it waits for and how it ended in bold."""
    if label == "Waits for":
        return f"**{fact}**"
    return f"**{state.outcome}**{fact.removeprefix(str(state.outcome))}" if label == "Outcome" else fact


def facts_of(state: State, attention: str = "") -> list[tuple[str, str]]:
    """Where a challenge stands, as a list of facts: what it waits for, until when, who must act, why it is on hold.

    Args:
        state: the challenge as it stands.
        attention: what a person must resolve, or nothing.
    """
    facts: list[tuple[str, str]] = []
    if state.outcome:
        when = f" on {state.at(state.ended)}" if state.ended else ""
        why = f": {state.outcome_reason}" if state.outcome_reason else ""
        facts.append(("Outcome", f"{state.outcome}{when}{why}"))
    facts.append(("Waits for", state.waiting))
    if state.deadline:
        facts.append((_deadline_label(state), state.turns_at))
    elif state.phase is Phase.DECIDING and state.decide_by:
        facts.append(("Was due by", f"{state.at(state.decide_by)}{_moves(state, Phase.DECIDING)}"))
    facts.append(("Who must act", _who_acts_first(state) if attention else _who_acts(state)))
    if state.held:
        facts.append(("On hold", f"since {state.at(state.held.since)}, by {state.held.by}: {state.held.reason}"))
    facts.append(("Sponsor", f"{state.challenge.sponsor}; decided by {', '.join(state.challenge.deciders)}"))
    window = f"{state.at(state.opens, begins=True)} to {state.at(state.closes)}"
    window += _moves(state, Phase.WINDOW) if state.takes_applications else ""
    if state.applications is not None:
        window += f"; {counted(state.applications, 'application')}"
    facts.append(("Window", window))
    facts += [further.window_on_page(state, each) for each in state.further]
    return facts


def _deadline_label(state: State) -> str:
    if state.phase is not Phase.DECIDING or state.decide_by is None:
        return "Until"
    return "Overdue since" if state.reminded >= state.decide_by else "Due by"


def _who_acts_first(state: State) -> str:
    """The step that stands still may be the one that writes what others did, so perhaps they need not act."""
    operators, others = " or ".join(state.challenge.operators), _who_acts(state)
    mend = f"{operators}: mend what needs attention"
    return mend if others.startswith("nobody") else f"{mend}; unless that settles it, {others}"


def _who_acts(state: State) -> str:
    in_charge = " or ".join(state.in_charge)
    if state.held:
        return f"{in_charge}: resume or cancel"
    match state.phase:
        case Phase.WINDOW if state.stage:
            return f"the teams, until the window closes: {', '.join(state.field)}"
        case Phase.WINDOW:
            return "applicants" if state.opened else "nobody yet"
        case Phase.DECIDING:
            return f"{' or '.join(state.challenge.deciders)}: {_selection_wanted(state)}; or decline"
        case Phase.RUNNING:
            return f"the teams, until the stage ends: {', '.join(team.id for team in state.run.working)}"
        case Phase.ENDED:
            judge = [f"{in_charge}: accept or reject the evidence"] if state.open_evidence else []
            look = ["nobody here: see the payments that are not paid yet"] if state.unpaid else []
            return "; ".join(judge + look) or "nobody"


def _selection_wanted(state: State) -> str:
    """What the deciders must send: for which stage, out of whom, how many teams, and how much for each."""
    stage = state.filling
    field = listed(state.field) if state.runs else counted(state.applications or 0, "application")
    allowed = f"exactly {stage.min}" if stage.min == stage.max else f"{stage.min} to {stage.max}"
    skipped = "; may be skipped" if stage.may_be_skipped else ""
    most = agreed_amount_in_words(stage, state.programme.currency)
    amount = f", with an amount of {most} for each" if most else ""
    return (
        f"select teams for {stage.title} out of {field} ({stage.target} expected, {allowed} allowed{skipped}){amount}"
    )


def _moves(state: State, phase: Phase) -> str:
    """A note that a date moves by the length of the hold."""
    return " (moves by the length of the hold)" if state.held and state.phase is phase else ""


def _stages(state: State) -> str:
    lines = [f"- **{title}**: " + _LEFT.sub(r"~~\1~~ (left)", what) for title, what in stages_of(state)]
    names = ["Applicants and teams are named by the reference of their application."] if state.opened else []
    return "\n\n".join(["### Stages", "\n".join(lines), *names])


def stages_of(state: State) -> list[tuple[str, str]]:
    """Each stage by its title: when it runs, and its teams and reserve, or why it has none."""
    runs = {run.stage: run for run in state.runs}
    last = max((index for index, stage in enumerate(state.programme.stages) if stage.name in runs), default=-1)
    lines = []
    for index, stage in enumerate(state.programme.stages):
        run = runs.get(stage.name)
        if run is not None:
            what = _stage(state, stage, run)
        elif index < last:
            what = "skipped"
        elif state.phase is Phase.ENDED:
            what = "did not take place"
        elif state.phase is Phase.DECIDING and index == state.stage:
            what = "teams are being selected"
        elif state.phase is Phase.WINDOW and index == state.stage and index:
            what = "proposals are taken"
        else:
            what = "not begun"
        lines.append((stage.title, what))
    return lines


def _stage(state: State, stage: Stage, run: StageRun) -> str:
    teams = ", ".join(team.id if team.left is None else f"{team.id} (left)" for team in run.teams)
    parts = [_time(state, run), f"Teams: {teams}"]
    if run.in_reserve and state.phase is Phase.RUNNING:
        parts.append(f"In reserve: {', '.join(run.in_reserve)}")
    if run.sessions or stage.participation_sessions:
        people = sum(session.people for session in run.sessions)
        held = f"{len(run.sessions)} of " if stage.participation_sessions else ""
        sessions = counted(stage.participation_sessions or len(run.sessions), "session")
        parts.append(f"Citizen participation: {held}{sessions}, {counted(people, 'person', 'people')}")
    return ". ".join(parts)


def _time(state: State, run: StageRun) -> str:
    begins = state.at(run.begins)
    if run.ended:
        ended = state.at(run.ended)
        return f"ended on {ended}" if ended == begins else f"ended, from {begins} to {ended}"
    if state.phase is Phase.ENDED:
        return f"ended early, from {begins}" + (f" to {state.at(state.ended)}" if state.ended else "")
    return f"under way, from {begins} to {state.ends}{_moves(state, Phase.RUNNING)}"


def _evidence(state: State) -> str:
    lines = [f"- {each}" for each in evidence_of(state)]
    return "\n\n".join(["### Evidence", "\n".join(lines)]) if lines else ""


def evidence_of(state: State) -> list[str]:
    """The evidence that teams still have to show, or that nobody has decided on."""
    return [
        f"{each.team} for {state.title_of(each.stage)}, instalment {each.number}: {each.what}; "
        f"pays {amount_in_words(each.amount, state.programme.currency)}"
        for each in state.open_evidence
    ]


_HOW = {OrderState.UNDER_WAY: "**not paid yet**", OrderState.SETTLED: "paid", OrderState.CANCELLED: "cancelled"}


def _payments(state: State) -> str:
    if not state.payments:
        return ""
    orders = orders_made(state)
    lines = [
        f"- {order_in_words(order, state.title_of(order.stage))}: {_HOW[state.payments[key]]}"
        for key, order in orders.items()
    ]
    in_all = f"Paid in all: {_sum(state, OrderState.SETTLED)}"
    if state.unpaid:
        in_all += f"; not paid yet: {_sum(state, OrderState.UNDER_WAY)}. What a payment waits for is on its own page."
    return "\n\n".join(["### Payments", "\n".join(lines), in_all])


def _sum(state: State, how: OrderState) -> str:
    """The sum of the payments with this status."""
    amounts = [order.amount for key, order in orders_made(state).items() if state.payments[key] is how]
    together = Amount(net=total(each.net for each in amounts), vat=total(each.vat for each in amounts))
    return amount_in_words(together, state.programme.currency)


def _fitting(head: str, story: list[str]) -> str:
    page = head.encode()[:_LONGEST].decode(errors="ignore") + "\n\n### What happened\n"
    for number, line in enumerate(story):
        if len(page.encode()) + len(line.encode()) > _LONGEST:
            return page + f"\n- … and {len(story) - number} lines more, which are in the record"
        page += "\n" + line.replace("\n", " ")
    return page
