"""Announcing: one line, one status, one window and the notices, together and once."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from whenever import Instant, TimeDelta

from domain.announcements.announcement import Attention, OutgoingNotice, ToApplicants, Window, to_people, to_teams
from domain.announcements.occasions import Occasion
from domain.values.refusals import TooLate, UnknownChallenge, UnknownTeam
from store.challenges.applications import count
from store.challenges.rounds import find_challenge
from store.database.database import Database
from store.record.record import announce, read_notices, read_record
from tests.store.said import (
    AIR,
    CLOSES,
    MICROSECOND,
    MIDWAY,
    OPENS,
    ROADS,
    announcing,
    applied,
    compose,
    entry,
    facts,
    opened,
    seal,
    status,
)

CANCELLED = Occasion.CANCELLED
WHY = {"reason": "no money"}


def recipients(database: Database, occasion: Occasion = CANCELLED) -> list[str]:
    return sorted(notice.recipient for notice in read_notices(database) if notice.occasion == occasion)


def test_an_announcement_is_recorded_shown_and_told_together(open_: Database) -> None:
    outgoing = to_people(("sam",), CANCELLED, WHY)
    announce(open_, announcing("cancel/1", outgoing, status=status("nothing")), compose)

    line = read_record(open_, AIR)[-1]
    assert (line.key, line.action, line.text, line.by, line.refused) == (
        f"{AIR}/cancel/1",
        "cancel",
        "cancel was done",
        "olivia",
        False,
    )
    assert line.at == Instant.from_utc(2016, 7, 20, 12, nanosecond=123_456_000)
    assert find_challenge(open_, AIR).waits_for == "nothing"
    [notice] = read_notices(open_, AIR)
    assert notice.key == f"{AIR}/cancel/1/cancelled/sam"
    assert (notice.recipient, notice.address, notice.subject) == ("sam", "sam@sepa.example", "cancelled")
    assert notice.body == (
        f"challenge: {AIR}; contact: olivia@scheme.example; question: How can the air be better?; reason: no money"
    )


def test_announcing_twice_under_one_key_repeats_nothing(open_: Database) -> None:
    """Fails without the look for the key: the second line breaks the record's unique key."""
    notice = to_people(("sam",), CANCELLED, WHY)
    announce(open_, announcing("cancel/1", notice, status=status("nothing")), compose)
    other = announcing("cancel/1", notice, to_people(("olivia",), CANCELLED, WHY), status=status("something"))
    announce(open_, other, compose)

    assert [line.key for line in read_record(open_, AIR)] == [f"{AIR}/opened", f"{AIR}/cancel/1"]
    assert recipients(open_) == ["sam"]
    assert find_challenge(open_, AIR).waits_for == "nothing"


def test_announcing_again_is_harmless_also_when_it_could_not_be_done_any_more(open_: Database) -> None:
    seal(open_, AIR, CLOSES)

    announce(open_, opened(), compose)

    assert len(read_record(open_, AIR)) == 1


def test_everybody_who_applied_and_has_not_withdrawn_is_told_without_those_named(open_: Database) -> None:
    """Fails without any one of the three conditions on whom to tell."""
    teams = [applied(open_, f"Team{number} Ltd") for number in range(4)]
    applied(open_, challenge=ROADS)
    announce(open_, announcing("withdraw", withdrawn=teams[0]), compose)

    notice = OutgoingNotice(occasion=CANCELLED, whom=ToApplicants(without=(teams[1],)), facts=WHY)
    announce(open_, announcing("cancel", notice), compose)

    assert recipients(open_) == sorted(teams[2:])


def test_nobody_is_told_when_nobody_applied(open_: Database) -> None:
    announce(open_, announcing("cancel", OutgoingNotice(occasion=CANCELLED, whom=ToApplicants(), facts=WHY)), compose)

    assert recipients(open_) == []


def test_a_person_named_twice_is_told_once(open_: Database) -> None:
    team = applied(open_)
    notices = (to_people(("sam", "sam"), CANCELLED, WHY), to_teams((team, team), CANCELLED, WHY))
    announce(open_, announcing("cancel", *notices), compose)

    assert recipients(open_) == sorted(["sam", team])


def test_a_team_is_told_at_its_own_address_also_once_it_has_withdrawn(open_: Database) -> None:
    team = applied(open_)
    outgoing = to_teams((team,), Occasion.WITHDRAWN, {"by": "", "reason": "busy"})
    announce(open_, announcing("withdraw", outgoing, applications=(team,), withdrawn=team), compose)

    [notice] = [notice for notice in read_notices(open_, AIR) if notice.occasion == Occasion.WITHDRAWN]
    assert notice.address == "breathe@applicants.example"


def test_what_was_sent_and_refused_is_told_to_whoever_is_known(open_: Database) -> None:
    """A person, a team, or nobody at all. Fails when only people are looked up."""
    team = applied(open_)
    notice = to_people(("sam", team, "stranger"), Occasion.REFUSED, {"action": "select", "reason": "no"})
    announce(open_, announcing("refused", notice), compose)

    assert recipients(open_, Occasion.REFUSED) == sorted(["sam", team])


