"""What cannot be done is refused with one clear line, is on the record, and changes nothing."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from embedded import Service
from tests.starter.commands import (
    LIMIT,
    OPERATOR,
    OTHER_SPONSOR,
    ROUND,
    SPONSOR,
    Commands,
    known_of,
    one_line,
    refused,
    write_round,
)
from tests.waiting import HANGS

# Before the window has closed.


def test_applications_are_not_read_before_the_window_is_sealed(starter: Commands, teams: dict[str, list[str]]) -> None:
    """By whoever says who they are, they are called by their role."""
    nobody, early = "Nobody in particular may not read the applications", "before its window is sealed"
    for who, says, by, role in (("", nobody, "unknown", "unknown"), (OPERATOR, early, OPERATOR, "operator")):
        line = refused(starter, "bridge", "applications", "bridge", CHALLENGES_PERSON=who)

        assert says in line
        entry = starter.data("record", "bridge")[-1]
        assert (entry["by"], entry["role"]) == (by, role)


def test_a_selection_before_the_window_closed_is_refused(starter: Commands, teams: dict[str, list[str]]) -> None:
    line = refused(starter, "bridge", "select", "bridge", "exploration", *teams["bridge"], "--as", SPONSOR)

    assert "after it is sealed" in line


def test_a_deadline_is_not_moved_into_the_past(starter: Commands, teams: dict[str, list[str]]) -> None:
    words = ["--closes", "2020-01-01", "--as", OPERATOR, "--reason", "Too slow."]

    assert "in the past" in refused(starter, "bridge", "extend", "bridge", *words)


@pytest.mark.parametrize("email", ["", "nobody", "no body@company.example"])
def test_an_application_without_a_contact_is_refused(
    starter: Commands, teams: dict[str, list[str]], email: str
) -> None:
    words = ["--organisation", "Tay", "--email", email, "--proposal", "-"]

    assert "no contact" in refused(starter, "bridge", "apply", "bridge", *words, text="An answer.")


def test_an_application_over_the_size_limit_is_refused_with_the_limit(
    starter: Commands, teams: dict[str, list[str]]
) -> None:
    words = ["--organisation", "Tay", "--email", "tay@company.example", "--proposal", "-"]
    line = refused(starter, "bridge", "apply", "bridge", *words, text="x" * (LIMIT + 1))

    assert f"{LIMIT + 1:,} characters, 1 too many: shorten it to {LIMIT:,} at most" in line


def test_a_hold_by_somebody_unknown_is_refused(starter: Commands, teams: dict[str, list[str]]) -> None:
    line = refused(starter, "bridge", "hold", "bridge", "--as", "nobody-known", "--reason", "Why not?")

    assert line.startswith("nobody-known may not hold")


def test_a_challenge_that_nobody_knows_is_refused_by_every_command(
    starter: Commands, teams: dict[str, list[str]]
) -> None:
    by = ["--as", OPERATOR]
    decided = [*by, "--reason", "None."]
    for words in (
        ["status", "brigde"],
        ["applications", "brigde"],
        ["payments", "brigde"],
        ["notices", "brigde"],
        ["record", "brigde"],
        ["retry", "brigde"],
        ["apply", "brigde", "--organisation", "Tay", "--email", "tay@company.example", "--proposal", "-"],
        ["select", "brigde", "exploration", "team", "--as", SPONSOR],
        ["decline", "brigde", "exploration", *decided],
        ["extend", "brigde", "--closes", "2099-01-01", *decided],
        ["withdraw", "brigde", "team", *decided],
        *(["hold", "brigde", *decided], ["resume", "brigde", *decided], ["cancel", "brigde", *decided]),
        [
            "participation",
            "brigde",
            "exploration",
            "--on",
            "2026-01-01",
            "--people",
            "3",
            "--summary",
            "None.",
            "--as",
            OPERATOR,
        ],
    ):
        assert f"did you mean {ROUND}/bridge?" in one_line(starter(*words, text="An answer.")), words


def test_a_round_that_nobody_knows_is_refused_with_those_there_are(
    starter: Commands, teams: dict[str, list[str]]
) -> None:
    for command in ("plan", "open", "rehearse"):
        assert f"the folder has {ROUND}" in one_line(starter(command, "fare"))


# Signals sent by hand, with Temporal's own command line.

SIGNALS: dict[str, tuple[str, str, str]] = {
    "no object": ("select", '"open"', "cannot be read"),
    "fields missing": ("select", f'{{"by": "{SPONSOR}"}}', "stage: is missing"),
    "a field too many": ("decline", f'{{"by": "{SPONSOR}", "stage": "exploration", "team": 3}}', "team (3)"),
    "an impossible date": ("extend", f'{{"by": "{OPERATOR}", "closes": "2026-02-30T09:00:00Z"}}', "closes"),
    "an unknown name": ("abolish", f'{{"by": "{OPERATOR}"}}', "No message 'abolish' is known"),
}


@pytest.mark.parametrize("case", SIGNALS)
def test_a_signal_that_cannot_be_followed_is_on_the_record_and_changes_nothing(
    starter: Commands, service: Service, teams: dict[str, list[str]], case: str
) -> None:
    name, content, says = SIGNALS[case]
    before, record = known_of(starter, "bridge"), starter.data("record", "bridge")

    command = ["temporal", "workflow", "signal", "--workflow-id", f"{ROUND}/bridge", "--name", name, "--input", content]
    subprocess.run(command, env=service.environment, check=True, capture_output=True, timeout=HANGS)

    end = time.monotonic() + HANGS
    while len(entries := starter.data("record", "bridge")) == len(record):
        assert time.monotonic() < end, "it was dropped silently"
        time.sleep(0.2)  # a glance, not a wait for time to pass
    (entry,) = entries[len(record) :]
    assert entry["refused"] is True
    assert entry["action"] == name
    assert says in entry["text"]
    assert known_of(starter, "bridge") == before


def test_what_temporal_does_not_do_is_said_in_one_line(
    starter: Commands, service: Service, teams: dict[str, list[str]], tmp_path: Path
) -> None:
    write_round(tmp_path, {"fountain": 86_400}, name="another")
    assert starter("open", "another", CHALLENGES_PROGRAMMES=str(tmp_path)).status == 0
    command = ["temporal", "workflow", "terminate", "--workflow-id", "another/fountain"]
    subprocess.run(command, env=service.environment, check=True, capture_output=True, timeout=HANGS)

    assert "another/fountain" in one_line(starter("hold", "fountain", "--as", OPERATOR, "--reason", "None."))
    assert one_line(starter("renew", "another"))


# Once the window has closed.


def test_a_late_application_is_refused_with_how_late_it_is(starter: Commands, closed: list[str]) -> None:
    words = ["--organisation", "Tay", "--email", "tay@company.example", "--proposal", "-"]
    line = refused(starter, "market", "apply", "market", *words, text="An answer.")

    assert line.startswith(f"Too late for {ROUND}/market")
    assert "after that" in line


def test_a_closed_window_is_not_moved(starter: Commands, closed: list[str]) -> None:
    words = ["--closes", "2099-01-01", "--as", OPERATOR, "--reason", "Please."]

    assert "for good" in refused(starter, "market", "extend", "market", *words)


@pytest.mark.parametrize(
    ("stage", "chosen", "by", "says"),
    [
        ("explorations", "0 1", SPONSOR, "No stage 'explorations' in brief"),
        ("accelerator", "0", SPONSOR, "exploration comes before accelerator"),
        ("exploration", "0 market-000000", SPONSOR, "market-000000 is not an application to"),
        ("exploration", "0 other", SPONSOR, "is an application to fair/bridge, not to fair/market"),
        ("exploration", "0", SPONSOR, "takes 2 to 3 teams: 1 was named"),
        ("exploration", "0 1 2 3", SPONSOR, "takes 2 to 3 teams: 4 were named"),
        ("exploration", "0 0", SPONSOR, "is named twice"),
        ("exploration", "0 1 2", SPONSOR, "taking 3 needs a reason"),
        ("exploration", "0 1", OTHER_SPONSOR, f"{OTHER_SPONSOR} may not select teams for"),
        ("exploration", "0 1", OPERATOR, f"{OPERATOR} may not select teams for"),
        ("exploration", "0 1", "nobody-known", "nobody-known may not select teams for"),
    ],
    ids=[
        "unknown stage",
        "stage whose turn has not come",
        "unknown team",
        "team of another challenge",
        "too few",
        "too many",
        "the same team twice",
        "over the target without a reason",
        "another sponsor's person",
        "an operator",
        "unknown person",
    ],
)
def test_a_selection_that_may_not_be_is_refused(
    starter: Commands, teams: dict[str, list[str]], closed: list[str], stage: str, chosen: str, by: str, says: str
) -> None:
    ids = {"other": teams["bridge"][0]} | {str(number): team for number, team in enumerate(closed)}
    named = [ids.get(each, each) for each in chosen.split()]

    assert says in refused(starter, "market", "select", "market", stage, *named, "--as", by)


def test_an_amount_is_refused_where_the_fee_is_fixed(starter: Commands, closed: list[str]) -> None:
    words = [*closed[:2], "--as", SPONSOR, "--amount", "90"]

    assert "pays a fixed" in refused(starter, "market", "select", "market", "exploration", *words)


def test_nobody_withdraws_a_team_of_another_challenge(
    starter: Commands, teams: dict[str, list[str]], closed: list[str]
) -> None:
    other = teams["bridge"][0]

    assert f"{other} is an application to fair/bridge" in refused(
        starter, "market", "withdraw", "market", other, "--reason", "It is ours.", "--as", OPERATOR
    )


def test_a_decision_without_its_reason_is_refused(starter: Commands, closed: list[str]) -> None:
    for command in (["decline", "market", "exploration", "--as", SPONSOR], ["cancel", "market", "--as", OPERATOR]):
        assert "needs a reason" in refused(starter, "market", *command, "--reason", "")


def test_a_selection_is_taken_once_and_its_repeat_is_harmless(starter: Commands, teams: dict[str, list[str]]) -> None:
    starter.waits_for("library", "selection for exploration")
    starter.declares_none("library", SPONSOR)
    selection = ["select", "library", "exploration", *teams["library"], "--as", SPONSOR]

    first = starter(*selection, "--id", "mine")
    starter.waits_for("library", "selection for accelerator")
    again = starter(*selection, "--id", "mine")
    assert first.status == again.status == 0
    assert first.out == again.out

    assert "exploration was decided on" in refused(starter, "library", *selection)


def test_an_id_that_was_used_for_another_decision_is_refused_and_nothing_is_swallowed(
    starter: Commands, teams: dict[str, list[str]]
) -> None:
    """Fails when Temporal is given the decision's id alone: it answers the second decision with the first's answer."""
    decided = ["bridge", "--as", OPERATOR, "--reason", "Election.", "--id", "q1"]
    assert starter("hold", *decided).status == 0
    again = starter("hold", *decided)
    assert (again.status, again.out) == (0, starter("hold", *decided).out)

    assert "'q1' was used for another decision" in refused(starter, "bridge", "cancel", *decided)
    other = [*decided[:4], "Holidays.", *decided[5:]]
    assert "'q1' was used for another decision" in refused(starter, "bridge", "hold", *other)
    assert starter("resume", "bridge", "--as", OPERATOR).status == 0


# Commands that are not understood.


@pytest.mark.parametrize(
    "words",
    [
        ["brigde"],
        ["open"],
        ["select", "market", "exploration"],
        ["select", "market", "exploration", "team", "--as", SPONSOR, "--amount", "a lot"],
        ["extend", "market", "--closes", "tomorrow", "--as", OPERATOR, "--reason", "None."],
        ["extend", "market", "--closes", "2027-03-28T01:30", "--as", OPERATOR, "--reason", "None."],
        ["cancel", "market", "--as", OPERATOR],
        ["plan", ROUND, "--opens", "2027-02-30"],
        ["participation", "market", "exploration", "--on", "today", "--people", "3", "--summary", "None."],
        ["rehearse", ROUND, "--day", "0"],
    ],
    ids=" ".join,
)
def test_a_command_used_wrongly_ends_with_status_2_and_changes_nothing(
    starter: Commands, closed: list[str], words: list[str]
) -> None:
    before, record = known_of(starter, "market"), starter.data("record", "market")
    answer = starter(*words)

    assert answer.status == 2
    assert answer.out == ""
    assert answer.err
    assert known_of(starter, "market") == before
    assert starter.data("record", "market") == record


def test_a_proposal_that_cannot_be_read_is_refused_by_name_and_remedy(
    starter: Commands, closed: list[str], tmp_path: Path
) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\xff\xfe")
    words = ["apply", "bridge", "--organisation", "Tay", "--email", "tay@company.example", "--proposal"]

    for file, says in (
        (picture, "picture.png cannot be read as text: save it as plain text in UTF-8."),
        (tmp_path, "cannot be read (Is a directory): check its name."),
        (tmp_path / "nowhere", "nowhere cannot be read (No such file or directory): check its name."),
    ):
        assert one_line(starter(*words, str(file))).endswith(says)
