"""A challenge as staff read it on its run's page: Markdown, without code."""

from __future__ import annotations

from collections.abc import Iterable

from .challenge import Phase, StageRun, State
from .selection import award_in_words

_LONGEST = 15_000
"""Characters. Temporal takes 20,000 bytes of details."""


def details(state: State, attention: str = "") -> str:
    """The page of a run.

    Args:
        state: the challenge as it stands.
        attention: what a person must resolve, or nothing.

    Returns:
        Markdown: what it waits for, until when and who must act; its stages, teams and payments; what happened.
    """
    parts = [f"## {state.challenge.question}", _standing(state, attention), _stages(state), _payments(state)]
    head = "\n\n".join(part for part in parts if part)
    story = [f"- {state.at(line.at)}: {line.text}" for line in reversed(state.story)]
    return _fitting(head, story)


def _standing(state: State, attention: str) -> str:
    facts: list[tuple[str, str]] = []
    if attention:
        facts.append(("**Needs attention**", f"{attention} — mend the cause, then send the update `retry`"))
    if state.outcome:
        why = f": {state.outcome_reason}" if state.outcome_reason else ""
        facts.append(("Outcome", f"**{state.outcome}**{why}"))
    facts.append(("Waits for", f"**{state.waits_for}**"))
    if state.deadline:
        facts.append(("Until", state.at(state.deadline)))
    facts.append(("Who must act", _who_acts(state)))
    if state.held:
        facts.append(("On hold", f"since {state.at(state.held.since)}, by {state.held.by}: {state.held.reason}"))
    facts.append(("Sponsor", f"{state.challenge.sponsor}; decided by {', '.join(state.challenge.deciders)}"))
    window = f"{state.at(state.opens)} to {state.at(state.closes)}"
    facts.append(("Window", window if state.applications is None else f"{window}; {state.applications} applications"))
    return _table(("", ""), facts)


def _who_acts(state: State) -> str:
    operators = ", ".join(state.challenge.operators)
    if state.held:
        return f"{operators}: resume or cancel"
    match state.phase:
        case Phase.WINDOW:
            return "applicants" if state.opened else "nobody yet"
        case Phase.DECIDING:
            stage = state.filling
            number = f"{stage.target} expected, {stage.min} to {stage.max} allowed"
            return f"{' or '.join(state.challenge.deciders)}: select teams for {stage.name} ({number}), or decline"
        case Phase.RUNNING:
            return "the teams: " + ", ".join(state.run.active)
        case Phase.ENDED:
            return "nobody"


def _stages(state: State) -> str:
    runs = {run.stage: run for run in state.runs}
    lines = []
    for index, stage in enumerate(state.programme.stages):
        run = runs.get(stage.name)
        skipped = run is None and state.runs and index < state.stage
        lines.append(f"- **{stage.title}**" + (_stage(state, run) if run else ": skipped" if skipped else ""))
    return "### Stages\n\n" + "\n".join(lines)


def _stage(state: State, run: StageRun) -> str:
    teams = ", ".join(team.id if team.left is None else f"~~{team.id}~~ (left)" for team in run.teams)
    parts = [f": {state.at(run.begins)} to {state.at(run.ended or run.ends)}", f"Teams: {teams}"]
    if run.reserve:
        parts.append(f"In reserve: {', '.join(run.reserve)}")
    if run.sessions:
        people = sum(session.people for session in run.sessions)
        parts.append(
            f"Citizen participation: {len(run.sessions)} session{'s' if len(run.sessions) > 1 else ''}, {people} people"
        )
    return ". ".join(parts)


def _payments(state: State) -> str:
    if not state.payments:
        return ""
    awards = {f"{run.stage}/{team.id}": award_in_words(state, team) for run in state.runs for team in run.teams}
    lines = []
    for key, settled in state.payments.items():
        _, _, stage, team, number = key.split("/")
        award = awards.get(f"{stage}/{team}", "")
        lines.append(f"- {award} to {team} for {stage}, instalment {number}: {'paid' if settled else '**under way**'}")
    return "### Payments\n\n" + "\n".join(lines)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _fitting(head: str, story: list[str]) -> str:
    page = head[:_LONGEST] + "\n\n### What happened\n"
    for number, line in enumerate(story):
        if len(page.encode()) + len(line.encode()) > _LONGEST:
            return page + f"\n- … and {len(story) - number} lines more, which are in the record"
        page += "\n" + line.replace("\n", " ")
    return page
