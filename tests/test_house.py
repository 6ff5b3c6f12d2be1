"""Who may know whom, for the modules at the root; import-linter holds the packages (see pyproject.toml)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = frozenset({"activities", "bench", "commands", "desk", "domain", "gateways", "store", "workflows"})
MODULES = frozenset({"embedded", "log", "parts", "settings", "showing", "starter", "terminal", "worker"})
PARTS = PACKAGES | MODULES


def parts_named_in(module: Path) -> frozenset[str]:
    """The project's parts that a module imports itself, wherever in it the import stands."""
    named: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            named.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            named.add(node.module.partition(".")[0])
    return PARTS & named


def test_every_part_at_the_root_has_its_place_here() -> None:
    modules = {path.stem for path in ROOT.glob("*.py")}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert modules == set(MODULES)
    assert packages == set(PACKAGES)


@pytest.mark.parametrize(
    ("module", "may_know"),
    [
        ("settings.py", {"domain"}),
        ("log.py", {"settings"}),
        ("terminal.py", {"domain"}),
        ("showing.py", {"desk", "domain", "terminal"}),
        ("starter.py", {"commands", "desk", "domain", "showing", "terminal"}),
        ("commands/common.py", {"desk", "domain", "log", "settings", "terminal"}),
        ("commands/help.py", set()),
        ("commands/notices.py", {"domain", "showing", "terminal"}),
        ("commands/paying.py", {"desk", "domain", "showing", "terminal"}),
        ("parts.py", {"domain", "gateways", "settings", "store"}),
        ("embedded.py", {"domain", "store"}),
        ("worker.py", PACKAGES - {"bench", "commands"} | {"log", "parts", "settings"}),
    ],
)
def test_a_module_at_the_root_names_only_the_parts_it_may_know(module: str, may_know: set[str]) -> None:
    assert parts_named_in(ROOT / module) <= may_know


def test_every_command_module_has_its_line_above() -> None:
    """Their bounds are narrower than those that hold for the package (see pyproject.toml)."""
    assert {path.name for path in ROOT.glob("commands/*.py")} == {
        "__init__.py",
        "common.py",
        "help.py",
        "notices.py",
        "paying.py",
    }


def test_an_import_inside_a_function_is_seen_too(tmp_path: Path) -> None:
    module = tmp_path / "front.py"
    module.write_text("import desk.rounds\n\ndef late() -> None:\n    from store import tables\n")

    assert parts_named_in(module) == {"desk", "store"}
