"""Commands for passkeys of people who have lost theirs."""

from __future__ import annotations

from typing import Annotated

import typer

from .document import for_programs, say_done, show_json
from .help import AsTyped
from .options import Who, Why, a_desk, acting, command
from .output import passkeys as output

app = typer.Typer(
    no_args_is_help=True,
    help="List and remove passkeys of people: the second step with which they sign in with a browser.\n\n"
    "Example: `starter.py passkeys list finance --as programme-office`",
)
_Person = Annotated[str, typer.Argument(metavar="PERSON", help="Whose: a person's id, or an e-mail address.")]


@app.command("list", cls=AsTyped)
@command
async def list_(person: _Person, by: Who) -> None:
    """List the passkeys of a person in your rounds: their names, when each was added, and when it was last used.

    Example: `starter.py passkeys list finance --as programme-office`
    """
    async with a_desk() as desk:
        keys = await desk.passkeys.list(await acting(desk, by), person)
        show_json(keys) if for_programs() else output.passkeys(keys)


@app.command(cls=AsTyped)
@command
async def remove(
    person: _Person,
    passkey: Annotated[str, typer.Argument(metavar="PASSKEY", help="Its id, as `passkeys list` shows it.")],
    reason: Why,
    by: Who,
) -> None:
    """Remove a passkey of a person in your rounds who has lost it. The person is told.

    See first that it is they who ask: whoever reads their mailbox could sign in and add another passkey then.

    Example: `starter.py passkeys remove finance dGhpcyBvbmU --reason "Her telephone was stolen." --as programme-office`
    """
    async with a_desk() as desk:
        say_done(f"{await desk.passkeys.remove(await acting(desk, by), person, passkey, reason)}.", passkey=passkey)
