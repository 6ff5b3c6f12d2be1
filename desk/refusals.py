"""What the record says of a request that the desk itself refuses."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence

from whenever import Instant

from domain.announcements.announcement import Announcement, Entry
from domain.challenges.messages import printable
from domain.permissions import Actor, Role
from domain.values.refusals import Refused
from store.challenges.rounds import ChallengeRow

_AN_ID = re.compile(r"[a-z0-9-]{1,80}")
_UNKNOWN = "unknown"


def refusal_by_desk(
    row: ChallengeRow,
    actor: Actor,
    action: str,
    refusal: Refused,
    people: Mapping[Role, Sequence[str]],
    now: Instant,
) -> Announcement:
    """The line about a request of which no workflow hears.

    Args:
        row: the challenge concerned.
        actor: who has asked.
        action: what for, as the record names it.
        refusal: why it is refused.
        people: who has which role at the challenge.
        now: the present.
    """
    grant = next(iter(actor.roles(row.place)), None)
    # Anything else that was typed can be an address, and is not kept.
    who = grant.person if grant else actor.name if _AN_ID.fullmatch(actor.name) else _UNKNOWN
    text = printable(str(refusal) if who == actor.name or not actor.name else str(refusal).replace(actor.name, who))
    role = str(grant.role) if grant else next((str(each) for each, ids in people.items() if who in ids), _UNKNOWN)
    entry = Entry(at=now, by=who, role=role, action=action, text=text, refused=True)
    announcement = Announcement(key=f"{row.id}/refused/{uuid.uuid4().hex}", challenge=row.id, entry=entry)
    return announcement.proven(actor.proof.on_record)
