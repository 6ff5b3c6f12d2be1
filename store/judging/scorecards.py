"""The scorecards of a challenge's stages, frozen when it was opened."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sqlalchemy import Connection, select

from domain.judging.scorecard import Scorecard
from domain.programmes.programme import Programme
from domain.programmes.round import Challenge
from store.database import tables
from store.database.database import Database
from store.database.inserts import inserting
from store.database.ordering import TotalOrder

_scorecards = tables.scorecards
_BY_STAGE = TotalOrder(_scorecards.c.challenge, _scorecards.c.stage)


def keep(connection: Connection, challenge: Challenge, programme: Programme) -> None:
    """Writes down the scorecards of a challenge that is opened. Scorecards that are there stay as they are.

    Args:
        connection: in a transaction that writes.
        challenge: the challenge.
        programme: the programme with its scorecards.
    """
    for stage in programme.stages:
        if stage.scorecard is not None:
            row = {"challenge": challenge.id, "stage": stage.name, "said": stage.scorecard.model_dump_json()}
            connection.execute(inserting(connection, _scorecards).values(row).on_conflict_do_nothing())


def read(connection: Connection, challenge: str, stage: str) -> Scorecard | None:
    """The scorecard of a stage; None if the stage has none."""
    wanted = select(_scorecards.c.said).where(_scorecards.c.challenge == challenge, _scorecards.c.stage == stage)
    said = connection.scalar(wanted)
    return None if said is None else _scorecard(said)


def of_challenge(database: Database, challenge: str) -> Mapping[str, Scorecard]:
    """The scorecards of a challenge, by the names of their stages.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return read_all(connection, challenge)


def read_all(connection: Connection, challenge: str) -> Mapping[str, Scorecard]:
    """The scorecards of a challenge, by the names of their stages."""
    wanted = select(_scorecards).where(_scorecards.c.challenge == challenge).order_by(*_BY_STAGE)
    return {row.stage: _scorecard(row.said) for row in connection.execute(wanted)}


@lru_cache(maxsize=100)
def _scorecard(said: str) -> Scorecard:
    return Scorecard.model_validate_json(said)
