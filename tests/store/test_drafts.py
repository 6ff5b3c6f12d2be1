"""Drafts: whatever was typed is kept, and of two who write at once the second gets both texts."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from domain.challenges import draft as rules
from domain.challenges.draft import MOST_DRAFTS, Typed
from domain.forms.answers import Answer
from domain.permissions import Role
from domain.values.paging import Page
from domain.values.refusals import ApplicationRefused, TooLate, UnknownChallenge, UnknownTeam
from store.challenges import drafts
from store.challenges.applications import accept
from store.challenges.people import grants_of
from store.database import tables
from store.database.database import Database
from tests.store.said import AIR, CLOSES, MIDWAY, OPENS, ROADS, applying, compose, seal
from tests.store.writing import ADDRESS, COMPLETE, begun, complete, current, look_at, save, send

ALL = Page()


def test_a_draft_is_there_again_as_it_was_typed_with_what_is_unfinished_and_wrong(form_round: Database) -> None:
    draft = begun(form_round)
    typed: dict[str, Answer] = {"idea": "x" * 5000, "summary": "two\nlines", "places": ("town", "moon"), "tried": False}
    for question, answer in typed.items():
        assert save(form_round, draft, question, answer).other is None

    found = look_at(form_round, draft)
    assert found.answered() == typed
    assert (found.organisation, found.email, found.sent) == ("Breathe Ltd", ADDRESS, None)
    assert {each.version for each in found.answers} == {1}


def test_of_two_who_save_at_once_the_second_gets_both_texts_and_nothing_is_overwritten(form_round: Database) -> None:
    """Fails if a save ignores the version that it builds on, or forgets what it does not let count."""
    draft = begun(form_round)
    first = save(form_round, draft, "idea", "Buses.").yours.version
    save(form_round, draft, "idea", "Buses and trams.", first)

    met = save(form_round, draft, "idea", "Buses and bikes.", first)

    assert met.other is not None
    assert (met.other.answer, met.other.version) == ("Buses and trams.", 2)
    assert (met.yours.answer, met.yours.version, met.yours.counts) == ("Buses and bikes.", 3, False)
    assert current(form_round, draft, "idea").answer == "Buses and trams."
    both = save(form_round, draft, "idea", "Buses, trams and bikes.", met.other.version)
    assert both.other is None
    history = drafts.versions(form_round, ALL, draft, "", "idea").items
    assert [(each.version, each.answer, each.counts) for each in history] == [
        (1, "Buses.", True),
        (2, "Buses and trams.", True),
        (3, "Buses and bikes.", False),
        (4, "Buses, trams and bikes.", True),
    ]


def test_two_questions_at_once_do_not_meet(form_round: Database) -> None:
    draft = begun(form_round)
    save(form_round, draft, "summary", "A line")
    assert save(form_round, draft, "idea", "An idea").other is None


def test_the_same_save_again_keeps_nothing_twice_and_says_the_same(form_round: Database) -> None:
    draft = begun(form_round)
    saved = save(form_round, draft, "idea", "Buses.")
    assert save(form_round, draft, "idea", "Buses.") == saved
    other = save(form_round, draft, "idea", "Trams.", 1)
    met = save(form_round, draft, "idea", "Bikes.", 1)
    assert save(form_round, draft, "idea", "Bikes.", 1) == met
    assert save(form_round, draft, "idea", "Trams.", 1) == other
    assert len(drafts.versions(form_round, ALL, draft, "", "idea").items) == 3


def test_whoever_sends_a_lost_save_again_is_told_what_has_come_since(form_round: Database) -> None:
    """Fails if the repeated save is said to count, although somebody has built on it."""
    draft = begun(form_round)
    save(form_round, draft, "idea", "Buses.")
    save(form_round, draft, "idea", "Buses and trams.", 1)
    again = save(form_round, draft, "idea", "Buses.")
    assert again.yours.version == 1
    assert again.other is not None
    assert again.other.answer == "Buses and trams."


def test_one_answer_that_cannot_be_kept_keeps_back_all_that_were_saved_with_it(form_round: Database) -> None:
    draft = begun(form_round)
    typed = [
        Typed(question="idea", answer="Buses."),
        Typed(question="summary", answer="half \ud800"),
        Typed(question="partners", answer="a zero \0"),
        Typed(question="dream", answer="No such question."),
        Typed(question="tried", answer=True, builds_on=7),
    ]
    with pytest.raises(ApplicationRefused) as refused:
        drafts.save(form_round, draft, "", typed, lambda: MIDWAY)
    assert [each.field for each in refused.value.problems] == ["summary", "partners", ""]
    assert "position 6" in str(refused.value)
    assert "it has summary, idea, partners, tried, places" in str(refused.value)
    assert "dream" not in str(refused.value)
    with pytest.raises(ApplicationRefused, match="tried: there is no version 7 to build on"):
        drafts.save(form_round, draft, "", typed[:1] + typed[4:], lambda: MIDWAY)
    assert look_at(form_round, draft).answers == ()


@pytest.mark.parametrize("builds_on", [-1, 1, 2**40])
def test_a_save_builds_on_a_version_that_there_is(form_round: Database, builds_on: int) -> None:
    draft = begun(form_round)
    with pytest.raises(ApplicationRefused, match="look at the draft again"):
        save(form_round, draft, "idea", "Buses.", builds_on)


def test_a_question_answered_twice_at_once_is_refused(form_round: Database) -> None:
    draft = begun(form_round)
    twice = [Typed(question="idea", answer="Buses."), Typed(question="idea", answer="Trams.")]
    with pytest.raises(ApplicationRefused, match="answered twice"):
        drafts.save(form_round, draft, "", twice, lambda: MIDWAY)


def test_a_draft_has_room_for_so_much_and_no_more(form_round: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails without one of the bounds: one address could fill the disk."""
    draft = begun(form_round)
    with pytest.raises(ApplicationRefused, match="a draft keeps 1,000,000 at most"):
        save(form_round, draft, "idea", "x" * 1_000_001)
    monkeypatch.setattr(rules, "MOST_VERSIONS", 3)
    for version in range(3):
        save(form_round, draft, "idea", f"Buses {version}", version)
    with pytest.raises(ApplicationRefused, match="idea: 3 versions are kept"):
        save(form_round, draft, "idea", "Buses 4", 3)
    monkeypatch.setattr(drafts, "MOST_CHARACTERS", 38)
    with pytest.raises(ApplicationRefused, match="there is room for 38"):
        save(form_round, draft, "summary", "And a line")
    assert save(form_round, draft, "summary", "Line").other is None
    assert [each.answer for each in look_at(form_round, draft).answers] == ["Buses 2", "Line"]


