"""What a program gets from commands that decide or change something: one JSON document, whatever happens."""

from __future__ import annotations

import json
from typing import Any

import pytest

from commands import payments
from embedded import Service
from tests.starter.commands import FINANCE, OPERATOR, PURSE, SPONSOR, WITH_MONEY, Answer, Commands, write_round
from tests.starter.conftest import handed_in

FEN = "fen"
AS_OPERATOR = ("--as", OPERATOR, "--reason", "A test.")


def document(answer: Answer, status: int = 0) -> dict[str, Any]:
    """The object that a command printed; fails if the command printed two documents."""
    assert answer.status == status, answer
    assert (answer.err == "") is (status == 0)
    printed = json.loads(answer.out)
    assert isinstance(printed, dict)
    return printed


@pytest.fixture(scope="module")
def fen(starter: Commands, service: Service, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The teams of a challenge in exploration, and beside it a challenge that takes applications."""
    folder = tmp_path_factory.mktemp("fen")
    write_round(folder, {FEN: 1, "mire": 86_400}, FEN, programme=(PURSE, WITH_MONEY))
    teams = handed_in(service, folder, FEN, {FEN: 3})[FEN]
    assert starter("open", FEN, CHALLENGES_PROGRAMMES=str(folder)).status == 0
    starter.waits_for("mire", "applications")
    starter.waits_for(FEN, "selection for exploration")
    starter.declares_none(FEN, SPONSOR)
    selected = document(starter("select", FEN, "exploration", *teams[:2], "--as", SPONSOR, "--id", "ours", "--json"))
    assert selected.keys() == {"answer", "decision_id"}
    assert all(team in selected["answer"] for team in teams[:2])
    assert selected["decision_id"] == "ours"
    return teams


@pytest.mark.parametrize(
    "words",
    [
        ("hold", "mire", *AS_OPERATOR),
        ("resume", "mire", *AS_OPERATOR),
        ("answer", "mire", "--question", "When?", "--answer", "Soon.", "--as", SPONSOR),
        ("cancel", "mire", *AS_OPERATOR),
    ],
    ids=lambda words: words[0],
)
def test_a_decision_is_answered_in_the_same_words_and_with_its_id(
    starter: Commands, fen: list[str], words: tuple[str, ...]
) -> None:
    """In the order of the rows. A decision that is sent again gets the same answer."""
    programs = document(starter(*words, "--json"))
    people = starter(*words, "--id", programs["decision_id"])

    assert (people.status, people.out) == (0, f"{programs['answer']}\n")


def test_a_decision_that_is_refused_is_one_document(starter: Commands, fen: list[str]) -> None:
    words = ("extend", "mire", "--closes", "2001-01-01", *AS_OPERATOR)
    people, programs = starter(*words), starter(*words, "--json")

    refusal = document(programs, status=1)["refused"]
    assert (people.status, people.out, people.err) == (1, "", programs.err)
    assert programs.err == f"{refusal['text']}\n"
    assert refusal.keys() == {"code", "text", "problems"}


def test_whatever_else_changes_something_says_so_in_one_document(starter: Commands, fen: list[str]) -> None:
    told = ("feedback", FEN, "exploration", fen[2], "--text", "-", "--as", SPONSOR, "--json")
    assert fen[2] in document(starter(*told, text="Well done."))["answer"]
    tried = document(starter("retry", FEN, "--json"))
    assert tried["answer"].startswith("Trying again: ")
    assert f"{FEN}/{FEN}" in document(starter("renew", FEN, "--json"))["renewed"]
    notice = document(starter("notices", "resend", f"stage-started/{fen[0]}", "--as", OPERATOR, "--json"), status=1)
    assert notice["refused"]["code"] == "not-sent-again"
    assert document(starter("submit", "--as", FINANCE, "--json"), status=1)["refused"]["code"] == "file-refused"


def test_payments_are_released_or_refused_each_on_its_own_in_one_document(
    starter: Commands, fen: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when two payments are two documents, when a refused one hides the one that was released, and when the
    command asks somebody at the terminal, because the question would stand in the document."""
    monkeypatch.setattr(payments, "somebody_is_there", lambda: True)
    first, second = starter.ordered(FEN, 2)
    details = ("--holder", "Tay", "--sort-code", "60-16-13", "--account", "31926819")
    given = document(starter("payee", FEN, first.split("/")[3], *details, "--as", OPERATOR, "--json"))
    assert given["answer"].endswith(given["masked"])
    starter.until_payment(first, "payee known")
    unknown = f"{FEN}/{FEN}/exploration/{fen[2]}/1"

    answer = starter("release", second, first, unknown, "--as", FINANCE, "--json")
    told = {each.pop("payment"): each for each in document(answer, status=1)["payments"]}

    assert told.keys() == {first, second, unknown}
    assert told[first].keys() == {"answer", "decision_id", "warnings"}
    assert told[unknown]["refused"]["code"] == "unknown-payment"
    assert told[second]["refused"]["text"] in answer.err
    assert starter.until_payment(first, "settled")

    words = ("return", first, "--as", FINANCE, "--reason", "Closed.", "--json")
    assert document(starter(*words))["payment"] == first
    assert document(starter("cancel-payment", second, *words[2:]))["payment"] == second


def test_a_command_used_wrongly_prints_no_document(starter: Commands, fen: list[str]) -> None:
    answer = starter("undo-return", f"{FEN}/{FEN}/exploration/{fen[0]}/1", "--as", FINANCE, "--reason", "x", "--json")
    assert (answer.status, answer.out) == (2, "")
    assert answer.err
