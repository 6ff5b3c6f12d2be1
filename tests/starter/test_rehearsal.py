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
from desk import rehearsal
from desk.desk import Desk
from desk.player import Player
from desk.rehearsal import SUBMISSIONS, submissions
from domain.values.money import Amount, Money
from domain.values.paging import Paged
from service.connection import connect, quiet
from service.settings import Settings
from service.wiring import database_of
from store.payments.reading import Payment
from store.record.record import Notice
from tests.domain.challenges import EXPLORATION, programme
from tests.starter.commands import PROGRAMME, ROUND, Commands, write_round

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
        database = database_of(options)
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


def scheme(*stages: str) -> tuple[str, str]:
    """A programme with other stages than the usual one; each is given by its lines after its heading."""
    head = PROGRAMME.partition("[[stages]]")[0].replace('id = "brief"', 'id = "other"')
    return "other", head + "".join(f"[[stages]]\n{each}\n" for each in stages)


def stage(name: str, least: int, target: int, most: int, duration: str, pay: str = "") -> str:
    """A stage, as in a file."""
    return f"""
name = "{name}"
title = "{name.title()}"
min = {least}
target = {target}
max = {most}
decision_within = "P1D"
duration = "{duration}"
{pay}
"""


ON_EVIDENCE = """
[stages.pay]
fixed = "100.00"
vat = "added"
instalments = [
    { share = "40%", due = "evidence", evidence = "A prototype" },
    { share = "60%", due = "end" },
]
"""
"""What falls due at the very end of a challenge, and before it on evidence."""


def test_evidence_is_given_and_what_falls_due_at_the_very_end_is_waited_for(
    rehearsing: Commands, tmp_path: Path
) -> None:
    """Fails when nobody accepts evidence, or when the books are compared before the last payment is made."""
    write_round(tmp_path, {"rehearsed": 86_400 * 60}, programme=scheme(stage("trial", 1, 2, 3, "P1D", ON_EVIDENCE)))
    answer = rehearsing("rehearse", ROUND, "--day", DAY)

    assert (answer.status, answer.err) == (0, "")
    assert re.search(r"trial: evidence for instalment 1 accepted from \w+, \w+\n", answer.out)
    assert "Fixed fees: £240 in 4 instalments = £240\n" in answer.out


def test_a_prize_on_evidence_without_any_time_is_played(rehearsing: Commands, tmp_path: Path) -> None:
    prize = stage("prize", 1, 1, 1, "PT0S", ON_EVIDENCE)
    write_round(tmp_path, {"rehearsed": 86_400 * 60}, programme=scheme(prize))
    answer = rehearsing("rehearse", ROUND, "--day", DAY)

    assert (answer.status, answer.err) == (0, "")
    assert "Paid in all: £120\n" in answer.out


def test_every_challenge_gets_as_many_applications_as_its_stages_need(rehearsing: Commands, tmp_path: Path) -> None:
    """Fails when eighty applications are spread over all challenges, however many each of them needs."""
    sifting, trial = stage("sifting", 30, 30, 30, "PT0S"), stage("trial", 1, 1, 1, "PT1S")
    closing = dict.fromkeys(("one", "two", "three"), 86_400 * 60)
    write_round(tmp_path, closing, programme=scheme(sifting, trial))
    answer = rehearsing("rehearse", ROUND, "--day", DAY)

    assert (answer.status, answer.err) == (0, "")
    assert answer.out.count("30 applications taken, 3 refused as late") == 3
    assert answer.out.count("ended: completed\n") == 3


@pytest.mark.parametrize(
    ("challenges", "least", "in_time", "late"),
    [(6, 3, {12, 13}, {1}), (1, 3, {70}, {10}), (14, 6, {7}, {1}), (81, 3, {4}, {1}), (300, 1, {2}, {1})],
)
def test_a_rehearsal_hands_in_enough_however_many_challenges_there_are(
    challenges: int, least: int, in_time: set[int], late: set[int]
) -> None:
    rules = programme(EXPLORATION.model_copy(update={"min": least, "target": least, "max": least}))
    handed_in = submissions(challenges, rules)
    assert len(handed_in) == challenges
    assert ({each for each, _ in handed_in}, {each for _, each in handed_in}) == (in_time, late)
    assert challenges != 6 or sum(map(sum, handed_in)) == SUBMISSIONS


def test_days_that_are_too_short_for_the_machine_are_said_to_be_so(rehearsing: Commands, tmp_path: Path) -> None:
    """The window lasts a thousandth of a second. Fails when the rehearsal says that nobody applied."""
    write_round(tmp_path, {"rehearsed": 86_400})
    answer = rehearsing("rehearse", ROUND, "--day", "0.001")

    assert answer.status == 1
    (line,) = answer.err.splitlines()
    assert re.fullmatch(
        r"A day of 0\.001 seconds is too short for this machine: \d of 70 applications to rehearsed came in time, "
        r"and 2 are needed for Exploration\. Use a longer day, such as --day [\d.]+\. Nothing of it runs any more\.",
        line,
    )


def test_what_a_rehearsal_still_waits_for_is_named(rehearsing: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when it only says that all challenges have ended."""

    async def nobody_pays(_: Player) -> bool:
        return False

    monkeypatch.setattr(Player, "get_paid", nobody_pays)
    monkeypatch.setattr(rehearsal, "_PATIENCE", 5.0)
    answer = rehearsing("rehearse", ROUND, "--day", DAY)

    assert answer.status == 1
    (line,) = answer.err.splitlines()
    assert re.search(
        r"^Nothing has happened for \d+ seconds: rehearsed has ended and waits for 3 payments of £\d+, such as "
        rf"{ROUND}-rehearsal-\d+/rehearsed/exploration/rehearsed-\w+/1, which is requested\. ",
        line,
    )
    assert line.endswith("Nothing of it runs any more."), "neither the challenge nor its payments"
