"""Marks, moderation and ranking on the command line, as readers, deciders and operators use them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

import embedded
from tests.starter.commands import FINANCE, OPERATOR, SPONSOR, Answer, Commands, one_line, write_round
from tests.starter.conftest import handed_in

READER = "ann"
JURY = "jury"
PROGRAMME = """
id = "jury"
title = "A programme with a scorecard"
time_zone = "Europe/London"
currency = "GBP"
holidays = "GB-SCT"

[terms]
intellectual_property = "The company keeps it."
equity = "The company keeps it."

[[stages]]
name = "exploration"
title = "Exploration"
min = 1
target = 1
max = 3
decision_within = "P1D"
duration = "PT1S"

[[stages.scorecard.criteria]]
id = "merit"
title = "Does it help?"
weight = 3
looks_at = ["proposal"]
pass_mark = 1
scale = [{ mark = 0, means = "No." }, { mark = 1, means = "A little." }, { mark = 2, means = "Yes." }]

[[stages.scorecard.criteria]]
id = "cost"
title = "Is it cheap?"
scale = [{ mark = 0, means = "No." }, { mark = 1, means = "Yes." }]
"""


@pytest.fixture(scope="module")
def jury(
    starter: Commands, service: embedded.Service, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[str]]:
    """A round with two readers, one of whom decides; the windows of its challenges are sealed."""
    folder = tmp_path_factory.mktemp("jury")
    numbers = {"arch": 3, "dome": 2}
    write_round(folder, dict.fromkeys(numbers, 1), JURY, programme=(JURY, PROGRAMME))
    file = folder / f"{JURY}.round.toml"
    text = file.read_text().replace(
        'name = "The council"', f'name = "The council"\nreaders = ["{READER}", "{SPONSOR}"]'
    )
    reader = f'\n[[readers]]\nid = "{READER}"\nname = "Ann Orr"\nemail = "ann@readers.example"\n'
    file.write_text(text + reader)
    teams = handed_in(service, folder, JURY, numbers)
    assert starter("open", JURY, CHALLENGES_PROGRAMMES=str(folder)).status == 0
    for name in numbers:
        starter.waits_for(name, "selection for exploration")
    return teams


def done(answer: Answer) -> str:
    """What a command printed that was carried out."""
    assert (answer.status, answer.err) == (0, ""), answer
    return answer.out


# Longer than others: one story, in which each command shows what those before it have made.
def test_a_stage_is_judged_on_the_command_line(starter: Commands, jury: dict[str, list[str]], tmp_path: Path) -> None:
    one, two, three = jury["arch"]
    assert "merit: Does it help?" in done(starter("scorecard", "arch"))
    assert "has not declared their interests" in one_line(starter("read", "arch", one, "--as", READER))
    starter.declares_none("arch", READER, SPONSOR, OPERATOR)
    shown = done(starter("read", "arch", one, "--as", READER))
    assert "Answer number 0." in shown
    assert "2 = Yes." in shown

    said = done(starter("score", "arch", one, "merit", "2", "--reason", "=It helps.", "--as", READER))
    assert said == "1 mark kept. 0 of 2 readers done; yours: 3 left.\n"
    again = done(starter("score", "arch", one, "merit", "2", "--reason", "=It helps.", "--as", READER))
    assert again.startswith("0 marks kept. 1 mark was here already.")
    sheet = list(csv.DictReader(io.StringIO(done(starter("score", "arch", "--left", "--as", READER)))))
    left = {(team, criterion) for team in (one, two, three) for criterion in ("merit", "cost")} - {(one, "merit")}
    assert {(row["application"], row["criterion"]) for row in sheet} == left
    filled = tmp_path / "marks.csv"
    with filled.open("w", newline="") as file:
        writer = csv.DictWriter(file, sheet[0])
        writer.writeheader()
        writer.writerows(row | {"mark": "1", "reason": "Seen."} for row in sheet)
    said = done(starter("score", "arch", "--file", str(filled), "--as", READER))
    assert said == "5 marks kept. 1 of 2 readers done; yours: done.\n"

    refusal = one_line(starter("moderate", "arch", one, "--as", OPERATOR))
    assert "its readers are not done" in refusal
    own_first = one_line(starter("moderate", "arch", one, "merit", "1", "--reason", "Why not?", "--as", SPONSOR))
    assert "your own marks come first" in own_first
    marks = "application,criterion,mark,reason\n" + "".join(
        f"{team},{criterion},{mark},Mine.\n"
        for team, merit in ((one, 1), (two, 1), (three, 0))
        for criterion, mark in (("merit", merit), ("cost", 1))
    )
    done(starter("score", "arch", "--file", "-", "--as", SPONSOR, text=marks))
    assert "merit: 1 to 2, median 1.50 of 2 marks (1, 2)" in done(starter("moderate", "arch", one, "--as", OPERATOR))
    assert done(starter("moderate", "arch", three, "merit", "0", "--reason", "No.", "--as", SPONSOR)) == (
        f"0 for merit of {three} is agreed.\n"
    )
    assert "2 of 2 readers done" in done(starter("progress", "arch", "--as", SPONSOR))
    assert "2 of 2 readers done" in done(starter("status", "arch", "--as", OPERATOR))
    assert "readers done" not in done(starter("status", "arch"))

    ranked = starter.data("ranking", "arch", "--as", SPONSOR)
    assert [(each["application"], each["row"]["rank"], each["per_cent"]) for each in ranked["places"]] == [
        *[(one, 1, "81.25"), (two, 2, "62.50"), (three, 3, "25.00")],
    ]
    full = done(starter("ranking", "arch", "--full", "--as", OPERATOR))
    assert "merit: 0.00 of 2 (agreed; mean of 2 marks, 0 to 1) gives 0.00 of 75.00 points; below the pass mark" in full

    draft = done(starter("feedback", "arch", "exploration", two, "--from-scores", "--as", SPONSOR))
    assert draft == "Does it help?\n- Seen.\n- Mine.\n\nIs it cheap?\n- Seen.\n- Mine.\n"
    out = tmp_path / "all.csv"
    done(starter("scores", "arch", "--csv", str(out), "--xlsx", str(tmp_path / "all.xlsx"), "--as", SPONSOR))
    table = list(csv.DictReader(io.StringIO(out.read_bytes().decode("utf-8-sig"))))
    assert len(table) == 12
    assert "'=It helps." in [row["reason"] for row in table]

    refusal = one_line(starter("select", "arch", "exploration", two, "--as", SPONSOR))
    assert f"departs from the ranking: it passes over {one}" in refusal
    done(starter("select", "arch", "exploration", two, "--as", SPONSOR, "--reason", "It is near."))
    late = one_line(
        starter("score", "arch", one, "merit", "0", "--reason", "No.", "--stage", "exploration", "--as", READER)
    )
    assert "was decided" in late


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("merit", "3", "--reason", "Why?"), "The mark for merit is not on its scale: give one of 0, 1, 2."),
        (("merit", "two", "--reason", "Why?"), "is not on its scale"),
        (("beauty", "1", "--reason", "Why?"), "The scorecard has no such criterion: name one of merit, cost."),
        (("merit", "1"), "The mark has no reason"),
        (("beauty", "1"), "no such criterion"),
    ],
)
def test_a_wrong_mark_is_refused_in_a_line_and_nothing_is_kept(
    starter: Commands, jury: dict[str, list[str]], words: tuple[str, ...], says: str
) -> None:
    starter.declares_none("dome", READER)

    assert says in one_line(starter("score", "dome", jury["dome"][0], *words, "--as", READER))
    assert starter.data("scores", "dome", "--as", READER) == []


def test_a_sheet_with_one_wrong_row_is_refused_whole_with_every_problem(
    starter: Commands, jury: dict[str, list[str]]
) -> None:
    one, two = jury["dome"]
    starter.declares_none("dome", READER)
    sheet = (
        f"application,criterion,mark,reason\n{one},merit,1,Good.\n{two},merit,9,Good.\n{two},cost,1,\nx,cost,1,Good.\n"
    )
    answer = starter("score", "dome", "--file", "-", "--as", READER, "--json", text=sheet)

    assert answer.status == 1
    problems = json.loads(answer.out)["refused"]["problems"]
    assert [each["field"] for each in problems] == ["2.mark", "3.reason"]
    assert starter.data("scores", "dome", "--as", READER) == []


@pytest.mark.parametrize(
    "command",
    [
        ("score", "dome", "TEAM", "merit", "1", "--reason", "Why?"),
        ("score", "dome", "--left"),
        ("moderate", "dome", "TEAM"),
        ("moderate", "dome", "TEAM", "merit", "1", "--reason", "Why?"),
        ("ranking", "dome"),
        ("scores", "dome"),
        ("progress", "dome"),
        ("read", "dome", "TEAM"),
    ],
)
@pytest.mark.parametrize("person", [FINANCE, "museum-decider", "nobody"])
def test_whoever_has_no_part_in_the_judging_is_refused(
    starter: Commands, jury: dict[str, list[str]], command: tuple[str, ...], person: str
) -> None:
    words = [jury["dome"][0] if word == "TEAM" else word for word in command]

    assert "may not" in one_line(starter(*words, "--as", person))


@pytest.mark.parametrize(
    "words",
    [("score", "dome"), ("score", "dome", "a", "--left"), ("feedback", "dome", "exploration", "a")],
)
def test_options_that_do_not_go_together_are_misuse(
    starter: Commands, jury: dict[str, list[str]], words: tuple[str, ...]
) -> None:
    one_line(starter(*words, "--as", SPONSOR), status=2)


@pytest.mark.parametrize(
    "words",
    [
        ("read", "dome", "ann@tay.example"),
        ("moderate", "dome", "ann@tay.example"),
        ("score", "dome", "ann@tay.example", "merit", "1", "--reason", "Good."),
        ("feedback", "dome", "exploration", "ann@tay.example", "--from-scores"),
    ],
)
def test_an_address_that_is_typed_for_an_id_gets_on_no_record(
    starter: Commands, jury: dict[str, list[str]], words: tuple[str, ...]
) -> None:
    starter.declares_none("dome", READER, SPONSOR)
    one_line(starter(*words, "--as", SPONSOR))

    assert "tay.example" not in str(starter.data("record", "dome"))
