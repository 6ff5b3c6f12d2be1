"""One service for all tests of the command line: a real Temporal server, a real worker, SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from whenever import Instant

import embedded
from domain.challenges.application import Applying
from gateways.messaging.letters import Letters
from store.challenges.applications import accept
from store.database.database import Database
from tests.starter.commands import PURSE, ROUND, WITH_MONEY, Commands, write_round

_CLOSES_IN = 10
"""Seconds until the short windows close: enough to hand in what has to be in time."""


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Service]:
    """The service, embedded, on ports and in a folder of its own."""
    service = embedded.Service(tmp_path_factory.mktemp("service"), *embedded.free_ports())
    with service.up(embedded.Listener()):
        yield service


@pytest.fixture(scope="session")
def starter(service: embedded.Service, tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """Commands to the service, with programmes of this test's own."""
    folder = tmp_path_factory.mktemp("programmes")
    return Commands(service.address | {"CHALLENGES_PROGRAMMES": str(folder)})


@pytest.fixture(scope="session")
def teams(starter: Commands) -> dict[str, list[str]]:
    """The round, opened, with applications to each of its challenges whose window closes soon."""
    folder, long = Path(starter.environment["CHALLENGES_PROGRAMMES"]), {"bridge": 86_400, "harbour": 86_400}
    write_round(folder, long)
    assert starter("open", ROUND).status == 0
    starter.waits_for("bridge", "applications")  # the worker is up: from here on it is quick
    write_round(folder, long | dict.fromkeys(("market", "library", "station"), _CLOSES_IN))
    assert starter("open", ROUND).status == 0
    numbers = {"market": 4, "library": 2, "station": 4, "bridge": 1}
    return {name: [starter.apply(name, number) for number in range(count)] for name, count in numbers.items()}


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
    numbers = {"well": 2, "mill": 3, "kiln": 3, "loom": 2, "barn": 3, "yard": 1, "pond": 1}
    closing = dict.fromkeys(numbers, _CLOSES_IN) | {"pond": 86_400}
    write_round(folder, closing, PURSE, programme=(PURSE, WITH_MONEY))
    assert starter("open", PURSE, CHALLENGES_PROGRAMMES=str(folder)).status == 0
    # Not by the command, which other tests are about: so many would come too late where the machine is busy.
    database, compose = Database(service.address["CHALLENGES_DATABASE_URL"]), Letters().compose
    teams = {
        name: [
            accept(database, f"{PURSE}/{name}", _application(number), Instant.now, compose).application
            for number in range(count)
        ]
        for name, count in numbers.items()
    }
    database.close()
    for name in numbers:
        starter.until(name, lambda row: row["waits_for"] not in ("", "opening"))  # what its opening tells is written
    return teams


def _application(number: int) -> Applying:
    email = f"team{number}@company.example"
    return Applying(organisation=f"Company {number}", email=email, proposal=f"Answer number {number}.")


@pytest.fixture
def database(service: embedded.Service) -> Iterator[Database]:
    """The service's database, for what no command does."""
    database = Database(service.address["CHALLENGES_DATABASE_URL"])
    yield database
    database.close()
