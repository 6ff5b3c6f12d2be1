"""The rounds that tests play, as their files say, and the people in them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from whenever import TimeDelta

from desk.programme_files import load_round
from domain.programmes.programme import Programme
from domain.programmes.round import Challenge, Round, challenges_of
from domain.values.calendar import lasting

ROOT = Path(__file__).parent.parent
SPONSOR = "sepa-decider"
OPERATOR = "programme-office"
FINANCE = "finance"
AIR = "pilot-2016/air-quality"


def known_by(text: str) -> list[str]:
    """Of what people give in these plays, as names, addresses, proposals and bank details, what a text says.

    The sort code is sought with its hyphens alone, as six digits can be the fraction of a second; and of addresses what
    all of them end with, as Temporal calls its workers by number@machine.
    """
    given = (".example", "Company", "Answer number", "31926819", "•819", "60-16-13")
    return [each for each in given if each in text]


def pilot() -> tuple[Round, Programme, tuple[Challenge, ...]]:
    """The pilot's files."""
    return round_from_file("pilot-2016")


@cache
def round_from_file(name: str) -> tuple[Round, Programme, tuple[Challenge, ...]]:
    """A round as its files say."""
    round_, programme = load_round(ROOT / "programmes" / f"{name}.round.toml")
    return round_, programme, challenges_of(round_, programme)


def with_stages_of(duration: TimeDelta, programme: Programme) -> Programme:
    """The same programme with stages that last so long each, for a server in which time does not skip."""
    length = lasting(duration.total("seconds"))
    stages = tuple(stage.model_copy(update={"duration": length}) for stage in programme.stages)
    return programme.model_copy(update={"stages": stages})
