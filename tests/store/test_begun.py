"""Sign-ins with an organisation that were begun: used once, in time, and by the browser that began."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from whenever import Instant, TimeDelta

from store.database.database import Database
from store.identity.begun import keep, use

NOW = Instant.from_utc(2016, 7, 20, 9, 30)
ENDS = NOW + TimeDelta(minutes=10)
OFFICE = "https://login.office.example"


@pytest.fixture
def begun(database: Database) -> Database:
    """A database with a sign-in that begins now."""
    keep(database, "state", OFFICE, "browser", "/decisions", NOW, ENDS)
    return database


def test_a_sign_in_is_used_once(begun: Database) -> None:
    assert [use(begun, "state", OFFICE, "browser", NOW) for _ in range(3)] == ["/decisions", None, None]


def test_a_sign_in_without_a_page_to_go_on_to_is_one(database: Database) -> None:
    keep(database, "state", OFFICE, "browser", "", NOW, ENDS)

    assert use(database, "state", OFFICE, "browser", NOW) == ""


@pytest.mark.parametrize(
    ("state", "issuer", "browser", "late"),
    [
        ("another", OFFICE, "browser", 0),
        ("state", "https://rival.example", "browser", 0),
        ("state", OFFICE, "another", 0),
        ("state", OFFICE, "browser", 600),
    ],
)
def test_nobody_else_uses_it_and_nobody_loses_it_by_that(
    begun: Database, state: str, issuer: str, browser: str, late: int
) -> None:
    assert use(begun, state, issuer, browser, NOW + TimeDelta(seconds=late)) is None
    assert use(begun, "state", OFFICE, "browser", ENDS - TimeDelta(microseconds=1)) == "/decisions"


def test_of_many_who_use_it_at_once_one_does(begun: Database) -> None:
    with ThreadPoolExecutor(8) as threads:
        used = list(threads.map(lambda _: use(begun, "state", OFFICE, "browser", NOW), range(8)))

    assert sorted(used, key=str) == ["/decisions", *[None] * 7]
