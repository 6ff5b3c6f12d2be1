"""What the store says of somebody's own applications, on both databases."""

from __future__ import annotations

from domain.challenges.draft import Typed
from store import own_data
from store.challenges import drafts, own
from store.database import tables
from store.database.database import Database
from store.identity import feeds
from tests.store.paying import Till, give_payee, to_make
from tests.store.said import AIR, CLOSES, MIDWAY, applied

BREATHE, SMELL = "breathe@applicants.example", "smell@applicants.example"


def begun(database: Database, email: str) -> str:
    """A draft with one answer."""
    id_ = drafts.begin(database, AIR, "Breathe Ltd", email, lambda: MIDWAY)
    drafts.save(database, id_, "", [Typed(question="proposal", answer="An idea.")], lambda: MIDWAY)
    return id_


def test_applications_and_drafts_are_read_with_their_windows_and_the_public_copy(open_: Database) -> None:
    team, draft, other = applied(open_), begun(open_, BREATHE), applied(open_, "Smell Ltd")

    found = {each.application: each for each in own.read(open_, [team, draft, "none"])}

    assert set(found) == {team, draft}
    assert other not in found
    assert (found[team].received is not None, found[draft].received) == (True, None)
    for each in found.values():
        assert (each.closes, each.is_sealed, each.time_zone) == (CLOSES, False, "Europe/London")
        assert each.posed is not None
        assert each.title_of("exploration") == "Exploration"
    assert own.read(open_, []) == ()


def test_all_that_is_kept_of_a_mailbox_is_found_and_nothing_of_another(open_: Database) -> None:
    team, draft, other = applied(open_), begun(open_, BREATHE), applied(open_, "Smell Ltd")
    begun(open_, SMELL)
    give_payee(open_, team)
    Till(open_, to_make(team)).request(CLOSES)

    data = own_data.read(open_, BREATHE)

    assert set(data) == {"applications", "drafts", "all that was typed", "bank details", "payments", "letters"}
    assert [each["application"] for each in data["drafts"]] == [draft]
    assert [each["net"] for each in data["payments"]] == [200_000]
    assert other not in str(data)
    assert own_data.read(open_, "nobody@nowhere.example") == {}


def test_a_mailbox_has_one_calendar_and_only_its_hash_is_kept(open_: Database) -> None:
    first = feeds.make(open_, BREATHE, MIDWAY)
    others = feeds.make(open_, SMELL, MIDWAY)
    second = feeds.make(open_, BREATHE, CLOSES)

    assert [feeds.whose(open_, each) for each in (first, second, others, "")] == ["", BREATHE, SMELL, ""]
    assert feeds.made_at(open_, BREATHE) == CLOSES
    feeds.end(open_, BREATHE, CLOSES)
    assert (feeds.whose(open_, second), feeds.made_at(open_, BREATHE), feeds.whose(open_, others)) == ("", None, SMELL)
    with open_.reading() as connection:
        kept = str(connection.execute(tables.calendar_feeds.select()).all())
    assert not [each for each in (first, second, others) if each in kept]
