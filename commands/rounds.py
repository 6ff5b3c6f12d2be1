"""Commands for rounds: show dates and money, open a round, rehearse it, move it to a new release."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated

import typer
from whenever import Date, Instant

from desk.desk import Desk
from desk.rehearsal import rehearse as rehearse_round

from .options import AsJson, a_desk, moment_of
from .output import rounds as output
from .terminal import misused, say, show_json

RoundName = Annotated[str, typer.Argument(metavar="ROUND", help="The round's id, which is the name of its file.")]
Opens = Annotated[
    str,
    typer.Option(
        "--opens",
        metavar="WHEN",
        help="When the first window opens; all other dates move with it. Write 2027-07-06 (at the hour in the file), "
        "2027-07-06T14:00, or now.",
    ),
]


def plan(round_: RoundName, opens: Opens = "", as_json: AsJson = False) -> None:
    """Show all dates of a round, and its money, without starting anything.

    Example: `starter.py plan pilot-2016`
    """
    with a_desk(only_files=True) as desk:
        round_file, plans = desk.plans(round_, _opening(desk, round_, opens))
        if as_json:
            show_json(plans)
        else:
            output.plans(round_file, plans)


def open_(round_: RoundName, opens: Opens = "", as_json: AsJson = False) -> None:
    """Open every challenge of a round. You can safely run this again.

    Example: `starter.py open pilot-2016 --opens 2027-07-06T09:00`
    """
    with a_desk() as desk:
        opened = asyncio.run(desk.open_round(round_, _opening(desk, round_, opens)))
        if as_json:
            show_json(opened)
        else:
            output.opened(desk.find_round(round_)[1].time_zone, opened)
        if opens and any(each.already for each in opened):
            typer.echo("Challenges that were already open keep their dates: --opens did not move them.", err=True)


def rehearse(
    round_: RoundName,
    day: Annotated[float, typer.Option(help="The length of a day in seconds.")] = 0.1,
    as_json: AsJson = False,
) -> None:
    """Rehearse a whole round with short days on the running service, and check the books.

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
            typer.echo(f"Differs from the programme: {difference}", err=True)
        if findings.differences:
            raise typer.Exit(1)


def renew(round_: RoundName) -> None:
    """Move the open challenges of a round, and their payments, to the newest release. Deadlines do not change.

    Example: `starter.py renew pilot-2016`
    """
    with a_desk() as desk:
        for each in asyncio.run(desk.renew(round_)):
            say(f"{each} continues in a new run")


def _opening(desk: Desk, round_: str, opens: str) -> Instant | None:
    if not opens:
        return None
    if opens == "now":
        return desk.now().round("minute", mode="floor")
    _, programme, challenges = desk.find_round(round_)
    with suppress(ValueError):
        # Keep the hour in the file: a window that closes at the end of a day must still do so.
        first = min(challenge.opens for challenge in challenges).to_tz(programme.time_zone)
        opens = f"{Date.parse_iso(opens)}T{first.time()}"
    return moment_of(opens, programme.time_zone)


def _progress(quiet: bool) -> Callable[[str, str], None]:
    """Prints each event of a rehearsal on a line, with the seconds since the start."""
    start = time.monotonic()

    def happened(where: str, what: str) -> None:
        if not quiet:
            say(f"{time.monotonic() - start:5.1f} s  {where:<17}  {what}")
            sys.stdout.flush()

    return happened
