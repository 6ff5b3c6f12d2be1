"""The operator's command line: everything that people do with challenges, from a terminal.

Exit status: 0 done, 1 refused (the reason is one line on standard error), 2 used wrongly.
"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn, Optional

import typer
from pydantic import ValidationError
from whenever import Date, Instant

from commands import notices, output
from commands import payments as paying
from commands.help import InParts, TakesTeams, as_typed
from commands.options import (
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
    listed,
    moment_of,
    send,
    text_of,
)
from commands.terminal import MISUSED, REFUSED, answering, misused, say, show_json
from desk.desk import NOTICES, Desk
from desk.open import ChallengeRow
from desk.payments import Paying
from desk.rehearsal import rehearse as rehearse_round
from domain.challenges.application import Applying
from domain.values.calendar import spoken
from domain.values.money import Money
from domain.values.refusals import ApplicationRefused, Unavailable
from domain.values.wrong_values import in_words
from service.connection import leave

app = typer.Typer(
    cls=InParts,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Runs public innovation challenges: open a round, take applications, select teams, see what was paid.",
    epilog="Temporal is found by `TEMPORAL_ADDRESS` and its kin, everything else is set by `CHALLENGES_…` variables.",
)

_GLANCE = 5
"""Seconds that a look waits for what only a workflow knows."""

RoundName = Annotated[str, typer.Argument(metavar="ROUND", help="The round's id, as its file is named.")]
Opens = Annotated[
    str,
    typer.Option(
        "--opens",
        metavar="WHEN",
        help="Move all dates so that the first window opens then: 2027-07-06 (at the hour in the file), "
        "2027-07-06T14:00, or now.",
    ),
]


@app.command()
def plan(round_: RoundName, opens: Opens = "", as_json: AsJson = False) -> None:
    """Show every date of every challenge, and the money, without starting anything.

    Example: `starter.py plan pilot-2016`
    """
    with a_desk(only_files=True) as desk:
        round_file, plans = desk.plans(round_, _opening(desk, round_, opens))
        if as_json:
            show_json(plans)
        else:
            output.plans(round_file, plans)


@app.command(name="open")
def open_(round_: RoundName, opens: Opens = "", as_json: AsJson = False) -> None:
    """Open every challenge of a round. Again is harmless.

    Example: `starter.py open pilot-2016 --opens 2027-07-06T09:00`
    """
    with a_desk() as desk:
        opened = asyncio.run(desk.open_round(round_, _opening(desk, round_, opens)))
        if as_json:
            show_json(opened)
        else:
            output.opened(desk.find_round(round_)[1].time_zone, opened)
        if opens and any(each.already for each in opened):
            typer.echo("What was open already keeps its dates: --opens has moved none of them.", err=True)


@app.command()
def status(challenge: SomeChallenge = None, as_json: AsJson = False) -> None:
    """Show where challenges stand, what they wait for and until when.

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


@app.command()
def apply(
    challenge: ChallengeName,
    organisation: Annotated[str, typer.Option(help="Who applies, a company or a person.")],
    email: Annotated[str, typer.Option(help="Where receipts and decisions go.")],
    proposal: Annotated[Path, typer.Option(metavar="FILE", help="The answer, as text; - reads standard input.")],
    submission: Annotated[str, typer.Option(help="Your own id of this submission: sent again, one receipt.")] = "",
    as_json: AsJson = False,
) -> None:
    """Hand in an application.

    Example: `starter.py apply air-quality --organisation "Tay Sensors" --email team@tay.example --proposal answer.txt`
    """
    text = text_of(proposal, "The proposal")
    with a_desk() as desk:
        receipt = desk.apply(challenge, _applying(organisation, email, text, submission))
        if as_json:
            show_json(receipt)
            return
        zone = desk.find(challenge).time_zone
        again = " It had been taken before." if receipt.repeated else ""
        say(f"Received {receipt.application} on {spoken(receipt.received, zone)}.{again}")


@app.command()
def applications(
    challenge: ChallengeName,
    full: Annotated[bool, typer.Option("--full", help="Print every proposal in full.")] = False,
    by: Who = "",
    as_json: AsJson = False,
) -> None:
    """Read the applications to a challenge, once its window is sealed.

    Example: `starter.py applications air-quality --full`
    """
    with a_desk() as desk:
        rows, row = desk.applications(challenge, by), desk.find(challenge)
        if as_json:
            show_json(rows)
        else:
            (output.applications_in_full if full else output.applications)(row, rows)


