"""A team of a stage that pays half on evidence, and decisions on it, written as the workflow writes them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from whenever import Instant

from domain.announcements.announcement import Judged
from domain.programmes.programme import Programme
from domain.publishing.snapshot import Snapshot, StageSnapshot, TeamIn, WindowSnapshot
from domain.values.money import Amount, Money
from store.database.database import Database
from store.public import copies
from store.record.record import announce
from tests.store.said import AIR, CLOSES, OPENS, announcing, applied, compose, seal

STAGE, NUMBER, REPORT = "exploration", 2, "a report on the trial"
LATER, LAST = CLOSES.add(hours=24), CLOSES.add(hours=24 * 40)
SPOKEN = "We have tried it with 24 people: Quixotic-4711."
"""A statement with a word that must appear nowhere else."""


def half_on_evidence(programme: Programme) -> Programme:
    """The same programme, whose first stage pays half at the start and half on a report."""
    said = programme.model_dump(mode="json")
    parts = [{"share": "50%", "due": "start"}, {"share": "50%", "due": "evidence", "evidence": REPORT}]
    first, *others = said["stages"]
    pay = {"fixed": "2000.00", "instalments": parts}
    return Programme.model_validate(said | {"stages": [first | {"pay": pay}, *others]})


def snapshot(*teams: TeamIn, phase: str = "running", **more: object) -> Snapshot:
    """The public copy of a challenge whose stage these teams are in."""
    stage = StageSnapshot(stage=STAGE, begins=LATER, ends=LAST, teams=teams)
    window = WindowSnapshot(opens=OPENS, closes=CLOSES, sealed=True)
    fields = {"phase": phase, "stage": STAGE, "windows": (window,), "stages": (stage,), **more}
    return Snapshot.model_validate(fields)


def in_stage(team: str, **more: Instant) -> TeamIn:
    """A team of the stage, which is due £2,000."""
    award = Amount(net=Money(200_000), vat=Money(0))
    return TeamIn.model_validate({"id": team, "since": LATER, "ends": LAST, "award": award, **more})


def put(database: Database, said: Snapshot, challenge: str = AIR) -> None:
    """Writes the public copy."""
    with database.writing() as connection:
        copies.put(connection, challenge, said, LATER)


def team_of(database: Database) -> str:
    """A team of the stage; another application was not selected."""
    team = applied(database)
    applied(database, "Smell Ltd")
    seal(database, AIR, CLOSES)
    put(database, snapshot(in_stage(team)))
    return team


def decided(
    database: Database,
    team: str,
    at: Instant,
    reason: str = "",
    *,
    final: bool = False,
    challenge: str = AIR,
    stage: str = STAGE,
) -> None:
    """Somebody accepts evidence, or rejects it if there is a reason."""
    judged = Judged(stage=stage, team=team, number=NUMBER, accepted=not reason, final=final or not reason)
    said = announcing(f"evidence/{at}", at=at, challenge=challenge)
    entry = said.entry.model_copy(update={"reason": reason})
    announce(database, said.model_copy(update={"judged": judged, "entry": entry}), compose)


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    """A file, piece by piece."""
    yield content
