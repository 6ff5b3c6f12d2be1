"""The command for interests: what people have to do with applicants, declared before anything is read."""

from __future__ import annotations

from typing import Annotated

import typer

from domain.values.paging import all_of

from .document import for_programs, say_done, show_json
from .options import ChallengeName, Who, a_desk, acting, command
from .output import interests as output
from .terminal import misused

Of = Annotated[str, typer.Option("--of", metavar="APPLICATION", help="The applicant, by the id of its application.")]
What = Annotated[str, typer.Option("--what", help="What you have to do with this applicant. Only you see this again.")]


@command
async def interests(
    challenge: ChallengeName,
    by: Who,
    nothing: Annotated[
        bool, typer.Option("--none", help="You have nothing to do with this applicant; or, without --of, with any.")
    ] = False,
    of: Of = "",
    what: What = "",
    conflict: Annotated[
        bool, typer.Option("--conflict", help="This shuts you out: of reading, scoring, deciding and releasing.")
    ] = False,
) -> None:
    """Declare what you have to do with the applicants to a challenge, before you read, score or decide.

    Without options, the command lists the applicants by name, and points out those whom you may know. You can declare
    something else at any time, which counts at once. The record says who declared for whom, and never what.

    `--none` declares for everybody for whom you have not declared yet.

    Example: `starter.py interests air-quality --of air-quality-7kx3qm --what "I know them." --conflict --as ann-orr`
    """
    _check_options(of, what, nothing=nothing, conflict=conflict)
    async with a_desk() as desk:
        actor = await acting(desk, by)
        if of:
            say_done(f"{await desk.interests.declare(actor, challenge, of, what, conflict=conflict)}.")
        elif nothing:
            say_done(f"{await desk.interests.declare_none(actor, challenge)}.")
        else:
            rows = await all_of(lambda page: desk.interests.list(actor, page, challenge))
            if for_programs():
                show_json(rows)
            else:
                output.interests((await desk.challenges.find(actor, challenge)).id, rows)


def _check_options(of: str, what: str, *, nothing: bool, conflict: bool) -> None:
    """Ends the command as misused if its options contradict each other."""
    if nothing and (what.strip() or conflict):
        misused("Give either --none or --what: you have to do with the applicant, or you do not.")
    if (what.strip() or conflict) and not of:
        misused("Say with whom: give --of APPLICATION.")
    if conflict and not what.strip():
        misused("A conflict of interest needs words: give --what too.")
    if of and not nothing and not what.strip():
        misused(f"Say what you have to do with {of}: give --none or --what.")
