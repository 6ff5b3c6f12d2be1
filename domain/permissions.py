"""Who has a say in a challenge, by role."""

from __future__ import annotations

from domain.challenges.state import State
from domain.values.refusals import NotAllowed


def check_role(state: State, person: str, what: str, *roles: str) -> None:
    """That a person has one of some roles in a challenge.

    Args:
        state: the challenge.
        person: id of whoever acts.
        what: what they want to do, such as "hold"; the challenge's id comes after it.
        roles: "sponsor", "operator", "team".

    Raises:
        NotAllowed: they have none of them; the message says who may.
    """
    if state.role_of(person) in roles:
        return
    allowed = {"sponsor": state.challenge.deciders, "operator": state.challenge.operators, "team": ("its teams",)}
    who = " or ".join(each for role in roles for each in allowed[role])
    raise NotAllowed(f"{person} may not {what} {state.challenge.id}: {who} may.")
