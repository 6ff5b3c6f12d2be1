"""What somebody gets who guesses an id, other than that of an application: the rows of the table try that one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.console.access.cells import Answer, Row, State, Who
from tests.console.access.table import ROWS
from tests.console.access.world import MAILBOXES, NEVER, World

_ONE = "/applications/{application}"
_STAGE = f"{_ONE}/stages/{{stage}}"
_FILE = "/files/{question}/{attachment}"
_EVIDENCE = f"{_ONE}/evidence/{{stage}}/{{number:int}}"


class Guess(NamedTuple):
    """An id that somebody guesses.

    Args:
        route: where.
        words: what the id is of.
        who: guesses.
        parameter: of the address, or a field of the form, that has the id.
        answer: what they get.
        of_others: an id of something that there is and that is not theirs; None if there is no such thing.
        is_noted: whether the attempt on what there is, is on the record.
        never: an id of nothing.
    """

    route: str
    words: str
    who: Who
    parameter: str
    answer: Answer = Answer.NOT_FOUND
    of_others: Callable[[World], str] | None = None
    is_noted: bool = False
    never: str = NEVER

    @property
    def row(self) -> Row:
        """The row of the route."""
        return next(row for row in ROWS if row.route == self.route)


def _attachment(world: World) -> str:
    return world.others[State.DRAFT].attachment


def _letter(world: World) -> str:
    return world.others[State.DRAFT].letter


def _rehearsed(world: World) -> str:
    return world.challenge(State.REHEARSED)


_FILES = "a file of another application, under one's own"
_NO_STAGE = "a stage that asks for nothing"
GUESSES = (
    Guess(f"GET {_ONE}{_FILE}", _FILES, Who.TEAM, "attachment", of_others=_attachment, is_noted=True),
    Guess(f"POST {_ONE}{_FILE}/remove", _FILES, Who.TEAM, "attachment", of_others=_attachment, is_noted=True),
    Guess(f"GET {_ONE}{_FILE}", _FILES, Who.BROWSER, "attachment", of_others=_attachment, is_noted=True),
    Guess(
        *(f"GET {_ONE}/letters/{{key:path}}", "a letter to another application, under one's own", Who.TEAM, "key"),
        of_others=_letter,
        is_noted=True,
    ),
    Guess(f"GET {_EVIDENCE}", "a stage that it is not in", Who.TEAM, "stage", never="accelerator", is_noted=True),
    Guess(f"POST {_EVIDENCE}", "an instalment that there is not", Who.TEAM, "number", never="7", is_noted=True),
    Guess(f"GET {_EVIDENCE}", "what a team shows", Who.WRITER, "stage"),
    Guess(
        *(f"GET {_EVIDENCE}/{{attachment}}", "a file of an application, as evidence", Who.TEAM, "attachment"),
        of_others=_attachment,
        is_noted=True,
    ),
    Guess(
        *(f"GET {_STAGE}{_FILE}", "a file of evidence, as one of the further proposal", Who.WRITER, "attachment"),
        of_others=lambda world: world.applications[State.ASKED].evidence,
        is_noted=True,
    ),
    Guess(
        *(f"POST {_ONE}/copy", "a challenge that is only rehearsed, to copy into", Who.TEAM, "challenge"),
        of_others=_rehearsed,
    ),
    Guess(
        *(f"POST {_ONE}/writers/take-away", "somebody who does not write it", Who.TEAM, "id", Answer.DONE),
        of_others=lambda _: MAILBOXES[Who.OTHER],
        never="never@nowhere.example",
    ),
    Guess(f"GET {_ONE}/files/{{question}}", "a question that takes no files", Who.TEAM, "question", never="idea"),
    Guess(f"GET {_ONE}/sections/{{number:int}}", "a section that the form lacks", Who.TEAM, "number", never="99"),
    Guess(f"POST {_ONE}/sections/{{number:int}}", "a section that the form lacks", Who.TEAM, "number", never="99"),
    Guess(f"GET {_STAGE}/write", _NO_STAGE, Who.TEAM, "stage", never="exploration"),
    Guess(f"GET {_STAGE}/write", _NO_STAGE, Who.WRITER, "stage"),
    Guess(f"POST {_STAGE}/send", _NO_STAGE, Who.TEAM, "stage"),
    Guess("GET /link/{secret}", "a link", Who.NOBODY, "secret", Answer.REFUSED),
    Guess("POST /link", "a link", Who.NOBODY, "secret", Answer.REFUSED),
    Guess("GET /calendar/{secret}.ics", "the address of a calendar", Who.NOBODY, "secret"),
    Guess("GET /static/{name}", "a file", Who.NOBODY, "name"),
)
"""Who guesses what, and what they get."""
