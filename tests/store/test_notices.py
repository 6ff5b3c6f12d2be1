"""The words of notices as they are written: facts that all have, what a sponsor says to one, until when they hold."""

from __future__ import annotations

from sqlalchemy import insert, select

from domain.announcements.announcement import (
    Announcement,
    OutgoingNotice,
    Status,
    ToApplicants,
    ToSpokenOf,
    to_people,
    to_teams,
)
from domain.announcements.occasions import COMMON, FACTS, OUTSIDE, Occasion
from gateways.messaging.letters import Letters
from store.challenges.applications import accept
from store.database import tables
from store.database.database import Database
from store.database.tables import Found
from store.record.notices import Notice, find_notice, read_notices
from store.record.record import announce
from tests.store.paying import RELEASER, Till, to_make
from tests.store.said import AIR, CLOSES, MIDWAY, ROADS, announcing, applied, applying, compose, facts

NOT_SELECTED = Occasion.NOT_SELECTED


def selection(*notices: OutgoingNotice, key: str = "select/1", stage: str = "exploration") -> Announcement:
    """A selection for a stage, as it is announced."""
    announcement = announcing(key, *notices, at=CLOSES)
    return announcement.model_copy(update={"entry": announcement.entry.model_copy(update={"stage": stage})})


def not_selected(without: tuple[str, ...] = ()) -> OutgoingNotice:
    """Everybody who applied is told, but those."""
    return OutgoingNotice(
        occasion=NOT_SELECTED, whom=ToApplicants(without=without), facts=facts(NOT_SELECTED, stage="E")
    )


def said_of(database: Database, team: str, text: str, stage: str = "exploration") -> None:
    """The sponsor says something of a team's try for a stage."""
    with database.writing() as connection:
        connection.execute(
            insert(tables.feedback).values(team=team, stage=stage, text=text, given_by="sam", given_at=CLOSES)
        )


def bodies(database: Database, occasion: Occasion = NOT_SELECTED) -> dict[str, str]:
    """What each recipient reads."""
    return {each.recipient: each.body for each in read_notices(database) if each.occasion == occasion}


def row(database: Database, recipient: str, occasion: Occasion) -> Found:
    """The row of a notice, with what nobody is shown."""
    notices = tables.notices
    wanted = select(notices).where(notices.c.recipient == recipient, notices.c.occasion == str(occasion))
    with database.reading() as connection:
        return connection.execute(wanted).one()


def only(notices: tuple[Notice, ...], occasion: Occasion) -> Notice:
    """The only notice of an occasion."""
    [notice] = [each for each in notices if each.occasion == occasion]
    return notice


# --- What a sponsor says to one ------------------------------------------------------------------------------------


def test_what_a_sponsor_says_of_an_application_is_in_its_letter_and_in_no_other(open_: Database) -> None:
    """Fails when one letter is made for all, or the wrong team's words are joined to it."""
    first, second, chosen, silent = (applied(open_, f"Team{number} Ltd") for number in range(4))
    said_of(open_, first, "Strong on buses.")
    said_of(open_, second, "Too dear.\nTry again.")
    said_of(open_, chosen, "Welcome.")
    announce(open_, selection(not_selected((chosen,))), compose)

    read = bodies(open_)
    assert set(read) == {first, second, silent}
    assert "feedback: Strong on buses.;" in read[first]
    assert "feedback: Too dear.\nTry again.;" in read[second]
    assert "feedback: ;" in read[silent]


def test_what_was_said_on_another_stage_is_not_repeated(open_: Database) -> None:
    """Fails without the condition on the stage."""
    team = applied(open_)
    said_of(open_, team, "Strong on buses.", stage="interview")
    notice = to_teams((team,), NOT_SELECTED, facts(NOT_SELECTED, stage="Exploration"))
    announce(open_, selection(notice), compose)
    assert "feedback: ;" in bodies(open_)[team]


def test_teams_that_are_named_get_their_own_words_too_and_a_repetition_changes_nothing(open_: Database) -> None:
    team, other = applied(open_), applied(open_, "Clear Ltd")
    said_of(open_, team, "Strong on buses.", stage="accelerator")
    told = to_teams((team, other), NOT_SELECTED, facts(NOT_SELECTED, stage="Accelerator"))
    for _ in range(2):
        announce(open_, selection(told, stage="accelerator"), compose)
    read = bodies(open_)
    assert "feedback: Strong on buses.;" in read[team]
    assert "feedback: ;" in read[other]


def kept_words(stage: str = "exploration", without: tuple[str, ...] = ()) -> OutgoingNotice:
    """What was kept on a stage is told."""
    said = facts(Occasion.FEEDBACK, stage=stage)
    return OutgoingNotice(occasion=Occasion.FEEDBACK, whom=ToSpokenOf(stage=stage, without=without), facts=said)


def test_what_was_kept_of_applicants_is_told_to_each_once_and_to_nobody_else(open_: Database) -> None:
    """Fails without the mark that it was told, or when those are told who were taken, or of whom nothing is kept."""
    first, gone, chosen, _ = (applied(open_, f"Team{number} Ltd") for number in range(4))
    elsewhere = applied(open_, challenge=ROADS)
    for team, text in ((first, "Buses."), (gone, "Trams."), (chosen, "Welcome."), (elsewhere, "Roads.")):
        said_of(open_, team, text)
    announce(open_, announcing("withdraw/1", withdrawn=gone), compose)
    for number in range(2):
        announce(open_, selection(kept_words(without=(chosen,)), key=f"ended/{number}"), compose)

    read = bodies(open_, Occasion.FEEDBACK)
    assert sorted(read) == sorted((first, gone))
    assert "feedback: Buses.;" in read[first]
    assert "feedback: Trams.;" in read[gone]
    assert len([each for each in read_notices(open_) if each.occasion == Occasion.FEEDBACK]) == 2


