"""The words of the table of routes: who asks, how far a challenge has come, what they are answered, and its rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple


class Who(StrEnum):
    """Who asks."""

    NOBODY = "nobody"
    BROWSER = "its browser"
    """Nobody is signed in, and the draft was begun in this browser less than a day ago."""
    PERSON = "a person"
    TEAM = "its team"
    OTHER = "another team"
    WRITER = "its writer"
    READER = "a reader"
    DECIDER = "a decider"
    OPERATOR = "an operator"
    RELEASER = "a releaser"
    UNSTEPPED = "an operator without a passkey"


SIGNED_IN = tuple(who for who in Who if who not in (Who.NOBODY, Who.BROWSER))
STRANGERS = tuple(who for who in SIGNED_IN if who not in (Who.TEAM, Who.WRITER))
"""Whoever is signed in and has no part in the application."""


class State(StrEnum):
    """How far a challenge has come, and the application to it that a page is about."""

    COMING = "coming"
    DRAFT = "draft"
    SENT = "sent"
    HELD = "held"
    LATE = "late"
    CLOSED = "closed"
    WORKING = "working"
    ASKED = "asked"
    PROPOSED = "proposed"
    NOT_SELECTED = "not selected"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    FINISHED = "finished"
    ERASED = "erased"
    REHEARSED = "rehearsed"

    @property
    def slug(self) -> str:
        """The challenge that has come so far."""
        return self.value.replace(" ", "-")


class Answer(StrEnum):
    """What somebody is answered."""

    SHOWN = "shown"
    LED = "led on"
    DONE = "done"
    TOLD = "told"
    LATE = "late"
    PASSED_ON = "passed on"
    SIGN_IN = "sign-in"
    REFUSED = "refused"
    NOT_FOUND = "not found"
    NOT_NOW = "not now"


Cell = Answer | Mapping[State, Answer]
"""One answer in all states, or one for each."""
Cells = Mapping[Who, Cell]
Fields = Callable[[Any, Who, State], Mapping[str, str]]
"""What a form says, by whom, in which state. The first argument is the world of the tests."""


def by(otherwise: Answer, **instead: Answer) -> Cell:
    """One answer in all states but those that are named, such as `not_selected=Answer.NOT_FOUND`."""
    named = {State(name.replace("_", " ")): answer for name, answer in instead.items()}
    return {state: named.get(state, otherwise) for state in State}


def for_all(answer: Cell, **instead: Cell) -> Cells:
    """One cell for everybody but those who are named, by the names of `Who` in small letters, such as `team`."""
    named = {Who[name.upper()]: cell for name, cell in instead.items()}
    return {who: named.get(who, answer) for who in Who}


def nothing(world: Any, who: Who, state: State) -> Mapping[str, str]:
    """A form without fields."""
    return {}


class Row(NamedTuple):
    """A route, with what everybody is answered.

    Args:
        method, path: as the application has them.
        words: what it is, in a few words.
        cells: who is answered what.
        fields: what its form says, if it takes one.
        has_file: whether its form brings a file.
        guessed: a field of its form that names something by an id, which somebody could guess.
    """

    method: str
    path: str
    words: str
    cells: Cells
    fields: Fields = nothing
    has_file: bool = False
    guessed: str = ""

    @property
    def route(self) -> str:
        """How tests and the guide call it."""
        return f"{self.method} {self.path}"

    @property
    def states(self) -> tuple[State, ...]:
        """The states that matter: all, if the route is about a challenge or an application; otherwise any one."""
        return tuple(State) if self.is_about_one else (State.DRAFT,)

    @property
    def asking(self) -> tuple[Who, ...]:
        """Who asks. Whether somebody has used a passkey matters only for what they do in a role."""
        return tuple(who for who in Who if who is not Who.UNSTEPPED or not self.is_about_one)

    @property
    def is_about_one(self) -> bool:
        """Whether it is about a challenge, or about an application to it."""
        return bool({"application", "slug"} & {*re.findall(r"\w+", self.path), self.guessed})

    def answer(self, who: Who, state: State) -> Answer:
        """What somebody is answered in a state."""
        cell = self.cells[who]
        return cell if isinstance(cell, Answer) else cell[state]
