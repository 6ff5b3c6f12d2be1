"""Further proposals on the command line: planned, asked for, sent, and read by nobody before their window is sealed."""

from __future__ import annotations

from pathlib import Path

import pytest

import embedded
from tests.starter.commands import OPERATOR, SPONSOR, Commands, one_line, write_round
from tests.starter.conftest import handed_in

ASKS = """
id = "asks"
title = "A programme that asks twice"
time_zone = "Europe/London"
currency = "GBP"
holidays = "GB-SCT"

[terms]
intellectual_property = "The company keeps it."
equity = "The company keeps it."

[[forms]]
id = "full"
title = "Full application"

[[forms.sections]]
title = "Plan"

[[forms.sections.questions]]
id = "plan"
title = "How will you do it?"
most_words = 20

[[stages]]
name = "shortlist"
title = "Shortlist"
target = 2
max = 3
decision_within = "P1D"

[[stages]]
name = "trial"
title = "Trial"
target = 1
max = 2
decision_within = "P1D"
duration = "P1D"
asks = { form = "full", within = "P1D" }
"""
FIRST, SECOND = "team0@company.example", "team1@company.example"
MARKER = "A plan with Quetzalcoatl in it."


@pytest.fixture(scope="module")
def asked(starter: Commands, service: embedded.Service) -> list[str]:
    """The teams that the challenge "quay" has shortlisted, and asks for full applications for a day."""
    folder = Path(starter.environment["CHALLENGES_PROGRAMMES"])
    write_round(folder, {"quay": 1}, "asks-round", programme=("asks", ASKS))
    teams = handed_in(service, folder, "asks-round", {"quay": 2})["quay"]
    assert starter("open", "asks-round").status == 0
    starter.waits_for("quay", "selection for shortlist")
    assert starter("interests", "quay", "--none", "--as", SPONSOR).status == 0
    chosen = starter("select", "quay", "shortlist", *teams, "--as", SPONSOR)
    assert chosen.status == 0, chosen
    starter.waits_for("quay", "proposals for trial")
    return teams


def test_a_plan_says_when_further_proposals_are_taken_and_what_becomes_of_who_sends_none(
    starter: Commands, asked: list[str]
) -> None:
    printed = starter("plan", "asks-round").out
    assert "Trial: proposals from" in printed
    assert "Trial: proposals until" in printed
    assert "teams are asked for: Full application; who sends none is out" in printed
    window = starter.data("plan", "asks-round")[0]["stages"][1]["window"]
    assert (window["proposal"], window["out"]) == ("Full application", True)


def test_a_team_sends_what_its_stage_asks_for_and_nobody_reads_it_yet(starter: Commands, asked: list[str]) -> None:
    """Fails when the seal of the applications opens the further proposals, too (invariant 3)."""
    saved = starter("save", asked[0], "plan", "--answer", MARKER, "--stage", "trial", "--as", FIRST)
    assert saved.status == 0, saved
    sent = starter("send", asked[0], "--stage", "trial", "--as", FIRST)
    assert sent.status == 0, sent

    told = starter("notices", "quay").out
    for occasion in ("proposal-invited", "proposal-received"):
        assert f"{occasion}/{asked[0]}" in told
    assert "1 so far" in starter("status", "quay", "--as", SPONSOR).out
    for words in (
        ("applications", "quay", "--full", "--as", SPONSOR),
        ("applications", "quay", "--json", "--as", SPONSOR),
        ("status", "quay", "--json", "--as", SPONSOR),
        ("record", "quay"),
        ("notices", "quay"),
    ):
        answer = starter(*words)
        assert answer.status == 0, answer
        assert "Quetzalcoatl" not in answer.out + answer.err


def test_what_is_asked_for_too_much_by_whom_and_how_long_is_said_in_one_line(
    starter: Commands, asked: list[str]
) -> None:
    long = " ".join(["word"] * 23)
    starter("save", asked[1], "plan", "--answer", long, "--stage", "trial", "--as", SECOND)
    assert "3 too many" in one_line(starter("send", asked[1], "--stage", "trial", "--as", SECOND))
    assert "decide after it is sealed" in one_line(starter("select", "quay", "trial", asked[0], "--as", SPONSOR))
    assert "does not write" in one_line(starter("send", asked[1], "--stage", "trial", "--as", FIRST))


def test_more_time_is_given_to_the_teams_and_shown(starter: Commands, asked: list[str]) -> None:
    longer = starter("extend", "quay", "--closes", "2099-01-01", "--as", OPERATOR, "--reason", "Storms.")
    assert "more than two years away" in one_line(longer)
    was = starter.status("quay")["until"]
    closes = f"{int(was[:4]) + 1}{was[4:10]}"
    assert starter("extend", "quay", "--closes", closes, "--as", OPERATOR, "--reason", "Storms.").status == 0
    assert starter.status("quay")["until"] > was
    told = starter("notices", "quay").out
    assert all(f"deadline-moved/{each}" in told for each in asked)
