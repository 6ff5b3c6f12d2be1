"""The pilot's round, at any time, for the measurements."""

from __future__ import annotations

from whenever import Instant

from desk.programme_files import FOLDER, load_round
from domain.programmes.programme import Programme
from domain.programmes.rehearsal import moved
from domain.programmes.round import Challenge, Round, challenges_of

ROUND = "pilot-2016"


def pilot(opens: Instant | None = None) -> tuple[Round, Programme, tuple[Challenge, ...]]:
    """The pilot, as in its files.

    Args:
        opens: when the first window opens, if not as in the files; all other dates move with it.
    """
    round_, programme = load_round(FOLDER / f"{ROUND}.round.toml")
    challenges = challenges_of(round_, programme)
    if opens is not None:
        challenges = moved(challenges, opens, programme.time_zone)
    return round_, programme, challenges
