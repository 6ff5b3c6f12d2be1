"""The scorecards of a challenge are those that it was opened with, in both databases."""

from __future__ import annotations

from domain.judging.scorecard import Criterion, Mark, Scorecard
from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from store.challenges.rounds import keep_round
from store.database.database import Database
from store.judging import scorecards
from tests.store.said import AIR, OPENS

SCALE = (Mark(mark=0, means="No."), Mark(mark=5, means="Yes."))


def with_scorecard(programme: Programme, title: str) -> Programme:
    """The programme, in which a scorecard with one criterion belongs to the only stage."""
    card = Scorecard(criteria=(Criterion(id="merit", title=title, scale=SCALE),))
    return programme.model_copy(update={"stages": (programme.stages[0].model_copy(update={"scorecard": card}),)})


def test_the_scorecard_of_a_challenge_does_not_change_with_the_file(
    database: Database, round_: Round, programme: Programme
) -> None:
    for title in ("Merit", "Something else"):
        edited = with_scorecard(programme, title)
        keep_round(database, round_, edited, challenges_of(round_, edited), OPENS)

    with database.reading() as connection:
        card = scorecards.read(connection, AIR, "exploration")
        assert card is not None
        assert [each.title for each in card.criteria] == ["Merit"]
        assert scorecards.read_all(connection, AIR) == {"exploration": card}


def test_a_stage_without_a_scorecard_has_none(kept: Database) -> None:
    with kept.reading() as connection:
        assert scorecards.read(connection, AIR, "exploration") is None
        assert scorecards.read_all(connection, AIR) == {}
