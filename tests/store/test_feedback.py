"""What sponsors say is kept until it is told, whichever comes first: the words or the decision."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from whenever import Instant

from domain.announcements.announcement import Announcement, Entry, OutgoingNotice, Status, ToSpokenOf, to_teams
from domain.announcements.occasions import Occasion
from domain.values.refusals import UnknownTeam
from store.database import tables
from store.database.database import Database
from store.record.feedback import keep
from store.record.record import announce, read_notices
from tests.store.said import AIR, CLOSES, announcing, applied, compose, entry, facts

STAGES = ("exploration", "accelerator")


def kept(database: Database, team: str, text: str = "Strong on buses.", at: Instant = CLOSES) -> bool:
    """Something is said of a team's try for exploration; whether it is told at once."""

    def given(settled: bool) -> Announcement:
        words = facts(Occasion.FEEDBACK, feedback=text)
        told = (to_teams((team,), Occasion.FEEDBACK, words),) if settled else ()
        announcement = announcing(f"feedback/{text}", *told, at=at, applications=(team,))
        return announcement.model_copy(update={"entry": _on("exploration", "feedback")})

    return bool(keep(database, AIR, team, text, STAGES, given, compose).notices)


def selected(database: Database, stage: str, *notices: OutgoingNotice, refused: bool = False) -> None:
    """A selection is announced, or its refusal."""
    line = _on(stage, "select").model_copy(update={"refused": refused})
    announcement = announcing(f"select/{stage}/{refused}", *notices)
    announce(database, announcement.model_copy(update={"entry": line}), compose)


def _on(stage: str, action: str) -> Entry:
    return entry(CLOSES, action).model_copy(update={"stage": stage})


def told(database: Database) -> list[str]:
    """The words that were told, by the alphabet."""
    bodies = [each.body for each in read_notices(database) if each.occasion == Occasion.FEEDBACK]
    return sorted(body.partition("feedback: ")[2].partition(";")[0] for body in bodies)


def words() -> OutgoingNotice:
    """What was kept on exploration is told."""
    return OutgoingNotice(
        occasion=Occasion.FEEDBACK, whom=ToSpokenOf(stage="exploration"), facts=facts(Occasion.FEEDBACK, stage="E")
    )


def test_words_that_come_before_the_decision_wait_for_it(open_: Database) -> None:
    team = applied(open_)
    assert not kept(open_, team)
    assert told(open_) == []
    selected(open_, "exploration", words())
    assert told(open_) == ["Strong on buses."]


@pytest.mark.parametrize("stage", STAGES)
def test_words_that_come_after_the_decision_are_told_at_once(open_: Database, stage: str) -> None:
    """Also if it was for a later stage. Fails when what was announced is not looked at: the words would never go."""
    team = applied(open_)
    selected(open_, stage, words())
    assert kept(open_, team)
    assert told(open_) == ["Strong on buses."]


def test_words_that_come_after_the_end_are_told_at_once(open_: Database) -> None:
    """Fails when only selections count."""
    team = applied(open_)
    ended = Status(stage="exploration", waits_for="nothing", until=None, outcome="cancelled")
    announce(open_, announcing("cancel/1", status=ended), compose)
    assert kept(open_, team)


def test_neither_a_refused_selection_nor_one_for_an_earlier_stage_settles_anything(open_: Database) -> None:
    team = applied(open_)
    selected(open_, "exploration", refused=True)
    selected(open_, "interview")
    assert not kept(open_, team)


def test_words_that_replace_others_are_told_although_those_were(open_: Database) -> None:
    """Fails when the mark that something was told stays with the new words."""
    team = applied(open_)
    kept(open_, team)
    selected(open_, "interview", words())
    assert not kept(open_, team, "Weak on trams.")
    announce(open_, announcing("ended/1", words()), compose)
    assert told(open_) == ["Strong on buses.", "Weak on trams."]


def test_words_that_were_told_at_once_are_not_told_again_at_the_end(open_: Database) -> None:
    """Fails when they are kept as untold."""
    team = applied(open_)
    selected(open_, "exploration")
    kept(open_, team)
    announce(open_, announcing("ended/1", words()), compose)
    assert told(open_) == ["Strong on buses."]


def test_nothing_is_kept_of_somebody_who_did_not_apply(open_: Database) -> None:
    with pytest.raises(UnknownTeam):
        kept(open_, "nobody")
    with open_.reading() as connection:
        assert connection.execute(select(tables.feedback)).all() == []
