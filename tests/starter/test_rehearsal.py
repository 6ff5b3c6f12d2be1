"""A rehearsal ends well only if the books are as the programme says."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from commands import options
from desk.desk import Desk
from domain.permissions import Actor
from domain.values.money import Amount, Money
from domain.values.paging import Paged
from service.connection import connect, quiet
from service.settings import Settings
from store.database.database import Database
from store.payments.reading import Payment
from store.record.record import Notice
from tests.starter.commands import ROUND, Commands, write_round

DAY = "0.1"
"""Seconds: the window of the round is sixty days, so that most applications are in time, however busy the machine."""


@pytest.fixture
def rehearsing(starter: Commands, tmp_path: Path) -> Commands:
    """Commands with a round of one challenge."""
    write_round(tmp_path, {"rehearsed": 86_400 * 60})
    return Commands(starter.environment | {"CHALLENGES_PROGRAMMES": str(tmp_path)})


def behind_the_desk(monkeypatch: pytest.MonkeyPatch, **instead: Callable[..., Any]) -> None:
    """Has the command line's desk answer otherwise."""

    @asynccontextmanager
    async def open_desk(options: Settings, *, only_files: bool = False) -> AsyncIterator[Desk]:
        database = Database(options.database_url)
        desk = Desk(options, database, lambda: connect(quiet()))
        for name, answer in instead.items():
            subject, method = getattr(desk, name), "decide" if name == "challenges" else "list"
            setattr(subject, method, answer(getattr(subject, method)))
        yield desk
        desk.close()
        database.close()

    monkeypatch.setattr(options, "open_desk", open_desk)


def test_a_rehearsal_ends_with_the_books_and_status_0(rehearsing: Commands) -> None:
    answer = rehearsing("rehearse", ROUND, "--day", DAY)

    assert (answer.status, answer.err) == (0, "")
    ((*sent, notices),) = re.findall(
        r"^(\d+) applications received, (\d+) refused as too late, (\d+) notices written\.$", answer.out, re.MULTILINE
    )
    assert sum(map(int, sent)) == 80
    assert int(notices) > 80
    assert "notices sent" not in answer.out, "those of a rehearsal never leave"
    assert "Fixed fees: 2 × £100 = £200" in answer.out
    assert " s  rehearsed          ended: completed" in answer.out


def a_payment_twice(payments: Callable[..., Any]) -> Callable[..., Any]:
    """The ledger with a payment that is made made twice."""

    async def answer(*of: Any) -> Paged[Payment]:
        page: Paged[Payment] = await payments(*of)
        return page.model_copy(update={"items": (*page.items, *[each for each in page.items if each.settled][:1])})

    return answer


def another_amount(payments: Callable[..., Any]) -> Callable[..., Any]:
    """The ledger with a penny more in the first payment, once that is made."""

    async def answer(*of: Any) -> Paged[Payment]:
        page: Paged[Payment] = await payments(*of)
        if not page.items or not page.items[0].settled:
            return page
        first, *others = page.items
        more = Amount(net=Money(first.amount.net.pence + 1), vat=first.amount.vat)
        return page.model_copy(update={"items": (first.model_copy(update={"amount": more}), *others)})

    return answer


def no_payment_told(notices: Callable[..., Any]) -> Callable[..., Any]:
    """The notices without those of payments."""

    async def answer(*of: Any) -> Paged[Notice]:
        page: Paged[Notice] = await notices(*of)
        others = tuple(each for each in page.items if each.occasion != "payment-sent")
        return page.model_copy(update={"items": others})

    return answer


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            {"payments": a_payment_twice},
            ["was paid but is not due", "£300 was paid in fixed fees, but £200 was planned"],
        ),
        (
            {"payments": another_amount, "notices": no_payment_told},
            [
                "£100 for exploration, instalment 1, is due but was not paid",
                "£100.01",
                "0 notices of payment-sent were sent",
            ],
        ),
    ],
    ids=["paid twice", "another amount and nobody told"],
)
def test_books_that_differ_from_the_programme_fail_the_rehearsal(
    rehearsing: Commands, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Callable[..., Any]], says: list[str]
) -> None:
    behind_the_desk(monkeypatch, **wrong)
    answer = rehearsing("rehearse", ROUND, "--day", DAY, "--json")

    assert answer.status == 1
    assert all(line.startswith("Differs from the programme: ") for line in answer.err.splitlines())
    assert all(each in answer.err for each in says), answer.err
    assert json.loads(answer.out)["differences"]


def test_a_part_that_cannot_be_played_ends_the_rehearsal_with_one_line(
    rehearsing: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_a_stranger(decide: Callable[..., Any]) -> Callable[..., Any]:
        return lambda actor, challenge, kind, **fields: decide(Actor(name="stranger"), challenge, kind, **fields)

    behind_the_desk(monkeypatch, challenges=by_a_stranger)
    answer = rehearsing("rehearse", ROUND, "--day", DAY)

    assert answer.status == 1
    assert answer.err.count("\n") == 1
    assert answer.err.startswith("The rehearsal stopped at rehearsed: stranger may not select teams for")