@app.command(cls=TakesTeams)
def select(
    challenge: ChallengeName,
    stage: StageName,
    teams: Annotated[list[str], typer.Argument(metavar="TEAM…", help="Who is in, by application or team id.")],
    by: Who,
    reserve: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="TEAM…", help="Who takes the place of a team that leaves, in order."),
    ] = None,
    amount: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="AMOUNT", help="The agreed amount for each team, or TEAM=AMOUNT; may be repeated."),
    ] = None,
    reason: Why = "",
    decision_id: DecisionId = "",
) -> None:
    """Take applications, or teams of the stage before, into a stage.

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
    decide(challenge, "select", by, decision_id, **fields)


@app.command()
def decline(challenge: ChallengeName, stage: StageName, by: Who, reason: Why, decision_id: DecisionId = "") -> None:
    """Take nobody into a stage, which ends the challenge: nobody suitable, or the contract is not continued.

    Example: `starter.py decline air-quality pre-commercial --as sepa-decider --reason "No budget this year."`
    """
    decide(challenge, "decline", by, decision_id, stage=stage, reason=reason)


@app.command()
def extend(
    challenge: ChallengeName,
    closes: Annotated[str, typer.Option(metavar="WHEN", help="2016-08-08 (the end of that day) or 2016-08-08T17:00.")],
    by: Who,
    reason: Why,
    decision_id: DecisionId = "",
) -> None:
    """Move the closing of the window to a later time; everybody is told.

    Example: `starter.py extend air-quality --closes 2016-08-08 --as programme-office --reason "Site was down."`
    """
    with a_desk() as desk:
        until = moment_of(closes, desk.find(challenge).time_zone)
        send(desk, challenge, "extend", by, decision_id, closes=until, reason=reason)


@app.command()
def withdraw(
    challenge: ChallengeName,
    team: Annotated[str, typer.Argument(metavar="TEAM", help="The application or team that leaves.")],
    reason: Why,
    by: Annotated[str, typer.Option("--as", metavar="PERSON", help="Who acts; the team itself if left out.")] = "",
    replace: Annotated[bool, typer.Option(help="Whether the first in reserve takes its place.")] = True,
    decision_id: DecisionId = "",
) -> None:
    """Take out an applicant or a team that leaves; the reserve takes its place.

    Example: `starter.py withdraw air-quality air-quality-7kx3qm --reason "The founder has fallen ill."`
    """
    decide(challenge, "withdraw", by or team, decision_id, team=team, replace=replace, reason=reason)


@app.command()
def hold(challenge: ChallengeName, by: Who, reason: Why, decision_id: DecisionId = "") -> None:
    """Stop a challenge's clock until it is resumed.

    Example: `starter.py hold air-quality --as programme-office --reason "Election period."`
    """
    decide(challenge, "hold", by, decision_id, reason=reason)


@app.command()
def resume(challenge: ChallengeName, by: Who, reason: Why = "", decision_id: DecisionId = "") -> None:
    """Let a challenge's clock go on; deadlines move by as long as it stood.

    Example: `starter.py resume air-quality --as programme-office --reason "The election is over."`
    """
    decide(challenge, "resume", by, decision_id, reason=reason)


@app.command()
def cancel(challenge: ChallengeName, by: Who, reason: Why, decision_id: DecisionId = "") -> None:
    """End a challenge, whatever it waits for. Payments that are under way go on.

    Example: `starter.py cancel air-quality --as programme-office --reason "The sponsor withdrew the question."`
    """
    decide(challenge, "cancel", by, decision_id, reason=reason)


@app.command()
def participation(
    challenge: ChallengeName,
    stage: StageName,
    on: Annotated[str, typer.Option(metavar="DATE", help="The day of the session, such as 2016-09-20.")],
    people: Annotated[int, typer.Option(help="How many citizens took part.")],
    summary: Annotated[str, typer.Option(help="What was learnt; no personal data.")],
    by: Annotated[str, typer.Option("--as", metavar="PERSON", help="Who tells; the only operator if left out.")] = "",
    decision_id: DecisionId = "",
) -> None:
    """Write down that a citizen participation session was held.

    Example: `starter.py participation air-quality accelerator --on 2016-09-20 --people 24 --summary "Maps first."`
    """
    day = day_of("--on", on)
    decide(challenge, "participation", by, decision_id, stage=stage, on=day, people=people, summary=summary)


@app.command()
def record(challenge: ChallengeName, as_json: AsJson = False) -> None:
    """Show what was done on a challenge, by whom, when and why, refusals included.

    Example: `starter.py record air-quality`
    """
    with a_desk() as desk:
        rows, row = desk.record(challenge), desk.find(challenge)
        if as_json:
            show_json(rows)
        else:
            output.record(row, rows)


@app.command()
def retry(
    what: Annotated[
        str, typer.Argument(metavar="CHALLENGE|PAYMENT|notices", help="A challenge, a payment's key, or notices.")
    ],
) -> None:
    """Try again what needs attention, once its cause is mended.

    Example: `starter.py retry pilot-2016/air-quality`
    """
    with a_desk() as desk:
        if what == NOTICES:
            tried = desk.retry_notices()
        else:
            tried = Paying(desk).retry(what) if is_payment(what) else desk.retry(what)
        say(f"Trying again: {asyncio.run(tried)}")


@app.command()
def renew(round_: RoundName) -> None:
    """Let the open challenges of a round, and their payments, go on with the newest release; deadlines stay.

    Example: `starter.py renew pilot-2016`
    """
    with a_desk() as desk:
        for each in asyncio.run(desk.renew(round_)):
            say(f"{each} goes on in a fresh run")


@app.command()
def rehearse(
    round_: RoundName,
    day: Annotated[float, typer.Option(help="How many seconds a day lasts.")] = 0.1,
    as_json: AsJson = False,
) -> None:
    """Play a whole round with short days against the running service, and check the books.

    Example: `starter.py rehearse pilot-2016 --day 0.1`
    """
    if not 0.001 <= day <= 86_400:
        misused(f"--day {day} is out of range: write seconds from 0.001 to 86400.")
    with a_desk() as desk:
        findings = asyncio.run(rehearse_round(desk, round_, day, _progress(quiet=as_json)))
        if as_json:
            show_json(findings)
        else:
            output.rehearsed(desk, findings)
        for difference in findings.differences:
            typer.echo(f"Not as the programme says: {difference}", err=True)
        if findings.differences:
            raise typer.Exit(1)


def _show_challenge(desk: Desk, row: ChallengeRow) -> None:
    """With what its workflow alone knows; where that does not answer, what there is without it."""
    payments = desk.payments(row.id)
    try:
        state = asyncio.run(desk.state(row, within=_GLANCE))
    except Unavailable as why:
        output.challenge(row, payments)
        say(f"Its teams, and who must act, are not known now. {why}")
    else:
        output.challenge_status(row, payments, state)


def _progress(quiet: bool) -> Callable[[str, str], None]:
    """Prints what happens in a rehearsal, a line each with the seconds since its start."""
    start = time.monotonic()

    def happened(where: str, what: str) -> None:
        if not quiet:
            say(f"{time.monotonic() - start:5.1f} s  {where:<17}  {what}")
            sys.stdout.flush()

    return happened


def _applying(organisation: str, email: str, proposal: str, submission: str) -> Applying:
    try:
        return Applying(organisation=organisation, email=email, proposal=proposal, submission=submission)
    except ValidationError as error:
        problems = "; ".join(f"the {each['loc'][0]}: {in_words(each, 'plain text')}" for each in error.errors())
        raise ApplicationRefused(f"The application cannot be read: {problems}.") from None


def _opening(desk: Desk, round_: str, opens: str) -> Instant | None:
    if not opens:
        return None
    if opens == "now":
        return desk.now().round("minute", mode="floor")
    _, programme, challenges = desk.find_round(round_)
    with suppress(ValueError):
        # At the hour in the file, so that a window that closes at the end of a day still does.
        first = min(challenge.opens for challenge in challenges).to_tz(programme.time_zone)
        opens = f"{Date.parse_iso(opens)}T{first.time()}"
    return moment_of(opens, programme.time_zone)


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


for name, command in (
    ("payments", paying.payments),
    ("payee", paying.payee),
    ("evidence", paying.evidence),
    ("release", paying.release),
    ("submit", paying.submit),
    ("payment-files", paying.payment_files),
    ("settle", paying.settle),
    ("return", paying.return_),
    ("arrived", paying.arrived),
    ("cancel-payment", paying.cancel_payment),
    ("reconcile", paying.reconcile),
    ("reseal", paying.reseal),
    ("answer", notices.answer),
    ("feedback", notices.feedback),
):
    app.command(name=name)(command)
app.add_typer(notices.app, name="notices")
for each in (app, notices.app):
    as_typed(each)


def main() -> NoReturn:
    """Runs the command line and ends the process."""
    try:
        "".join(sys.argv).encode()
    except UnicodeEncodeError:
        typer.echo(
            "What was typed is not all text in UTF-8: see to the terminal's encoding, and type it again.", err=True
        )
        leave(MISUSED)
    try:
        with answering():  # what a help is written to can be full as well
            app()
    except typer.Exit as end:
        leave(end.exit_code)
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else REFUSED)
    except Exception:  # a fault of ours: it is shown in full, and does not abort the process besides
        traceback.print_exc()
        leave(REFUSED)
    leave(0)


if __name__ == "__main__":
    main()
