"""What the record says of a decision that came without a proof and waits, and what the person whom it names is told.

Neither repeats anything of the decision but its kind: anybody can have written the rest.
"""

from __future__ import annotations

from whenever import Instant

from domain.identity.proof import NOT_PROVEN, Proof

from .announcement import Announcement, Entry, to_people
from .occasions import Occasion

WAITS = "unconfirmed"
"""What the record calls it that a decision waits."""
DROPPED = "unconfirmed-dropped"


def waits(decided: Announcement, unconfirmed: str, action: str) -> Announcement:
    """A decision waits for the person whom it names, and changes nothing until they confirm it.

    Args:
        decided: the announcement of the decision, if the decision were done, with how the sender was proven.
        unconfirmed: the id under which it waits.
        action: what was decided, for people, such as "release of a payment".
    """
    entry = decided.entry
    facts = {"action": action, "decision": unconfirmed}
    return Announcement(
        key=f"{decided.challenge}/{WAITS}/{unconfirmed}",
        challenge=decided.challenge,
        entry=Entry(
            at=entry.at,
            by=entry.by,
            role=entry.role,
            action=WAITS,
            stage=entry.stage,
            text=f"{action}, in the name of {entry.by}, waits until {entry.by} confirms it as {unconfirmed}",
            proof=entry.proof or NOT_PROVEN.shown,
        ),
        notices=(to_people((entry.by,), Occasion.UNCONFIRMED, facts),),
    )


def dropped(
    challenge: str,
    unconfirmed: str,
    action: str,
    person: str,
    role: str,
    reason: str,
    proof: Proof,
    operators: tuple[str, ...],
    at: Instant,
) -> Announcement:
    """The person whom a decision names says that it is not theirs. The operators are told: somebody else has sent it.

    Args:
        challenge: id of the challenge.
        unconfirmed: the id under which the decision has waited.
        action: what was decided, for people.
        person, role: who drops it, and in which role.
        reason: why.
        proof: how they were proven.
        operators: ids of the operators.
        at: when.
    """
    text = f"{action}, in the name of {person}, is dropped: {person} does not confirm {unconfirmed}"
    facts = {"action": action, "reason": f"{person} does not confirm it: {reason}"}
    return Announcement(
        key=f"{challenge}/{DROPPED}/{unconfirmed}",
        challenge=challenge,
        entry=Entry(at=at, by=person, role=role, action=DROPPED, text=text, reason=reason, proof=proof.shown),
        notices=(to_people(operators, Occasion.REFUSED, facts),),
    )
