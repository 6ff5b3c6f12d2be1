"""How fast sessions are looked up, as at every request of the web front.

The floor is a bare select of the same row, through the same connections: it makes no session of the row, and asks
nobody's roles.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from sqlalchemy import bindparam, insert, select
from whenever import Instant

from domain.identity.proof import Way
from domain.programmes.round import Person
from identity.sessions import Sessions
from store.database import tables
from store.database.database import Database
from store.database.prepared import Prepared
from store.identity.secrets import hashed

from .databases import database, kinds, versions
from .measuring import Compared, Measurement, seconds

NAME = "sessions"
_AIM = 0.8
_ROUNDS, _SMALL_ROUNDS = 30, 2
_LOOKS, _SMALL_LOOKS = 1_000, 20
_KEPT, _SMALL_KEPT = 10_000, 50
_DECIDERS = 200
_BARE = Prepared(select(tables.sessions).where(tables.sessions.c.secret == bindparam("hash")))


def measure(small: bool) -> Iterator[Measurement]:
    """Looks sessions up, on each kind of database."""
    for kind in kinds():
        with database(kind) as kept:
            number = _SMALL_KEPT if small else _KEPT
            secrets = _fill(kept, number)
            rounds, looks = (_SMALL_ROUNDS, _SMALL_LOOKS) if small else (_ROUNDS, _LOOKS)
            compared = _compared(kept, secrets, rounds, looks)
            yield Measurement(
                name=f"{NAME}: {kind}",
                what=f"Sessions looked up by the secret of a cookie, in one thread, with {number:,} sessions kept. "
                "The floor selects the same rows by the hash of the secret.",
                unit="a second",
                figure=compared.figure,
                floor=compared.floor,
                ratio=compared.ratio,
                aim=f"at least {_AIM} of the floor",
                met=compared.ratio >= _AIM,
                notes=(compared.spread, f"{kind} {versions(kept)}."),
            )


def _fill(kept: Database, number: int) -> list[str]:
    """Keeps so many sessions of people, of whom some decide. Returns the secrets of some of them."""
    people = [Person(id=f"p-{each}", name="Somebody", email=f"p-{each}@body.example") for each in range(_DECIDERS)]
    row = {"round": "bench", "role": "sponsor", "sponsor": "body"}
    with kept.writing() as connection:
        decide = [row | {"id": each.id, "name": each.name, "email": each.email} for each in people]
        connection.execute(insert(tables.people), [each | {"mailbox": each["email"]} for each in decide])
    sessions = Sessions(kept)
    _, secret = sessions.begin(people[0].email, Way.LINK)
    with kept.writing() as connection:
        first = dict(connection.execute(select(tables.sessions)).one()._mapping)
        secrets = [f"{each:043}" for each in range(number)]
        rows = [
            first | {"id": f"{each:016}", "secret": hashed(secret), "mailbox": f"p-{each % 1000}@body.example"}
            for each, secret in enumerate(secrets)
        ]
        for batch in range(0, number, 1_000):
            connection.execute(insert(tables.sessions), rows[batch : batch + 1_000])
    return [secret, *secrets]


def _compared(kept: Database, secrets: Sequence[str], rounds: int, looks: int) -> Compared:
    sessions, now = Sessions(kept), Instant.now()
    steady = Sessions(kept, lambda: now)  # nothing is written while it is measured
    assert all(sessions.look_up(each) is not None for each in secrets[:10])
    turn = itertools.cycle(secrets)

    def look_up() -> None:
        for _ in range(looks):
            steady.look_up(next(turn))

    def select_bare() -> None:
        for _ in range(looks):
            with kept.reading() as connection:
                _BARE.one_or_none(connection, {"hash": hashed(next(turn))})

    pairs = []
    for number in range(rounds):
        first, second = (look_up, select_bare) if number % 2 else (select_bare, look_up)
        took = {each: looks / seconds(each) for each in (first, second)}
        pairs.append((took[look_up], took[select_bare]))
    return Compared.of(pairs)
