"""Commands for challenges: show their status, change their course, show their record."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

from desk.desk import Desk
from desk.notices import NOTICES
from desk.open import ChallengeRow, Payment
from domain.challenges.draft import SoFar
from domain.permissions import Action, Actor, grant_for
from domain.values.paging import all_of
from domain.values.refusals import Unavailable

from .document import for_programs, say_done, show_json
from .options import (
    ChallengeName,
    DecisionId,
    SomeChallenge,
    StageName,
    Who,
    Why,
    a_desk,
    acting,
    command,
    day_of,
    decide,
    is_payment,
    moment_of,
    reading,
    send,
    whole_number,
)
from .output import challenges as output
from .terminal import say

_GLANCE = 5
"""How many seconds `status` waits for an answer from the workflow."""


@command
async def status(challenge: SomeChallenge = None, by: Who = "") -> None:
    """Show where challenges are, what they wait for and until when.

    Example: `starter.py status air-quality`
    """
    async with a_desk() as desk:
        actor = await reading(desk, by)
        one = await desk.challenges.find(actor, challenge) if challenge else None
        rows = (one,) if one else await all_of(lambda page: desk.challenges.list(actor, page))
        if for_programs():
            show_json(await _as_data(desk, actor, one) if one else rows)
        elif one:
            await _show_challenge(desk, actor, one)
        else:
            output.challenges(rows)


@command
async def extend(
    challenge: ChallengeName,
    closes: Annotated[str, typer.Option(metavar="WHEN", help="2016-08-08 (the end of that day) or 2016-08-08T17:00.")],
    by: Who,
    reason: Why,
    decision_id: DecisionId = "",
) -> None:
    """Move the closing of the window to a later time. Everybody is told.

    Example: `starter.py extend air-quality --closes 2016-08-08 --as programme-office --reason "Site was down."`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        until = moment_of(closes, (await desk.challenges.find(actor, challenge)).time_zone)
        await send(desk, challenge, "extend", by, decision_id, closes=until, reason=reason)


@command
async def withdraw(
    challenge: ChallengeName,
    team: Annotated[str, typer.Argument(metavar="TEAM", help="The application or team that leaves.")],
    reason: Why,
    by: Who,
    replace: Annotated[bool, typer.Option(help="Whether the first applicant in reserve takes the place.")] = True,
    decision_id: DecisionId = "",
) -> None:
    """Withdraw an applicant or a team. The first applicant in reserve takes the place.

    A team is withdrawn by its own contact, named by e-mail address, or by an operator.

    Example: `starter.py withdraw air-quality air-quality-7kx3qm --reason "The founder is ill." --as team@tay.example`
    """
    await decide(challenge, "withdraw", by, decision_id, team=team, replace=replace, reason=reason)


@command
async def hold(challenge: ChallengeName, by: Who, reason: Why, decision_id: DecisionId = "") -> None:
    """Put a challenge on hold: no deadline passes until the challenge is resumed.

    Example: `starter.py hold air-quality --as programme-office --reason "Election period."`
    """
    await decide(challenge, "hold", by, decision_id, reason=reason)


@command
async def resume(challenge: ChallengeName, by: Who, reason: Why = "", decision_id: DecisionId = "") -> None:
    """Resume a challenge. Its next deadline moves by the length of the hold.

    Example: `starter.py resume air-quality --as programme-office --reason "The election is over."`
    """
    await decide(challenge, "resume", by, decision_id, reason=reason)


@command
async def cancel(challenge: ChallengeName, by: Who, reason: Why, decision_id: DecisionId = "") -> None:
    """End a challenge at any point. Payments that were ordered continue.

    Example: `starter.py cancel air-quality --as programme-office --reason "The sponsor withdrew the question."`
    """
    await decide(challenge, "cancel", by, decision_id, reason=reason)


@command
async def participation(
    challenge: ChallengeName,
    stage: StageName,
    on: Annotated[str, typer.Option(metavar="DATE", help="The day of the session, such as 2016-09-20.")],
    people: Annotated[int, typer.Option(parser=whole_number, metavar="NUMBER", help="How many citizens took part.")],
    summary: Annotated[str, typer.Option(help="What was learnt; no personal data.")],
    by: Who,
    decision_id: DecisionId = "",
) -> None:
    """Report that a session with citizens was held.

    Example: `starter.py participation air-quality accelerator --on 2016-09-20 --people 9 --summary Maps --as sepa`
    """
    day = day_of("--on", on)
    await decide(challenge, "participation", by, decision_id, stage=stage, on=day, people=people, summary=summary)


@command
async def retry(
    what: Annotated[
        str,
        typer.Argument(metavar="CHALLENGE|PAYMENT|notices", help="A challenge, a payment's key, or the word notices."),
    ],
    by: Who,
) -> None:
    """Try again what needs attention, after you have solved the problem.

    Example: `starter.py retry pilot-2016/air-quality --as programme-office`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        if what == NOTICES:
            tried = await desk.notices.retry(actor)
        elif is_payment(what):
            tried = await desk.payments.retry(actor, what)
        else:
            tried = await desk.challenges.retry(actor, what)
        say_done(f"Trying again: {tried}")


async def _as_data(desk: Desk, actor: Actor, row: ChallengeRow) -> list[ChallengeRow | dict[str, object]]:
    so_far = await _so_far(desk, actor, row)
    if not so_far:
        return [row]
    return [row.model_dump(mode="json") | {"so_far": [each.model_dump(mode="json") for each in so_far]}]


async def _so_far(desk: Desk, actor: Actor, row: ChallengeRow) -> tuple[SoFar, ...]:
    """What has come in so far, for those who may know."""
    if grant_for(actor, Action.COUNT_APPLICATIONS, row.place) is None:
        return ()
    return await desk.applications.so_far(actor, row.id)


async def _show_challenge(desk: Desk, actor: Actor, row: ChallengeRow) -> None:
    """Shows what the workflow knows. If the workflow does not answer, shows what the database has."""
    payments: Sequence[Payment] = ()
    if grant_for(actor, Action.READ_PAYMENTS, row.place):  # to ask is a refusal on the record for anybody else
        payments = await all_of(lambda page: desk.payments.list(actor, page, row.id))
    try:
        state = await desk.challenges.state(actor, row.id, within=_GLANCE)
    except Unavailable as why:
        output.challenge(row, payments, await _so_far(desk, actor, row))
        say(f"The teams, and who must act, are not known at the moment. {why}")
    else:
        line = ""
        with suppress(Unavailable):
            line = await desk.judging.progress_line(actor, row.id)
        output.challenge_status(row, payments, state, line, await _so_far(desk, actor, row))
