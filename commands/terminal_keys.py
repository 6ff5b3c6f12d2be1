"""Commands for terminal keys: the files with which people show at a terminal who they are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from domain.values.paging import all_of

from .document import for_programs, say_done, show_json
from .help import AsTyped
from .options import Who, a_desk, acting, command, reading
from .output import terminal_keys as output
from .terminal import say

app = typer.Typer(
    no_args_is_help=True,
    help="Make, list and end terminal keys: files with which people show at a terminal who they are.\n\n"
    "Example: `starter.py terminal-keys list --as programme-office`",
)


@app.command(cls=AsTyped)
@command
async def make(
    person: Annotated[
        str, typer.Argument(metavar="PERSON", help="Whose key it is: a person's id, or an e-mail address.")
    ],
    file: Annotated[Path, typer.Option(metavar="FILE", help="The new key file. Nobody but you can read it.")],
    by: Who,
    first: Annotated[
        bool, typer.Option("--first", help="The first key of all, made by the login that runs the service.")
    ] = False,
) -> None:
    """Make a terminal key for a person. The person is told, and every challenge of theirs has it on the record.

    Then give the file to the person's own login, with `chown`, and let CHALLENGES_TERMINAL_KEY_FILE name it there.

    Example: `starter.py terminal-keys make finance --file finance.key --as programme-office`
    """
    async with a_desk() as desk:
        actor = await (reading if first else acting)(desk, by)
        made = await desk.terminal_keys.make(actor, person, file, first=first)
        say_done(f"Made the terminal key {made.id} of {made.mailbox}: {file}", key=made.id, file=str(file))
        if not for_programs():
            say("Give the file to that person's own login, which alone may be able to read it. There is no copy.")


@app.command("list", cls=AsTyped)
@command
async def list_(by: Who) -> None:
    """List the terminal keys of people in your rounds, or your own: who made each, and when it was last used.

    Example: `starter.py terminal-keys list --as programme-office`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        keys = await all_of(lambda page: desk.terminal_keys.list(actor, page))
        show_json(keys) if for_programs() else output.keys(keys)


@app.command(cls=AsTyped)
@command
async def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key's id, as `terminal-keys list` shows it.")], by: Who
) -> None:
    """End a terminal key for good, your own or that of a person in your rounds. Its file proves nothing any more.

    Example: `starter.py terminal-keys revoke 3f9c0a7d51e2 --as programme-office`
    """
    async with a_desk() as desk:
        say_done(f"{await desk.terminal_keys.end(await acting(desk, by), key)}.", key=key)
