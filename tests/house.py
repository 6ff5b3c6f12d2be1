"""Checks who may import whom, as pyproject.toml says: `python tests/house.py`.

import-linter knows packages only, so a module at the root of the project is shown to it as a package of one file.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
NO_PART = frozenset({"tests", "build", "var"})
"""Folders that are no part of the house: tests may import everything."""


def parts_of(root: Path) -> dict[str, Path]:
    """The parts of the house by their names: every module at the root, and every folder with Python code."""
    folders = (path for path in root.iterdir() if path.is_dir() and path.name.isidentifier())
    code = {path.name: path for path in folders if path.name not in NO_PART and any(path.rglob("*.py"))}
    return code | {path.stem: path for path in root.glob("*.py")}


def check(root: Path = ROOT) -> tuple[int, str]:
    """Checks the imports of a copy of the project.

    Args:
        root: of the copy.

    Returns:
        An exit status, 0 if every import is allowed and every part has its place; and what there is to say.
    """
    rules = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    parts = parts_of(root)
    if homeless := sorted(set(parts) ^ set(rules["root_packages"])):
        return 1, f"The house in pyproject.toml and the parts that there are differ in {', '.join(homeless)}."
    layers = " ".join(rules["contracts"][0]["layers"]).replace("|", " ").replace(":", " ").split()
    if homeless := sorted(set(parts) ^ set(layers)):
        return 1, f"The layers in pyproject.toml give no place, or one of nothing, to {', '.join(homeless)}."
    with tempfile.TemporaryDirectory(prefix="house-") as scratch:
        for name, path in parts.items():
            place = Path(scratch) / name
            if path.is_dir():
                place.symlink_to(path)
            else:
                place.mkdir()
                (place / "__init__.py").symlink_to(path)
        done = subprocess.run(
            [Path(sys.executable).parent / "lint-imports", "--no-cache", "--config", root / "pyproject.toml"],
            cwd=scratch,
            capture_output=True,
            text=True,
            check=False,
        )
    return done.returncode, done.stdout + done.stderr


if __name__ == "__main__":
    status, said = check()
    print(said)
    sys.exit(status)
