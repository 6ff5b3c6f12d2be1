"""The check of who may import whom sees what it is there to see."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.house import NO_PART, ROOT, check


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the project's code, to be spoilt."""
    here = tmp_path / "house"
    others = shutil.ignore_patterns(".*", "__pycache__", *NO_PART)
    shutil.copytree(ROOT, here, ignore=others)
    return here


def spoil(module: Path, line: str) -> None:
    module.write_text(f"{module.read_text(encoding='utf-8') if module.exists() else ''}\n{line}\n", encoding="utf-8")


def test_the_house_stands() -> None:
    status, said = check()

    assert status == 0, said


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("domain/values/wording.py", "import service.wiring"),
        ("domain/permissions.py", "from workflows import interface"),
        ("domain/keys.py", "import embedded"),
        ("domain/values/money.py", "import sqlalchemy"),
        ("domain/challenges/state.py", "from temporalio import workflow"),
        ("store/database/tables.py", "import gateways.messaging.channels"),
        ("store/record/record.py", "from service.settings import Settings"),
        ("gateways/messaging/channels.py", "import store.database.tables"),
        ("workflows/steps.py", "import store.database.tables"),
        ("workflows/columns.py", "import structlog"),
        ("service/wiring.py", "import desk.desk"),
        ("desk/desk.py", "import activities.delivery"),
        ("activities/failures.py", "import desk.desk"),
        ("commands/options.py", "import worker"),
    ],
)
def test_an_import_upwards_or_sideways_fails_the_check(house: Path, module: str, forbidden: str) -> None:
    spoil(house / module, forbidden)

    status, said = check(house)

    assert status == 1
    assert f"{module.removesuffix('.py').replace('/', '.')} ->" in said


def test_an_import_inside_a_function_fails_the_check_too(house: Path) -> None:
    spoil(house / "domain/keys.py", "def late() -> None:\n    import starter")

    assert check(house)[0] == 1


@pytest.mark.parametrize("module", ["helpers.py", "console/pages.py"])
def test_a_module_without_a_place_fails_the_check(house: Path, module: str) -> None:
    (house / module).parent.mkdir(exist_ok=True)
    spoil(house / module, "import domain.keys")

    status, said = check(house)

    assert (status, Path(module).parts[0].removesuffix(".py") in said) == (1, True)