@pytest.mark.parametrize("whom", ["people", "teams"])
def test_telling_somebody_who_is_not_kept_is_a_fault_and_changes_nothing(open_: Database, whom: str) -> None:
    elsewhere = applied(open_, challenge=ROADS)
    notice = to_people(("stranger",), CANCELLED, WHY) if whom == "people" else to_teams((elsewhere,), CANCELLED, WHY)

    with pytest.raises(LookupError, match="who are unknown"):
        announce(open_, announcing("cancel", notice), compose)

    assert len(read_record(open_, AIR)) == 1


def test_a_team_of_another_challenge_is_refused_and_nothing_changes(open_: Database) -> None:
    """Fails without the comparison of the challenges."""
    own, elsewhere = applied(open_), applied(open_, challenge=ROADS)
    notice = to_people(("sam",), Occasion.STAGE_STARTED, facts(Occasion.STAGE_STARTED))

    with pytest.raises(UnknownTeam, match=f"{elsewhere} is an application to {ROADS}, not to {AIR}"):
        announce(open_, announcing("select", notice, applications=(own, elsewhere), status=status("x")), compose)

    assert len(read_record(open_, AIR)) == 1
    assert recipients(open_, Occasion.STAGE_STARTED) == []
    assert find_challenge(open_, AIR).waits_for == "applications"


def test_a_team_that_nobody_knows_is_refused(open_: Database) -> None:
    for announcement in (
        announcing("select", applications=("air-quality-nobody",)),
        announcing("withdraw", withdrawn="air-quality-nobody"),
    ):
        with pytest.raises(UnknownTeam, match="air-quality-nobody is not an application to test-2016/air-quality"):
            announce(open_, announcement, compose)


def test_a_team_that_has_withdrawn_is_refused(open_: Database) -> None:
    """Fails without the check in `_check_stands`."""
    team = applied(open_)
    announce(open_, announcing("withdraw", withdrawn=team), compose)

    with pytest.raises(UnknownTeam, match=rf"{team} was withdrawn \(Wednesday 20 July 2016"):
        announce(open_, announcing("select", applications=(team,)), compose)


def test_a_team_that_has_withdrawn_may_leave_again_and_the_first_time_stays(open_: Database) -> None:
    team = applied(open_)
    announce(open_, announcing("withdraw/1", withdrawn=team), compose)
    announce(open_, announcing("withdraw/2", withdrawn=team, at=CLOSES), compose)

    assert count(open_, AIR) == 0
    assert len(read_record(open_, AIR)) == 3


def test_an_announcement_about_a_challenge_that_nobody_opened_is_refused(open_: Database) -> None:
    with pytest.raises(UnknownChallenge, match="test-2016/noise"):
        announce(open_, announcing(challenge="test-2016/noise"), compose)


def test_a_status_never_goes_back_to_an_older_one(open_: Database) -> None:
    """Fails without the comparison with `status_at`."""
    announce(open_, announcing("new", at=MIDWAY + MICROSECOND, status=status("newer")), compose)
    announce(open_, announcing("old", at=MIDWAY, status=status("older")), compose)

    assert find_challenge(open_, AIR).waits_for == "newer"
    assert len(read_record(open_, AIR)) == 3


def test_of_two_statuses_of_one_instant_the_last_counts(open_: Database) -> None:
    announce(open_, announcing("1", status=status("first")), compose)
    announce(open_, announcing("2", status=status("second")), compose)

    assert find_challenge(open_, AIR).waits_for == "second"


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(offsets=st.lists(st.integers(0, 10**9), min_size=1, max_size=6, unique=True), run=st.uuids())
def test_however_announcements_arrive_the_latest_status_is_shown(
    open_: Database, offsets: list[int], run: object
) -> None:
    start = CLOSES + TimeDelta(hours=len(read_record(open_, AIR)))
    for offset in offsets:
        late = start + TimeDelta(microseconds=offset)
        announce(open_, announcing(f"{run}/{offset}", at=late, status=status(str(offset))), compose)

    assert find_challenge(open_, AIR).waits_for == str(max(offsets))


def test_a_refusal_changes_neither_status_nor_window(open_: Database) -> None:
    before = find_challenge(open_, AIR)
    announce(open_, announcing("refused", at=CLOSES), compose)

    assert find_challenge(open_, AIR) == before


def test_a_window_is_moved_and_held(open_: Database) -> None:
    later = CLOSES + TimeDelta(hours=24)
    announce(open_, announcing("extend", window=Window(opens=OPENS, closes=later)), compose)

    assert find_challenge(open_, AIR).closes == later
    assert find_challenge(open_, ROADS).closes == CLOSES


