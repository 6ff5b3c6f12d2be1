"""A team gives its bank details, and an application is withdrawn, on pages that say first what this means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from desk.challenges import Challenges
from desk.payments import PayeeTaken, Payments
from domain.payments.bank_account import read_account
from domain.permissions import Actor
from store.record.record import read_record
from tests.console.fronting import Fronted, Visitor
from tests.console.test_following import BREATHE, LATER, SMELL, with_snapshot
from tests.store.paying import give_payee
from tests.store.said import AIR, CLOSES, applied, seal

Visit = Callable[..., Visitor]
GOOD = {"holder": "Breathe Ltd", "sort_code": "60-16-13", "number": "31926819"}


@pytest.fixture
def team(front: Fronted) -> str:
    """A team of exploration, with its contact's address."""
    front.clock.now = CLOSES.subtract(hours=1)
    team = applied(front.database)
    applied(front.database, "Smell Ltd")
    seal(front.database, AIR, CLOSES)
    with_snapshot(front.database, "running", team, stage="exploration")
    front.clock.now = LATER.add(hours=1)
    return team


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, Mapping[str, str]]]:
    """What came to the desk, which reads it and keeps nothing, because no Temporal is there."""
    came: list[tuple[str, str, Mapping[str, str]]] = []

    async def give_payee(_: Payments, actor: Actor, challenge: str, team: str, said: Mapping[str, str]) -> PayeeTaken:
        account = read_account(said, "GBP")
        came.append((challenge, team, said))
        return PayeeTaken(text="Taken.", masked=account.masked)

    monkeypatch.setattr(Payments, "give_payee", give_payee)
    return came


def test_bank_details_are_given_and_shown_masked_in_their_versions(
    front: Fronted, visit: Visit, team: str, given: list[Any]
) -> None:
    breathe, page = visit(), f"/applications/{team}/bank-details"
    breathe.sign_in(BREATHE)

    answer = breathe.fill_in(page, page, **GOOD)

    assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert given == [(AIR, team, GOOD)]
    give_payee(front.database, team)
    give_payee(front.database, team, 2)
    text = breathe.get(page).text
    assert text.index("masked 1") < text.index("masked 2") < text.index("(these count)")
    assert "has to be released again" in text


def test_each_wrong_field_is_named_and_what_was_typed_stays(visit: Visit, team: str, given: list[Any]) -> None:
    breathe, page = visit(), f"/applications/{team}/bank-details"
    breathe.sign_in(BREATHE)

    answer = breathe.fill_in(page, page, holder="Breathe <b>", sort_code="12", number="34")

    assert (answer.status_code, given) == (422, [])
    for name, words in (("sort_code", "Sort code is not a sort code"), ("number", "Account number is not an account")):
        assert f'<a href="#{name}">{words}' in answer.text
        assert f'id="{name}-error-1"' in answer.text
    assert 'value="Breathe &lt;b&gt;"' in answer.text
    nobodys = breathe.fill_in(page, page, sort_code="60-16-13", number="31926819")
    assert '<a href="#holder">Name on the account is missing: write it.' in nobodys.text


def test_nobody_else_gives_or_sees_them_and_no_form_goes_without_its_token(
    visit: Visit, team: str, given: list[Any]
) -> None:
    breathe, smell, page = visit(), visit(), f"/applications/{team}/bank-details"
    breathe.sign_in(BREATHE)
    smell.sign_in(SMELL)

    assert smell.get(page).text == smell.get("/applications/none/bank-details").text
    assert smell.post(page, {"token": smell.token("/applications"), **GOOD}).status_code == 404
    assert breathe.post(page, GOOD).status_code == 403
    assert given == []


def test_a_team_leaves_once_it_has_said_why(
    front: Fronted, visit: Visit, team: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided: list[tuple[str, str, Mapping[str, object]]] = []

    async def decide(_: Challenges, actor: Actor, challenge: str, kind: str, **fields: object) -> str:
        decided.append((challenge, kind, fields))
        return "Done."

    monkeypatch.setattr(Challenges, "decide", decide)
    breathe, smell, page = visit(), visit(), f"/applications/{team}/withdraw"
    breathe.sign_in(BREATHE)
    smell.sign_in(SMELL)

    text = breathe.get(page).text
    assert "This cannot be undone." in text
    assert "first team in reserve may take its place" in text
    refused = breathe.fill_in(page, page, reason=" ")
    assert (refused.status_code, decided) == (422, [])
    assert 'href="#reason"' in refused.text
    assert smell.post(page, {"token": smell.token("/applications"), "reason": "Ha!"}).status_code == 404
    assert decided == []

    for _ in range(2):  # a double click
        answer = breathe.fill_in(page, page, reason="We merged.", id="one-and-the-same")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/applications/{team}")
    assert (
        decided
        == [
            (AIR, "withdraw", {"team": team, "reason": "We merged.", "decision_id": "one-and-the-same"}),
        ]
        * 2
    )
    assert "read-own" in {line.action for line in read_record(front.database, AIR) if line.refused}
