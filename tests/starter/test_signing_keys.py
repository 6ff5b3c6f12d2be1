"""The keys that sign, at the command line, while the service runs; and what the record shows of proofs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from embedded import Service
from tests.starter.commands import FINANCE, OPERATOR, Commands, one_line, write_round

ARDEN = "arden"
AS_OPERATOR = ("--as", OPERATOR)


@pytest.fixture(scope="module")
def arden(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """Commands to the service, with a round that is open."""
    folder = tmp_path_factory.mktemp("arden")
    starter = Commands(service.address | {"CHALLENGES_PROGRAMMES": str(folder)})
    write_round(folder, {"orchard": 86_400}, ARDEN)
    assert starter("open", ARDEN).status == 0
    starter.waits_for("orchard", "applications")
    return starter


def held_and_resumed(arden: Commands) -> None:
    """An operator decides twice."""
    for words in (("hold", "orchard", "--reason", "Trying keys."), ("resume", "orchard")):
        done = arden(*words, *AS_OPERATOR)
        assert (done.status, done.err) == (0, "")


def test_the_record_shows_beside_each_person_how_they_were_proven(arden: Commands) -> None:
    held_and_resumed(arden)
    arden("select", "orchard", "exploration", "orchard-000000", "--as", FINANCE)
    shown = arden("record", "orchard", *AS_OPERATOR).out
    assert f"{OPERATOR} (operator, terminal): hold" in shown
    assert f"{FINANCE} (releaser, terminal): select refused" in shown
    assert "service: opened" in shown
    lines = arden.data("record", "orchard", *AS_OPERATOR)
    assert {line["proof"] for line in lines if line["by"] == OPERATOR} == {"terminal"}
    assert {line["proof"] for line in lines if line["by"] == "service"} == {""}
    held = next(line for line in lines if line["action"] == "hold")
    said = json.loads(str(held["signed"]))["statement"]
    assert (said["workflow"], said["person"], said["kind"]) == (f"{ARDEN}/orchard", OPERATOR, "hold")


def test_keys_are_made_listed_and_retired_while_the_worker_runs(arden: Commands, service: Service) -> None:
    held_and_resumed(arden)
    first = next(row for row in arden.data("keys", "list", *AS_OPERATOR) if row["use"] == "signs")
    made = json.loads(arden("keys", "make", *AS_OPERATOR, "--json").out)
    assert Path(made["file"]) == service.folder / "signing.pub"
    held_and_resumed(arden)
    rows = arden.data("keys", "list", *AS_OPERATOR)
    assert [(row["id"], row["use"]) for row in rows][:2] == [(made["key"], "signs"), (first["id"], "checks")]

    retired = arden("keys", "retire", str(first["id"])[:8], *AS_OPERATOR)

    assert (retired.status, str(first["id"]) in retired.out) == (0, True)
    held_and_resumed(arden)
    assert first["id"] in arden("keys", "list", *AS_OPERATOR).out
    told = [line["text"] for line in arden.data("record", "orchard", *AS_OPERATOR) if line["action"] == "keys"]
    assert told == [f"Signing key {made['key']} made", f"Signing key {first['id']} retired"]
    assert "already" in one_line(arden("keys", "retire", str(first["id"]), *AS_OPERATOR))
    assert "only one that signs" in one_line(arden("keys", "retire", made["key"], *AS_OPERATOR))
    assert "PRIVATE" not in arden("keys", "list", *AS_OPERATOR).out


@pytest.mark.parametrize("words", [("make",), ("list",), ("retire", "3f9c0a7d51e2b846")], ids=lambda words: words[0])
def test_only_operators_see_to_keys(arden: Commands, words: tuple[str, ...]) -> None:
    assert "operator" in one_line(arden("keys", *words, "--as", FINANCE))


def test_nothing_is_sent_where_the_private_keys_cannot_be_used(arden: Commands, tmp_path: Path) -> None:
    """Fails where a decision leaves without its proof: it would be done, and not proven."""
    file = tmp_path / "signing.key"
    file.write_text("nonsense\n")
    hold = ("hold", "orchard", "--reason", "Why not?", *AS_OPERATOR)
    file.chmod(0o644)
    assert f"chmod 600 {file}" in one_line(arden(*hold, CHALLENGES_SIGNING_KEY_FILE=str(file)))
    file.chmod(0o600)
    line = one_line(arden(*hold, CHALLENGES_SIGNING_KEY_FILE=str(file)))
    assert line.startswith(f"Line 1 of the key file {file} is not a key")
    assert "nonsense" not in line


def test_a_desk_with_keys_of_its_own_is_told_that_the_worker_does_not_know_them(
    arden: Commands, tmp_path: Path
) -> None:
    own = {
        "CHALLENGES_SIGNING_KEY_FILE": str(tmp_path / "signing.key"),
        "CHALLENGES_PUBLIC_KEY_FILE": str(tmp_path / "signing.pub"),
    }
    line = one_line(arden("hold", "orchard", "--reason", "Why not?", *AS_OPERATOR, **own))
    assert "does not have" in line
    assert "CHALLENGES_PUBLIC_KEY_FILE" in line
    assert [each["proof"] for each in arden.data("record", "orchard", *AS_OPERATOR) if line in str(each["text"])] == [
        "not proven"
    ]