def test_an_address_has_so_many_drafts_for_a_challenge_that_were_not_sent(form_round: Database) -> None:
    ids = [complete(form_round) for _ in range(MOST_DRAFTS)]
    with pytest.raises(ApplicationRefused, match="20 drafts"):
        begun(form_round)
    assert begun(form_round, email="other@applicants.example")
    assert begun(form_round, challenge=ROADS)
    send(form_round, ids[0])
    assert begun(form_round)


def test_a_draft_needs_an_organisation_an_address_and_a_challenge(form_round: Database) -> None:
    with pytest.raises(ApplicationRefused) as refused:
        drafts.begin(form_round, AIR, " ", "nobody", lambda: MIDWAY)
    assert [each.field for each in refused.value.problems] == ["organisation", "email"]
    with pytest.raises(UnknownChallenge):
        begun(form_round, challenge="test-2016/no-such")
    with pytest.raises(UnknownTeam, match="no draft or application"):
        save(form_round, "air-quality-zzzzzzz", "idea", "Buses.")
    with pytest.raises(UnknownTeam, match="no draft or application"):
        drafts.save(form_round, begun(form_round), "exploration", [], lambda: MIDWAY)


def test_a_draft_is_begun_before_the_opening_and_not_after_the_closing_and_saved_at_any_time(
    form_round: Database,
) -> None:
    draft = begun(form_round, at=OPENS.subtract(hours=1))
    with pytest.raises(TooLate, match="at that very instant"):
        begun(form_round, at=CLOSES)
    seal(form_round)
    assert save(form_round, draft, "idea", "Too late, but kept.", at=CLOSES.add(hours=1)).other is None
    found = look_at(form_round, draft)
    assert found.is_sealed
    assert found.answered() == {"idea": "Too late, but kept."}


