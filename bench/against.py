"""This build side by side with the build of another revision: whole lifecycles, and payments."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from .databases import POSTGRESQL, SQLITE, kinds, urls
from .measuring import Compared, Measurement, say
from .programs import ROOT, Program
from .temporal import Watch, dev_server

NAME = "against"
BEFORE = "06a8072"
"""The revision to compare with if no other is named: the last one before steps were made fewer."""

_NAMESPACES = ("this-build", "other-build")
_AIM_OF_PAYMENTS = {SQLITE: 2.5, POSTGRESQL: 3.0}

Answers = list[tuple[Any, Any]]
"""For each round, this build's answer and the other build's."""


class Size(NamedTuple):
    """How many lifecycles run at once and how many there are in a round, how many payments, and how many rounds."""

    at_once: int
    total: int
    payments: int
    rounds: int
    rounds_of_payments: int


class Aim(NamedTuple):
    """An aim in words, and whether it is met."""

    words: str
    met: Callable[[Compared], bool]


def is_known(revision: str) -> bool:
    """Whether git is here, this is a repository, and it has the revision."""
    try:
        found = _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except OSError:
        return False
    return found.returncode == 0


def measure(revision: str, small: bool) -> Iterator[Measurement]:
    """Both builds do the same, in turns, in processes of their own (`bench.side`), with the same packages.

    One development server serves both, a namespace each; one PostgreSQL server has a database for each. Each side has
    the driver of its own build: both drivers send the same messages, and wait for what their build does.

    Args:
        revision: of the other build, as git knows it. Its files are put in a temporary folder.
        small: whether a few are enough, only to see that the measurement works. Both sides then go at the same time.
    """
    size = Size(1, 1, 1, 1, 1) if small else Size(36, 72, 24, 3, 31)
    prefix = f"{NAME} {revision}"
    with tree_of(revision) as tree, Sides(tree, together=small) as sides:
        yield from _lifecycles(prefix, sides, size)
        yield _events(prefix, sides, size)
        for kind in kinds()[: 1 if small else None]:
            yield from _payments(prefix, kind, sides, size)


class Sides:
    """The programs of this build and of another one.

    Args:
        tree: the other build's folder.
        together: whether both answer at the same time, not in turns.
    """

    def __init__(self, tree: Path, together: bool) -> None:
        self._together = together
        self._stack = ExitStack()
        self._trees = (ROOT, tree)
        self._programs: list[Program] = []

    def __enter__(self) -> Sides:
        side = str(Path(__file__).with_name("side.py"))
        self._programs = [self._stack.enter_context(Program([side], tree)) for tree in self._trees]
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def ask(self, what: str, *own: Mapping[str, object], **same: object) -> tuple[Any, Any]:
        """Asks both sides the same.

        Args:
            what: see `bench.side.Side`.
            own: what else this build is asked, and what else the other build.
            same: what else both are asked.
        """
        questions = [{"what": what, **each, **same} for each in own or ({}, {})]
        with ThreadPoolExecutor(2 if self._together else 1) as pool:  # with one thread, the other side has to wait
            ours, theirs = pool.map(Program.ask, self._programs, questions)
        return ours, theirs


def _lifecycles(prefix: str, sides: Sides, size: Size) -> Iterator[Measurement]:
    halves = asyncio.run(_rounds(sides, size))
    rates = [(one["rate"], other["rate"]) for one, other in halves]
    costs = [(1000 * one["cost"], 1000 * other["cost"]) for one, other in halves]
    what = f"Whole lifecycles of ChallengeWorkflow, {size.at_once} at once"
    yield _measurement(f"{prefix}: lifecycles", f"{what}.", "a second", rates, _at_least(2.0))
    processor = f"{what}: processor time of worker and driver for each."
    yield _measurement(f"{prefix}: processor time", processor, "ms", costs, _at_most(0.5))
    for name, aim in (("activities", 36), ("workflow tasks", 70)):
        counts = [(one["counted"][name], other["counted"][name]) for one, other in halves]
        counted = f"The {name} of a challenge and its payments."
        yield _measurement(f"{prefix}: {name}", counted, name, counts, _no_more_than(aim))


async def _rounds(sides: Sides, size: Size) -> Answers:
    halves: Answers = []
    with urls(SQLITE, 2) as places:
        own = [{"namespace": name, "database": url} for name, url in zip(_NAMESPACES, places, strict=True)]
        async with dev_server(Watch(), *_NAMESPACES) as client:
            address = client.service_client.config.target_host
            for turn in range(size.rounds):
                same = {"address": address, "name": f"turn-{turn}", "at_once": size.at_once, "total": size.total}
                halves.append(await asyncio.to_thread(sides.ask, "lifecycles", *own, **same))
                say("  {:.2f} a second, the other build {:.2f}".format(*(each["rate"] for each in halves[-1])))
    return halves


def _events(prefix: str, sides: Sides, size: Size) -> Measurement:
    events = [sides.ask("events") for _ in range(size.rounds)]
    what = "The history of one pilot challenge in virtual time."
    return _measurement(f"{prefix}: events", what, "events", events, _no_more_than(250))


def _payments(prefix: str, kind: str, sides: Sides, size: Size) -> Iterator[Measurement]:
    with urls(kind, 2) as places:
        own = [{"database": url} for url in places]
        for threads in (1, 4):
            name = f"{kind}, {threads} thread{'s' if threads > 1 else ''}"
            say(f"  payments, {name}")
            rounds = range(size.rounds_of_payments)
            rates = [sides.ask("payments", *own, threads=threads, number=size.payments) for _ in rounds]
            what = "Payments through the ledger, from their request to their settlement."
            aim = _at_least(_AIM_OF_PAYMENTS[kind])
            yield _measurement(
                f"{prefix}: payments: {name}", what, "a second", rates[1:] or rates, aim
            )  # one to warm up


def _measurement(name: str, what: str, unit: str, pairs: Answers, aim: Aim) -> Measurement:
    compared = Compared.of(pairs)
    return Measurement(
        name=name,
        what=what,
        unit=unit,
        figure=compared.figure,
        floor=compared.floor,
        ratio=compared.ratio,
        aim=aim.words,
        met=aim.met(compared),
        notes=("The floor is the other build.", compared.spread),
    )


def _at_least(ratio: float) -> Aim:
    return Aim(f"at least {ratio:g} of the other build", lambda compared: compared.ratio >= ratio)


def _at_most(ratio: float) -> Aim:
    return Aim(f"at most {ratio:g} of the other build", lambda compared: compared.ratio <= ratio)


def _no_more_than(number: int) -> Aim:
    return Aim(f"at most {number}", lambda compared: compared.figure <= number)


@contextmanager
def tree_of(revision: str) -> Iterator[Path]:
    """The files of a revision, in a worktree that is removed afterwards.

    Raises:
        RuntimeError: git cannot make the worktree, and why.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        tree = Path(folder) / "tree"
        made = _git("worktree", "add", "--quiet", "--detach", str(tree), revision)
        if made.returncode:
            raise RuntimeError(f"git cannot show the files of {revision}: {made.stderr.strip()}")
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
