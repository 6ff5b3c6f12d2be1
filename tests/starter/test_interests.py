"""Interests and readers at the command line: who applied, what one has to do with them, and who reads what."""

from __future__ import annotations

import pytest

from embedded import Service
from tests.starter.commands import FINANCE, OPERATOR, SPONSOR, Commands, one_line, refused, write_round
from tests.starter.conftest import handed_in

HILL = "hill"
READER = """
[[readers]]
id = "ann-orr"
name = "Ann Orr"
email = "ann.orr@company.example"

[[sponsors]]
id = "council"
readers = ["ann-orr", "council-decider"]
"""


@pytest.fixture(scope="module")
def hill(starter: Commands, service: Service, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A sealed challenge with three applications; the reader has an address at the applicants' own domain."""
    folder = tmp_path_factory.mktemp("hill")
    write_round(folder, {HILL: 1}, HILL)
    file = folder / f"{HILL}.round.toml"
    file.write_text(file.read_text().replace('\n[[sponsors]]\nid = "council"\n', READER, 1))
    teams = handed_in(service, folder, HILL, {HILL: 3})[HILL]
    assert starter("open", HILL, CHALLENGES_PROGRAMMES=str(folder)).status == 0
    starter.waits_for(HILL, "selection for exploration")
    return teams


def test_applicants_are_listed_by_name_and_those_whom_one_may_know_are_pointed_out(
    starter: Commands, hill: list[str]
) -> None:
    listed = starter("interests", HILL, "--as", SPONSOR)
    assert listed.status == 0
    assert f"{hill[0]}  Company 0" in listed.out.splitlines()
    assert "nothing declared yet" in listed.out
    assert "3 applicants still to declare for: --none for all, or --of APPLICATION for each." in listed.out
    assert "Answer number" not in listed.out
    assert "company.example" not in listed.out
    shown = starter("interests", HILL, "--as", "ann-orr").out
    assert shown.count("look at this one: the same domain of address") == 3
    line = refused(starter, HILL, "interests", HILL, "--none", "--as", "ann-orr")
    assert line == (
        f"ann-orr may know 3 applicants to hill/hill, so --none alone does not do: declare {hill[0]}, {hill[1]} and "
        f"{hill[2]} by name first, with --of APPLICATION and --none or --what."
    )


def test_nothing_is_read_or_decided_before_interests_are_declared(starter: Commands, hill: list[str]) -> None:
    """Goes on from there."""
    for words in (["applications", HILL], ["select", HILL, "exploration", *hill[:2]]):
        line = refused(starter, HILL, *words, "--as", SPONSOR)
        assert "has not declared their interests for 3 applications to hill/hill: declare them first, with" in line
        assert f"`starter.py interests hill/hill --as {SPONSOR}`" in line


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--none", "--what", "x", "--of", "a"], "Give either --none or --what"),
        (["--what", "x"], "Say with whom"),
        (["--conflict", "--of", "a"], "A conflict of interest needs words"),
        (["--of", "a"], "Say what you have to do with a"),
    ],
)
def test_a_declaration_that_says_nothing_is_misuse(starter: Commands, words: list[str], says: str) -> None:
    assert says in one_line(starter("interests", HILL, *words, "--as", SPONSOR), status=2)


def test_a_conflict_shuts_out_at_once_and_the_record_never_says_why(starter: Commands, hill: list[str]) -> None:
    """Goes on from there."""
    theirs, *others = hill
    why = "My sister, the wombat, works there."
    said = starter("interests", HILL, "--of", theirs, "--what", why, "--conflict", "--as", SPONSOR)
    assert said.out == f"{SPONSOR} declares a conflict of interest with {theirs}.\n"
    assert starter("interests", HILL, "--none", "--as", SPONSOR).status == 0
    again = starter("interests", HILL, "--none", "--as", SPONSOR)
    assert again.out == f"{SPONSOR} has declared this for all applicants before: nothing has changed.\n"
    shown = starter("applications", HILL, "--as", SPONSOR)
    assert (shown.status, theirs in shown.out, others[0] in shown.out) == (0, False, True)
    assert shown.err == f"1 not shown, because you declared a conflict of interest: {theirs}.\n"
    for words in (["select", HILL, "exploration", *others], ["feedback", HILL, "exploration", theirs, "--text", "-"]):
        line = one_line(starter(*words, "--as", SPONSOR, text="No."))
        assert f"{SPONSOR} declared a conflict of interest with {theirs}: somebody else has to decide" in line
    assert "unknown-team" in starter("interests", HILL, "--of", "x", "--none", "--as", SPONSOR, "--json").out
    assert why in starter("interests", HILL, "--as", SPONSOR).out
    assert "wombat" not in starter("interests", HILL, "--as", OPERATOR).out
    assert "wombat" not in starter("record", HILL).out
    assert [each["conflict"] for each in starter.data("interests", HILL, "--as", SPONSOR)] == [True, False, False]
    assert starter("interests", HILL, "--of", theirs, "--none", "--as", FINANCE).status == 0


def test_applications_are_assigned_by_share_or_by_hand(starter: Commands, hill: list[str]) -> None:
    """Goes on from there."""
    theirs, *others = hill
    shared = starter("assign", HILL, "--share", "1", "--as", OPERATOR)
    assert shared.status == 0, shared
    rows = {row["person"]: row for row in starter.data("readers", HILL, "--as", SPONSOR)}
    assert set(rows) == {"ann-orr", SPONSOR}
    assert theirs in rows["ann-orr"]["assigned"]
    assert sorted([*rows["ann-orr"]["assigned"], *rows[SPONSOR]["assigned"]]) == sorted(hill)
    line = refused(starter, HILL, "assign", HILL, "--share", "2", "--as", OPERATOR)
    assert f"{theirs} has 1 reader without a conflict of interest, and 2 are asked for" in line
    assert starter("assign", HILL, "--reader", "ann-orr", *others, "--as", OPERATOR).status == 0
    printed = starter("readers", HILL, "--as", "ann-orr").out
    assert "reads 2 applications; declared for 0 applicants" in printed
    for other in others:
        assert starter("interests", HILL, "--of", other, "--none", "--as", "ann-orr").status == 0
    shown = {each["id"] for each in starter.data("applications", HILL, "--as", "ann-orr")}
    assert shown == set(others)
    assert "may not assign" in refused(starter, HILL, "assign", HILL, "--as", "ann-orr")
    for words in (["--share", "1", "--reader", "a"], hill[:1], ["--share", "-1"]):
        assert one_line(starter("assign", HILL, *words, "--as", OPERATOR), status=2)
    assert starter("assign", HILL, "--as", OPERATOR).out == "Every reader reads all applications.\n"
