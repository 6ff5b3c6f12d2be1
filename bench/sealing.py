"""Sealing a window with many applications."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from domain.challenges.state import State
from domain.programmes.programme import Programme
from domain.programmes.round import Challenge
from gateways.messaging.letters import Letters
from store.database.database import Database
from store.record import record

from .databases import database, insert_applications, keep, kinds, versions
from .measuring import Measurement, say, seconds
from .pilot import pilot

NAME = "sealing"
_AIM = 1.0


def measure(small: bool) -> Iterator[Measurement]:
    """`store.record.record.seal` on a window with 100,000 applications, in each of the pilot's challenges.

    The applications are inserted in bulk. The sealing is the service's own: it counts the applications that are not
    withdrawn. There is no floor: the aim is a time.

    Args:
        small: whether a few are enough, only to see that the measurement works.
    """
    number = 10 if small else 100_000
    for kind in kinds():
        with database(kind) as kept:
            say(f"  {kind}, {number:,} applications")
            round_, programme, challenges = pilot()
            sealed = challenges[: 1 if small else 3]
            keep(kept, round_, programme, sealed)
            times = [_seal(kept, challenge, programme, number) for challenge in sealed]
            yield Measurement(
                name=f"{NAME}: {kind}",
                what=f"Sealing a window with {number:,} applications.",
                unit="seconds",
                figure=median(times),
                aim=f"under {_AIM:g} second",
                met=median(times) < _AIM,
                notes=(
                    f"{kind} {versions(kept)}.",
                    f"Median of {len(times)} windows, each with {number:,} more rows. The slowest: {max(times):.3f}.",
                ),
            )


def _seal(kept: Database, challenge: Challenge, programme: Programme, number: int) -> float:
    insert_applications(kept, challenge, number)
    counted: list[int] = []
    state, compose = State.of(challenge, programme), Letters().compose
    took = seconds(lambda: counted.append(record.seal(kept, state, challenge.closes, compose).number))
    if counted != [number]:
        raise RuntimeError(f"{challenge.id} was sealed with {counted} applications, but {number} were inserted")
    return took
