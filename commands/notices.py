"""Commands for notices: what was sent to whom, and in which words."""

from __future__ import annotations

from typing import Annotated, Any, Optional

import typer
from typer.core import TyperGroup

from domain.announcements.occasions import Occasion
from domain.permissions import Actor
from domain.values.model import Value
from domain.values.paging import all_of

from .document import for_programs, say_done, show_json
from .help import AsTyped
from .options import SomeChallenge, Who, a_desk, acting, command, zones_of
from .output import notices as output
from .terminal import say


class Preview(Value):
    """The words of an occasion, filled in for an example."""

    occasion: Occasion
    subject: str
    body: str


class _ListUnlessSaid(TyperGroup):
    """Takes `notices` as `notices list`, and `notices air-quality` as `notices list air-quality`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See `click.Group`."""
        if "--help" not in args and (not args or args[0] not in self.commands):
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_ListUnlessSaid,
    help="Show notices: all of them, those of a challenge, or one in full; or the words of each occasion.\n\n"
    "Example: `starter.py notices air-quality --as programme-office`",
)


@app.command("list", cls=AsTyped)
@command
async def list_(
    challenge: SomeChallenge = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only notices that reached nobody.")] = False,
    by: Who = "",
) -> None:
    """Show what was sent to whom, and whether it arrived.

    Example: `starter.py notices list air-quality --failed --as programme-office`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        status = "failed" if failed else ""
        rows = await all_of(lambda page: desk.notices.list(actor, page, challenge, status=status))
        if for_programs():
            show_json(rows)
        else:
            nothing = "No notice has failed." if failed else "No notice has been written yet."
            output.notices(rows, await zones_of(desk, actor), nothing)


@app.command(cls=AsTyped)
@command
async def show(
    key: Annotated[
        str,
        typer.Argument(metavar="NOTICE", help="The key of the notice, as `notices` shows it, or the end of the key."),
    ],
    by: Who,
) -> None:
    """Show one notice in full, as it was or will be sent, and whether it arrived.

    Example: `starter.py notices show application-received/air-quality-7kx3qm --as programme-office`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        found = await desk.notices.find(actor, key)
        if for_programs():
            show_json(found)
        else:
            output.notice(found, await desk.challenges.find(actor, found.challenge))


@app.command(cls=AsTyped)
@command
async def resend(
    key: Annotated[
        str,
        typer.Argument(
            metavar="NOTICE", help="The key of the notice, as `notices --json` shows it, or the end of the key."
        ),
    ],
    by: Who,
) -> None:
    """Send a failed notice again, to the address that its recipient has now.

    Example: `starter.py notices resend shortlisted/air-quality-7kx3qm --as programme-office`
    """
    async with a_desk() as desk:
        sent = await desk.notices.send_again(await acting(desk, by), key)
        say_done(f"The notice is sent again as soon as possible: {sent}", notice=sent)


@app.command(cls=AsTyped)
@command
async def preview(
    occasion: Annotated[Optional[Occasion], typer.Argument(help="Only this occasion.")] = None,  # noqa: UP045
) -> None:
    """Show the words of every occasion, or of one, filled in for the pilot.

    Example: `starter.py notices preview stage-started`
    """
    async with a_desk(only_files=True) as desk:
        letters = await desk.notices.preview(Actor(), *([occasion] if occasion else Occasion))
        if for_programs():
            previews = ((each, letter.subject, letter.body) for each, letter in letters.items())
            show_json([Preview(occasion=each, subject=subject, body=body) for each, subject, body in previews])
            return
        for each, letter in letters.items():
            say(f"{each}", bold=True)
            output.letter(letter.subject, letter.body)
