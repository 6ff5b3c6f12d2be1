"""Commands for the record: who did what, and whether the record is as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from typer.core import TyperGroup

from domain.announcements.chain import Head, heads_in
from domain.values.paging import all_of

from .document import for_programs, say_done, show_json
from .help import AsTyped
from .options import ChallengeName, SomeChallenge, Who, a_desk, acting, command
from .output import challenges as output
from .terminal import complain, misused, say


class _ShowUnlessSaid(TyperGroup):
    """Takes `record air-quality` as `record show air-quality`.

    A challenge that has the name of one of the commands is named with its round.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See `click.Group`."""
        if args and args[0] not in (*self.commands, "--help"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_ShowUnlessSaid,
    no_args_is_help=True,
    help="Show who did what on a challenge, when and why; or verify that nobody has changed the record.\n\n"
    "Example: `starter.py record air-quality --as programme-office`",
)


@app.command("show", cls=AsTyped)
@command
async def show(challenge: ChallengeName, by: Who) -> None:
    """Show who did what on a challenge, when and why. Refusals are included.

    Example: `starter.py record show air-quality --as programme-office`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        rows = await all_of(lambda page: desk.challenges.record(actor, page, challenge))
        row = await desk.challenges.find(actor, challenge)
        if for_programs():
            show_json(rows)
        else:
            output.record(row, rows)


@app.command("verify", cls=AsTyped)
@command
async def verify(
    challenge: SomeChallenge = None,
    head: Annotated[
        Optional[list[str]],  # noqa: UP045  # Typer reads it
        typer.Option(metavar="HEAD", help="A head that was kept elsewhere, as `record heads` printed it."),
    ] = None,
    heads: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE", help="A text with heads that were kept elsewhere: a letter, or the worker's log."),
    ] = None,
    by: Who = "",
) -> None:
    """Verify that every line of the record is there, in its place, and says what it said when it was written.

    The exit status is 1 if something is wrong; the first fault is named. Somebody who has the database's password can
    remove the last lines of a record. Only heads that were kept elsewhere show this.

    Example: `starter.py record verify --heads letter.txt --as programme-office`
    """
    async with a_desk() as desk:
        kept = [each for given in head or () for each in _heads(given, f"--head {given}")]
        kept += _heads(_read(heads), str(heads)) if heads else []
        found = await desk.record_chain.verify(await acting(desk, by), challenge, kept)
        if for_programs():
            show_json(found)
        elif found.fault is None:
            say(output.verified(found))
        if found.fault is not None:
            complain(output.fault(found))
            raise typer.Exit(1)


@app.command("heads", cls=AsTyped)
@command
async def heads(
    challenge: SomeChallenge = None,
    tell: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="PERSON", help="Send the heads to this person by notice. May be given several times."),
    ] = None,
    by: Who = "",
) -> None:
    """Show the last line of each record. Keep them elsewhere, to show later that nobody has removed or changed lines.

    Example: `starter.py record heads --tell ann-orr --as programme-office`
    """
    if tell and challenge:
        misused("With --tell, the heads of all your challenges are sent: leave the challenge out.")
    async with a_desk() as desk:
        actor = await acting(desk, by)
        if tell:
            told = await desk.record_chain.tell_heads(actor, tell)
            say_done(f"Told {', '.join(dict.fromkeys(tell))}: {len(told)} heads.", heads=[str(each) for each in told])
            return
        found = await desk.record_chain.heads(actor, challenge)
        show_json(found)
        for each in () if for_programs() else found:
            say(str(each))


def _heads(text: str, where: str) -> list[Head]:
    found = list(heads_in(text))
    if not found:
        misused(
            f"There is no head in {where}: give heads as `record heads` prints them, such as round/challenge:7:5f…."
        )
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        misused(f"The file {path} cannot be read ({error.strerror}): name another one.")
