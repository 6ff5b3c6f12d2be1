"""Commands for rounds: show a round's dates and money, open, rehearse, and move to a new release."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Annotated

import typer
from whenever import Instant

from desk.desk import Desk
from desk.open import Notice, Payment
from desk.rehearsal import rehearse as rehearse_round
from desk.rehearsal_ending import end_rehearsals
from desk.rehearsal_findings import Findings
from domain.permissions import Actor
from domain.values.paging import Page, Paged, all_of
from domain.values.refusals import RoundIsOpen
from domain.values.written_times import read_day

from .document import for_programs, show_json
from .options import Who, a_desk, acting, command, moment_of, number
from .output import rounds as output
from .terminal import misused, say

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


@command
async def plan(round_: RoundName, opens: Opens = "", by: Who = "") -> None:
    """Show all dates of a round, and its money, without starting anything.

    Example: `starter.py plan pilot-2016`
    """
    async with a_desk(only_files=True) as desk:
        actor = Actor(name=by)
        round_file, plans = await desk.rounds.plans(actor, round_, await _opening(desk, round_, opens))
        if for_programs():
            show_json(plans)
        else:
            output.plans(round_file, plans)


@command
async def open_(round_: RoundName, by: Who, opens: Opens = "") -> None:
    """Open every challenge of a round. You can safely run this again.

    If the files of an open round were edited, the command names everything in them that does not count, with the
    command that would do it, and ends with status 1.

    Example: `starter.py open pilot-2016 --opens 2027-07-06T09:00 --as programme-office`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        opening = await _opening(desk, round_, opens)
        opened = await desk.rounds.open(actor, round_, opening)
        if for_programs():
            show_json(opened)
        else:
            output.opened((await desk.rounds.read_file(actor, round_)).programme.time_zone, opened)
        if not_counted := await desk.rounds.edits(await acting(desk, by), round_, opening):
            raise RoundIsOpen.for_problems(not_counted)


@command
async def rehearse(
    round_: RoundName,
    by: Who,
    day: Annotated[float, typer.Option(parser=number, metavar="SECONDS", help="The length of a day in seconds.")] = 0.1,
    end: Annotated[
        bool, typer.Option("--end", help="Rehearse nothing: end what earlier rehearsals of the round left running.")
    ] = False,
) -> None:
    """Rehearse a whole round with short days on the running service, and check the books.

    A rehearsal that is stopped, by Ctrl-C or by a failure, cancels its challenges.

    Example: `starter.py rehearse pilot-2016 --day 0.1 --as programme-office`
    """
    if not 0.001 <= day <= 86_400:
        misused(f"--day {day} is out of range: write seconds from 0.001 to 86400.")
    _stop_when_told()
    async with a_desk() as desk:
        actor = await acting(desk, by)
        if end:
            challenges = await end_rehearsals(desk, actor, round_)
            show_json({"ended": challenges})
            if not for_programs():
                output.ended(challenges)
            return
        findings = await rehearse_round(desk, actor, round_, day, _progress(quiet=for_programs()))
        if for_programs():
            show_json(findings)
        else:
            output.rehearsed(await _seen(desk, await acting(desk, by), findings), findings)
        for difference in findings.differences:
            typer.echo(f"Differs from the programme: {difference}", err=True)
        if findings.differences:
            raise typer.Exit(1)


@command
async def renew(round_: RoundName, by: Who) -> None:
    """Move the open challenges of a round, and their payments, to the newest release. Deadlines do not change.

    Example: `starter.py renew pilot-2016 --as programme-office`
    """
    async with a_desk() as desk:
        renewed = await desk.rounds.renew(await acting(desk, by), round_)
        show_json({"renewed": renewed})
        if not for_programs():
            for each in renewed:
                say(f"{each} continues in a new run")


async def _opening(desk: Desk, round_: str, opens: str) -> Instant | None:
    if not opens:
        return None
    if opens == "now":
        return desk.now().round("minute", mode="floor")
    file = await desk.rounds.read_file(Actor(), round_)
    with suppress(ValueError):
        # Keep the hour in the file: a window that closes at the end of a day must still do so.
        opens = f"{read_day(opens)}T{file.first_opening.to_tz(file.programme.time_zone).time()}"
    return moment_of(opens, file.programme.time_zone)


def _stop_when_told() -> None:
    """Ctrl-C, `kill` and a closed terminal cancel the command's task, so that the task can end what it began."""
    task = asyncio.current_task()
    if task is None or threading.current_thread() is not threading.main_thread():
        return  # only the main thread hears signals
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(each, task.cancel)


async def _seen(desk: Desk, actor: Actor, findings: Findings) -> list[output.Rehearsed]:
    """Each rehearsed challenge, with its payments and notices."""
    seen = []
    for name in findings.challenges:
        row = await desk.challenges.find(Actor(), name)
        payments = await all_of(partial(_payments_of, desk, actor, row.id))
        notices = await all_of(partial(_notices_of, desk, actor, row.id))
        seen.append(output.Rehearsed(row=row, payments=payments, notices=notices))
    return seen


def _progress(quiet: bool) -> Callable[[str, str], None]:
    """Prints each event of a rehearsal on a line, with the seconds since the start."""
    start = time.monotonic()

    def happened(where: str, what: str) -> None:
        if not quiet:
            say(f"{time.monotonic() - start:5.1f} s  {where:<17}  {what}")
            sys.stdout.flush()

    return happened


async def _payments_of(desk: Desk, actor: Actor, challenge: str, page: Page) -> Paged[Payment]:
    return await desk.payments.list(actor, page, challenge)


async def _notices_of(desk: Desk, actor: Actor, challenge: str, page: Page) -> Paged[Notice]:
    return await desk.notices.list(actor, page, challenge)
