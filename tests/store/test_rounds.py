"""Keeping a round, and finding its challenges again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.announcements.announcement import to_people
from domain.announcements.occasions import Occasion
from domain.identity.proof import Unproven
from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from domain.values.refusals import UnknownChallenge
from store.challenges.rounds import challenges, find_challenge, keep_round
from store.database import tables
from store.database.database import Database
from store.record.record import announce, read_notices
from tests.store.said import AIR, CLOSES, OPENS, ROADS, announcing, applied, compose, facts, opened


def test_a_round_is_listed_in_the_order_of_its_file(kept: Database) -> None:
    assert [row.id for row in challenges(kept)] == [ROADS, AIR]
    assert [row.id for row in challenges(kept, "test-2016")] == [ROADS, AIR]
    assert challenges(kept, "other") == ()


def test_a_challenge_that_has_not_started_says_so(kept: Database) -> None:
    row = find_challenge(kept, AIR)

    assert (row.question, row.sponsor, row.sponsor_name) == (
        "How can the air be better?",
        "sepa",
        "Environment Agency",
    )
    assert (row.time_zone, row.currency) == ("Europe/London", "GBP")
    assert (row.started, row.stage, row.opens, row.closes, row.applications) == (False, "", OPENS, CLOSES, None)


def test_a_challenge_that_has_started_shows_where_it_stands(kept: Database) -> None:
    announce(kept, opened(), compose)

    row = find_challenge(kept, AIR)
    assert (row.started, row.stage, row.waits_for, row.until) == (True, "window", "applications", CLOSES)
    assert (row.opens, row.closes, row.applications) == (OPENS, CLOSES, None)


def test_a_round_kept_again_changes_no_challenge(open_: Database, round_: Round, programme: Programme) -> None:
    """Fails when `keep_round` overwrites a challenge."""
    applied(open_)
    before = challenges(open_)
    asked = tuple(
        challenge.model_copy(update={"question": "Something else?"})
        for challenge in challenges_of(round_, programme, Unproven.CONFIRM)
    )

    keep_round(open_, round_, programme.model_copy(update={"proposal_limit": 1}), asked, CLOSES)

    assert challenges(open_) == before


def test_a_challenge_keeps_what_becomes_of_decisions_without_a_proof(
    database: Database, round_: Round, programme: Programme
) -> None:
    """Fails when the table keeps its default, or takes what a later opening says."""
    for unproven in (Unproven.REFUSE, Unproven.ACCEPT):
        keep_round(database, round_, programme, challenges_of(round_, programme, unproven), OPENS)

        assert {row.unproven for row in challenges(database)} == {Unproven.REFUSE}


def test_a_round_kept_again_brings_addresses_of_people_up_to_date(
    open_: Database, round_: Round, programme: Programme
) -> None:
    [olivia] = round_.operators
    moved = round_.model_copy(
        update={"operators": (olivia.model_copy(update={"name": "Olivia B.", "email": "olivia@new.example"}),)}
    )
    keep_round(open_, moved, programme, challenges_of(moved, programme), CLOSES)
    announce(open_, announcing("hold", to_people(("olivia",), Occasion.HELD, facts(Occasion.HELD))), compose)

    assert [notice.address for notice in read_notices(open_)] == ["olivia@new.example"]
    with open_.reading() as connection:
        assert len(connection.execute(select(tables.people)).all()) == len(moved.people())


def test_a_challenge_is_found_by_its_own_name_if_one_round_has_it(kept: Database) -> None:
    assert find_challenge(kept, "air-quality") == find_challenge(kept, AIR)


def test_a_name_that_two_rounds_have_is_refused_with_both(kept: Database, round_: Round, programme: Programme) -> None:
    later = round_.model_copy(update={"id": "test-2017"})
    keep_round(kept, later, programme, challenges_of(later, programme), CLOSES)

    with pytest.raises(UnknownChallenge, match="test-2016/air-quality or test-2017/air-quality"):
        find_challenge(kept, "air-quality")
    assert find_challenge(kept, "test-2017/air-quality").round == "test-2017"


@pytest.mark.parametrize("name", ["air-qualty", "test-2016/air-qualty", "test-2015/air-quality"])
def test_a_name_with_a_typing_error_is_refused_with_what_comes_near(kept: Database, name: str) -> None:
    with pytest.raises(UnknownChallenge, match=rf"No challenge '{name}': did you mean test-2016/air-quality\?"):
        find_challenge(kept, name)


def test_a_name_that_is_like_no_other_is_refused_with_those_there_are(kept: Database) -> None:
    with pytest.raises(UnknownChallenge, match="there is test-2016/air-quality, test-2016/smart-roads"):
        find_challenge(kept, "zzz")


def test_no_challenge_is_found_before_a_round_was_opened(database: Database) -> None:
    with pytest.raises(UnknownChallenge, match="open a round first"):
        find_challenge(database, "air-quality")
