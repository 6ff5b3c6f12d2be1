"""The command that brings a bank's word on payments that left in files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from desk.bank_reports import LARGEST_REPORT, Settled
from domain.values.refusals import FileRefused

from .document import for_programs, show_json
from .options import Who, Why, a_desk, acting, command, day_of, is_payment
from .output import payments as output
from .terminal import misused, say


@command
async def settle(
    report: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|PAYMENT",
            help="The bank's status report (pain.002) or statement (camt.053, camt.054), or a payment's key.",
        ),
    ],
    by: Who,
    on: Annotated[
        str,
        typer.Option(
            metavar="DATE", help="With a payment's key: the day on which the money arrived; without it, today."
        ),
    ] = "",
    believe: Annotated[
        bool,
        typer.Option(
            "--believe",
            help="With --reason: the bank rightly turns a whole file away in its own words, and pays no copy of it.",
        ),
    ] = False,
    reason: Why = "",
) -> None:
    """Read the bank's report or statement: which payments are settled, and which came back and why.

    If your bank sends neither, give the key of each payment on the bank statement, and the day on the statement.

    Example: `starter.py settle report.xml --as finance`
    """
    day = day_of("--on", on) if on else None
    if believe != bool(reason):
        misused("--believe and --reason go together: say how you know that the bank has paid no copy of the file.")
    async with a_desk() as desk:
        actor, key = await acting(desk, by), str(report)
        # Unlike Path.exists, os.path.exists takes a key that is too long for a file name.
        if is_payment(key) and not os.path.exists(key):  # noqa: ASYNC240
            if believe:
                misused(f"--believe goes with a bank's report, and {key} is a payment: leave out --believe.")
            found = await desk.bank_reports.confirm_settled(actor, key, day)
            show_json(Settled(payments=found))
            if not for_programs():
                say(_confirmed(key, on, new=bool(found)))
        elif day is not None:
            misused(
                f"--on {on} goes with a payment's key, but {report} is a report, with its own date: leave out --on."
            )
        else:
            await desk.bank_reports.settle(actor, _bytes_of(report), reason, told=_show)


def _show(settled: Settled) -> None:
    show_json(settled)
    if not for_programs():
        output.settled(settled)


def _bytes_of(report: Path) -> bytes:
    """The content of a report. Reads one byte more than a report may have, which is enough to refuse a larger file."""
    try:
        with report.open("rb") as file:
            return file.read(LARGEST_REPORT + 1)
    except OSError as error:
        raise FileRefused(f"The report {report} cannot be read ({error.strerror}): check its name.") from None


def _confirmed(key: str, on: str, *, new: bool) -> str:
    arrived = f"{key} has arrived{on and f' on {on}'}"
    return f"Noted: {arrived}. See `payments` in a moment." if new else f"Already noted: {arrived}."
