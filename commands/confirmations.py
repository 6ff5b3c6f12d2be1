"""Commands for decisions that came without a proof: list those that wait for a person, confirm one, or drop it."""

from __future__ import annotations

from typing import Annotated

import typer

from domain.values.paging import all_of

from .document import for_programs, say_done, show_json
from .options import SomeChallenge, Who, a_desk, acting, command, zones_of
from .output import confirmations as output


@command
async def unconfirmed(challenge: SomeChallenge = None, by: Who = "") -> None:
    """Show the decisions that were sent in your name without a proof, and wait for you.

    Example: `starter.py unconfirmed --as sepa-decider`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        rows = await all_of(lambda page: desk.confirmations.list(actor, page, challenge))
        if for_programs():
            show_json(rows)
        else:
            output.unconfirmed(rows, await zones_of(desk, actor))


@command
async def confirm(
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="Its id, as `unconfirmed` shows it.")],
    by: Who,
    no: Annotated[bool, typer.Option("--no", help="It is not yours: drop it. The operators are told.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="With --no: why, for the operators.")] = "",
) -> None:
    """Confirm a decision that was sent in your name without a proof, or drop it. Look at it with `unconfirmed` first.

    Example: `starter.py confirm 3f9a0c21d7e4 --as sepa-decider`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        if no:
            say_done(await desk.confirmations.drop(actor, decision, reason), decision=decision)
        else:
            say_done(await desk.confirmations.confirm(actor, decision), decision=decision)
