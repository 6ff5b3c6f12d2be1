"""The roles in which somebody acts on the payments of several challenges at once, as in a file or a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.permissions import Action, Actor, grant_for
from domain.values.model import Value
from store.payments import payment_files

from .core import Core

BANK_ZONE = "Europe/London"
"""The time zone in which banks in the United Kingdom count days."""


class Acting(Value):
    """Who acts on payments of several challenges.

    Args:
        by: the person's name in the record.
        roles: the person's role, by challenge.
        proof: how the person was proven.
    """

    by: str
    roles: Mapping[str, str]
    proof: str


async def acting_on_payments(
    core: Core, actor: Actor, action: Action, challenges: Sequence[str] | None = None
) -> Acting:
    """Who acts, and in what roles, on the payments of some challenges, or of all whose payments wait to leave.

    Raises:
        NotAllowed: the actor may act on none of these challenges. The record of each challenge has the refusal.
    """
    if challenges is None:
        challenges = await core.threads.read(payment_files.challenges_concerned, core.database)
    rows = [await core.find(each) for each in challenges]
    async with core.refusals_on_record(actor, action, *rows):
        # If no challenge is concerned yet, anybody who may do this at some challenge is let through.
        theirs = await core.reach(actor, action, rows or await core.challenges())
    grants = {row.id: grant for row in theirs if (grant := grant_for(actor, action, row.place))}
    by = next((grant.person for grant in grants.values()), core.shown(actor))
    roles = {each: str(grant.role) for each, grant in grants.items()}
    return Acting(by=by, roles=roles, proof=actor.proof.shown)
