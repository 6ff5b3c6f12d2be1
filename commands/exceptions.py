"""Commands for exceptions to the rules of a programme: each needs a reason, which the people concerned are told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from domain.challenges.application import read_application
from domain.forms.answers import only_text

from .document import say_done
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
    moment_of,
    send,
    text_of,
)


@command
async def extend_stage(
    challenge: ChallengeName,
    stage: StageName,
    by: Who,
    reason: Why,
    ends: Annotated[
        str, typer.Option(metavar="WHEN", help="The new end: 2016-08-31 (the end of that day) or 2016-08-31T17:00.")
    ] = "",
    longer: Annotated[
        str, typer.Option(metavar="DURATION", help='How much longer, such as P2W, P1M or "5 working days".')
    ] = "",
    team: Annotated[str, typer.Option(metavar="TEAM", help="The only team that gets more time.")] = "",
    decision_id: DecisionId = "",
) -> None:
    """Move the end of the stage under way to a later time, for all its teams or for one. Give --ends or --longer.

    Example: `starter.py extend-stage air-quality exploration --longer P2W --as programme-office --reason "Late data."`
    """
    async with a_desk() as desk:
        row = await desk.challenges.find(await acting(desk, by), challenge)
        fields = {"stage": stage, "team": team, "reason": reason, "longer": longer or None}
        until = moment_of(ends, row.time_zone) if ends else None
        await send(desk, challenge, "extend-stage", by, decision_id, ends=until, **fields)


@command
async def amend(
    challenge: ChallengeName,
    stage: StageName,
    team: TeamName,
    amount: Annotated[str, typer.Option(metavar="AMOUNT", help="What is agreed from now on, as at the selection.")],
    by: Who,
    reason: Why,
    decision_id: DecisionId = "",
) -> None:
    """Amend the amount that was agreed for a team. What has left or may have left stays as it is.

    Example: `starter.py amend air-quality pre-commercial air-quality-7kx3qm --amount 30000 --as sepa --reason "Late."`
    """
    await decide(challenge, "amend", by, decision_id, stage=stage, team=team, amount=amount, reason=reason)


@command
async def admit(
    challenge: ChallengeName,
    organisation: Annotated[str, typer.Option(help="The company or person that applies.")],
    email: Annotated[str, typer.Option(help="The address for the decisions.")],
    proposal: Annotated[
        Path, typer.Option(metavar="FILE", help="A text file with the answer; - reads standard input.")
    ],
    by: Who,
    reason: Why,
    submission: Annotated[
        str, typer.Option(help="Your own id of this submission. Sent again, it gets the same receipt.")
    ] = "",
) -> None:
    """Admit an application after the closing, if the programme allows it and nobody has read an application.

    Example: `starter.py admit market --organisation Tay --email a@tay.example --proposal a.txt --as po --reason Outage`
    """
    text = text_of(proposal, "The proposal")
    async with a_desk() as desk:
        fields = {"organisation": organisation, "email": email, "answers": only_text(text), "submission": submission}
        actor = await acting(desk, by)
        receipt, done = await desk.applications.admit(actor, challenge, read_application(fields), reason=reason)
        say_done(done, application=receipt.application)
