"""Prints the table of routes into docs/routes.md: `python tests/routes.py`."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from tests.console.access.cells import Answer, Cell, Row, State, Who  # noqa: E402
from tests.console.access.guesses import GUESSES  # noqa: E402
from tests.console.access.table import GROUPS  # noqa: E402

GUIDE = ROOT / "docs" / "routes.md"

_WHO = {
    Who.NOBODY: "somebody who is not signed in",
    Who.BROWSER: "the same, in the browser in which the team's draft was begun less than a day ago",
    Who.PERSON: "somebody who is signed in and has no part in any round",
    Who.TEAM: "the contact of the application that the address names",
    Who.OTHER: "the contact of another application to the same challenge",
    Who.WRITER: "somebody whom the team has invited to write the application",
    Who.READER: "a reader of the challenge",
    Who.DECIDER: "a decider of its sponsor",
    Who.OPERATOR: "an operator of its round",
    Who.RELEASER: "a releaser of its round",
    Who.UNSTEPPED: "an operator who has not used a passkey, where the setting `CHALLENGES_SECOND_STEP` is on",
}
_STATE = {
    State.COMING: "the window is not open yet; the application is a draft",
    State.DRAFT: "the window is open; the application is a draft",
    State.SENT: "the window is open; the application was sent",
    State.HELD: "the challenge is on hold; the application is a draft",
    State.LATE: "the window was sealed before the draft was sent",
    State.CLOSED: "the window was sealed, and the sponsor decides about the application",
    State.WORKING: "the team was selected, and the first stage runs",
    State.ASKED: "the team was selected, and the next stage asks for a further proposal",
    State.PROPOSED: "the further proposal was sent",
    State.NOT_SELECTED: "others were selected",
    State.WITHDRAWN: "the application was withdrawn in time",
    State.CANCELLED: "the challenge was cancelled after the closing",
    State.FINISHED: "the challenge is completed, and the team came through",
    State.ERASED: "the application was withdrawn, and its people were erased",
    State.REHEARSED: "the challenge is only rehearsed; the application is a draft",
}
_ANSWER = {
    Answer.SHOWN: "the page",
    Answer.LED: "another page, which is the right one at the time",
    Answer.DONE: "what the form asks for is done, or was done before",
    Answer.TOLD: "nothing is done; the form comes back and says what is wrong",
    Answer.LATE: "nothing is done, because it is too late; what was typed stays",
    Answer.NOT_NOW: "nothing is done, because it is not the time for it; what was typed stays",
    Answer.PASSED_ON: "the front lets it through, and the challenge's workflow says whether it is done",
    Answer.SIGN_IN: "the page on which people sign in, and then the page that was asked for",
    Answer.REFUSED: "nothing is done or shown, and the page says why",
    Answer.NOT_FOUND: "the same page as for an address that never was",
}

_INTRODUCTION = """\
# Who sees what, and when

This page is printed from the table in `tests/console/access/table.py` by `python tests/routes.py`. A test fails if a
route of the web front has no row here, or a row no route. Tests ask for every route, in the name of everybody, in every
state, over HTTP, and fail if an answer is another one than this page says. [Rights](rights.md) says who may do what;
this page says what comes of it.

Where a cell says *not found*, the page is the very one for an id that never was, but for the tokens of forms. If the
id is that of an application, the attempt is on the record of its challenge. Forms without their token are refused to
everybody. `POST /codec/decode`, for the pages of Temporal's UI, stands before all routes: see
[encrypted payloads](operating.md#encrypted-payloads).

A cell has the answer that holds in most states, then the states with another answer.
"""

_GUESSED = """\
## Guessed ids

Whoever guesses the id of an application finds the answers above, in the columns of those who have no part in it. These
are the other ids that somebody could guess. What belongs to somebody else looks like what never was.
"""


def _glossary(title: str, words: dict[Who, str] | dict[State, str] | dict[Answer, str]) -> str:
    rows = "\n".join(f"| *{word}* | {meaning} |" for word, meaning in words.items())
    return f"| {title} | means |\n|---|---|\n{rows}\n"


def _said(cell: Cell) -> str:
    """A cell in words: the answer in most states first."""
    if isinstance(cell, Answer):
        return cell
    (usual, _), *_ = Counter(cell.values()).most_common(1)
    others = defaultdict[Answer, list[State]](list)
    for state, answer in cell.items():
        if answer is not usual:
            others[answer].append(state)
    return "; ".join([usual, *(f"*{', '.join(states)}*: {answer}" for answer, states in others.items())])


def _columns(rows: Sequence[Row]) -> list[tuple[Who, ...]]:
    """Who is answered the same by all of these routes: they share a column. Who asks for none of them has none."""
    alike = defaultdict[tuple[str, ...], list[Who]](list)
    for who in [who for who in Who if any(who in row.asking for row in rows)]:
        alike[tuple(_said(row.cells[who]) for row in rows)].append(who)
    return [tuple(each) for each in alike.values()]


def _table(rows: Sequence[Row]) -> Iterator[str]:
    columns = _columns(rows)
    heads = ["everybody"] if len(columns) == 1 else [", ".join(column) for column in columns]
    yield f"| route | what | {' | '.join(heads)} |"
    yield f"|{'---|' * (len(columns) + 2)}"
    for row in rows:
        yield f"| `{row.route}` | {row.words} | {' | '.join(_said(row.cells[column[0]]) for column in columns)} |"


def _guessed() -> str:
    """What somebody gets who guesses another id than that of an application."""
    rows = "\n".join(f"| `{each.route}` | {each.words} | {each.who} | {each.answer} |" for each in GUESSES)
    return f"{_GUESSED}\n| route | what is guessed | who guesses | answer |\n|---|---|---|---|\n{rows}\n"


def printed() -> str:
    """The page, as the table has it."""
    words = (_glossary("who", _WHO), _glossary("state", _STATE), _glossary("answer", _ANSWER))
    parts = [f"## {title}\n\n" + "\n".join(_table(rows)) + "\n" for title, rows in GROUPS.items()]
    return "\n".join([_INTRODUCTION, *words, *parts, _guessed()])


if __name__ == "__main__":
    GUIDE.write_text(printed(), encoding="utf-8")
