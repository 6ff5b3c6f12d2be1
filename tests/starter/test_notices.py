"""Who was told what, in which words; questions that are answered for all, and what sponsors say to those not taken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import update
from temporalio.client import Client

from domain.announcements.occasions import Occasion
from embedded import Service
from store.database import tables
from store.database.database import Database
from tests.starter.commands import FINANCE, OPERATOR, PURSE, SPONSOR, Answer, Commands, one_line, refused

BEFORE = "A strong idea, but the quokka sensors would not last a winter."
AFTER = "On second thoughts, do show us the quokka sensors again."


def feedback(starter: Commands, team: str, text: str, by: str = SPONSOR, stage: str = "exploration") -> Answer:
    """Feedback for a team of "barn", from standard input."""
    return starter("feedback", "barn", stage, team, "--text", "-", "--as", by, text=text)


# Lists and single notices.


def test_notices_are_listed_with_and_without_the_word(starter: Commands, purse: dict[str, list[str]]) -> None:
    (team,) = purse["pond"]
    listed = starter("notices", "list", "pond")

    assert listed.status == 0
    assert listed == starter("notices", "pond")
    assert team in listed.out
    keys = [line for line in listed.out.splitlines() if "/" in line and not line.startswith(" ")]
    assert keys
    assert {starter("notices", "show", key).status for key in keys[:4]} == {0}
    rows = starter.data("notices", "pond")
    assert rows == starter.data("notices", "list", "pond")
    assert {row["challenge"] for row in rows} == {f"{PURSE}/pond"}
    assert len(starter.data("notices")) > len(rows)


def test_one_notice_is_shown_in_full_by_its_key_or_the_end_of_it(
    starter: Commands, purse: dict[str, list[str]]
) -> None:
    (team,) = purse["pond"]
    key = next(row["key"] for row in starter.data("notices", "pond") if row["recipient"] == team)
    shown = starter("notices", "show", f"application-received/{team}")

    assert shown.status == 0
    assert shown.out.splitlines()[0] == key
    assert "team0@company.example" in shown.out
    assert "    Subject: " in shown.out
    assert starter.data("notices", "show", key)["key"] == key


@pytest.mark.parametrize("key", ["application-received/nobody", "window-opened", "%", "_", ""])
def test_a_notice_that_there_is_not_is_refused(starter: Commands, purse: dict[str, list[str]], key: str) -> None:
    assert f"No notice has the key {key!r}" in one_line(starter("notices", "show", key))


def test_the_end_of_several_keys_is_refused_with_two_of_them(starter: Commands, purse: dict[str, list[str]]) -> None:
    line = one_line(starter("notices", "show", f"window-opened/{SPONSOR}"))

    assert "Several keys end with" in line


def test_those_that_reached_nobody_are_found(
    starter: Commands, database: Database, purse: dict[str, list[str]]
) -> None:
    assert starter("notices", "pond", "--failed").out == "No notice has failed.\n"
    key = f"application-received/{purse['pond'][0]}"
    notices, known = tables.notices, starter.data("notices", "show", key)["key"]
    with database.writing() as connection:
        connection.execute(
            update(notices).where(notices.c.key == known).values(status="failed", reason="There is no such mailbox.")
        )
    failed = starter("notices", "pond", "--failed")
    (row,) = starter.data("notices", "list", "pond", "--failed")

    assert (row["key"], row["status"], row["reason"]) == (known, "failed", "There is no such mailbox.")
    assert "reached nobody: tell its recipient in another way" in failed.out
    assert re.search(r"Contact\s+office@scheme\.example", starter("notices", "show", key).out)

    assert starter("notices", "resend", key) == (0, f"The notice is sent again as soon as possible: {known}\n", "")
    assert starter.data("notices", "show", key)["status"] == "created"
    assert "is created: only what has failed is sent again" in one_line(starter("notices", "resend", key))
    assert "No notice has the key" in one_line(starter("notices", "resend", "nothing/nobody"))


def test_the_words_of_every_occasion_are_shown_without_a_service(tmp_path: Path) -> None:
    nowhere = Commands({"CHALLENGES_DATABASE_URL": f"sqlite:///{tmp_path}/x.db", "TEMPORAL_ADDRESS": "127.0.0.1:9"})

    assert [each["occasion"] for each in nowhere.data("notices", "preview")] == list(Occasion)
    printed = nowhere("notices", "preview")
    assert printed.status == 0
    assert printed.out.count("    Subject: ") == len(Occasion)
    (one,) = nowhere.data("notices", "preview", "feedback")
    assert one["body"] in "\n".join(line.strip() for line in nowhere("notices", "preview", "feedback").out.splitlines())
    assert nowhere("notices", "preview", "no-such-occasion").status == 2
    assert not list(tmp_path.iterdir())


def test_words_that_are_wrong_are_named_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "held.txt").write_text("Subject: Held\n\n{{ secret }}\n", encoding="utf-8")
    answer = Commands({"CHALLENGES_LETTERS": str(tmp_path)})("notices", "preview", "held")

    assert (answer.status, answer.out) == (1, "")
    assert "held.txt: line 3: secret is not a fact of the notice held" in answer.err.splitlines()[0]


# Questions.


def test_an_answer_goes_to_all_who_applied_and_a_repeat_is_harmless(
    starter: Commands, purse: dict[str, list[str]]
) -> None:
    words = ["answer", "pond", "--question", "Is old data enough?", "--answer", "Yes, if\nit is open."]
    first = starter(*words, "--as", SPONSOR, "--id", "q1")
    again = starter(*words, "--as", SPONSOR, "--id", "q1")

    assert first.status == 0
    assert first == again
    told = [row for row in starter.data("notices", "pond") if row["occasion"] == Occasion.QUESTION_ANSWERED]
    assert sorted(row["recipient"] for row in told) == sorted([*purse["pond"], SPONSOR, OPERATOR])
    assert all("Is old data enough?" in row["body"] and "Yes, if it is open." in row["body"] for row in told)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--question", "Q?", "--answer", "A.", "--as", FINANCE], f"{FINANCE} may not answer"),
        (["--question", "Q?", "--answer", "A.", "--as", "nobody"], "nobody may not answer"),
        (["--question", "", "--answer", "A.", "--as", SPONSOR], "question"),
        (["--question", "Q?", "--answer", " \n ", "--as", SPONSOR], "answer"),
        (["--question", "Q" * 2001, "--answer", "A.", "--as", SPONSOR], "at most 2000"),
    ],
    ids=["finance", "nobody", "no question", "no answer", "too long"],
)
def test_an_answer_that_may_not_be_is_refused(
    starter: Commands, purse: dict[str, list[str]], words: list[str], says: str
) -> None:
    assert says in refused(starter, "pond", "answer", "pond", *words)


# Feedback.


async def test_feedback_goes_out_with_the_decision_or_at_once_after_it_and_never_to_temporal(
    starter: Commands, service: Service, purse: dict[str, list[str]]
) -> None:
    chosen, with_words, without = purse["barn"]
    starter.waits_for("barn", "selection for exploration")
    starter.declares_none("barn", SPONSOR)
    assert feedback(starter, with_words, "To be said again.").status == 0
    given = feedback(starter, with_words, f"{BEFORE}\r\n\r\nA second paragraph.\n")
    assert "to be told with the decision" in given.out
    assert not [row for row in starter.data("notices", "barn") if "quokka" in row["body"]]

    starter.exploring("barn", [chosen])
    letters = {row["recipient"]: row for row in starter.data("notices", "barn") if row["occasion"] == "not-selected"}
    assert sorted(letters) == sorted([with_words, without])
    assert f"{BEFORE}\n\nA second paragraph." in letters[with_words]["body"].replace("\r\n", "\n")
    assert "What the sponsor says" not in letters[without]["body"]
    assert "To be said again." not in letters[with_words]["body"]

    assert "told at once" in feedback(starter, without, AFTER).out
    told = starter.data("notices", "show", f"feedback/{without}")
    assert (told["recipient"], AFTER in told["body"]) == (without, True)

    said = [line for line in starter.data("record", "barn") if line["action"] == "feedback"]
    assert len(said) == 3
    assert not [line for line in said if "quokka" in str(line)]
    client = await Client.connect(service.address["TEMPORAL_ADDRESS"])
    names = [f"{PURSE}/barn", *(row["key"] for row in starter.payments("barn"))]
    histories = [await client.get_workflow_handle(name).fetch_history() for name in names]
    content = b"".join(event.SerializeToString() for history in histories for event in history.events)
    assert chosen.encode() in content
    assert b"quokka" not in content
    files = b"".join(path.read_bytes() for path in service.folder.glob("temporal.db*"))
    assert chosen.encode() in files
    assert b"quokka" not in files


def test_feedback_that_may_not_be_is_refused_on_the_record(starter: Commands, purse: dict[str, list[str]]) -> None:
    """Goes on from the decision of the test before."""
    chosen, other, _ = purse["barn"]
    starter.waits_for("barn", "selection for accelerator")
    record = starter.data("record", "barn")
    for team, text, by, stage, says in (
        (chosen, "Well done.", SPONSOR, "exploration", "was selected for Exploration"),
        (other, "No.", FINANCE, "exploration", f"{FINANCE} may not give feedback"),
        (other, "No.", "nobody", "exploration", "nobody may not give feedback"),
        (other, "No.", "me@body.example", "exploration", "me@body.example may not give feedback"),
        (other, "No.", SPONSOR, "interview", "No stage 'interview' in purse"),
        (other, "No.", SPONSOR, "accelerator", "was not in Exploration, so nobody decides"),
        (purse["pond"][0], "No.", SPONSOR, "exploration", "is an application to purse/pond"),
        ("nobody", "No.", SPONSOR, "exploration", "nobody is not an application to purse/barn"),
        (other, " \n", SPONSOR, "exploration", "write 1 to 10,000"),
        (other, "x" * 10_001, SPONSOR, "exploration", "10001 characters: write 1 to 10,000"),
        (other, "a\0b", SPONSOR, "exploration", "NUL character"),
    ):
        answer = feedback(starter, team, text, by, stage)
        assert says in one_line(answer)
        (line,) = starter.data("record", "barn")[len(record) :]
        assert (line["refused"], line["action"]) == (True, "feedback")
        assert line["text"] == answer.err.strip().replace("me@body.example", "unknown")
        record.append(line)
    assert "me@body.example" not in str(record)
    assert one_line(feedback(starter, other, "No.", by=""), status=2).startswith("Say who acts")
    assert not [row for row in starter.data("notices", "barn") if "x" * 100 in row["body"]]


def test_feedback_is_told_with_the_end_and_after_it_at_once(starter: Commands, purse: dict[str, list[str]]) -> None:
    """Goes on from there: a stage that nobody decides on any more would never have its words told."""
    chosen = purse["barn"][0]
    assert "to be told with the decision" in feedback(starter, chosen, "Good so far.", stage="accelerator").out
    words = ["accelerator", "--as", SPONSOR, "--reason", "No budget."]
    assert starter("decline", "barn", *words).status == 0

    assert "told at once" in feedback(starter, chosen, "It was not for you.", stage="accelerator").out
    rows = [row["body"] for row in starter.data("notices", "barn") if row["occasion"] == "feedback"]
    assert [sum(words in body for body in rows) for words in ("Good so far.", "It was not for you.")] == [1, 1]


def test_feedback_from_a_file_that_is_no_text_is_refused(
    starter: Commands, purse: dict[str, list[str]], tmp_path: Path
) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\xff\xfe")
    words = ["feedback", "barn", "exploration", purse["barn"][1], "--as", SPONSOR, "--text"]

    assert "picture.png cannot be read as text" in one_line(starter(*words, str(picture)))
    assert "cannot be read (Is a directory)" in one_line(starter(*words, str(tmp_path)))
