"""What the public sees of a challenge is written with what is announced, and is read without anybody else."""

from __future__ import annotations

import pytest
from sqlalchemy import event
from whenever import TimeDelta

from domain.announcements.announcement import Window
from domain.publishing.challenge import PublicChallenge, Shelf
from domain.publishing.snapshot import Snapshot, StageSnapshot, TeamIn, WindowSnapshot
from domain.values.paging import Page
from domain.values.refusals import UnknownChallenge, UnknownTeam
from store import erasure
from store.database.database import Database
from store.public import reading
from store.record.record import announce
from tests.store.paying import Till, give_payee
from tests.store.said import AIR, CLOSES, MIDWAY, OPENS, ROADS, announcing, applied, compose, seal, status

LATER = CLOSES + TimeDelta(hours=24)


def snapshot(*teams: str, **changes: object) -> Snapshot:
    """A challenge in which teams explore."""
    inside = tuple(TeamIn(id=team, since=LATER, ends=LATER) for team in teams)
    stages = (StageSnapshot(stage="exploration", begins=LATER, ends=LATER, teams=inside),)
    windows = (WindowSnapshot(opens=OPENS, closes=CLOSES, sealed=True),)
    said = {"phase": "running", "windows": windows, "stages": stages, "applications": 1}
    return Snapshot.model_validate(said | changes)


def say(database: Database, key: str, new: Snapshot, at: object = LATER) -> None:
    """Announces something of a challenge."""
    said = announcing(key, at=at, status=status(key))  # type: ignore[arg-type]
    announce(database, said.model_copy(update={"snapshot": new}), compose)


def found(database: Database, challenge: str = AIR) -> PublicChallenge:
    return reading.find(database, challenge, MIDWAY)


def test_a_challenge_is_public_from_its_opening(kept: Database) -> None:
    seen = found(kept)

    assert (seen.posed.question, seen.posed.sponsor_name) == ("How can the air be better?", "Environment Agency")
    assert (seen.opens, seen.closes, seen.at) == (OPENS, CLOSES, OPENS)
    assert (seen.snapshot.phase, seen.snapshot.windows[0].closes) == ("window", CLOSES)
    assert seen.snapshot.applications is None
    assert (seen.selected, seen.answered, seen.paid) == ({}, (), ())


def test_an_announcement_changes_what_the_public_sees_and_the_version(open_: Database) -> None:
    team, before = applied(open_), found(open_)
    say(open_, "selected", snapshot(team))
    after = found(open_)

    assert after.snapshot == snapshot(team)
    assert after.at == LATER
    assert after.selected[team].organisation == "Breathe Ltd"
    assert after.version != before.version
    assert reading.version_of(open_, AIR, MIDWAY) == after.version
    assert found(open_, ROADS).snapshot.stages == ()


def test_what_is_refused_leaves_everything_as_it_was(open_: Database) -> None:
    """Fails if the copy is written in another transaction than the announcement."""
    before = found(open_)
    wrong = announcing("wrong", at=LATER, status=status(), applications=("nobody",))
    with pytest.raises(UnknownTeam):
        announce(open_, wrong.model_copy(update={"snapshot": snapshot("nobody")}), compose)

    assert found(open_) == before


def test_an_older_announcement_does_not_come_over_a_later_one(open_: Database) -> None:
    say(open_, "later", snapshot(ended=LATER, outcome="completed", phase="ended"))
    say(open_, "earlier", snapshot(), MIDWAY)

    assert found(open_).snapshot.outcome == "completed"


def test_what_is_announced_again_after_a_reset_is_shown(open_: Database) -> None:
    say(open_, "step", snapshot(applications=1))
    say(open_, "step", snapshot(applications=2), LATER + TimeDelta(hours=1))
    assert found(open_).snapshot.applications == 2

    say(open_, "step", snapshot(applications=1))
    assert found(open_).snapshot.applications == 2


def test_nobody_who_was_not_selected_is_named(open_: Database) -> None:
    team, _ = applied(open_), applied(open_, "Other Ltd")
    say(open_, "selected", snapshot(team))
    seen = found(open_)

    assert list(seen.selected) == [team]
    assert "Other" not in seen.model_dump_json()