def test_what_went_out_with_the_decision_is_not_told_again_at_the_end(open_: Database) -> None:
    """Fails when the letter of the decision does not mark the words as told."""
    team = applied(open_)
    said_of(open_, team, "Buses.")
    announce(open_, selection(not_selected(), kept_words()), compose)
    assert "feedback: Buses.;" in bodies(open_)[team]
    assert bodies(open_, Occasion.FEEDBACK) == {}


def test_words_on_several_stages_are_each_told_at_the_end(open_: Database) -> None:
    """Fails when their notices have the same key: the second is taken for the first."""
    team = applied(open_)
    for stage in ("exploration", "accelerator"):
        said_of(open_, team, f"On {stage}.", stage)
    announce(open_, selection(kept_words(), kept_words("accelerator")), compose)
    told = [each.body for each in read_notices(open_) if each.occasion == Occasion.FEEDBACK]
    assert len(told) == 2


def test_what_is_said_of_a_team_is_in_no_notice_of_another_occasion(open_: Database) -> None:
    """Fails when words are looked up for every notice."""
    team = applied(open_)
    said_of(open_, team, "Strong on buses.")
    announce(open_, selection(to_teams((team,), Occasion.HELD, facts(Occasion.HELD))), compose)
    assert "buses" not in bodies(open_, Occasion.HELD)[team]


def test_a_team_of_another_challenge_is_told_nothing(open_: Database) -> None:
    applied(open_)
    elsewhere = applied(open_, challenge=ROADS)
    said_of(open_, elsewhere, "Strong on buses.")
    announce(open_, selection(not_selected()), compose)
    assert elsewhere not in bodies(open_)
    assert "buses" not in "".join(bodies(open_).values())


# --- Until when it says what is so ---------------------------------------------------------------------------------


def test_a_notice_that_lapses_knows_while_what_it_says_what_is_so(open_: Database) -> None:
    """Fails when the columns are left empty: a reminder could reach somebody who has decided meanwhile."""
    notice = to_people(("sam",), Occasion.DECISION_DUE, facts(Occasion.DECISION_DUE))
    lasting = to_people(("olivia",), Occasion.DECISION_DUE, facts(Occasion.DECISION_DUE))
    waiting = Status(stage="exploration", waits_for="selection for exploration", until=CLOSES)
    announce(
        open_, announcing("reminded", notice.model_copy(update={"lapses": True}), lasting, status=waiting), compose
    )

    lapses, lasts = (row(open_, person, Occasion.DECISION_DUE) for person in ("sam", "olivia"))
    assert (lapses.while_waiting_for, lapses.while_until) == ("selection for exploration", CLOSES)
    assert (lasts.while_waiting_for, lasts.while_until) == ("", None)
    assert lapses.while_payment is lasts.while_payment is None


def test_a_notice_that_lapses_without_a_deadline_has_none(open_: Database) -> None:
    notice = to_people(("sam",), Occasion.EVIDENCE_DUE, facts(Occasion.EVIDENCE_DUE))
    waiting = Status(stage="exploration", waits_for="evidence", until=None)
    announce(open_, announcing("reminded", notice.model_copy(update={"lapses": True}), status=waiting), compose)
    found = row(open_, "sam", Occasion.EVIDENCE_DUE)
    assert (found.while_waiting_for, found.while_until) == ("evidence", None)


def test_a_notice_about_a_payment_knows_which(open_: Database) -> None:
    """Fails when the column is left empty: releasers would be called upon for what is released."""
    till = Till(open_, to_make(applied(open_)))
    till.request()
    notice = to_people((RELEASER,), Occasion.PAYMENT_DUE, facts(Occasion.PAYMENT_DUE))
    announce(open_, announcing("reminded", notice.model_copy(update={"payment": till.key})), compose)
    found = row(open_, RELEASER, Occasion.PAYMENT_DUE)
    assert (found.while_payment, found.while_waiting_for) == (till.key, "")


def test_a_notice_starts_its_way_unsent(open_: Database) -> None:
    applied(open_)
    notice = only(read_notices(open_), Occasion.APPLICATION_RECEIVED)
    assert (notice.status, notice.status_at, notice.channel, notice.reason) == ("created", None, "", "")


# --- What every notice can say -------------------------------------------------------------------------------------


def test_every_notice_has_the_facts_that_all_have(open_: Database) -> None:
    """Fails when one of the two ways in which notices are written leaves one out."""
    team = applied(open_)
    announce(open_, announcing("hold", to_teams((team,), Occasion.HELD, facts(Occasion.HELD))), compose)
    common = {
        "challenge": AIR,
        "contact": "olivia@scheme.example",
        "question": "How can the air be better?",
    }
    assert set(common) == COMMON
    for occasion in (Occasion.HELD, Occasion.APPLICATION_RECEIVED):
        body = only(read_notices(open_), occasion).body
        assert {fact.partition(": ")[0] for fact in body.split("; ")} == FACTS[occasion] | COMMON
        assert all(f"{name}: {value}" in body for name, value in common.items())


def test_the_words_that_come_with_the_service_can_be_written_for_every_occasion(open_: Database) -> None:
    """Fails when the words of an occasion need a fact that neither it nor all have."""
    words = Letters().compose
    team = accept(open_, AIR, applying(), lambda: MIDWAY, words).application
    for occasion in set(Occasion) - OUTSIDE:
        announce(open_, announcing("x/" + occasion, to_teams((team,), occasion, facts(occasion))), words)
        notice = find_notice(open_, f"{AIR}/x/{occasion}/{occasion}/{team}")
        assert "How can the air be better?" in notice.body
        assert notice.subject
