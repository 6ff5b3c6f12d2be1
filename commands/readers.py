"""Commands for readers: who reads the applications to a challenge, and what is assigned to whom."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from .document import for_programs, say_done, show_json
from .options import ChallengeName, Who, a_desk, acting, command, listed, whole_number
from .output import readers as output
from .terminal import misused


@command
async def readers(challenge: ChallengeName, by: Who) -> None:
    """List the readers of a challenge: what each is to read, and for how many applicants they have declared.

    Example: `starter.py readers air-quality --as sepa-decider`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        rows = await desk.readers.list(actor, challenge)
        if for_programs():
            show_json(rows)
        else:
            output.readers((await desk.challenges.find(actor, challenge)).id, rows)


@command
async def assign(
    challenge: ChallengeName,
    by: Who,
    applications: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(metavar="[APPLICATION…]", help="With --reader: what this reader reads, and nothing else."),
    ] = None,
    reader: Annotated[
        str, typer.Option("--reader", metavar="PERSON", help="The id of the reader whose applications are named.")
    ] = "",
    share: Annotated[
        int,
        typer.Option("--share", parser=whole_number, metavar="NUMBER", help="How many readers each application has."),
    ] = 0,
) -> None:
    """Assign the applications to a challenge to its readers: by share, or by hand. This replaces what was before.

    Shares are even, and nobody gets an application with which they declared a conflict of interest. Without --share and
    --reader, every reader reads all. As soon as anything is assigned, a reader without an assignment reads nothing.

    Example: `starter.py assign air-quality --share 2 --as programme-office`
    """
    named = listed(applications)
    if share and reader:
        misused("Give either --share or --reader.")
    if named and not reader:
        misused("Say who reads these applications: give --reader PERSON.")
    if share < 0:
        misused(f"--share {share}: write a number of readers, such as 2.")
    async with a_desk() as desk:
        actor = await acting(desk, by)
        done = await desk.readers.assign(actor, challenge, share=share, reader=reader, applications=named)
        say_done(f"{done}.")
