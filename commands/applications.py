"""Commands for applications: read them, select among them, answer questions, give feedback."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from domain.values.money import Money
from domain.values.paging import all_of

from .document import for_programs, say_done, show_json
from .options import (
    ChallengeName,
    DecisionId,
    StageName,
    TeamName,
    Who,
    Why,
    a_desk,
    acting,
    command,
    decide,
    listed,
    reading,
    send,
    text_of,
)
from .output import applications as output
from .output import judging as judging_output
from .terminal import complain, misused


@command
async def applications(
    challenge: ChallengeName,
    full: Annotated[bool, typer.Option("--full", help="Print all answers in full.")] = False,
    by: Who = "",
) -> None:
    """Read the applications to a challenge, after its window is sealed. Declare your interests first.

    Example: `starter.py applications air-quality --full --as sepa-decider`
    """
    async with a_desk() as desk:
        actor = await reading(desk, by)
        rows = await all_of(lambda page: desk.applications.list(actor, page, challenge))
        row = await desk.challenges.find(actor, challenge)
        if for_programs():
            show_json(rows)
        else:
            stages = {"", *(proposal.stage for each in rows for proposal in each.further)}
            forms = {stage: (await desk.forms.read(actor, row.id, stage)).form for stage in sorted(stages)}
            (output.applications_in_full if full else output.applications)(row, rows, forms)
        if not_shown := await desk.interests.conflicts(actor, challenge):
            complain(
                f"{len(not_shown)} not shown, because you declared a conflict of interest: {', '.join(not_shown)}."
            )


@command
async def select(
    challenge: ChallengeName,
    stage: StageName,
    teams: Annotated[
        list[str], typer.Argument(metavar="TEAM…", help="The selected teams, by the ids of their applications.")
    ],
    by: Who,
    reserve: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="TEAM…", help="Who takes the place of a team that leaves: applications, in order."),
    ] = None,
    amount: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            metavar="AMOUNT", help="The agreed amount for every team, or TEAM=AMOUNT for one team. Can be repeated."
        ),
    ] = None,
    reason: Why = "",
    decision_id: DecisionId = "",
) -> None:
    """Select applications, or teams of the stage before, for a stage.

    Example: `starter.py select air-quality exploration air-quality-7kx3qm air-quality-p2v8rn --as sepa-decider`
    """
    selected = listed(teams)
    fields = {
        "stage": stage,
        "teams": selected,
        "reserve": listed(reserve),
        "amounts": _amounts(amount or [], selected),
        "reason": reason,
    }
    await decide(challenge, "select", by, decision_id, **fields)


@command
async def decline(
    challenge: ChallengeName, stage: StageName, by: Who, reason: Why, decision_id: DecisionId = ""
) -> None:
    """Select nobody for a stage, which ends the challenge: nobody is suitable, or the contract is not continued.

    Example: `starter.py decline air-quality pre-commercial --as sepa-decider --reason "No budget this year."`
    """
    await decide(challenge, "decline", by, decision_id, stage=stage, reason=reason)


@command
async def feedback(
    challenge: ChallengeName,
    stage: StageName,
    team: TeamName,
    by: Who,
    text: Annotated[
        str, typer.Option("--text", metavar="FILE", help="A text file with the feedback; - reads standard input.")
    ] = "",
    from_scores: Annotated[
        bool, typer.Option("--from-scores", help="Print a draft that quotes the reasons for marks. Nothing is sent.")
    ] = False,
) -> None:
    """Give feedback to an applicant or team that is not selected, with the decision or after it.

    Example: `starter.py feedback air-quality exploration air-quality-7kx3qm --text feedback.txt --as sepa-decider`
    """
    if bool(text) is from_scores:
        misused("Give either --text FILE, or --from-scores for a draft.")
    if from_scores:
        async with a_desk() as desk:
            draft = await desk.judging.feedback_draft(await acting(desk, by), challenge, stage, team)
            if for_programs():
                show_json({"draft": draft})
            else:
                judging_output.feedback_draft(draft)
        return
    words = text_of(Path(text), "The feedback")
    async with a_desk() as desk:
        say_done(await desk.applications.give_feedback(await acting(desk, by), challenge, stage, team, words))


@command
async def answer(
    challenge: ChallengeName,
    question: Annotated[str, typer.Option(help="The question, without the name of the person who asked.")],
    text: Annotated[str, typer.Option("--answer", help="The answer that everybody is told.")],
    by: Who,
    asked: Annotated[str, typer.Option(help="The number of the question, if somebody has asked it on a page.")] = "",
    decision_id: DecisionId = "",
) -> None:
    """Answer a question about a challenge for everybody. Everybody who has applied so far is told.

    Example: `starter.py answer air-quality --question "Is old data enough?" --answer "No." --as sepa-decider`
    """
    async with a_desk() as desk:
        await send(desk, challenge, "answer", by, decision_id, question=question, answer=text, asked=asked)


@command
async def questions(
    challenge: ChallengeName,
    drop: Annotated[str, typer.Option(help="The number of a question that is not answered for all.")] = "",
    reason: Annotated[str, typer.Option(help="Why the question is dropped, for the record.")] = "",
    by: Who = "",
) -> None:
    """List the questions that people have asked about a challenge, or drop one. Who has asked is shown to nobody.

    Example: `starter.py questions air-quality --as programme-office`
    """
    async with a_desk() as desk:
        actor = await reading(desk, by)
        if drop:
            say_done(await desk.questions.drop(actor, challenge, drop, reason))
            return
        found = await desk.questions.list(actor, challenge)
        if for_programs():
            show_json(found)
        else:
            output.questions(found)


def _amounts(given: list[str], teams: list[str]) -> dict[str, Money]:
    """An amount for every team, or amounts by team."""
    amounts: dict[str, Money] = {}
    for each in given:
        team, equals, figure = each.rpartition("=")
        try:
            amounts |= dict.fromkeys([team] if equals else teams, Money.parse(figure))
        except ValueError as error:
            misused(f"--amount {each}: {error}")
    return amounts
