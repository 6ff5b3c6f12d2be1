"""Decisions that came in somebody's name: the page on which they look at them, and confirm or drop them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from desk.confirmations import Confirmations
from domain.identity.proof import Way
from domain.permissions import Actor
from domain.values.refusals import NotConfirmed, TooLate
from store.identity.unconfirmed import MOST_IN_A_NAME
from store.record.record import read_record
from tests.console.fronting import Fronted, Visitor, fronting
from tests.store.said import AIR
from tests.store.test_unconfirmed import come, hold, waiting

Visit = Callable[..., Visitor]
OLIVIA, SAM = "olivia@scheme.example", "sam@sepa.example"
EVIL = "<script>alert(1)</script> See https://evil.example"


def sent(front: Fronted, **what: str) -> str:
    """The id of a decision that came in Olivia's name."""
    come(front.database, hold(**what))
    return waiting(front.database)[-1].id


def test_the_person_whom_it_names_sees_all_that_it_says_and_nobody_else_does(front: Fronted, visit: Visit) -> None:
    id_ = sent(front, reason=EVIL)
    olivia, sam, ann = visit(), visit(), visit()
    for visitor, mailbox in ((olivia, OLIVIA), (sam, SAM), (ann, "ann@nowhere.example")):
        visitor.sign_in(mailbox)
    page = olivia.get("/decisions").text
    assert f"<h2>hold: {AIR}</h2>" in page
    assert id_ in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; See https://evil.example" in page
    assert 'href="https://evil' not in page
    for visitor in (sam, ann):
        answer = visitor.get("/decisions")
        assert (answer.status_code, "No decision waits for you." in answer.text) == (200, True)
        for what in ("confirm", "drop"):
            refused = visitor.post(f"/decisions/{what}", _fields(visitor, id=id_, reason="Not mine."))
            nothing = visitor.post(f"/decisions/{what}", _fields(visitor, id="none", reason="Not mine."))
            assert (refused.status_code, _shown(refused)) == (404, _shown(nothing))
    assert len(waiting(front.database)) == 1


def _shown(answer: httpx2.Response) -> str:
    return re.sub(r'name="token" value="[^"]+"', "", answer.text)


def _fields(visitor: Visitor, **fields: str) -> dict[str, str]:
    return {"token": visitor.token("/account"), **fields}


def test_a_decision_is_confirmed_with_the_proof_of_the_session(
    front: Fronted, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []

    async def confirm(_: Confirmations, actor: Actor, id_: str) -> str:
        asked.append((actor.name, actor.proof.way, id_))
        return "air-quality is on hold"

    monkeypatch.setattr(Confirmations, "confirm", confirm)
    olivia = visit()
    olivia.sign_in(OLIVIA)
    id_ = sent(front)
    answer = olivia.fill_in("/decisions", "/decisions/confirm", id=id_)
    assert (answer.status_code, "air-quality is on hold." in answer.text) == (200, True)
    assert asked == [(OLIVIA, Way.LINK, id_)]


@pytest.mark.parametrize(("refusal", "status"), [(TooLate("It has ended."), 409), (NotConfirmed("Nobody knows."), 504)])
def test_what_a_rule_refuses_is_said_and_goes_on_waiting(
    front: Fronted, visit: Visit, monkeypatch: pytest.MonkeyPatch, refusal: Exception, status: int
) -> None:
    async def confirm(*_: object) -> str:
        raise refusal

    monkeypatch.setattr(Confirmations, "_send", confirm)
    olivia = visit()
    olivia.sign_in(OLIVIA)
    answer = olivia.fill_in("/decisions", "/decisions/confirm", id=sent(front))
    assert (answer.status_code, str(refusal) in answer.text) == (status, True)
    assert len(waiting(front.database)) == 1


def test_while_temporal_is_away_the_visitor_is_told_so(front: Fronted, visit: Visit) -> None:
    olivia = visit()
    olivia.sign_in(OLIVIA)
    answer = olivia.fill_in("/decisions", "/decisions/confirm", id=sent(front))
    assert (answer.status_code, "was not saved" in answer.text) == (503, True)


def test_to_drop_a_decision_needs_a_reason_and_then_it_is_on_the_record(front: Fronted, visit: Visit) -> None:
    olivia = visit()
    olivia.sign_in(OLIVIA)
    id_ = sent(front)
    without = olivia.fill_in("/decisions", "/decisions/drop", id=id_, reason=" ")
    assert without.status_code == 422
    assert f'<a href="#reason-{id_}">To drop a decision needs a reason' in without.text
    dropped = olivia.fill_in("/decisions", "/decisions/drop", id=id_, reason="I sent nothing.")
    assert (dropped.status_code, "<h1>Dropped</h1>" in dropped.text) == (200, True)
    line = read_record(front.database, AIR)[-1]
    assert (line.by, line.reason, line.proof) == ("olivia", "I sent nothing.", "link")
    assert waiting(front.database) == []


def test_whoever_confirms_uses_their_passkey_where_the_settings_ask_for_it(people: Any, clock: Any) -> None:
    """Fails where whoever reads the mailbox of an operator sends a signal by hand, and then confirms it."""
    with fronting(people, clock, second_step=True) as front:
        olivia = Visitor(front)
        olivia.sign_in(OLIVIA)
        answer = olivia.fill_in("/decisions", "/decisions/confirm", id=sent(front))
        assert (answer.status_code, "use your passkey" in answer.text) == (403, True)
        assert 'href="/passkeys/use?wanted=%2Fdecisions"' in answer.text
        olivia.close()


def test_all_that_waits_is_on_the_page_and_a_place_that_is_none_is_refused(front: Fronted, visit: Visit) -> None:
    for number in range(MOST_IN_A_NAME):
        sent(front, id=str(number))
    olivia = visit()
    olivia.sign_in(OLIVIA)
    page = olivia.get("/decisions").text
    assert page.count(f"<h2>hold: {AIR}</h2>") == MOST_IN_A_NAME
    assert olivia.get("/decisions?after=nonsense").status_code == 422
