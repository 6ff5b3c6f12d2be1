"""A web front with a round behind it, visitors without scripts, and one Chromium for all tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack

import pytest
from playwright.async_api import Browser
from whenever import Instant

from domain.programmes.round import Round
from store.challenges.people import keep_people
from store.database.database import Database
from tests.chromium import Opens, chromium
from tests.console.fronting import Fronted, Visitor, fronting
from tests.identity.conftest import Clock
from tests.store.conftest import database, kept, open_, programme, round_, sqlite_folder  # noqa: F401
from tests.store.sqlite import fresh_sqlite


@pytest.fixture
def url(sqlite_folder: object) -> str:  # noqa: F811
    """Pages are tried on SQLite only; what is behind them has its tests on both databases."""
    return fresh_sqlite(sqlite_folder)  # type: ignore[arg-type]


@pytest.fixture
def clock() -> Clock:
    """The clock of the front. It begins today, so that browsers keep what they are given."""
    clock = Clock()
    clock.now = Instant.now()
    return clock


@pytest.fixture
def people(open_: Database, round_: Round) -> Database:  # noqa: F811
    """A database with a round, its people and its challenges."""
    with open_.writing() as connection:
        keep_people(connection, round_)
    return open_


@pytest.fixture
def front(people: Database, clock: Clock) -> Iterator[Fronted]:
    """A web front that runs."""
    with fronting(people, clock) as front:
        yield front


@pytest.fixture
def visit(front: Fronted) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors, each with a browser of their own."""
    with ExitStack() as stack:

        def visitor(**headers: str) -> Visitor:
            made = Visitor(front, **headers)
            stack.callback(made.close)
            return made

        yield visitor


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests."""
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def opens(browser: Browser) -> AsyncIterator[Opens]:
    """Opens pages, which are closed in the end."""
    async with AsyncExitStack() as stack:
        yield Opens(browser, stack)
