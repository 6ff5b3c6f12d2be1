"""Commands for judging: scorecards, marks, moderation, ranking and progress."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from domain.judging.marks import COLUMNS
from domain.permissions import Actor
from domain.values.paging import all_of

from .document import for_programs, say_done, show_json
from .mark_sheets import rows_of
from .options import ChallengeName, Who, a_desk, acting, command
from .output import judging as output
from .output import judging_sheets as sheets
from .terminal import misused

Application = Annotated[str, typer.Argument(metavar="APPLICATION", help="The application, by its id.")]
SomeApplication = Annotated[str, typer.Argument(metavar="[APPLICATION]", help="The application, by its id.")]
SomeCriterion = Annotated[str, typer.Argument(metavar="[CRITERION]", help="The criterion, by its id.")]
SomeMark = Annotated[str, typer.Argument(metavar="[MARK]", help="A mark of the criterion's scale.")]
Stage = Annotated[str, typer.Option("--stage", metavar="STAGE", help="The stage; without it, the present one.")]
MarkReason = Annotated[str, typer.Option("--reason", help="Why, in words that the applicant may be told.")]
ToCsv = Annotated[str, typer.Option("--csv", metavar="FILE", help="Write a sheet in CSV.")]
ToXlsx = Annotated[str, typer.Option("--xlsx", metavar="FILE", help="Write a sheet for Excel and others.")]


@command
async def scorecard(
    challenge: ChallengeName,
    stage: Annotated[str, typer.Argument(metavar="[STAGE]", help="Only of this stage.")] = "",
) -> None:
    """Show by what the applications to a challenge are judged. Anybody can see this, from the first day.

    Example: `starter.py scorecard air-quality`
    """
    async with a_desk() as desk:
        found = await desk.judging.scorecards(Actor(), challenge, stage)
        if for_programs():
            show_json(found)
        else:
            output.scorecards((await desk.challenges.find(Actor(), challenge)).id, found)


@command
async def read(
    challenge: ChallengeName,
    application: Application,
    by: Who,
    stage: Stage = "",
    full: Annotated[bool, typer.Option("--full", help="First print all answers, not only those to look at.")] = False,
) -> None:
    """Read one application beside the scorecard: for each criterion, the answers by which it is judged.

    Example: `starter.py read air-quality air-quality-7kx3qm --as reader-1`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        found = await desk.judging.read(actor, challenge, application, stage)
        if for_programs():
            show_json(found)
        else:
            output.to_read(await desk.challenges.find(actor, challenge), found, full=full)


@command
async def score(
    challenge: ChallengeName,
    by: Who,
    application: SomeApplication = "",
    criterion: SomeCriterion = "",
    mark: SomeMark = "",
    reason: MarkReason = "",
    file: Annotated[
        str, typer.Option("--file", metavar="FILE", help="A sheet with marks, in CSV or TOML; - reads CSV.")
    ] = "",
    left: Annotated[bool, typer.Option("--left", help="Print a sheet, in CSV, of what you have left to mark.")] = False,
    stage: Stage = "",
) -> None:
    """Mark an application by a criterion, or many from a sheet. You see others' marks once your own are in.

    A sheet has the columns application, criterion, mark and reason. Rows without mark and reason are passed over. If
    anything is wrong, all of it is named, and nothing is kept. A mark that you give again replaces the one before.

    Example: `starter.py score air-quality air-quality-7kx3qm merit 4 --reason "Clear and cheap." --as reader-1`
    """
    one = (application, criterion, mark, reason)
    if [any(one), bool(file), left].count(True) != 1:
        misused("Give one mark (APPLICATION CRITERION MARK --reason …), or --file, or --left.")
    async with a_desk() as desk:
        actor = await acting(desk, by)
        if left:
            found = await desk.judging.left(actor, challenge, stage)
            if for_programs():
                show_json({"left": [{"application": each, "criterion": criterion.id} for each, criterion in found]})
            else:
                output.left(found)
            return
        rows = rows_of(Path(file)) if file else [dict(zip(COLUMNS, one, strict=True))]
        of_stage, kept = await desk.judging.give(actor, challenge, rows, stage)
        _, line = await desk.judging.progress(actor, challenge, of_stage)
        say_done(f"{output.kept_in_words(kept)} {line}.", new=kept.new, same=kept.same)


@command
async def moderate(
    challenge: ChallengeName,
    application: Application,
    by: Who,
    criterion: SomeCriterion = "",
    mark: SomeMark = "",
    reason: MarkReason = "",
    stage: Stage = "",
) -> None:
    """Show the spread of an application's marks, or record the mark that was agreed on, with its reason.

    The agreed mark counts in the place of the readers' mean. The readers' own marks stay as they are.

    Example: `starter.py moderate air-quality air-quality-7kx3qm merit 3 --reason "The trial is small." --as
    sepa-decider`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        if not (criterion or mark or reason):
            judgement = await desk.judging.judgement(actor, challenge, application, stage)
            if for_programs():
                show_json(judgement)
            else:
                output.judgement(judgement)
            return
        given, is_new = await desk.judging.moderate(actor, challenge, application, criterion, mark, reason, stage)
        done = "is agreed" if is_new else "was agreed before: nothing has changed"
        say_done(f"{given.mark} for {given.criterion} of {given.application} {done}.")


@command
async def ranking(
    challenge: ChallengeName,
    by: Who,
    stage: Stage = "",
    full: Annotated[bool, typer.Option("--full", help="Explain each place, criterion by criterion.")] = False,
    csv: ToCsv = "",
    xlsx: ToXlsx = "",
) -> None:
    """Show the ranking of a stage's applicants by their marks. Nothing is decided by it.

    Example: `starter.py ranking air-quality --full --as sepa-decider`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        ranked = await desk.judging.ranking(actor, challenge, stage)
        if csv or xlsx:
            say_done(sheets.write_ranking(ranked, csv, xlsx))
        elif for_programs():
            show_json(output.ranking_for_programs(ranked))
        else:
            output.ranking((await desk.challenges.find(actor, challenge)).id, ranked, full=full)


@command
async def scores(
    challenge: ChallengeName,
    by: Who,
    application: SomeApplication = "",
    stage: Stage = "",
    csv: ToCsv = "",
    xlsx: ToXlsx = "",
) -> None:
    """Show the marks with their reasons, as far as you may see them: of a stage, or of one application.

    Example: `starter.py scores air-quality air-quality-7kx3qm --as sepa-decider`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        rows = await all_of(lambda page: desk.judging.marks(actor, page, challenge, stage, application))
        if csv or xlsx:
            row = await desk.challenges.find(actor, challenge)
            say_done(sheets.write_marks(rows, row.time_zone, csv, xlsx))
        elif for_programs():
            show_json(rows)
        else:
            output.marks(rows)


@command
async def progress(challenge: ChallengeName, by: Who, stage: Stage = "") -> None:
    """Show how far the readers of a challenge are with their marks.

    Example: `starter.py progress air-quality --as sepa-decider`
    """
    async with a_desk() as desk:
        found, line = await desk.judging.progress(await acting(desk, by), challenge, stage)
        if for_programs():
            show_json(found)
        else:
            output.progress(found, line)
