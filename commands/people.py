"""Commands for people: roles that are handed over, and the contacts of applications."""

from __future__ import annotations

from typing import Annotated

import typer

from .document import say_done
from .options import ChallengeName, Who, Why, a_desk, acting, command
from .terminal import complain, misused

Round = Annotated[str, typer.Argument(metavar="ROUND", help="The id of a round that was opened.")]
From = Annotated[str, typer.Option("--from", metavar="PERSON", help="The id of the person whose role ends.")]
To = Annotated[str, typer.Option("--to", metavar="PERSON", help="The id of the person who takes over.")]
Name = Annotated[str, typer.Option("--name", help="The name of a successor who is new in the round.")]
Email = Annotated[str, typer.Option("--email", help="The e-mail address of a successor who is new in the round.")]
Issuer = Annotated[str, typer.Option("--issuer", help="The organisation with which this successor signs in.")]
Subject = Annotated[str, typer.Option("--subject", help="Who the successor is at that organisation.")]


@command
async def hand_over(
    round_: Round,
    person: From,
    successor: To,
    by: Who,
    reason: Why = "",
    name: Name = "",
    email: Email = "",
    issuer: Issuer = "",
    subject: Subject = "",
) -> None:
    """End somebody's role in a round and give it to a successor, in open challenges and unpaid payments too.

    Whoever took a decision can never release a payment that follows from it, whatever their role is later. If the
    command stops half-way, run it again.

    Example: `starter.py hand-over pilot-2016 --from finance --to ann-orr --as programme-office --reason "On leave."`
    """
    async with a_desk() as desk:
        actor = await acting(desk, by)
        known_as = {"name": name, "email": email, "issuer": issuer, "subject": subject}
        done = await desk.people.hand_over(actor, round_, person, successor, reason, **known_as)
        say_done(f"{done.text}.", number=done.number, challenges=done.challenges)


@command
async def contact(
    challenge: ChallengeName,
    team: Annotated[str, typer.Argument(metavar="APPLICATION", help="The id of the application or team.")],
    by: Who,
    reason: Why = "",
    email: Annotated[str, typer.Option("--email", help="The new e-mail address.")] = "",
    organisation: Annotated[str, typer.Option("--organisation", help="The new name of the company or person.")] = "",
    resend: Annotated[
        bool, typer.Option("--resend", help="Send the team's failed notices again, to the present address.")
    ] = False,
) -> None:
    """Change the address or the name of an application's contact. Both addresses are told.

    From then on, whoever has the new address acts for the team. The operator who changed a contact can never release a
    payment to the team.

    Example: `starter.py contact air-quality air-quality-7kx3qm --email new@tay.example --as office --reason "Moved."`
    """
    if not (email.strip() or organisation.strip() or resend):
        misused("Say what changes: give --email, --organisation or --resend.")
    async with a_desk() as desk:
        given = {"email": email, "organisation": organisation, "reason": reason}
        done = await desk.contacts.change(await acting(desk, by), challenge, team, resend=resend, **given)
        say_done(f"{done.text}.", resent=done.resent, not_resent=done.not_resent)
        for line in done.not_resent:
            complain(line)
