"""The results of the measurements, in Markdown for people and in JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from .measuring import Measurement


def as_json(day: str, machine: Mapping[str, str], measured: Sequence[Measurement]) -> str:
    """All results, for programs."""
    content = {"date": day, "machine": dict(machine), "measurements": [each.model_dump() for each in measured]}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def as_markdown(day: str, machine: Mapping[str, str], measured: Sequence[Measurement]) -> str:
    """A table of all measurements, and a section about each."""
    rows = [
        (
            each.name,
            f"{_number(each.figure)} {each.unit}",
            "" if each.floor is None else f"{_number(each.floor)} {each.unit}",
            "" if each.ratio is None else f"{each.ratio:.2f}",
            each.aim,
            "yes" if each.met else "**no**",
        )
        for each in measured
    ]
    parts = [
        "# Measurements",
        f"Written by `make bench` on {day}. A floor is the same thing without the work. The two take turns on the "
        "same machine in the same run, so only the ratio can be compared between machines. In the rows that begin with "
        "`against`, the floor is the build of that revision.",
        _table(("Measurement", "Figure", "Floor", "Ratio", "Aim", "Met"), rows),
    ]
    for each in measured:
        parts += [f"## {each.name}", each.what, "\n".join(f"- {note}" for note in each.notes)]
    parts += ["## Machine", _table(("What", "Which"), list(machine.items()))]
    return "\n\n".join(parts) + "\n"


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.3f}"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
