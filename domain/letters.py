"""The wording of notices: a subject and a body for every occasion, in plain English."""

from __future__ import annotations

from string import Template

from .announcement import Facts, Occasion
from .model import Value


class Letter(Value):
    """A notice in words."""

    subject: str
    body: str


_WORDING: dict[Occasion, tuple[str, str]] = {
    Occasion.WINDOW_OPENED: ("Open for applications", "Applications are taken until $closes."),
    Occasion.CLOSING_SOON: ("Closing soon", "The window for applications closes on $until."),
    Occasion.DEADLINE_MOVED: (
        "Deadline moved",
        "The deadline is now $closes. It was $was. The reason: $reason",
    ),
    Occasion.APPLICATION_RECEIVED: (
        "We have your application",
        "Your application was received on $received. Its reference is $application.",
    ),
    Occasion.APPLICATION_REFUSED: ("Your application was not taken", "$reason"),
    Occasion.DECISION_INVITED: (
        "Please select for: $stage",
        "$applications applications came in. Select $number for $stage by $until.",
    ),
    Occasion.DECISION_DUE: ("Selection due: $stage", "Your selection for $stage is due on $until."),
    Occasion.DECISION_OVERDUE: (
        "Selection overdue: $stage",
        "The selection for $stage was due on $until. It can still be sent.",
    ),
    Occasion.SELECTED: (
        "You are in: $stage",
        "You were selected for $stage, which runs from $begins to $ends. You are due $award.\n\n"
        "$intellectual_property\n$equity",
    ),
    Occasion.IN_RESERVE: (
        "You are in reserve: $stage",
        "You were placed in reserve for $stage: if a team leaves, its place is offered to you.",
    ),
    Occasion.FROM_RESERVE: (
        "A place for you: $stage",
        "A team has left and you take its place in $stage, which runs until $ends. You are due $award.\n\n"
        "$intellectual_property\n$equity",
    ),
    Occasion.NOT_SELECTED: (
        "Not selected: $stage",
        "You were not selected for $stage. Thank you for taking part.",
    ),
    Occasion.STAGE_ENDING: ("Ending soon: $stage", "$stage ends on $until."),
    Occasion.PAYMENT_MADE: ("Payment made", "We have paid $amount for $stage. The reference is $reference."),
    Occasion.WITHDRAWN: ("Withdrawn", "Your withdrawal is noted. The reason given: $reason"),
    Occasion.TEAM_LEFT: ("A team has left", "$what. The reason: $reason"),
    Occasion.HELD: (
        "On hold",
        "The challenge is on hold while it waits for $waits_for. Deadlines move by as long as it lasts. "
        "The reason: $reason",
    ),
    Occasion.RESUMED: ("Going on", "The challenge goes on: $turn on $until. $reason"),
    Occasion.CANCELLED: ("Cancelled", "The challenge was cancelled. The reason: $reason"),
    Occasion.NOT_CONTINUED: ("Not continued", "The challenge ends before $stage. The reason: $reason"),
    Occasion.COMPLETED: ("Completed", "The challenge is completed with $stage. Thank you."),
    Occasion.REFUSED: ("Refused: $action", "What you sent was not done, and nothing has changed. $reason"),
    Occasion.ATTENTION: ("Needs attention", "$what. Once it is mended, let it be tried again."),
}


def compose(occasion: Occasion, facts: Facts) -> Letter:
    """The letter for an occasion.

    Args:
        occasion: what it is about.
        facts: the values of the wording's placeholders; the challenge's question is "question".

    Raises:
        KeyError: a fact that the wording needs is missing.
    """
    subject, body = (Template(text).substitute(facts) for text in _WORDING[occasion])
    return Letter(subject=subject, body=f"{facts['question']}\n\n{body}")
