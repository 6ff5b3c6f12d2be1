"""Sending an application on pages: what was seen, once, and in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from domain.announcements.occasions import Occasion
from domain.challenges.application import Receipt
from store.challenges import sending
from store.database import tables
from store.record.notices import read_notices
from tests.console.fronting import Fronted, Visitor, path_of
from tests.console.test_writing import (  # noqa: F401
    ANN,
    ANSWERS,
    BEGIN,
    begin,
    clock,
    front,
    hidden,
    rows,
    send,
    send_long,
)
from tests.identity.conftest import Clock
from tests.store.conftest import form_round  # noqa: F401
from tests.store.said import CLOSES, OPENS


def test_what_changed_since_the_check_is_not_sent(front: Fronted, visit: Callable[..., Visitor]) -> None:  # noqa: F811
    ann = visit()
    draft = begin(ann)
    fields = hidden(ann.get(f"{draft}/check").text)
    section = hidden(ann.get(f"{draft}/sections/1").text)
    send_long(ann, f"{draft}/sections/1", {**section, **ANSWERS, "q-idea": "Changed"})

    answer = ann.post(f"{draft}/send", fields)

    assert answer.status_code == 409
    assert '<a href="#q-idea">“Your idea” was changed since this page was shown' in answer.text
    assert 'id="q-idea"' in answer.text
    assert "“In short” was changed" not in answer.text
    assert rows(front.database) == []
    assert path_of(ann.post(f"{draft}/send", hidden(answer.text))) == f"{draft}/receipt"
    assert "Changed" in rows(front.database)[0][1]


def test_what_somebody_else_saves_at_the_very_moment_of_sending_is_not_sent_unseen(
    front: Fronted,  # noqa: F811
    visit: Callable[..., Visitor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fails where the answers are compared before the draft is locked, and sent after that."""
    ann, bob = visit(), visit()
    draft = begin(ann)
    ann.sign_in(ANN)
    bob.sign_in(ANN)
    theirs = {**hidden(bob.get(f"{draft}/sections/1").text), "question": "q-idea", "q-idea": "Trams, said Bob"}
    fields = hidden(ann.get(f"{draft}/check").text)
    store, times = sending.send, list[str]()

    def comes_second(*args: Any) -> Receipt:
        if not times:
            times.append(send_long(bob, f"{draft}/answers", theirs).json()["time"])
        return store(*args)

    monkeypatch.setattr(sending, "send", comes_second)
    answer = ann.post(f"{draft}/send", fields)

    assert (answer.status_code, len(times)) == (409, 1)
    assert "“Your idea” was changed since this page was shown" in answer.text
    assert "Trams, said Bob" in answer.text
    assert rows(front.database) == []
    assert path_of(ann.post(f"{draft}/send", hidden(answer.text))) == f"{draft}/receipt"
    assert [path_of(ann.post(f"{draft}/send", hidden(answer.text))) for _ in range(2)] == [f"{draft}/receipt"] * 2
    assert ["Trams, said Bob" in answers for _, answers, _ in rows(front.database)] == [True]


def test_whoever_comes_a_moment_too_late_is_told_by_how_much_and_keeps_the_text(
    front: Fronted,  # noqa: F811
    visit: Callable[..., Visitor],
    clock: Clock,  # noqa: F811
) -> None:
    """Invariants 2 and 11: at the closing instant nothing is taken, and a save still is."""
    ann = visit()
    clock.now = CLOSES.subtract(seconds=30)
    draft = begin(ann)
    fields, section = hidden(ann.get(f"{draft}/check").text), hidden(ann.get(f"{draft}/sections/1").text)
    clock.now = CLOSES.add(seconds=3)

    answer = ann.post(f"{draft}/send", fields)

    assert answer.status_code == 409
    assert "You sent it 3 seconds after that" in answer.text
    assert rows(front.database) == []
    assert send_long(ann, f"{draft}/sections/1", {**section, **ANSWERS, "q-idea": "Later"}).status_code == 303
    assert "Later" in ann.get(f"{draft}/check").text


def test_a_page_that_is_sent_twice_begins_one_draft_and_sends_one_application(
    front: Fronted,  # noqa: F811
    visit: Callable[..., Visitor],
) -> None:
    """Fails where a reload, a double click or the back button makes a second one."""
    ann = visit()
    fields = {**hidden(ann.get(BEGIN).text), "organisation": "Breathe Ltd", "email": ANN, **ANSWERS}
    first, second = (send_long(ann, BEGIN, fields) for _ in range(2))
    assert path_of(first) == path_of(second)
    draft = "/".join(path_of(first).split("/")[:3])
    fields = hidden(ann.get(f"{draft}/check").text)

    answers = [ann.post(f"{draft}/send", fields) for _ in range(2)]

    assert [path_of(each) for each in answers] == [f"{draft}/receipt"] * 2
    assert len(rows(front.database)) == 1
    assert [each.occasion for each in read_notices(front.database)].count(Occasion.APPLICATION_RECEIVED) == 1


@pytest.mark.parametrize(
    ("held", "since_opening", "says"),
    [(False, -60, "You can send once applications are taken."), (True, 60, "You can send once the challenge goes on.")],
)
def test_nobody_is_shown_a_button_that_cannot_send(
    front: Fronted,  # noqa: F811
    visit: Callable[..., Visitor],
    clock: Clock,  # noqa: F811
    held: bool,
    since_opening: int,
    says: str,
) -> None:
    """Fails when the check page offers to send what would be refused."""
    ann = visit()
    draft = begin(ann)
    assert f'action="{draft}/send"' in ann.get(f"{draft}/check").text
    with front.database.writing() as connection:
        connection.execute(update(tables.windows).values(held=held))
    clock.now = OPENS.add(minutes=since_opening)
    page = ann.get(f"{draft}/check").text
    assert (says in page, f'action="{draft}/send"' in page) == (True, False)
