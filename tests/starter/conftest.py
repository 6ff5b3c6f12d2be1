"""One service for all tests of the command line: a real Temporal server, a real worker, SQLite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from pathlib import Path

import pytest
from whenever import Instant

import embedded
from desk.programme_files import load_round
from domain.challenges.application import Applying
from domain.forms.answers import only_text
from domain.programmes.round import Challenge, challenges_of
from gateways.messaging.letters import Letters
from service.ports import free_ports
from store.challenges.applications import accept
from store.challenges.rounds import keep_round
from store.database.database import Database
from store.record.keys import RecordKeyFile
from tests.starter.commands import PURSE, ROUND, WITH_MONEY, Commands, write_round

_CLOSES_IN = 1
"""Seconds for which short windows are open. What has to be in time comes at the very opening: see `handed_in`."""


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Service]:
    """The service, embedded, on ports and in a folder of its own."""
    service = embedded.Service(tmp_path_factory.mktemp("service"), *free_ports())
    with service.up(embedded.Listener()):
        yield service


@pytest.fixture(scope="session")
def starter(service: embedded.Service, tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """Commands to the service, with programmes of this test's own."""
    folder = tmp_path_factory.mktemp("programmes")
    return Commands(service.address | {"CHALLENGES_PROGRAMMES": str(folder)})


@pytest.fixture(scope="session")
def teams(starter: Commands, service: embedded.Service) -> dict[str, list[str]]:
    """The round, opened, with applications to each of its challenges whose window closes soon."""
    folder, long = Path(starter.environment["CHALLENGES_PROGRAMMES"]), {"bridge": 86_400, "harbour": 86_400}
    opened = write_round(folder, long)
    assert starter("open", ROUND).status == 0
    starter.waits_for("bridge", "applications")  # the worker is up: from here on it is quick
    soon = ceil((Instant.now() - opened.to_instant()).total("seconds")) + _CLOSES_IN
    write_round(folder, long | dict.fromkeys(("market", "library", "station"), soon), opened=opened)
    teams = handed_in(service, folder, ROUND, {"market": 4, "library": 2, "station": 4})
    assert starter("open", ROUND).status == 0
    return teams | {"bridge": [starter.apply("bridge", 0)]}


@pytest.fixture(scope="session")
def closed(starter: Commands, teams: dict[str, list[str]]) -> list[str]:
    """The applications to the challenge "market", whose window is sealed and which waits for its first selection."""
    starter.waits_for("market", "selection for exploration")
    return teams["market"]


@pytest.fixture(scope="session")
def purse(
    starter: Commands, service: embedded.Service, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[str]]:
    """A round that pays, opened, with applications to each of its challenges; only the window of "pond" stays open."""
    folder = tmp_path_factory.mktemp("purse")
    numbers = {"well": 2, "mill": 3, "kiln": 3, "loom": 2, "barn": 3, "yard": 1, "moat": 2, "pond": 1}
    closing = dict.fromkeys(numbers, _CLOSES_IN) | {"pond": 86_400}
    write_round(folder, closing, PURSE, programme=(PURSE, WITH_MONEY))
    teams = handed_in(service, folder, PURSE, numbers)
    assert starter("open", PURSE, CHALLENGES_PROGRAMMES=str(folder)).status == 0
    for name in numbers:
        starter.until(name, lambda row: row["waits_for"] not in ("", "opening"))  # what its opening tells is written
    return teams


def handed_in(service: embedded.Service, folder: Path, name: str, numbers: Mapping[str, int]) -> dict[str, list[str]]:
    """So many applications to each of some challenges of a round that is to be opened next; their ids.

    They come at the very opening, however short the windows are and however busy the machine.
    """
    round_, programme = load_round(folder / f"{name}.round.toml")
    challenges = {each.slug: each for each in challenges_of(round_, programme) if each.slug in numbers}
    database, compose = _database_of(service), Letters().compose
    keep_round(database, round_, programme, tuple(challenges.values()), Instant.now())

    def hand_in(challenge: Challenge, number: int) -> str:
        at = challenge.opens.add(microseconds=number)
        return accept(database, challenge.id, _application(number), lambda: at, compose).application

    teams = {slug: [hand_in(challenges[slug], each) for each in range(count)] for slug, count in numbers.items()}
    database.close()
    return teams


def _database_of(service: embedded.Service) -> Database:
    keys = RecordKeyFile(Path(service.address["CHALLENGES_RECORD_KEY_FILE"]))
    return Database(service.address["CHALLENGES_DATABASE_URL"], keys)


def _application(number: int) -> Applying:
    email = f"team{number}@company.example"
    return Applying(organisation=f"Company {number}", email=email, answers=only_text(f"Answer number {number}."))


@pytest.fixture
def database(service: embedded.Service) -> Iterator[Database]:
    """The service's database, for what no command does."""
    database = _database_of(service)
    yield database
    database.close()
