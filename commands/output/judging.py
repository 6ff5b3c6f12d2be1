"""What the commands print about scorecards and marks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import typer

from commands.terminal import say, show_entry, show_table, when
from desk.open import ChallengeRow, Mark
from desk.sheets import as_csv
from domain.judging.marks import COLUMNS
from domain.judging.progress import Progress
from domain.judging.ranking import shown
from domain.judging.reading import Proposal, ToRead
from domain.judging.scorecard import Criterion, Scorecard
from domain.judging.seeing import Judgement, Ranked
from domain.values.wording import counted

from . import answers


def scorecards(challenge: str, found: Mapping[str, Scorecard]) -> None:
    """Prints the scorecards of a challenge, a part for each stage."""
    for stage, card in found.items():
        say(f"Scorecard for {stage} of {challenge}", bold=True)
        for criterion in card.criteria:
            show_criterion(criterion)
    if not found:
        say("No stage has a scorecard.")


def show_criterion(criterion: Criterion) -> None:
    """Prints a criterion with the marks of its scale."""
    weight = f"weight {criterion.weight}" if criterion.weight else "only informs"
    passing = f"passes from {criterion.pass_mark} on" if criterion.pass_mark is not None else ""
    looks_at = f"looks at {', '.join(criterion.looks_at)}" if criterion.looks_at else ""
    show_entry(
        f"{criterion.id}: {criterion.title}",
        (weight, passing, looks_at),
        (criterion.hint,),
        *((f"{each.mark} = {each.means}",) for each in criterion.scale),
    )


def to_read(row: ChallengeRow, found: ToRead, *, full: bool) -> None:
    """Prints an application: for each criterion the answers that it looks at; in full, all answers first."""
    one = found.application
    say(f"{one.id}: {one.organisation}, received {when(one.received, row.time_zone)}", bold=True)
    for proposal in found.proposals:
        if full or found.scorecard is None or not _looks_at(found.scorecard):
            answers.in_full(proposal.form, proposal.answers)
    for criterion in found.scorecard.criteria if found.scorecard else ():
        say("")
        show_criterion(criterion)
        if criterion.id in found.marks:
            say(f"your mark: {found.marks[criterion.id]}", indent=4)
        for proposal in found.proposals if criterion.looks_at else ():
            _answers(proposal, criterion.looks_at)


def _looks_at(scorecard: Scorecard) -> bool:
    """Whether every criterion says which answers it looks at. Otherwise all answers are printed."""
    return all(each.looks_at for each in scorecard.criteria)


def _answers(proposal: Proposal, only: Collection[str]) -> None:
    for question, answer in proposal.answered(only):
        say(answers.titled(question), indent=4, bold=True)
        for line in answers.lines_of(question, answer):
            say(line, indent=8)


def left(found: Sequence[tuple[str, Criterion]]) -> None:
    """Prints a sheet in CSV of what is left to mark, to be filled in."""
    rows = [(application, criterion.id, "", "") for application, criterion in found]
    typer.echo(as_csv(COLUMNS, rows).decode("utf-8-sig"), nl=False)


def kept_in_words(kept: tuple[int, int]) -> str:
    """What became of marks that somebody gave."""
    new, same = kept
    again = f" {counted(same, 'mark was', 'marks were')} here already." if same else ""
    return f"{counted(new, 'mark')} kept.{again}"


def judgement(found: Judgement) -> None:
    """Prints the spread of the marks of one application, and what was agreed."""
    say(f"Marks of {found.application} for {found.stage}", bold=True)
    agreed = {each.criterion: each for each in found.agreed}
    for spread in found.spreads:
        say(spread.in_words)
        if (last := agreed.get(spread.criterion)) is not None:
            say(f"agreed: {last.mark}, by {last.by}: {last.reason}", indent=4)


def ranking(challenge: str, ranked: Ranked, *, full: bool) -> None:
    """Prints the ranking of a stage; in full, with what explains each place."""
    title = f"Ranking for {ranked.stage} of {challenge}"
    if not full:
        rows = [
            (row.place, row.application, f"{shown(row.total)} %" if row.total is not None else "", row.note)
            for row in (place.row for place in ranked.places)
            if row is not None
        ]
        hidden = [("", each.application, "", f"not shown: {each.hidden}") for each in ranked.places if each.hidden]
        show_table(title, (">Place", "=Application", ">Total", "Note"), [*rows, *hidden], "Nobody can be ranked.")
        return
    say(title, bold=True)
    for place in ranked.places:
        if place.row is None:
            show_entry(place.application, (f"not shown: {place.hidden}",))
        else:
            row = place.row
            total = f"{shown(row.total)} %" if row.total is not None else ""
            lines = [(each.in_words,) for each in row.results]
            show_entry(f"{row.place or '-'}  {row.application}", (total, row.note), *lines)


def ranking_for_programs(ranked: Ranked) -> dict[str, object]:
    """The ranking as JSON: exact fractions as texts such as "145/2", and totals in two digits beside them."""
    places = [
        each.model_dump(mode="json")
        | ({} if each.row is None or each.row.total is None else {"per_cent": shown(each.row.total)})
        for each in ranked.places
    ]
    return {"stage": ranked.stage, "places": places}


def marks(rows: Sequence[Mark]) -> None:
    """Prints marks with their reasons, by application and reader."""
    for each in rows:
        show_entry(
            f"{each.application}  {each.criterion}",
            (f"{each.mark} by {each.person}", "" if each.counts else "does not count: a conflict of interest"),
            (each.reason,),
        )
    if not rows:
        say("There are no marks that you may see.")


def progress(found: Progress, line: str) -> None:
    """Prints how far the readers of a stage are."""
    say(f"{found.stage}: {line}")
    rows = [(each.person, each.applications, each.left) for each in found.readers]
    show_table("", ("=Reader", ">Applications", ">Left"), rows, "Nobody reads: name readers in the round.")


def feedback_draft(draft: str) -> None:
    """Prints a draft of feedback, for somebody to look at and edit."""
    for line in draft.splitlines():
        say(line)
    if not draft:
        say("There is no reason to quote: nobody has marked this application.")