def test_what_was_handed_in_whole_is_taken_up_again_as_it_was_sent(open_: Database) -> None:
    """Fails if the first save after taking up does not meet what was sent."""
    application = accept(open_, AIR, applying(), lambda: MIDWAY, compose).application
    met = save(open_, application, "proposal", "Something else.")
    assert met.other is not None
    assert met.other.answer == "Breathe Ltd measures the air from every bus."
    found = look_at(open_, application)
    assert found.sent is not None
    assert not found.sent.changed
    save(open_, application, "proposal", "Something better.", met.other.version)
    found = look_at(open_, application)
    assert found.sent is not None
    assert found.sent.changed


def test_whoever_has_the_address_writes_the_draft_until_it_is_sent_and_then_the_contact_does(
    form_round: Database,
) -> None:
    draft = complete(form_round)
    assert [(each.role, each.person) for each in grants_of(form_round, ADDRESS.upper())] == [(Role.TEAM, draft)]
    assert grants_of(form_round, draft) == ()
    send(form_round, draft)
    assert [each.person for each in grants_of(form_round, ADDRESS)] == [draft]
    with form_round.writing() as connection:
        new = "'new@applicants.example'"
        connection.execute(text(f"UPDATE applications SET email = {new}, mailbox = {new}"))
    assert grants_of(form_round, ADDRESS) == ()
    assert [each.person for each in grants_of(form_round, "new@applicants.example")] == [draft]
    assert look_at(form_round, draft).email == "new@applicants.example"


def test_the_list_says_what_was_sent_and_until_when(form_round: Database) -> None:
    ids = sorted((begun(form_round), complete(form_round)))
    send(form_round, ids[0] if look_at(form_round, ids[0]).answers else ids[1])
    rows = drafts.page_of_drafts(form_round, ALL, ids).items
    assert [each.application for each in rows] == ids
    assert {each.closes for each in rows} == {CLOSES}
    assert sorted(each.sent_at is None for each in rows) == [False, True]
    assert drafts.page_of_drafts(form_round, ALL, []).items == ()


def test_the_database_lets_only_one_of_two_count_that_build_on_the_same(form_round: Database) -> None:
    """Whatever writes the row. Fails without the index."""
    draft = begun(form_round)
    save(form_round, draft, "idea", "Buses.")
    save(form_round, draft, "idea", "Trams.", 0)
    with pytest.raises(IntegrityError), form_round.writing() as connection:
        connection.execute(text("UPDATE draft_answers SET counts = true"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300))
def test_any_text_is_kept_and_sent_exactly_as_it_was_typed(form_round: Database, typed: str) -> None:
    draft = begun(form_round, email="typed@applicants.example")
    drafts.save(form_round, draft, "", [Typed(question=q, answer=a) for q, a in COMPLETE.items()], lambda: MIDWAY)
    save(form_round, draft, "partners", typed)
    assert current(form_round, draft, "partners").answer == typed
    send(form_round, draft)
    found = look_at(form_round, draft)
    assert found.sent is not None
    assert not found.sent.changed
    with form_round.reading() as connection:
        counted = (
            select(func.count()).select_from(tables.draft_answers).where(tables.draft_answers.c.application == draft)
        )
        assert connection.scalars(counted).one() == len(COMPLETE) + 1
