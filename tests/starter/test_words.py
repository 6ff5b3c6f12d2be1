"""What is typed means what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer.main

from commands.app import app
from commands.options import listed
from tests.starter.commands import Commands, one_line

PLAN = ("plan", "pilot-2016", "--json", "--opens")
SELECT = vars(typer.main.get_command(app))["commands"]["select"]


@pytest.mark.parametrize(
    ("words", "teams", "reserve"),
    [
        ("a b --reserve c d", "a b", "c d"),
        ("--reserve c d --reason why a b", "a b", "c d"),
        ("a b --reserve c --reserve d", "a b", "c d"),
        ("a b --reserve=c d", "a b", "c d"),
        ("a,b --reserve c,d", "a b", "c d"),
        ("--reserve c d -- a b", "a b", "c d"),
        ("a b", "a b", ""),
    ],
)
def test_a_selection_takes_who_is_named_and_keeps_in_reserve_who_stands_after_that_word(
    words: str, teams: str, reserve: str
) -> None:
    """Fails when `--reserve` takes one word: the others would be selected, and paid."""
    typed = ["market", "exploration", "--as", "somebody", *words.split()]
    given = SELECT.make_context("select", typed).params

    assert (listed(given["teams"]), listed(given["reserve"])) == (teams.split(), reserve.split())


@pytest.mark.parametrize(
    ("opens", "says"),
    [
        ("2027-13-01", "'2027-13-01' is not a date or time: write it such as 2016-08-01 or 2016-08-01T17:00"),
        ("soon", "'soon' is not a date or time"),
    ],
)
def test_what_is_no_date_is_said_as_it_was_typed(opens: str, says: str) -> None:
    """Fails when the hour of the file is put behind it first."""
    assert says in one_line(Commands({})(*PLAN, opens), status=2)


@pytest.mark.parametrize("opens", ["2027-07-07", "2027-07-07T09:00", "20270707"])
def test_a_round_is_moved_to_a_day_at_the_hour_of_its_file(opens: str) -> None:
    planned = json.loads(Commands({})(*PLAN, opens).out)
    assert {each["opens"] for each in planned} == {"2027-07-07T08:00:00Z"}


def test_every_problem_of_a_file_is_a_line_of_its_own(tmp_path: Path) -> None:
    """Fails when they are joined: nobody can tell where one ends."""
    (tmp_path / "a.round.toml").write_text('id = "a"\nprogramme = "b"\n', encoding="utf-8")
    (tmp_path / "b.programme.toml").write_text('id = "b"\n', encoding="utf-8")
    answer = Commands({"CHALLENGES_PROGRAMMES": str(tmp_path)})("plan", "a")

    assert (answer.status, answer.out) == (1, "")
    lines = answer.err.splitlines()
    assert len(lines) > 5
    assert all(line.startswith(str(tmp_path)) for line in lines)
