"""Writes the golden files anew: `python tests/wire/write.py`. What earlier releases wrote (NAME@VERSION.json) stays."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.wire.golden import FOLDER, MESSAGES, goldens, index, pretty, type_in


def main() -> None:
    """Writes a file for each type on the wire, and removes those of types that are gone."""
    FOLDER.mkdir(exist_ok=True)
    today = goldens()
    for path in FOLDER.glob("*.json"):
        if path.stem == type_in(path) and path.stem not in today:
            path.unlink()
    for name, golden in today.items():
        (FOLDER / f"{name}.json").write_text(golden.text(), encoding="utf-8")
    MESSAGES.write_text(pretty(index()), encoding="utf-8")


if __name__ == "__main__":
    main()
