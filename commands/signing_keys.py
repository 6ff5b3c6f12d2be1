"""Commands for the keys that sign decisions."""

from __future__ import annotations

from typing import Annotated

import typer

from .document import for_programs, say_done, show_json
from .help import AsTyped
from .options import Who, a_desk, acting, command
from .output import signing_keys as output
from .terminal import say

app = typer.Typer(
    no_args_is_help=True,
    help="Make, list and retire the keys that sign decisions.\n\nExample: `starter.py keys list --as programme-office`",
)


@app.command(cls=AsTyped)
@command
async def make(by: Who) -> None:
    """Make a key, which signs from now on. What older keys have signed is still taken. Nothing has to be stopped.

    Example: `starter.py keys make --as programme-office`
    """
    async with a_desk() as desk:
        made = await desk.signing_keys.make(await acting(desk, by))
        public = str(desk.core.options.public_key_file)
        say_done(f"The key {made.id} signs decisions from now on.", key=made.id, file=public)
        if not for_programs():
            say(f"If the worker has its own copy of {public}, copy the file there again before anybody decides.")


@app.command("list", cls=AsTyped)
@command
async def list_(by: Who) -> None:
    """List the keys that sign decisions: which one signs, and which ones were retired.

    Example: `starter.py keys list --as programme-office`
    """
    async with a_desk() as desk:
        keys = await desk.signing_keys.list(await acting(desk, by))
        show_json(keys) if for_programs() else output.keys(keys)


@app.command(cls=AsTyped)
@command
async def retire(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key's id, as `keys list` shows it.")], by: Who
) -> None:
    """Retire a key for good, as when somebody else may have it: nothing that it has signed is taken any more.

    Example: `starter.py keys retire 3f9c0a7d51e2b846 --as programme-office`
    """
    async with a_desk() as desk:
        retired = await desk.signing_keys.retire(await acting(desk, by), key)
        say_done(f"The key {retired.id} is retired. Lines of the record that it has signed stay as they are.", key=key)
