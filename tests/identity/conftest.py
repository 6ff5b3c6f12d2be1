"""What tests of identity share: both databases with a round, as those of the store have them, and organisations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from whenever import Instant, TimeDelta

from identity.organisations import Organisations
from service.settings import Settings
from service.threads import Threads
from store.database.database import Database
from tests.identity.browsing import HOME, Browser
from tests.identity.providing import Organisation, providing, write_organisations
from tests.store.conftest import (  # noqa: F401
    database,
    kept,
    migrated_postgres,
    open_,
    postgres,
    programme,
    round_,
    sqlite_folder,
    url,
)


class Clock:
    """A clock that goes on only if it is told to."""

    def __init__(self) -> None:
        self.now = Instant.from_utc(2016, 7, 20, 9, 30)

    def __call__(self) -> Instant:
        return self.now

    def go_on(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0, microseconds: float = 0) -> None:
        """So much later."""
        self.now += TimeDelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=microseconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Organisation, Organisation]]:
    """Two organisations, "office" and "rival"."""
    with providing(tmp_path_factory.mktemp("providers") / "log") as organisations:
        yield organisations


@pytest.fixture
def office(both: tuple[Organisation, Organisation]) -> Iterator[Organisation]:
    """An organisation on a good day."""
    both[0].serves(HOME)
    yield both[0]
    both[0].has()


@pytest.fixture
def rival(both: tuple[Organisation, Organisation]) -> Organisation:
    """Another organisation on a good day."""
    both[1].serves(HOME)
    return both[1]


@pytest.fixture
def organisations(
    office: Organisation, rival: Organisation, tmp_path: Path, begun: Database
) -> Iterator[Organisations]:
    """Sign-in with both organisations, which has asked them nothing yet."""
    threads = Threads()
    path = write_organisations(tmp_path, office.in_settings(), rival.in_settings())
    yield Organisations(Settings(organisations=path, web_address=HOME), begun, threads)
    threads.close()


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database for what was begun."""
    opened = Database(f"sqlite:///{tmp_path_factory.mktemp('begun')}/service.db")
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def open_browser() -> Iterator[Callable[[], Browser]]:
    """Opens browsers, which are closed in the end."""
    browsers: list[Browser] = []

    def opened() -> Browser:
        browsers.append(Browser())
        return browsers[-1]

    yield opened
    for browser in browsers:
        browser.close()
