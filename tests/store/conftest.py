"""Both databases, a round of two challenges in them, and everything that a test of the store needs to say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from store.challenges.rounds import keep_round
from store.database.database import Database
from store.record.record import announce
from tests.chained import KEYS
from tests.store.attaching import open_with_files
from tests.store.judging import Judgement
from tests.store.kept import database_at
from tests.store.paying import Till, to_make
from tests.store.postgres import emptied, fresh_postgres, postgres_server
from tests.store.rounds import of_two, two_weeks
from tests.store.said import AIR, OPENS, ROADS, applied, compose, opened
from tests.store.sqlite import fresh_sqlite
from tests.store.writing import with_form


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_postgres(postgres: str) -> str:
    """The URL of a PostgreSQL database with all tables, for one test after the other; none may change the tables."""
    url = fresh_postgres(postgres)
    database = Database(url, KEYS)
    database.migrate()
    database.close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/service.db"
    return fresh_postgres(request.getfixturevalue("postgres"))


@pytest.fixture(scope="session")
def sqlite_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which every test finds a new SQLite database."""
    return tmp_path_factory.mktemp("sqlite")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of a database with all tables, and nothing in them."""
    if request.param == "postgresql":
        return emptied(request.getfixturevalue("migrated_postgres"))
    return fresh_sqlite(request.getfixturevalue("sqlite_folder"))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A database with all tables, and nothing in them."""
    database = database_at(url)
    yield database
    assert not database.engine.pool.checkedout(), "the test has left a connection open"  # type: ignore[attr-defined]
    if database.engine.dialect.name == "sqlite":  # the next test finds another file in its place
        database.close()


@pytest.fixture(scope="session")
def programme() -> Programme:
    """Two weeks for up to three teams."""
    return two_weeks()


@pytest.fixture(scope="session")
def round_() -> Round:
    """Two challenges by one sponsor."""
    return of_two()


@pytest.fixture
def kept(database: Database, round_: Round, programme: Programme) -> Database:
    """A database with the round in it, of which nothing was announced yet."""
    keep_round(database, round_, programme, challenges_of(round_, programme), OPENS)
    return database


@pytest.fixture
def open_(kept: Database) -> Database:
    """A database with both windows open."""
    for challenge in (AIR, ROADS):
        announce(kept, opened(challenge), compose)
    return kept


@pytest.fixture
def judging(database: Database, round_: Round, programme: Programme) -> Judgement:
    """A stage that is judged, without a mark."""
    return Judgement(database, round_, programme)


@pytest.fixture
def till(open_: Database) -> Till:
    """A payment to a team that has applied, of which the ledger knows nothing yet."""
    return Till(open_, to_make(applied(open_)))


@pytest.fixture
def form_round(database: Database, round_: Round, programme: Programme) -> Database:
    """A database with both windows open, in which applications answer a form of five questions."""
    formed = with_form(programme)
    keep_round(database, round_, formed, challenges_of(round_, formed), OPENS)
    for challenge in (AIR, ROADS):
        announce(database, opened(challenge), compose)
    return database


@pytest.fixture
def round_with_files(database: Database, round_: Round, programme: Programme) -> Database:
    """A database with both windows open, in which applications have files."""
    return open_with_files(database, round_, programme)
