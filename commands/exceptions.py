"""Commands for exceptions to the rules of a programme: each needs a reason, which the people concerned are told."""

from __future__ import annotations

from typing import Annotated

import typer

from .applying import Answers, Email, Organisation, Proposal, Submission, check_given, handed_in
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
    by: Who,
    reason: Why,
    organisation: Organisation = None,
    email: Email = None,
    proposal: Proposal = None,
    answers: Answers = None,
    submission: Submission = "",
) -> None:
    """Admit an application after the closing, if the programme allows it and nobody has read an application.

    Example: `starter.py admit market --answers answers.toml --as programme-office --reason "Outage"`
    """
    check_given(organisation, email, proposal, answers)
    async with a_desk() as desk:
        actor = await acting(desk, by)
        row = await desk.challenges.find(actor, challenge)
        applying = await handed_in(desk, row.id, organisation, email, proposal, answers, submission)
        receipt, done = await desk.applications.admit(actor, row.id, applying, reason=reason)
        say_done(done, application=receipt.application)
