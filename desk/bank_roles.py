"""In what roles somebody acts on the payments of several challenges at once: those of a file, or of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.permissions import Action, Actor, grant_for
from domain.values.model import Value
from store.payments import payment_files

from .core import Core

BANK_ZONE = "Europe/London"
"""By whose clock banks in the United Kingdom say which day it is."""


class Acting(Value):
    """Who acts on payments of several challenges.

    Args:
        by: what the record calls them.
        roles: in what role, by challenge.
    """

    by: str
    roles: Mapping[str, str]


async def acting_on_payments(
    core: Core, actor: Actor, action: Action, challenges: Sequence[str] | None = None
) -> Acting:
    """Who acts on the payments of some challenges, or of all whose payments wait to leave, and in what roles.

    Raises:
        NotAllowed: they may act on none of them; that is on the record of each.
    """
    if challenges is None:
        challenges = await core.threads.read(payment_files.challenges_concerned, core.database)
    rows = [await core.find(each) for each in challenges]
    async with core.refusals_on_record(actor, action, *rows):
        # Where nothing is concerned yet, whoever could do so at any challenge is let through.
        theirs = await core.reach(actor, action, rows or await core.challenges())
    grants = {row.id: grant for row in theirs if (grant := grant_for(actor, action, row.place))}
    by = next((grant.person for grant in grants.values()), core.shown(actor))
    return Acting(by=by, roles={each: str(grant.role) for each, grant in grants.items()})
