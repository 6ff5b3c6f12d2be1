"""Commands for people who sign in with a browser: links that are printed, and sessions."""

from __future__ import annotations

from typing import Annotated

import typer

from .document import for_programs, say_done, show_json
from .help import AsTyped
from .options import Who, a_desk, acting, command, reading
from .output import sign_ins as output
from .terminal import misused, say

Person = Annotated[str, typer.Argument(metavar="PERSON", help="A person's id, or an e-mail address.")]
SomePerson = Annotated[
    str, typer.Argument(metavar="[PERSON]", help="A person's id, or an e-mail address; your own if you name nobody.")
]


@command
async def sign_in(
    person: Person,
    print_: Annotated[
        bool, typer.Option("--print", help="Print a link as an operator, although the service can send e-mail.")
    ] = False,
    by: Who = "",
) -> None:
    """Print a link with which a person signs in on this machine's web front, for a service that sends no e-mail.

    The link works once, within 15 minutes, and proves no mailbox: what is done with it is marked "terminal".

    Example: `starter.py sign-in programme-office`
    """
    async with a_desk() as desk:
        actor = await (acting if print_ else reading)(desk, by)
        made = await desk.sign_ins.print_link(actor, person, for_another=print_)
        if for_programs():
            show_json(made)
            return
        say(made.link)
        say("Open this link in a browser, and press the button there. It works once, within 15 minutes.")


sessions = typer.Typer(
    no_args_is_help=True,
    help="List and end sessions: where a person is signed in with a browser.\n\n"
    "Example: `starter.py sessions list --as programme-office`",
)


@sessions.command("list", cls=AsTyped)
@command
async def list_(by: Who, person: SomePerson = "") -> None:
    """List where you are signed in, or, as an operator, where a person in your rounds is.

    Example: `starter.py sessions list finance --as programme-office`
    """
    async with a_desk() as desk:
        found = await desk.sign_ins.sessions(await acting(desk, by), person)
        show_json(found) if for_programs() else output.sessions(found)


@sessions.command(cls=AsTyped)
@command
async def end(
    by: Who,
    person: SomePerson = "",
    session: Annotated[str, typer.Option("--session", metavar="ID", help="Only this one, as the list shows it.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """End a session of yours, or of a person in your rounds, or all of them: that browser is signed out at once.

    Example: `starter.py sessions end finance --all --as programme-office`
    """
    if bool(session) == all_:
        misused("Say which sessions end: give either --session ID or --all.")
    async with a_desk() as desk:
        number = await desk.sign_ins.end(await acting(desk, by), person, session)
        ended = "No session went on." if not number else f"Ended: {number}."
        say_done(ended, ended=number)
