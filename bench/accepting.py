"""Applications accepted per second through the store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext

from sqlalchemy import insert
from whenever import Instant, TimeDelta

from domain.challenges.application import Applying
from domain.forms.answers import only_text, written
from domain.programmes.round import Challenge
from gateways.messaging.letters import Letters
from store.challenges.applications import accept
from store.database import tables
from store.database.database import Database

from .databases import database, keep, kinds, versions
from .measuring import Action, Compared, Measurement, rate, say
from .pilot import pilot

NAME = "accepting"
_AIM = 0.5
_ROW = ("id", "challenge", "organisation", "email", "form", "answers", "submission", "received")
_ANSWERS = only_text("We would put low-cost sensors where people live and show what they measure on an open map. " * 20)
_WRITTEN = written(_ANSWERS)


def measure(small: bool) -> Iterator[Measurement]:
    """`store.challenges.applications.accept` against a bare insert and commit of the same row by SQLAlchemy.

    The floor is one insert and a commit through SQLAlchemy, on the service's own connections: the same table, indexes,
    durability and pool. The measurement shows what accepting costs beyond the floor: it locks the window, checks the
    application, looks for a repetition and writes the notice of receipt, in one transaction. A note gives a stricter
    comparison: one `INSERT` and a commit by the driver alone, so that the cost of SQLAlchemy counts, too. The turns
    are short, so that other work on the machine affects all of them alike.

    Args:
        small: whether a few are enough, only to see that the measurement works.
    """
    for kind in kinds():
        with database(kind) as kept:
            challenge = _open_challenge(kept)
            setting = f"{kind} {versions(kept)}."
            for threads in (1, 4):
                say(f"  {kind}, {threads} thread{'s' if threads > 1 else ''}")
                yield _measured(kept, kind, challenge, threads, 2 if small else 75, 4 if small else 40, setting)


def _measured(
    kept: Database, kind: str, challenge: Challenge, threads: int, rounds: int, number: int, setting: str
) -> Measurement:
    with _bare(kept, challenge, threads) as bare, ThreadPoolExecutor(threads) as pool:
        accepting, through = [_accepting(kept, challenge)] * threads, [_through_sqlalchemy(kept, challenge)] * threads
        rates = [[rate(pool, each, number) for each in (accepting, bare, through)] for _ in range(rounds + 1)][1:]
    compared = Compared.of([(accepted, floor) for accepted, _, floor in rates])
    stricter = Compared.of([(accepted, floor) for accepted, floor, _ in rates])
    return Measurement(
        name=f"{NAME}: {kind}, {threads} thread{'s' if threads > 1 else ''}",
        what="Applications accepted through the store, against a bare insert and commit of the same row through the "
        "same library, SQLAlchemy.",
        unit="a second",
        figure=compared.figure,
        floor=compared.floor,
        ratio=compared.ratio,
        aim=f"at least {_AIM} of the floor",
        met=compared.ratio >= _AIM,
        notes=(
            setting,
            compared.spread,
            f"A stricter floor, the driver without SQLAlchemy, reaches {stricter.floor:,.0f} a second; accepting "
            f"is {stricter.ratio:.2f} of that.",
        ),
    )


def _open_challenge(kept: Database) -> Challenge:
    round_, programme, challenges = pilot()
    now = Instant.now()
    open_now = challenges[0].model_copy(update={"opens": now, "closes": now + TimeDelta(hours=24)})
    keep(kept, round_, programme, (open_now,))
    return open_now


def _accepting(kept: Database, challenge: Challenge) -> Action:
    compose = Letters().compose

    def put(name: str) -> None:
        applying = Applying(organisation=f"Company {name}", email=f"{name}@companies.example", answers=_ANSWERS)
        accept(kept, challenge.id, applying, Instant.now, compose)

    return put


def _through_sqlalchemy(kept: Database, challenge: Challenge) -> Action:
    insertion = insert(tables.applications)

    def put(name: str) -> None:
        row = (
            f"through-{name}",
            challenge.id,
            f"Company {name}",
            f"{name}@companies.example",
            "form",
            _WRITTEN,
            name * 8,
        )
        with kept.writing() as connection:
            connection.execute(insertion, dict(zip(_ROW, (*row, Instant.now()), strict=True)))

    return put


@contextmanager
def _bare(kept: Database, challenge: Challenge, threads: int) -> Iterator[list[Action]]:
    """An action for each thread, on the thread's own connection."""
    is_sqlite = kept.engine.dialect.name == "sqlite"
    # SQLite allows one write at a time: a queue is faster than the polling of the driver.
    turn: AbstractContextManager[object] = threading.Lock() if is_sqlite else nullcontext()
    connections = [kept.engine.raw_connection() for _ in range(threads)]
    statement = (
        f"INSERT INTO applications ({', '.join(_ROW)}) VALUES ({', '.join(['?' if is_sqlite else '%s'] * len(_ROW))})"
    )

    def on(connection: object) -> Action:
        execute, commit = connection.execute, connection.commit  # type: ignore[attr-defined]

        def put(name: str) -> None:
            now = Instant.now().to_stdlib()
            received = now.strftime("%Y-%m-%d %H:%M:%S.%f") if is_sqlite else now
            organisation, email = f"Company {name}", f"{name}@companies.example"
            with turn:
                execute(
                    statement, (f"bare-{name}", challenge.id, organisation, email, "form", _WRITTEN, name * 8, received)
                )
                commit()

        return put

    try:
        yield [on(each.driver_connection) for each in connections]
    finally:
        for each in connections:
            each.close()
