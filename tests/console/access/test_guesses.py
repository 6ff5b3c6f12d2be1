"""Whoever guesses an id sees nothing of others, and the attempt is on the record; no sign-in of others ends."""

from __future__ import annotations

import httpx2
import pytest

from identity.sessions import Sessions
from tests.console.access.cells import State, Who
from tests.console.access.guesses import GUESSES, Guess
from tests.console.access.table import ROWS
from tests.console.access.trying import answered, ask, looks
from tests.console.access.world import MAILBOXES, World

NAMES = [f"{guess.route} {guess.parameter} by {guess.who}" for guess in GUESSES]


@pytest.mark.parametrize("guess", GUESSES, ids=NAMES)
def test_what_is_guessed_looks_like_what_never_was(there: World, guess: Guess) -> None:
    nothing = _guess(there, guess, guess.never)
    assert answered(guess.row, nothing) is guess.answer
    if guess.of_others is not None:
        id_, before = guess.of_others(there), there.refusals()
        theirs = _guess(there, guess, id_)
        assert looks(theirs, id_) == looks(nothing, guess.never)
        assert there.refusals() - before == (1 if guess.is_noted else 0)
    there.restore()


def _guess(there: World, guess: Guess, id_: str) -> httpx2.Response:
    state = State.ASKED if "{stage}" in guess.route else State.DRAFT
    guessed = {guess.parameter: id_}
    if f"{{{guess.parameter}" in guess.route:
        return ask(there, guess.row, guess.who, state, fields={}, token=True, **guessed)
    return ask(there, guess.row, guess.who, state, fields=guessed)


def test_nobody_ends_the_sign_in_of_another_nor_all_of_their_own_by_an_empty_id(there: World) -> None:
    row = next(row for row in ROWS if row.route == "POST /signed-in/end")
    sessions = Sessions(there.database, there.front.clock)
    before = {who: [each.id for each in sessions.of(mailbox)] for who, mailbox in MAILBOXES.items()}

    for id_ in ("", there.sessions[Who.TEAM]):
        assert ask(there, row, Who.OTHER, State.DRAFT, fields={"id": id_}).status_code == 303

    assert {who: [each.id for each in sessions.of(mailbox)] for who, mailbox in MAILBOXES.items()} == before
