"""Decisions that were sent by hand, without a proof, as the people see them in whose name they were sent."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import embedded
from tests.starter.commands import FINANCE, OPERATOR, Commands, one_line, write_round
from tests.waiting import HANGS

GUILD = "guild"
OFFICE = "office@scheme.example"


@pytest.fixture(scope="module")
def guild(service: embedded.Service, tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """Commands to the service, with a round that is open and asks for confirmations."""
    folder = tmp_path_factory.mktemp("guild")
    starter = Commands(service.address | {"CHALLENGES_PROGRAMMES": str(folder)})
    write_round(folder, {"hall": 86_400}, GUILD)
    file = folder / f"{GUILD}.round.toml"
    file.write_text(f'unproven = "confirm"\n{file.read_text()}')
    assert starter("open", GUILD).status == 0
    starter.waits_for("hall", "applications")
    return starter


@pytest.fixture(scope="module")
def office(guild: Commands, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The settings of an operator with a key file."""
    file = tmp_path_factory.mktemp("keys") / "office.key"
    assert guild("terminal-keys", "make", OFFICE, "--file", str(file), "--as", OPERATOR).status == 0
    return {"CHALLENGES_TERMINAL_KEY_FILE": str(file)}


def by_hand(starter: Commands, reason: str) -> str:
    """Somebody holds the challenge in the operator's name, with Temporal's own tool; the id under which it waits."""
    said = json.dumps({"by": OPERATOR, "reason": reason})
    command = [str(Path(sys.executable).parent / "temporal"), "workflow", "signal", "--workflow-id", f"{GUILD}/hall"]
    command += ["--name", "hold", "--input", said, "--address", starter.environment["TEMPORAL_ADDRESS"]]
    subprocess.run(command, check=True, capture_output=True, timeout=HANGS)
    starter.until("hall", lambda row: bool(row["unconfirmed"]))
    [row] = waiting(starter)
    return str(row["id"])


def waiting(starter: Commands) -> list[dict[str, Any]]:
    """What waits for the operator."""
    rows = starter.data("unconfirmed", "hall", "--as", OPERATOR)
    assert isinstance(rows, list)
    return rows


def test_plan_says_what_becomes_of_decisions_without_a_proof(guild: Commands) -> None:
    said = "A decision without a proof waits until the person whom it names confirms it."
    assert said in guild("plan", GUILD).out.splitlines()
    assert {each["unproven"] for each in guild.data("plan", GUILD)} == {"confirm"}


def test_a_person_looks_at_what_was_sent_in_their_name_and_confirms_it(guild: Commands, office: dict[str, str]) -> None:
    """Fails when somebody else sees or confirms it, and when a name alone will do."""
    one = by_hand(guild, "Elections.")
    shown = guild("unconfirmed", "--as", OPERATOR).out
    assert [word in shown for word in (one, f"hold of {GUILD}/hall", "Elections.")] == [True, True, True]
    assert guild("unconfirmed", "--as", FINANCE).out == "No decision waits for you.\n"
    for listing in (guild("status").out, guild("status", "hall").out):
        assert "1 decision, by the people whom they name: see `unconfirmed`" in listing

    assert "a name at a terminal is none" in one_line(guild("confirm", one, "--as", OPERATOR))
    assert f"it names {OPERATOR}" in one_line(guild("confirm", one, "--as", FINANCE))
    assert "No decision waits as 'nothing'" in one_line(guild("confirm", "nothing", "--as", OPERATOR))
    document = json.loads(guild("confirm", one, "--json", **office).out)
    assert document == {"answer": "On hold, while waiting for applications", "decision": one}
    assert guild("confirm", one, **office).out == f"{document['answer']}\n"
    assert waiting(guild) == []
    [line] = [each for each in guild.data("record", "hall") if each["action"] == "hold"]
    assert (line["by"], line["proof"]) == (OPERATOR, "terminal key")
    assert guild("resume", "hall", "--reason", "Over.", **office).status == 0


def test_a_person_drops_what_is_not_theirs_with_a_reason(guild: Commands, office: dict[str, str]) -> None:
    one = by_hand(guild, "Not mine at all.")
    assert "needs a reason" in one_line(guild("confirm", one, "--no", **office))
    dropped = guild("confirm", one, "--no", "--reason", "I was away.", **office)
    assert (dropped.status, "is dropped" in dropped.out) == (0, True)
    assert waiting(guild) == []
    assert f"The hold {one} was dropped before" in one_line(guild("confirm", one, **office))
    assert guild.status("hall")["waits_for"] == "applications"
    told = [each for each in guild.data("notices", "hall") if "I was away." in each["body"]]
    assert [(each["occasion"], each["recipient"]) for each in told] == [("refused", OPERATOR)]


def test_at_a_terminal_a_name_alone_is_refused_with_what_to_do(guild: Commands, office: dict[str, str]) -> None:
    line = one_line(guild("hold", "hall", "--reason", "A name.", "--as", OPERATOR))
    [one] = waiting(guild)
    assert line == (f"The hold came without a proof, so nothing has changed: {OPERATOR} can confirm it as {one['id']}.")
    assert guild("confirm", one["id"], "--no", "--reason", "Only tried.", **office).status == 0
    assert "came without a proof" in one_line(guild("retry", "hall", "--as", OPERATOR))
    assert guild("retry", "hall", **office).status == 0
