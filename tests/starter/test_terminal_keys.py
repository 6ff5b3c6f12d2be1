"""Key files at the command line, and what is done without one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import embedded
from store.database.database import Database
from tests.starter.commands import FINANCE, OPERATOR, Commands, known_of, one_line, refused, write_round

LAND = "land"
OFFICE = "office@scheme.example"
PROOF = {"CHALLENGES_ASK_FOR_PROOF": "true"}


@pytest.fixture(scope="module")
def land(service: embedded.Service, tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """Commands to the service, with a round of two challenges that is open."""
    folder = tmp_path_factory.mktemp("land")
    starter = Commands(service.address | {"CHALLENGES_PROGRAMMES": str(folder)})
    write_round(folder, {"meadow": 86_400, "marsh": 86_400}, LAND)
    assert starter("open", LAND).status == 0
    for name in ("meadow", "marsh"):
        starter.waits_for(name, "applications")
    return starter


@pytest.fixture(scope="module")
def office(land: Commands, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The settings of an operator with a key file."""
    file = tmp_path_factory.mktemp("keys") / "office.key"
    made = land("terminal-keys", "make", OFFICE, "--file", str(file), "--as", OPERATOR)
    assert (made.status, made.err) == (0, "")
    assert f"of {OFFICE}: {file}" in made.out
    return {"CHALLENGES_TERMINAL_KEY_FILE": str(file)}


def test_with_a_key_file_nobody_has_to_say_who_acts(land: Commands, office: dict[str, str]) -> None:
    """And the record says how they were proven. Fails where --as is still asked for, or believed instead."""
    for by in ((), ("--as", OPERATOR), ("--as", OFFICE)):
        held = land("hold", "meadow", "--reason", "Trying the key.", *by, **office, **PROOF)
        assert (held.status, held.err) == (0, "")
        assert land("resume", "meadow", **office, **PROOF).status == 0
    assert {line["by"] for line in land.data("record", "meadow") if line["action"] == "hold"} == {OPERATOR}


def test_a_name_alone_is_refused_where_the_service_asks_for_proof(land: Commands) -> None:
    line = refused(land, "meadow", "hold", "meadow", "--reason", "Why not?", "--as", OPERATOR, **PROOF)

    assert line == (
        "To hold land/meadow, show who you are: name the key file that was made for you in "
        "CHALLENGES_TERMINAL_KEY_FILE. A name alone is not enough here."
    )


@pytest.mark.parametrize(
    "words", [("status", "meadow"), ("form", LAND), ("plan", LAND), ("notices", "preview"), ("scorecard", "meadow")]
)
def test_what_anyone_may_do_is_done_without_a_key(land: Commands, words: tuple[str, ...]) -> None:
    asked, usual = land(*words, **PROOF), land(*words)

    assert asked.status == usual.status
    assert asked.err == usual.err
    assert "show who you are" not in asked.err


def test_a_name_of_somebody_else_beside_a_key_is_refused(land: Commands, office: dict[str, str]) -> None:
    line = one_line(land("hold", "meadow", "--reason", "Why not?", "--as", FINANCE, **office))

    assert f"is not that of {FINANCE}: leave out --as" in line


@pytest.mark.parametrize("way", ["no --as", "empty --as", "the application's own id", "another's address"])
@pytest.mark.parametrize("proof", [{}, PROOF], ids=["believing", "asking for proof"])
def test_nobody_takes_out_an_application_without_being_its_contact(
    land: Commands, way: str, proof: dict[str, str]
) -> None:
    """Fails where a command without --as, or with the id that every list shows, acts for the application."""
    team, rival = land.apply("marsh", 1), land.apply("marsh", 2)
    by = {
        "no --as": (),
        "empty --as": ("--as", ""),
        "the application's own id": ("--as", team),
        "another's address": ("--as", land.mailbox(rival)),
    }[way]
    before = known_of(land, "marsh")

    answer = land("withdraw", "marsh", team, "--reason", "They gave up.", *by, **proof)

    assert answer.status == (2 if "--as" in way else 1)
    assert known_of(land, "marsh") == before
    assert "withdrew" not in str(land.data("record", "marsh"))


def test_a_command_that_needs_a_person_says_how_to_name_one(land: Commands) -> None:
    line = one_line(land("hold", "meadow", "--reason", "Why not?"), status=2)

    assert line == (
        "Say who acts: name your key file in CHALLENGES_TERMINAL_KEY_FILE, or give --as PERSON, or set "
        "CHALLENGES_PERSON."
    )


def test_keys_are_listed_and_revoked(land: Commands, office: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "finance.key"
    made = json.loads(land("terminal-keys", "make", FINANCE, "--file", str(file), "--as", OPERATOR, "--json").out)
    key = str(made["key"])
    assert made["file"] == str(file)
    assert key in land("terminal-keys", "list", "--as", OPERATOR).out
    rows = {row["id"]: row for row in land.data("terminal-keys", "list", "--as", OPERATOR)}
    assert rows[key]["mailbox"] == "finance@scheme.example"
    assert "secret" not in str(rows)
    own = {"CHALLENGES_TERMINAL_KEY_FILE": str(file)}
    asked = ("payments", "meadow", "--as", FINANCE)
    assert land(*asked, **own, **PROOF).status == 0

    revoked = land("terminal-keys", "revoke", key, **office, **PROOF)

    assert (revoked.status, revoked.out.strip()) == (0, f"The terminal key {key} has ended.")
    assert "has ended" in one_line(land(*asked, **own))


def test_the_first_key_of_an_installation_opens_its_first_round(tmp_path: Path, service: embedded.Service) -> None:
    """On a database of its own: nobody has a key, and the service asks for proof."""
    starter = Commands(service.address | PROOF | {"CHALLENGES_PROGRAMMES": str(tmp_path)})
    starter.environment["CHALLENGES_DATABASE_URL"] = f"sqlite:///{tmp_path / 'fresh.db'}"
    starter.environment["CHALLENGES_SIGNING_KEY_FILE"] = str(tmp_path / "signing.key")
    starter.environment["CHALLENGES_PUBLIC_KEY_FILE"] = str(tmp_path / "signing.pub")
    database = Database(starter.environment["CHALLENGES_DATABASE_URL"])
    database.migrate()
    database.close()
    write_round(tmp_path, {"dune": 86_400}, "coast")
    file = str(tmp_path / "first.key")

    assert "show who you are" in one_line(starter("open", "coast", "--as", OPERATOR))
    assert starter("terminal-keys", "make", OFFICE, "--first", "--file", file).status == 0
    assert "is there" in one_line(
        starter("terminal-keys", "make", OFFICE, "--first", "--file", str(tmp_path / "second.key"))
    )
    opened = starter("open", "coast", "--json", CHALLENGES_TERMINAL_KEY_FILE=file, CHALLENGES_PERSON="")
    assert (opened.status, opened.err) == (0, "")
