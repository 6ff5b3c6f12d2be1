"""Runs the measurements and writes results.md and results.json in this folder.

Measurements are not tests: the exit status is 0 whatever the figures are, and 1 only if a measurement failed.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from . import (
    accepting,
    against,
    closing,
    delivering,
    files,
    history,
    intake,
    lifecycles,
    notices,
    pages,
    payments,
    record,
    sealing,
    sending,
    sessions,
    signing,
    sleepers,
    submissions,
    virtual,
)
from .machine import described
from .measuring import Measurement, say
from .report import as_json, as_markdown

MEASUREMENTS: dict[str, Callable[[bool], Iterator[Measurement]]] = {
    each.NAME: each.measure
    for each in (
        lifecycles,
        history,
        accepting,
        sending,
        intake,
        pages,
        submissions,
        closing,
        sealing,
        virtual,
        payments,
        notices,
        files,
        delivering,
        record,
        signing,
        sessions,
        sleepers,
    )
} | {against.NAME: partial(against.measure, against.BEFORE)}

_HERE = Path(__file__).parent


def run(names: list[str], small: bool, other: str = against.BEFORE) -> list[Measurement]:
    """Runs measurements.

    Args:
        names: of the measurements, as in `MEASUREMENTS`.
        small: whether to measure at a tiny size, only to see that the measurements work.
        other: the revision whose build this one is compared with.
    """
    measurements = MEASUREMENTS | {against.NAME: partial(against.measure, other)}
    measured: list[Measurement] = []
    for name in names:
        say(name)
        for each in measurements[name](small):
            measured.append(each)
            ratio = "" if each.ratio is None else f", {each.ratio:.2f} of the floor"
            say(f"  {each.name}: {each.figure:,.4g} {each.unit}{ratio} ({'met' if each.met else 'missed'})")
    return measured


def main() -> int:
    """Exit status: 0 measured, 1 a measurement failed, 2 used wrongly."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Run the measurements and write the results to files."
    )
    parser.add_argument("--only", choices=MEASUREMENTS, help="run one measurement, and print its result only")
    parser.add_argument("--small", action="store_true", help="measure at a tiny size, and print the results only")
    parser.add_argument(
        "--against",
        metavar="REV",
        help=f"the revision of the build to compare with; {against.BEFORE} if it is not given",
    )
    chosen = parser.parse_args()
    other = chosen.against or against.BEFORE
    names = [chosen.only] if chosen.only else list(MEASUREMENTS)
    if against.NAME in names and not against.is_known(other):
        if chosen.against or chosen.only:
            parser.error(f"git knows no revision {other!r} here: name one that `git log` shows.")
        say(f"Without {against.NAME}: git knows no revision {other!r} here.")
        names.remove(against.NAME)
    try:
        machine = described()
        measured = run(names, chosen.small, other)
    except Exception:
        traceback.print_exc()
        return 1
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    text = as_markdown(day, machine, measured)
    print(text)
    if not (chosen.only or chosen.small):
        (_HERE / "results.md").write_text(text, encoding="utf-8")
        (_HERE / "results.json").write_text(as_json(day, machine, measured), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
