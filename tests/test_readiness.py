"""Whether a web front can serve: asked once for all who ask at one moment, and answered also where nothing answers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from domain.values.refusals import Unavailable
from service.files import whole_place_of
from service.readiness import Readiness
from service.settings import Settings
from service.threads import Threads
from store.database.database import Database
from tests.waiting import HANGS


class Asked:
    """A database that answers, and counts how often it is asked."""

    def __init__(self) -> None:
        self.times = 0
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.fault: Exception | None = None

    def check_migrated(self) -> None:
        self.times += 1
        assert self.goes_on.wait(HANGS)
        if self.fault:
            raise self.fault

    def __getattr__(self, name: str) -> Any:
        raise Unavailable("It is not asked for anything else here.")


@pytest.fixture
def threads() -> Iterator[Threads]:
    threads = Threads()
    yield threads
    threads.close()


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def options(tmp_path: Path) -> Settings:
    (tmp_path / "something").touch()  # the database is not asked whether files are kept
    return Settings(files_place=str(tmp_path))


async def test_of_many_who_ask_within_a_second_one_has_the_database_asked(
    options: Settings, asked: Asked, threads: Threads
) -> None:
    """Fails where whoever asks all the time keeps the database busy."""
    now = [0.0]
    ready = Readiness(options, cast("Database", asked), threads, lambda: now[0])
    for moment, times in ((0.0, 1), (0.9, 1), (1.0, 2)):
        now[0] = moment
        found = await asyncio.gather(*(ready.parts() for _ in range(50)))
        assert found == [{"database": True, "files": True}] * 50
        assert asked.times == times


async def test_what_hangs_is_said_not_to_answer(
    options: Settings, asked: Asked, threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.readiness._WITHIN", 0.01)
    asked.goes_on.clear()
    ready = Readiness(options, cast("Database", asked), threads)
    found = await ready.parts()
    asked.goes_on.set()
    assert found["database"] is False


async def test_why_something_does_not_answer_is_in_the_log(
    options: Settings, asked: Asked, threads: Threads, capsys: pytest.CaptureFixture[str]
) -> None:
    asked.fault = Unavailable("The database cannot be reached.")
    assert await Readiness(options, cast("Database", asked), threads).parts() == {"database": False, "files": True}
    assert "The database cannot be reached." in capsys.readouterr().out


def test_a_folder_is_whole_that_got_its_first_file_while_it_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails where of two people who attach the first files at one moment, one is turned away."""
    options, nothing = Settings(files_place=str(tmp_path)), cast("Database", Asked())
    monkeypatch.setattr("store.files.sweeping.are_in_the_store", lambda _: True)
    with pytest.raises(Unavailable, match="is empty, although files are kept"):
        whole_place_of(options, nothing)

    def another_comes(_: Database) -> bool:
        (tmp_path / "file").touch()
        return True

    monkeypatch.setattr("store.files.sweeping.are_in_the_store", another_comes)
    whole_place_of(options, nothing)
