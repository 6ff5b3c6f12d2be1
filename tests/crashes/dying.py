"""Moments of the service's work at which a process kills itself, each once."""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection

BEFORE = "before its work"
WITHIN = "within its first transaction"
AFTER = "after its work was kept, before anybody heard of it"

_under_way: ContextVar[tuple[str, str] | None] = ContextVar("business key and step under way", default=None)


def point(key: str, step: str, moment: str) -> str:
    """The name of a death: the business key of the work, which step does it, and the moment."""
    return f"{key} {step} {moment}"


def only_in(step: str, moment: str) -> str:
    """A moment of steps of one name alone."""
    return f"{moment} in {step}"


@contextmanager
def under_way(key: str, step: str) -> Iterator[None]:
    """What is committed while the block runs belongs to this step."""
    token = _under_way.set((key, step))
    try:
        yield
    finally:
        _under_way.reset(token)


class Deaths:
    """Which deaths are to be died, and which were.

    Args:
        folder: where those that were died are kept.
        moments: of steps at which one is to be died.
    """

    def __init__(self, folder: Path, moments: Collection[str]) -> None:
        self._folder = folder / "deaths"
        self._moments = frozenset(moments)

    def die_once(self, key: str, step: str, moment: str) -> None:
        """Kills this process, unless it is not planned or was done before."""
        name = self._planned(key, step, moment)
        if name is None:
            return
        try:
            with (self._folder / quote(name, safe=" ")).open("x") as marker:
                os.fsync(marker.fileno())
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

    def die_within(self, connection: Connection) -> None:
        """Called before something is committed: all of it is lost."""
        step = _under_way.get()
        if step is not None and not connection.get_execution_options().get("reading"):
            self.die_once(*step, WITHIN)

    def _planned(self, key: str, step: str, moment: str) -> str | None:
        if not self._moments.isdisjoint((moment, only_in(step, moment))):
            return point(key, step, moment)
        parts = [each.removeprefix(f"{moment} on ") for each in self._moments if each.startswith(f"{moment} on ")]
        on = next((part for part in parts if any(each.startswith(part) for each in key.split("/"))), None)
        return on and f"{moment} on {on}"