@pytest.mark.parametrize(
    "window",
    [
        Window(opens=OPENS, closes=CLOSES),
        Window(opens=OPENS, closes=CLOSES + TimeDelta(hours=24)),
        Window(opens=OPENS, closes=CLOSES, held=True),
    ],
)
def test_a_sealed_window_is_never_opened_moved_or_held_again(open_: Database, window: Window) -> None:
    """Fails without the check of `sealed_at` in `windows.put`."""
    applied(open_)
    seal(open_, AIR, CLOSES)

    with pytest.raises(TooLate, match="sealed for good"):
        announce(open_, announcing("extend", window=window, status=status("x")), compose)

    row = find_challenge(open_, AIR)
    assert (row.closes, row.applications, row.waits_for) == (CLOSES, 1, "applications")


def test_an_announcement_can_seal_the_window_and_sealing_again_is_harmless(open_: Database) -> None:
    """A challenge that is cancelled while its window is open, or just sealed."""
    team = applied(open_)
    cancelled = Window(opens=OPENS, closes=CLOSES, sealed=True)
    announce(open_, announcing("cancel/1", window=cancelled), compose)
    announce(open_, announcing("withdraw", withdrawn=team), compose)
    announce(open_, announcing("cancel/2", window=cancelled), compose)

    assert find_challenge(open_, AIR).applications == 1
    assert seal(open_, AIR, CLOSES) == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE record SET text = 'nothing happened'",
        "DELETE FROM record",
        "UPDATE record SET reason = reason",
    ],
)
def test_the_record_refuses_to_be_changed(open_: Database, change: str) -> None:
    """Fails without the triggers of the migration."""
    with pytest.raises(IntegrityError, match="append-only"), open_.writing() as connection:
        connection.execute(text(change))

    assert [line.text for line in read_record(open_, AIR)] == ["opened was done"]


def test_the_record_refuses_to_be_replaced_or_emptied(open_: Database) -> None:
    """Fails without `recursive_triggers` on SQLite and without the trigger on TRUNCATE on PostgreSQL."""
    change = "TRUNCATE record"
    if open_.engine.dialect.name == "sqlite":
        change = "INSERT OR REPLACE INTO record SELECT * FROM record"
    with pytest.raises(IntegrityError, match="append-only"), open_.writing() as connection:
        connection.execute(text(change))

    assert [line.text for line in read_record(open_, AIR)] == ["opened was done"]


def test_what_needs_attention_is_shown_until_it_is_mended(open_: Database) -> None:
    announce(open_, announcing("stands-still", attention=Attention(text="the rail is down")), compose)
    announce(open_, announcing("other", status=status("x")), compose)
    assert find_challenge(open_, AIR).attention == "the rail is down"

    printer = Attention(text="the printer", mended=True, of=f"{AIR}/exploration/air-1/1")
    announce(open_, announcing("something-else", attention=printer), compose)
    assert find_challenge(open_, AIR).attention == "the rail is down"
    announce(open_, announcing("goes-on", attention=Attention(text="the rail is down", mended=True)), compose)
    assert find_challenge(open_, AIR).attention == ""


def test_what_is_mended_in_one_workflow_hides_nothing_of_another(open_: Database) -> None:
    """Fails when a challenge has room for one text: of two payments that stand still the first is seen no more."""
    one, other = (f"{AIR}/exploration/air-1/{number}" for number in (1, 2))

    def stands(step: str, of: str, *unresolved: str, mended: str = "") -> str:
        text = mended or unresolved[-1]
        attention = Attention(text=text, mended=bool(mended), of=of, unresolved="; ".join(unresolved))
        announce(open_, announcing(step, at=MIDWAY.add(seconds=len(step)), attention=attention), compose)
        return find_challenge(open_, AIR).attention

    assert stands("1", one, "refused") == "refused"
    assert sorted(stands("22", other, "away").split("; ")) == ["away", "refused"]
    assert stands("333", other, mended="away") == "refused"
    # Two steps of one workflow; whichever is mended first, the other is still shown.
    assert stands("4444", one, "refused", "lost") == "refused; lost"
    assert stands("55555", one, "lost", mended="refused") == "lost"
    assert stands("666666", one, mended="lost") == ""


def test_an_earlier_word_of_what_needs_attention_does_not_replace_a_later_one(open_: Database) -> None:
    later = announcing("goes-on", at=CLOSES, attention=Attention(text="the rail is down", mended=True))
    announce(open_, later, compose)
    announce(open_, announcing("stands-still", attention=Attention(text="the rail is down")), compose)
    assert find_challenge(open_, AIR).attention == ""


def test_a_line_keeps_all_that_was_said(open_: Database) -> None:
    said = entry().model_copy(update={"reason": "because – “quoted”, £", "stage": "exploration", "refused": True})
    announce(open_, announcing("x").model_copy(update={"entry": said}), compose)

    line = read_record(open_, AIR)[-1]
    assert line.model_dump(include=set(type(said).model_fields) - {"at"}) == said.model_dump(exclude={"at"})
