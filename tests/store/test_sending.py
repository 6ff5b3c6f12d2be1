"""Sending a draft: in time, whole, once, and again until the closing instant. What fails leaves all as it was."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from whenever import Instant

from domain.announcements.announcement import Window
from domain.announcements.occasions import Occasion
from domain.challenges.draft import Typed
from domain.forms.answers import changed_since, seen
from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from domain.values.refusals import (
    ApplicationRefused,
    DraftChanged,
    NotAllowed,
    OnHold,
    Refused,
    TooEarly,
    TooLate,
    UnknownStage,
    UnknownTeam,
)
from store.challenges import drafts, sending, windows
from store.challenges.applications import accept, count, read
from store.challenges.rounds import keep_round
from store.database import tables
from store.database.database import Database
from store.record.record import announce, read_notices, read_record
from tests.store.said import (
    AIR,
    CLOSES,
    MICROSECOND,
    MIDWAY,
    OPENS,
    announcing,
    applying,
    compose,
    opened,
    seal,
)
from tests.store.writing import ADDRESS, COMPLETE, asking, begun, complete, fill, look_at, save, send

LATER = MIDWAY.add(hours=1)


def occasions(database: Database) -> list[str]:
    return [each.occasion for each in read_notices(database, AIR)]


def refused(database: Database, draft: str, kind: type[Refused], at: Instant = MIDWAY) -> str:
    """Why a draft cannot be sent. It stays as it was, the refusal is on the record, and whoever wrote it is told."""
    before, counted = look_at(database, draft), count(database, AIR)
    with pytest.raises(kind) as refusal:
        send(database, draft, at)
    assert look_at(database, draft) == before
    assert count(database, AIR) == counted
    line = read_record(database, AIR)[-1]
    assert (line.by, line.role, line.action, line.refused) == (draft, "team", "send", True)
    assert line.text == str(refusal.value)
    notice = read_notices(database, AIR)[-1]
    assert (notice.occasion, notice.recipient, notice.address) == (Occasion.APPLICATION_REFUSED, draft, ADDRESS)
    assert ("what you sent before still counts" in notice.body) is (before.sent is not None)
    return str(refusal.value)


def test_a_draft_that_is_sent_is_an_application_with_the_drafts_id_and_its_answers(form_round: Database) -> None:
    draft = complete(form_round)
    assert count(form_round, AIR) == 0

    receipt = send(form_round, draft)

    assert (receipt.application, receipt.version, receipt.repeated) == (draft, 1, False)
    assert occasions(form_round) == [Occasion.APPLICATION_RECEIVED]
    assert seal(form_round) == 1
    (application,) = read(form_round, AIR)
    assert (application.id, application.organisation, application.email) == (draft, "Breathe Ltd", ADDRESS)
    assert application.answers == COMPLETE
    assert application.received == receipt.received


def test_what_was_sent_last_counts_and_each_change_has_its_receipt(form_round: Database) -> None:
    draft = complete(form_round)
    first = send(form_round, draft)
    save(form_round, draft, "idea", "Every tram measures the air.", 1)
    changed = send(form_round, draft, LATER)
    save(form_round, draft, "idea", "Not sent any more.", 2)

    assert (changed.version, changed.repeated, changed.received > first.received) == (2, False, True)
    assert occasions(form_round) == [Occasion.APPLICATION_RECEIVED, Occasion.APPLICATION_CHANGED]
    assert seal(form_round) == 1
    (application,) = read(form_round, AIR)
    assert application.answers == COMPLETE | {"idea": "Every tram measures the air."}
    assert application.received == first.received
    found = look_at(form_round, draft)
    assert found.sent is not None
    assert (found.sent.version, found.sent.changed, found.sent.at) == (2, True, changed.received)


def test_the_same_draft_sent_again_gets_the_same_receipt_even_after_the_closing(form_round: Database) -> None:
    draft = complete(form_round)
    first = send(form_round, draft)
    again = send(form_round, draft, LATER)
    assert again == first.model_copy(update={"repeated": True})
    seal(form_round)
    assert send(form_round, draft, CLOSES.add(hours=1)) == again
    assert len(occasions(form_round)) == 1


@pytest.mark.parametrize("in_time", [True, False])
def test_a_draft_is_sent_until_the_closing_instant_and_not_at_it(form_round: Database, in_time: bool) -> None:
    """Fails without the comparison with `closes`, for the first time and for a change."""
    draft = complete(form_round)
    at = CLOSES - MICROSECOND if in_time else CLOSES
    if in_time:
        assert send(form_round, draft, at).received == at
    else:
        assert "at that very instant" in refused(form_round, draft, TooLate, at)
        assert "2 minutes after that" in refused(form_round, draft, TooLate, at.add(minutes=2))


def test_a_change_that_is_too_late_leaves_what_was_sent_and_the_draft(form_round: Database) -> None:
    draft = complete(form_round)
    send(form_round, draft)
    save(form_round, draft, "idea", "Better.", 1, at=CLOSES)
    refused(form_round, draft, TooLate, CLOSES)
    seal(form_round)
    assert [each.answers for each in read(form_round, AIR)] == [COMPLETE]
    assert look_at(form_round, draft).answered()["idea"] == "Better."


def test_an_incomplete_draft_is_refused_with_every_question_and_nothing_of_its_text(form_round: Database) -> None:
    draft = begun(form_round)
    save(form_round, draft, "partners", "MARKER " * 300)
    with pytest.raises(ApplicationRefused) as refusal:
        send(form_round, draft)
    assert {each.field for each in refusal.value.problems} >= {"summary", "idea", "partners"}
    text = refused(form_round, draft, ApplicationRefused)
    assert "MARKER" not in text + str(read_record(form_round, AIR)) + str(read_notices(form_round, AIR))
    fill(form_round, draft)
    save(form_round, draft, "partners", "None.", 1)
    assert send(form_round, draft).version == 1


def test_nothing_is_sent_before_the_opening_on_hold_or_after_the_seal(form_round: Database) -> None:
    draft = complete(form_round)
    refused(form_round, draft, TooEarly, OPENS - MICROSECOND)
    announce(form_round, announcing("hold", window=Window(opens=OPENS, closes=CLOSES, held=True)), compose)
    refused(form_round, draft, OnHold)
    announce(form_round, announcing("resume", window=Window(opens=OPENS, closes=CLOSES)), compose)
    seal(form_round, at=MIDWAY)
    assert "sealed for good" in refused(form_round, draft, TooLate)


def test_a_withdrawn_application_is_not_sent_again(form_round: Database) -> None:
    draft = complete(form_round)
    send(form_round, draft)
    announce(form_round, announcing("withdraw", withdrawn=draft), compose)
    save(form_round, draft, "idea", "We have changed our minds.", 1)
    with pytest.raises(ApplicationRefused, match=r"was withdrawn .* begin another draft"):
        send(form_round, draft, LATER)
    assert seal(form_round) == 0
    assert look_at(form_round, draft).answered()["idea"] == "We have changed our minds."


def test_what_was_handed_in_whole_is_changed_and_sent_until_the_closing(open_: Database) -> None:
    application = accept(open_, AIR, applying(), lambda: MIDWAY, compose).application
    assert send(open_, application).repeated
    save(open_, application, "proposal", "Something better.", 1)
    assert send(open_, application, LATER).version == 2
    assert accept(open_, AIR, applying(), lambda: CLOSES, compose).repeated
    assert seal(open_) == 1
    assert [each.answers for each in read(open_, AIR)] == [{"proposal": "Something better."}]


def test_only_what_is_there_is_sent(form_round: Database) -> None:
    with pytest.raises(UnknownTeam):
        send(form_round, "air-quality-zzzzzzz")
    draft = complete(form_round)
    with pytest.raises(UnknownTeam):
        sending.send(form_round, draft, "exploration", lambda: MIDWAY, compose)
    send(form_round, draft)
    with pytest.raises(UnknownStage):
        sending.send(form_round, draft, "exploration", lambda: MIDWAY, compose)


def test_a_draft_that_was_not_sent_is_no_application(form_round: Database) -> None:
    complete(form_round)
    seal(form_round)
    assert read(form_round, AIR) == ()
    with form_round.reading() as connection:
        assert connection.execute(select(tables.applications)).all() == []


STAGE = "accelerator"
LAST_DAY = MIDWAY.add(hours=24)


@pytest.fixture
def further(database: Database, round_: Round, programme: Programme) -> tuple[Database, str, str]:
    """A challenge whose second stage asks one of two teams for a further proposal, and the ids of both."""
    asks = asking(programme)
    keep_round(database, round_, asks, challenges_of(round_, asks), OPENS)
    announce(database, opened(), compose)
    asked, other = (accept(database, AIR, applying(name), lambda: OPENS, compose).application for name in ("A", "B"))
    seal(database)
    window = Window(opens=OPENS, closes=LAST_DAY, stage=STAGE, teams=(asked,))
    announce(database, announcing("invite", window=window), compose)
    return database, asked, other


def test_a_further_proposal_is_written_sent_and_changed_until_its_own_closing(
    further: tuple[Database, str, str],
) -> None:
    """Fails if the window or the form of the applications is taken for that of the stage."""
    database, team, _ = further
    typed = [Typed(question=question, answer=answer) for question, answer in COMPLETE.items()]
    with pytest.raises(ApplicationRefused):
        sending.send(database, team, STAGE, lambda: OPENS + MICROSECOND, compose)
    drafts.save(database, team, STAGE, typed, lambda: MIDWAY)
    assert sending.send(database, team, STAGE, lambda: MIDWAY, compose).version == 1
    drafts.save(database, team, STAGE, [Typed(question="idea", answer="More.", builds_on=1)], lambda: MIDWAY)
    assert sending.send(database, team, STAGE, lambda: LAST_DAY - MICROSECOND, compose).version == 2
    drafts.save(database, team, STAGE, [Typed(question="idea", answer="Most.", builds_on=2)], lambda: MIDWAY)
    with pytest.raises(TooLate, match=r"test-2016/air-quality \(accelerator\)"):
        sending.send(database, team, STAGE, lambda: LAST_DAY, compose)

    told = [each for each in read_notices(database, AIR) if each.recipient == team]
    assert [each.occasion for each in told] == [
        *("application-received", "application-refused", "proposal-received", "proposal-received"),
        "application-refused",
    ]
    assert ["again: yes" in each.body for each in told] == [False, False, False, True, False]
    with database.writing() as connection:
        assert windows.seal(connection, AIR, LAST_DAY, STAGE).number == 1
    kept = {each.organisation: each.answers for each in read(database, AIR)}
    assert kept == {name: applying(name).answers for name in ("A", "B")}


def test_only_a_team_that_is_asked_sends_a_further_proposal(further: tuple[Database, str, str]) -> None:
    database, team, other = further
    with pytest.raises(NotAllowed, match="not asked for a proposal for accelerator"):
        drafts.save(database, other, STAGE, [], lambda: MIDWAY)
    typed = [Typed(question=question, answer=answer) for question, answer in COMPLETE.items()]
    drafts.save(database, team, STAGE, typed, lambda: MIDWAY)
    window = Window(opens=OPENS, closes=LAST_DAY, stage=STAGE, teams=(other,))
    announce(database, announcing("leave", window=window), compose)
    with pytest.raises(NotAllowed, match="not asked"):
        sending.send(database, team, STAGE, lambda: MIDWAY, compose)
    assert drafts.read(database, team, STAGE, lambda: MIDWAY)[0].answered() == COMPLETE


def test_what_was_changed_since_it_was_seen_is_not_sent_and_nobody_is_told_that_it_was_refused(
    form_round: Database,
) -> None:
    draft = complete(form_round)
    was = seen(look_at(form_round, draft).answered())
    save(form_round, draft, "idea", "Trams.", 1)
    save(form_round, draft, "partners", "")
    told = occasions(form_round)

    with pytest.raises(DraftChanged):
        sending.send(form_round, draft, "", lambda: MIDWAY, compose, seen=was)

    assert (count(form_round, AIR), occasions(form_round)) == (0, told)
    now = look_at(form_round, draft).answered()
    assert changed_since(was, now) == {"idea"}
    assert sending.send(form_round, draft, "", lambda: MIDWAY, compose, seen=seen(now)).version == 1
    with pytest.raises(DraftChanged):
        sending.send(form_round, draft, "", lambda: LATER, compose, seen=was)
    assert sending.send(form_round, draft, "", lambda: CLOSES, compose, seen=seen(now)).repeated
