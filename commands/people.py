"""Commands for people: roles that are handed over."""

from __future__ import annotations

from typing import Annotated

import typer

from .document import say_done
from .options import Who, Why, a_desk, acting, command

Round = Annotated[str, typer.Argument(metavar="ROUND", help="The id of a round that was opened.")]
From = Annotated[str, typer.Option("--from", metavar="PERSON", help="The id of the person whose role ends.")]
To = Annotated[str, typer.Option("--to", metavar="PERSON", help="The id of the person who takes over.")]
Name = Annotated[str, typer.Option("--name", help="The name of a successor who is new in the round.")]
Email = Annotated[str, typer.Option("--email", help="The e-mail address of a successor who is new in the round.")]


@command
async def hand_over(
    round_: Round, person: From, successor: To, by: Who, reason: Why, name: Name = "", email: Email = ""
) -> None:
    """End somebody's role in a round and give it to a successor, in open challenges and unpaid payments too.

    Whoever took a decision can never release a payment that follows from it, whatever their role is later. If the
    command stops half-way, run it again.

    Example: `starter.py hand-over pilot-2016 --from finance --to ann-orr --as programme-office --reason "On leave."`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        done = await desk.people.hand_over(actor, round_, person, successor, reason, name=name, email=email)
        say_done(f"{done.text}.", number=done.number, challenges=done.challenges)
