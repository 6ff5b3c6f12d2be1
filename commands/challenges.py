"""Commands for challenges: show their status, change their course, show their record."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from desk.desk import NOTICES, Desk
from desk.open import ChallengeRow
from desk.payments import Paying
from domain.values.refusals import Unavailable

from .options import (
    AsJson,
    ChallengeName,
    DecisionId,
    SomeChallenge,
    StageName,
    Who,
    Why,
    a_desk,
    day_of,
    decide,
    is_payment,
    moment_of,
    send,
)
from .output import challenges as output
from .terminal import say, show_json

_GLANCE = 5
"""How many seconds `status` waits for an answer from the workflow."""


def status(challenge: SomeChallenge = None, as_json: AsJson = False) -> None:
    """Show where challenges are, what they wait for and until when.

    Example: `starter.py status air-quality`
    """
    with a_desk() as desk:
        rows = (desk.find(challenge),) if challenge else desk.challenges()
        if as_json:
            show_json(rows)
        elif challenge:
            _show_challenge(desk, rows[0])
        else:
            output.challenges(rows)


def extend(
    challenge: ChallengeName,
    closes: Annotated[str, typer.Option(metavar="WHEN", help="2016-08-08 (the end of that day) or 2016-08-08T17:00.")],
    by: Who,
    reason: Why,
    decision_id: DecisionId = "",
) -> None:
    """Move the closing of the window to a later time. Everybody is told.

    Example: `starter.py extend air-quality --closes 2016-08-08 --as programme-office --reason "Site was down."`
    """
    with a_desk() as desk:
        until = moment_of(closes, desk.find(challenge).time_zone)
        send(desk, challenge, "extend", by, decision_id, closes=until, reason=reason)


def withdraw(
    challenge: ChallengeName,
    team: Annotated[str, typer.Argument(metavar="TEAM", help="The application or team that leaves.")],
    reason: Why,
    by: Annotated[
        str, typer.Option("--as", metavar="PERSON", help="Id of the person who acts; without it, the team itself.")
    ] = "",
    replace: Annotated[bool, typer.Option(help="Whether the first applicant in reserve takes the place.")] = True,
    decision_id: DecisionId = "",
) -> None:
    """Withdraw an applicant or a team. The first applicant in reserve takes the place.

    Example: `starter.py withdraw air-quality air-quality-7kx3qm --reason "The founder has fallen ill."`
    """
    decide(challenge, "withdraw", by or team, decision_id, team=team, replace=replace, reason=reason)


def hold(challenge: ChallengeName, by: Who, reason: Why, decision_id: DecisionId = "") -> None:
    """Put a challenge on hold: no deadline passes until the challenge is resumed.

    Example: `starter.py hold air-quality --as programme-office --reason "Election period."`
    """
    decide(challenge, "hold", by, decision_id, reason=reason)


def resume(challenge: ChallengeName, by: Who, reason: Why = "", decision_id: DecisionId = "") -> None:
    """Resume a challenge. Its next deadline moves by the length of the hold.

    Example: `starter.py resume air-quality --as programme-office --reason "The election is over."`
    """
    decide(challenge, "resume", by, decision_id, reason=reason)


def cancel(challenge: ChallengeName, by: Who, reason: Why, decision_id: DecisionId = "") -> None:
    """End a challenge at any point. Payments that were ordered continue.

    Example: `starter.py cancel air-quality --as programme-office --reason "The sponsor withdrew the question."`
    """
    decide(challenge, "cancel", by, decision_id, reason=reason)


def participation(
    challenge: ChallengeName,
    stage: StageName,
    on: Annotated[str, typer.Option(metavar="DATE", help="The day of the session, such as 2016-09-20.")],
    people: Annotated[int, typer.Option(help="How many citizens took part.")],
    summary: Annotated[str, typer.Option(help="What was learnt; no personal data.")],
    by: Annotated[
        str, typer.Option("--as", metavar="PERSON", help="Id of the person who reports; without it, the only operator.")
    ] = "",
    decision_id: DecisionId = "",
) -> None:
    """Report that a session with citizens was held.

    Example: `starter.py participation air-quality accelerator --on 2016-09-20 --people 24 --summary "Maps first."`
    """
    day = day_of("--on", on)
    decide(challenge, "participation", by, decision_id, stage=stage, on=day, people=people, summary=summary)


def record(challenge: ChallengeName, as_json: AsJson = False) -> None:
    """Show who did what on a challenge, when and why. Refusals are included.

    Example: `starter.py record air-quality`
    """
    with a_desk() as desk:
        rows, row = desk.record(challenge), desk.find(challenge)
        if as_json:
            show_json(rows)
        else:
            output.record(row, rows)


def retry(
    what: Annotated[
        str,
        typer.Argument(metavar="CHALLENGE|PAYMENT|notices", help="A challenge, a payment's key, or the word notices."),
    ],
) -> None:
    """Try again what needs attention, after you have solved the problem.

    Example: `starter.py retry pilot-2016/air-quality`
    """
    with a_desk() as desk:
        if what == NOTICES:
            tried = desk.retry_notices()
        else:
            tried = Paying(desk).retry(what) if is_payment(what) else desk.retry(what)
        say(f"Trying again: {asyncio.run(tried)}")


def _show_challenge(desk: Desk, row: ChallengeRow) -> None:
    """Shows what the workflow knows. If the workflow does not answer, shows what the database has."""
    payments = desk.payments(row.id)
    try:
        state = asyncio.run(desk.state(row, within=_GLANCE))
    except Unavailable as why:
        output.challenge(row, payments)
        say(f"The teams, and who must act, are not known at the moment. {why}")
    else:
        output.challenge_status(row, payments, state)
