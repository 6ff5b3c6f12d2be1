"""The command that erases personal data."""

from __future__ import annotations

from typing import Annotated

import typer

from .document import for_programs, show_json
from .options import Who, a_desk, acting, command
from .output import erasure as output


@command
async def erase(
    by: Who,
    email: Annotated[
        str, typer.Option(help="The address of an applicant, or of somebody who acted in a past round.")
    ] = "",
    team: Annotated[str, typer.Option(help="Instead of an address: the id of an application or a draft.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it. Without --yes nothing changes.")] = False,
) -> None:
    """Show what is kept of a person, and with --yes erase it. What must be kept is named, with the date.

    Names, addresses, proposals, drafts, feedback, notices, bank details and sign-ins are erased for good. Ids, amounts,
    dates and the record stay.

    Example: `starter.py erase --email team@tay.example --as programme-office`
    """
    async with a_desk() as desk:
        done = await desk.erasing.erase(await acting(desk, by), email=email, team=team, confirmed=yes)
        if for_programs():
            show_json(done)
        else:
            output.erasure(done)