def test_the_dates_are_those_that_are_enforced(open_: Database) -> None:
    moved = Window(opens=OPENS, closes=LATER, held=True)
    announce(open_, announcing("extended", status=status(), window=moved), compose)

    assert (found(open_).closes, found(open_).is_held) == (LATER, True)
    assert found(open_).questions_close == LATER


def test_the_list_has_each_challenge_on_one_shelf(open_: Database) -> None:
    announce(open_, announcing("extended", window=Window(opens=OPENS, closes=LATER)), compose)
    announce(open_, announcing("ended", status=status().model_copy(update={"outcome": "completed"})), compose)

    def on(shelf: Shelf | None, now: object = MIDWAY) -> list[str]:
        page = reading.page_of(open_, Page(), shelf, now)  # type: ignore[arg-type]
        return [each.id for each in page.items]

    assert on(None) == [ROADS, AIR]
    assert on(Shelf.FINISHED) == [AIR]
    assert (on(Shelf.COMING, OPENS - TimeDelta(seconds=1)), on(Shelf.COMING, OPENS)) == ([ROADS], [])
    assert (on(Shelf.OPEN, OPENS), on(Shelf.OPEN, CLOSES)) == ([ROADS], [])
    assert on(Shelf.CLOSED, CLOSES) == [ROADS]
    assert [each.id for each in reading.page_of_catalogue(open_, Page(), MIDWAY).items] == [AIR]


def test_pages_of_the_list_are_complete(open_: Database) -> None:
    first = reading.page_of(open_, Page(limit=1), None, MIDWAY)
    second = reading.page_of(open_, Page(limit=1, after=first.next), None, MIDWAY)

    assert [each.id for each in (*first.items, *second.items)] == [AIR, ROADS]
    assert (bool(first.next), second.next) == (True, "")


def test_a_challenge_that_nobody_opened_is_refused_in_words_that_say_no_more(open_: Database) -> None:
    with pytest.raises(UnknownChallenge, match="There is no public challenge 'test-2016/other'"):
        found(open_, "test-2016/other")


def test_to_find_a_challenge_takes_few_statements(open_: Database) -> None:
    say(open_, "selected", snapshot(applied(open_)))
    seen: list[str] = []
    event.listen(open_.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    found(open_)
    assert len([each for each in seen if each.startswith("SELECT")]) <= 5

    seen.clear()
    reading.version_of(open_, AIR, MIDWAY)
    assert len([each for each in seen if each.startswith("SELECT")]) == 1


def test_the_version_of_all_changes_with_any(open_: Database) -> None:
    seal(open_)
    before = reading.version_of_all(open_, MIDWAY)
    say(open_, "selected", snapshot())

    assert reading.version_of_all(open_, MIDWAY) != before


def test_a_payment_is_public_once_it_is_made_and_not_once_it_has_come_back(till: Till) -> None:
    """Fails when a payment on its way, or money that came back, counts as paid; or when the version stays."""
    till.request()
    give_payee(till.database, till.team)
    till.request()
    till.release()
    begun = till.begun()
    before = found(till.database)
    assert before.paid == ()

    till.settle(begun)
    made = found(till.database)
    assert [(each.key, each.team, each.net.shown(), each.vat.shown()) for each in made.paid] == [
        (till.key, till.team, "£2,000", "£400")
    ]
    assert "masked" not in made.model_dump_json()
    assert made.version != before.version

    till.come_back(begun)
    assert found(till.database).paid == ()


def test_of_an_erased_application_only_the_id_stays(open_: Database) -> None:
    team = applied(open_)
    say(open_, "selected", snapshot(team))
    before = found(open_)
    line = announcing("erase", at=LATER)
    erasure.erase(open_, [line], erasure.find(open_, team=team), "", LATER, compose)
    after = found(open_)

    assert (before.selected[team].organisation, after.selected[team].organisation) == ("Breathe Ltd", "")
    assert after.selected[team].answers == ()
    assert "Breathe" not in after.model_dump_json()
    assert after.version != before.version
