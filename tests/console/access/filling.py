"""What people write into the forms of the routes, so that it could be done if they may do it."""

from __future__ import annotations

from collections.abc import Mapping

from tests.console.access.cells import State, Who
from tests.console.access.world import MAILBOXES, World

Said = Mapping[str, str]


def question(world: World, who: Who, state: State) -> Said:
    """A question about a challenge."""
    return {"text": "May old data take part?", "email": ""}


def beginning(world: World, who: Who, state: State) -> Said:
    """The first page of an application."""
    once = f"{who}-{state}-opened-once".replace(" ", "-")
    answer = {"q-idea": "Maps.", "builds-on-idea": "0"}
    return {"organisation": "Tay Ltd", "email": f"new@{who.name.lower()}.example", "once": once, **answer}


def answers(world: World, who: Who, state: State) -> Said:
    """Another answer to the one question of a section."""
    return {"question": "q-idea", "q-idea": "Other words.", "builds-on-idea": "1"}


def checked(world: World, who: Who, state: State) -> Said:
    """What the page of the check has shown."""
    return {"seen": world.seen(state)}


def proposal_checked(world: World, who: Who, state: State) -> Said:
    """What the page of the check has shown of a further proposal."""
    return {"seen": world.seen(state, of_stage=True)}


def invited(world: World, who: Who, state: State) -> Said:
    """Somebody who shall write, too."""
    return {"email": "new@breathe.example"}


def no_more(world: World, who: Who, state: State) -> Said:
    """Somebody who shall write no more."""
    return {"id": MAILBOXES[Who.WRITER]}


def copied(world: World, who: Who, state: State) -> Said:
    """The challenge into which an application is copied."""
    return {"challenge": world.challenge(State.SENT), "once": f"{who}-{state}-copied-once".replace(" ", "-")}


def account(world: World, who: Who, state: State) -> Said:
    """Bank details."""
    return {"holder": "Breathe Ltd", "sort_code": "60-16-13", "number": "31926819"}


def evidence(world: World, who: Who, state: State) -> Said:
    """What a team shows."""
    return {"statement": "We have tried it.", "do": "send", "once": f"{who}-{state}".replace(" ", "-")}


def reason(world: World, who: Who, state: State) -> Said:
    """Why a team leaves."""
    return {"reason": "We merged.", "id": f"{who}-{state}".replace(" ", "-")}


def erased(world: World, who: Who, state: State) -> Said:
    """A draft of the team that shall be erased."""
    return {"sure": "yes", "application": world.applications[state].id}


def address(world: World, who: Who, state: State) -> Said:
    """A mailbox that wants to sign in."""
    return {"address": f"{who.name.lower()}@new.example"}


def link(world: World, who: Who, state: State) -> Said:
    """The link that was sent to the team."""
    return {"secret": world.link}


def session(world: World, who: Who, state: State) -> Said:
    """The team's sign-in."""
    return {"id": world.sessions[Who.TEAM]}


def passkey(world: World, who: Who, state: State) -> Said:
    """What a browser says that has no passkey."""
    return {"name": "Mine", "answer": "{}", "id": "none"}


def decision(world: World, who: Who, state: State) -> Said:
    """The decision that came in the operator's name."""
    return {"id": world.decision, "reason": "Not mine."}


def interest(world: World, who: Who, state: State) -> Said:
    """That somebody has nothing to do with the team."""
    team = world.applications[state].id
    return {"application": team, f"kind-{team}": "nothing"}


def marks(world: World, who: Who, state: State) -> Said:
    """Marks by a scorecard, which the programme does not have."""
    return {"stage": "exploration", "mark-merit": "5", "reason-merit": "Well argued."}


def selected(world: World, who: Who, state: State) -> Said:
    """One application that shall be selected, as it was checked just now."""
    return {f"take-{world.applications[state].id}": "selected", "stage": "exploration", "reason": "It is good."}


def letter(world: World, who: Who, state: State) -> Said:
    """A letter to the team that did not fail."""
    return {"id": world.applications[state].letter}
