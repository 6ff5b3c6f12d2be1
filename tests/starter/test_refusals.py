"""What a program gets when a command is refused: the code, the words and every field that is wrong, as JSON."""

from __future__ import annotations

import json

import pytest

from tests.starter.commands import SPONSOR, Commands


def refusal_of(starter: Commands, *words: str, **given: str) -> dict[str, object]:
    """What is printed with --json. People read the same as ever: a line for each fault of an application."""
    answer = starter(*words, "--json", **given)
    shown = json.loads(answer.out)
    assert list(shown) == ["refused"]
    refused = shown["refused"]
    told = [refused["text"]]
    if refused["code"] == "application-refused" and refused["problems"]:
        told = [each["text"] for each in refused["problems"]]
    assert (answer.status, answer.err.splitlines()) == (1, told)
    return dict(refused)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["status", "brigde"], "unknown-challenge"),
        (["plan", "fare"], "unknown-round"),
        (["applications", "bridge"], "window-not-sealed"),
        (["notices", "show", "nothing"], "unknown-notice"),
    ],
    ids=lambda each: each if isinstance(each, str) else " ".join(each),
)
def test_with_json_a_refusal_is_json_too(
    starter: Commands, teams: dict[str, list[str]], words: list[str], code: str
) -> None:
    refused = refusal_of(starter, *words)
    assert (refused["code"], refused["problems"]) == (code, [])


def test_without_json_the_next_refusal_is_its_line_alone(starter: Commands, teams: dict[str, list[str]]) -> None:
    """Fails when a command remembers what the one before it was given."""
    refusal_of(starter, "status", "brigde")
    answer = starter("status", "brigde")
    assert answer.out == ""
    assert "brigde" in answer.err


def test_whoever_looks_where_a_challenge_is_leaves_no_refusal(starter: Commands, teams: dict[str, list[str]]) -> None:
    """Fails when the command asks for payments on behalf of somebody who may not read them."""
    before = starter("record", "bridge").out
    assert starter("status", "bridge").status == 0
    assert starter("record", "bridge").out == before


def test_what_cannot_be_read_is_refused_as_json_as_well(starter: Commands, teams: dict[str, list[str]]) -> None:
    words = ["--organisation", "Tay", "--email", "tay@company.example", "--proposal", "nowhere.txt"]
    refused = refusal_of(starter, "apply", "bridge", *words)
    assert refused["code"] == "file-refused"


def test_a_setting_that_cannot_be_used_is_refused_as_json_as_well(starter: Commands) -> None:
    refused = refusal_of(starter, "status", CHALLENGES_THREADS="many")
    assert refused["code"] == "file-refused"


def test_an_application_with_three_faults_names_three(starter: Commands, teams: dict[str, list[str]]) -> None:
    words = ["--organisation", " ", "--email", "nowhere", "--proposal", "-"]
    refused = refusal_of(starter, "apply", "bridge", *words, text="\n")
    problems = refused["problems"]
    assert isinstance(problems, list)
    assert [each["field"] for each in problems] == ["organisation", "email", "proposal"]
    assert refused["text"] == " ".join(each["text"] for each in problems)


def test_a_selection_with_faults_of_three_kinds_names_all_of_them(starter: Commands, closed: list[str]) -> None:
    """Fails when a sponsor mends one fault only to be told the next, or when problems are lost on the way."""
    refused = refusal_of(starter, "select", "market", "exploration", *closed, closed[0], "--as", SPONSOR)
    problems = refused["problems"]
    assert isinstance(problems, list)
    assert refused["code"] == "named-twice"
    assert [each["field"] for each in problems] == ["teams", "teams", "reason"]
    assert refused["text"] == " ".join(each["text"] for each in problems)
