"""Drafts on the command line: begun, saved by two at once, taken up as a file, sent, changed, and refused when late."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.starter.commands import Commands, one_line, write_round
from tests.starter.test_forms import ASKING

TAY = "tay@tay.example"
MARKER = "Zanzibar"


@pytest.fixture(scope="module")
def open_round(starter: Commands, teams: dict[str, list[str]]) -> str:
    """A round whose applications answer a form, opened, with two challenges."""
    folder = Path(starter.environment["CHALLENGES_PROGRAMMES"])
    write_round(folder, {"weir": 86_400, "lock": 86_400}, "draft-round", programme=("asking", ASKING))
    assert starter("open", "draft-round").status == 0
    return "draft-round"


@pytest.fixture
def draft(starter: Commands, open_round: str) -> str:
    """The id of a new draft for the challenge "weir"."""
    return str(starter.data("draft", "weir", "--organisation", "Tay", "--email", TAY)["application"])


def saved(starter: Commands, draft: str, question: str, answer: str, on: int = 0) -> Any:
    """What became of an answer that was saved."""
    (done,) = starter.data("save", draft, question, "--answer", answer, "--on", str(on), "--as", TAY)
    return done


def test_a_draft_is_begun_saved_looked_at_sent_and_changed(starter: Commands, draft: str) -> None:
    for question, answer in (("number", "0123"), ("alone", "yes"), ("idea", "Boats")):
        assert saved(starter, draft, question, answer)["other"] is None
    shown = starter("drafts", draft, "--as", TAY)
    assert shown.status == 0
    assert "The draft is complete." in shown.out
    assert "What is your idea? (idea, version 1)" in shown.out

    receipt = starter.data("send", draft, "--as", TAY)
    assert (receipt["application"], receipt["version"]) == (draft, 1)
    saved(starter, draft, "idea", "Rafts", 1)
    assert "It has changed since then, and the change is not sent." in starter("drafts", draft, "--as", TAY).out
    assert "takes the place of what you sent before" in starter("send", draft, "--as", TAY).out
    assert "already here" in starter("send", draft, "--as", TAY).out
    assert draft in [row["application"] for row in starter.data("drafts", "--as", TAY) if row["sent_at"]]


def test_the_second_of_two_is_shown_both_texts_and_ends_with_status_1(starter: Commands, draft: str) -> None:
    saved(starter, draft, "idea", "Boats")
    saved(starter, draft, "idea", "Boats and rafts", 1)
    met = starter("save", draft, "idea", "--answer", "Boats and kites", "--on", "1", "--as", TAY)
    assert met.status == 1
    assert "save them with --on 2" in met.out
    assert "Boats and rafts" in met.out
    assert "Boats and kites" in met.out
    history = starter("drafts", draft, "--question", "idea", "--as", TAY)
    assert [text in history.out for text in ("Boats\n", "Boats and rafts", "Boats and kites")] == [True] * 3
    assert saved(starter, draft, "idea", "Boats, rafts and kites", 2)["other"] is None


def test_a_draft_is_taken_up_as_a_file_edited_and_saved(starter: Commands, draft: str, tmp_path: Path) -> None:
    saved(starter, draft, "idea", 'Boats "and"\n  rafts')
    file = tmp_path / "answers.toml"
    printed = starter("drafts", draft, "--to-edit", "--as", TAY).out
    assert "idea = 1" in printed
    file.write_text(printed.replace('rafts"""', 'kites"""').replace('number = ""', 'number = "77"'), encoding="utf-8")
    done = starter.data("save", draft, "--answers", str(file), "--as", TAY)
    assert sorted(each["yours"]["question"] for each in done) == ["idea", "number"]
    answers = {each["question"]: each["answer"] for each in starter.data("drafts", draft, "--as", TAY)["answers"]}
    assert answers == {"idea": 'Boats "and"\n  kites', "number": "77"}

    again = starter.data("save", draft, "--answers", str(file), "--as", TAY)
    assert [each["yours"] for each in again] == [each["yours"] for each in done]
    file.write_text(printed.replace('rafts"""', 'oars"""'), encoding="utf-8")
    assert starter("save", draft, "--answers", str(file), "--as", TAY).status == 1
    refused = starter("apply", "weir", "--answers", str(file))
    assert "this is the file of a draft: keep it with `save`" in one_line(refused)


def test_what_is_wrong_is_kept_and_shown_and_refused_when_it_is_sent(starter: Commands, draft: str) -> None:
    saved(starter, draft, "number", MARKER * 9)
    shown = starter("save", draft, "idea", "--answer", "one two three four five six", "--as", TAY).out
    assert "1 too many" in shown
    refused = starter("send", draft, "--as", TAY)
    assert (refused.status, refused.out, len(refused.err.splitlines())) == (1, "", 3)
    assert "1 too many" in refused.err
    record = str(starter.data("record", "weir"))
    assert "6 words, 1 too many" in record
    assert MARKER not in record
    assert TAY not in record


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("save", "{draft}", "idae", "--answer", "x"), "The form has no question of that name: it has number"),
        (("save", "{draft}", "idea", "--answer", "x", "--on", "3"), "idea: there is no version 3 to build on"),
        (("save", "weir-zzzzzzz", "idea", "--answer", "x"), "There is no draft or application 'weir-zzzzzzz'"),
        (("send", "{draft}", "--stage", "nowhere"), "There is no draft or application"),
        (("drafts", "weir-zzzzzzz"), "There is no draft or application 'weir-zzzzzzz'"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    starter: Commands, draft: str, words: tuple[str, ...], line: str
) -> None:
    assert line in one_line(starter(*(word.format(draft=draft) for word in words), "--as", TAY))


@pytest.mark.parametrize(
    "words", [("drafts", "{draft}"), ("save", "{draft}", "idea", "--answer", "x"), ("send", "{draft}")]
)
@pytest.mark.parametrize("who", ["office", "council-decider", "other@other.example"])
def test_nobody_else_gets_at_a_draft(starter: Commands, draft: str, words: tuple[str, ...], who: str) -> None:
    line = one_line(starter(*(word.format(draft=draft) for word in words), "--as", who))
    assert f"{draft}" in line
    assert "may not" in line


@pytest.mark.parametrize(
    "words",
    [
        ("save", "weir-1", "idea"),
        ("save", "weir-1"),
        ("save", "weir-1", "--answer", "x", "--answers", "f.toml"),
        ("save", "weir-1", "idea", "--answer", "x", "--text", "f.txt"),
        ("drafts", "--question", "idea"),
    ],
)
def test_a_misuse_is_told_before_anything_is_done(starter: Commands, words: tuple[str, ...]) -> None:
    answer = starter(*words, "--as", TAY)
    assert answer.status == 2
    assert len(answer.err.splitlines()) == 1


def test_status_says_how_many_are_in_to_those_in_charge(starter: Commands, open_round: str) -> None:
    written = starter.data("draft", "lock", "--organisation", "Tay", "--email", TAY)
    assert written["sent"] is None
    assert starter.data("status", "lock", "--as", "office")[0]["so_far"] == [{"stage": "", "sent": 0, "written": 1}]
    assert "0 so far; 1 more is being written" in starter("status", "lock", "--as", "council-decider").out
    assert "so far" not in starter("status", "lock").out
    assert "so_far" not in starter.data("status", "lock", "--as", TAY)[0]
