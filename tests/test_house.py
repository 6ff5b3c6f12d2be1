"""The checks of who may import whom, and of how long code is, see what they are there to see."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import NO_PART, ROOT, check, parts_of

LONGEST_FILE, LONGEST_FUNCTION = 400, 60
WHY = "# Longer than others: "
"""How a comment begins that says why: in the first line of a file, or above a function."""


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


@pytest.mark.parametrize("module", ["helpers.py", "helpers/pages.py"])
def test_a_module_without_a_place_fails_the_check(house: Path, module: str) -> None:
    (house / module).parent.mkdir(exist_ok=True)
    spoil(house / module, "import domain.keys")

    status, said = check(house)

    assert (status, Path(module).parts[0].removesuffix(".py") in said) == (1, True)


def too_long(root: Path) -> list[str]:
    """The files and functions that are too long, and for which no comment says why.

    Args:
        root: of the project, or of a copy.
    """
    found = []
    for part in (*parts_of(root).values(), root / "tests"):
        for path in sorted(part.rglob("*.py")) if part.is_dir() else [part]:
            text = path.read_text(encoding="utf-8")
            lines, name = text.splitlines(), path.relative_to(root)
            if len(lines) > LONGEST_FILE and not lines[0].startswith(WHY):
                found.append(f"{name} has {len(lines)} lines: divide it, or say why in its first line: {WHY}…")
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    length = (node.end_lineno or node.lineno) - node.lineno + 1
                    if length > LONGEST_FUNCTION and not is_explained(lines, node):
                        found.append(f"{name}: {node.name} has {length} lines: divide it, or say why above: {WHY}…")
    return found


def is_explained(lines: list[str], function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the comment above a function, and above its decorators, says why it is long."""
    above = min(each.lineno for each in (function, *function.decorator_list)) - 2
    while above >= 0 and (line := lines[above].strip()).startswith("#"):
        if line.startswith(WHY):
            return True
        above -= 1
    return False


def test_no_file_and_no_function_is_too_long_unless_a_comment_says_why() -> None:
    assert too_long(ROOT) == []


LONG_FILE, LONG_FUNCTION = "one = 1\n" * 401, "@print\nasync def long() -> None:\n" + "    print()\n" * 60


@pytest.mark.parametrize("folder", [".", "desk", "tests/desk"])
@pytest.mark.parametrize(("text", "says"), [(LONG_FILE, "has 401 lines"), (LONG_FUNCTION, "long has 61 lines")])
def test_what_is_too_long_fails_the_check_unless_a_comment_says_why(
    tmp_path: Path, folder: str, text: str, says: str
) -> None:
    """Fails when a folder is left out, when nobody looks above the decorators, and when one line is not too much."""
    (tmp_path / "tests").mkdir()
    (tmp_path / folder).mkdir(exist_ok=True)
    path = tmp_path / folder / "long.py"

    path.write_text(text, encoding="utf-8")
    (said,) = too_long(tmp_path)
    assert said.startswith(str(path.relative_to(tmp_path)))
    assert says in said

    path.write_text(f"{WHY}because.\n{text}", encoding="utf-8")
    assert too_long(tmp_path) == []

    path.write_text(text.replace("one = 1\n", "", 1).replace("    print()\n", "", 1), encoding="utf-8")
    assert too_long(tmp_path) == []


@pytest.mark.parametrize("place", ["workflows", "domain/challenges"])
@pytest.mark.parametrize(
    "line",
    [
        "from whenever import Instant\nNOW = Instant.now()",
        "import datetime\nNOW = datetime.datetime.now(datetime.UTC)",
        "import random\nCHANCE = random.random()",
        "import os\nPLACE = os.environ",
    ],
    ids=["the present", "the present of the standard library", "chance", "the outside"],
)
def test_workflows_and_rules_that_come_to_another_result_on_replay_fail_the_linter(
    house: Path, place: str, line: str
) -> None:
    """Fails when the linter lets such code pass: a worker runs workflows outside Temporal's sandbox."""
    there, elsewhere = house / place / "spoilt.py", house / "store" / "spoilt.py"
    for module in (there, elsewhere):
        module.write_text(f"{line}\n", encoding="utf-8")
    linted = subprocess.run(
        [Path(sys.executable).with_name("ruff"), "check", "--output-format", "concise", "."],
        cwd=house,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.stdout.count("TID251") == 1
    assert f"{place}/spoilt.py" in linted.stdout
