"""Notices that cannot be sent: given up, told to operators, and sent again by a person."""

from __future__ import annotations

import pytest
from whenever import Instant, TimeDelta

from domain.announcements.announcement import to_people
from domain.announcements.occasions import Occasion
from domain.delivery.delivery import MOST_TRIES, STALE_AFTER
from domain.programmes.programme import Programme
from domain.programmes.round import REHEARSAL, Person, Round, challenges_of
from domain.values.refusals import NotSentAgain
from store.challenges.rounds import keep_round
from store.database.database import Database
from store.outbox.failing import send_again
from store.outbox.outbox import (
    claim,
    note_failed,
    note_later,
    note_sent,
    note_undelivered,
    put_back,
    question,
)
from store.record.record import announce, read_notices
from tests.store.posting import (
    GONE,
    POST,
    SECOND,
    calls_for_operators,
    nothing,
    notice,
    taken,
    told,
)
from tests.store.said import AIR, MIDWAY, OPENS, announcing, applied, compose, facts, status


def test_what_waited_for_a_channel_for_weeks_is_not_sent_when_there_is_one(kept: Database) -> None:
    """Fails when a service that used to keep its notices sends all of them once it gets a channel, or tells of each."""
    key = told(kept)
    assert nothing(kept, MIDWAY + STALE_AFTER + SECOND)

    assert (notice(kept, key).status, notice(kept, key).reason) == ("failed", "It could not be sent for 14 days.")
    assert calls_for_operators(kept) == []


def test_operators_hear_of_what_a_channel_could_not_send_for_weeks(kept: Database) -> None:
    """Fails when a channel that is broken for long lets notices lapse in silence."""
    key = told(kept)
    put_back(kept, taken(kept), "the server is away", MIDWAY)
    call = taken(kept, MIDWAY + STALE_AFTER + SECOND)

    assert (call.occasion, notice(kept, key).status) == (Occasion.ATTENTION, "failed")
    (said,) = calls_for_operators(kept)
    assert "did not reach sam: It could not be sent for 14 days. the server is away" in said


def test_what_may_have_been_sent_is_looked_up_before_it_is_given_up(kept: Database) -> None:
    """Fails when a notice that arrived long ago is called failed because nobody asked any more."""
    key, now = told(kept), MIDWAY
    for _ in range(MOST_TRIES):
        note_later(kept, taken(kept, now), "no answer", now, unknown=True)
        now = now + TimeDelta(hours=1)
    last = taken(kept, now)
    assert (last.key, last.unknown, last.given_up) == (key, True, f"Given up after {MOST_TRIES} tries. no answer")

    note_sent(kept, last, "ref", asks_again=True, now=now)
    assert notice(kept, key).status == "sent"


def test_whoever_is_told_to_stop_leaves_what_is_lapsed_for_the_next(kept: Database) -> None:
    """Fails when a hundred thousand lapsed notices are gone through although the worker waits for the end."""
    keys = [told(kept, number=number) for number in range(5)]
    looks = iter([False, False, True])
    late = MIDWAY + STALE_AFTER + SECOND
    assert claim(kept, POST, late, compose, lambda: next(looks)) is None

    assert sorted(notice(kept, key).status for key in keys) == ["created"] * 3 + ["failed"] * 2


def test_what_a_channel_took_and_could_not_send_is_sent_anew_later_and_later_and_then_given_up(kept: Database) -> None:
    """Fails when it is given up at once, or never, or when the next sender takes it for one that may have arrived."""
    key, now = told(kept), MIDWAY
    for waits in (10, 20, 40, 80):
        note_sent(kept, taken(kept, now), "ref", asks_again=True, now=now)
        asked = question(kept, POST, now + 10 * SECOND)
        assert asked is not None
        note_undelivered(kept, asked, "its provider failed", now, compose)
        assert (notice(kept, key).status, notice(kept, key).reason) == ("created", "its provider failed")
        now = now + TimeDelta(minutes=waits)
        assert nothing(kept, now - SECOND)
    last = taken(kept, now)
    assert (last.unknown, last.maybe_sent) == (False, 0)
    note_undelivered(kept, last, "its provider failed", now, compose)

    assert notice(kept, key).status == "failed"
    assert len(calls_for_operators(kept)) == 1


# What is sent again.


def failed(database: Database, key: str, now: Instant = MIDWAY) -> None:
    """Sends a notice, and it fails."""
    mine = taken(database, now)
    assert mine.key == key
    note_failed(database, mine, GONE, now, compose)


def test_a_person_has_a_notice_sent_again_to_the_address_of_today(
    kept: Database, round_: Round, programme: Programme
) -> None:
    """Fails when it keeps the address at which it failed, or when its age, tries or first failure still count."""
    key = told(kept)
    failed(kept, key)
    (sponsor,) = round_.sponsors
    moved = sponsor.deciders[0].model_copy(update={"email": "sam@new.example"})
    corrected = round_.model_copy(update={"sponsors": (sponsor.model_copy(update={"deciders": (moved,)}),)})
    keep_round(kept, corrected, programme, challenges_of(corrected, programme), MIDWAY)

    later = MIDWAY + STALE_AFTER + STALE_AFTER
    assert send_again(kept, key.removeprefix(f"{AIR}/"), later) == key
    again = taken(kept, later)
    while again.key != key:
        again = taken(kept, later)
    assert (again.address, again.tries, again.unknown) == ("sam@new.example", 1, False)
    note_failed(kept, again, GONE, later, compose)
    assert len(calls_for_operators(kept)) == 2


def test_an_applicant_gets_what_failed_again_at_the_address_of_the_application(open_: Database) -> None:
    team = applied(open_)
    mine = taken(open_)
    note_failed(open_, mine, GONE, MIDWAY, compose)
    send_again(open_, mine.key, MIDWAY)

    again = notice(open_, mine.key)
    assert (again.status, again.recipient, again.address) == ("created", team, "breathe@applicants.example")


def test_only_what_failed_and_is_still_so_is_sent_again(kept: Database) -> None:
    """Fails when a notice that arrived is sent twice, or when a reminder goes out that is no longer so."""
    key = told(kept, occasion=Occasion.CLOSING_SOON, lapses=True, status=status())
    with pytest.raises(NotSentAgain, match="is created: only what has failed"):
        send_again(kept, key, MIDWAY)

    failed(kept, key)
    announce(kept, announcing("moved", at=MIDWAY + SECOND, status=status("end of exploration")), compose)
    with pytest.raises(NotSentAgain, match="no longer waits for applications"):
        send_again(kept, key, MIDWAY)
    assert notice(kept, key).status == "failed"


def test_a_notice_of_a_rehearsal_is_never_sent(database: Database, round_: Round, programme: Programme) -> None:
    """Fails when real people are told of what is only played."""
    played = round_.model_copy(update={"id": f"{round_.id}{REHEARSAL}1"})
    keep_round(database, played, programme, challenges_of(played, programme), MIDWAY)
    told_of = to_people(("sam",), Occasion.HELD, facts(Occasion.HELD))
    announce(database, announcing("held", told_of, challenge=f"{played.id}/air-quality"), compose)

    assert nothing(database)
    [kept] = read_notices(database)
    assert (kept.status, kept.reason) == (
        "lapsed",
        "It belongs to a rehearsal, and notices of rehearsals are never sent.",
    )


def test_operators_are_told_once_of_a_notice_that_does_not_arrive(open_: Database) -> None:
    """Fails when a failed notice is told to nobody, or each time that it is reported."""
    applied(open_)
    mine = taken(open_)
    assert mine.occasion == Occasion.APPLICATION_RECEIVED
    note_sent(open_, mine, "ref", asks_again=True, now=MIDWAY)
    asked = question(open_, POST, MIDWAY + 10 * SECOND)
    assert asked is not None
    for _ in range(2):
        note_failed(open_, asked, GONE, MIDWAY + 11 * SECOND, compose)

    failed = notice(open_, mine.key)
    assert (failed.status, failed.reason) == ("failed", GONE)
    calls = [each for each in read_notices(open_) if each.occasion == Occasion.ATTENTION]
    assert [(call.recipient, call.address) for call in calls] == [("olivia", "olivia@scheme.example")]
    assert f"what: the notice application-received did not reach {failed.recipient}: {GONE}" in calls[0].body
    assert mine.address not in calls[0].body


def test_if_one_operator_cannot_be_reached_the_other_is_told(
    database: Database, round_: Round, programme: Programme
) -> None:
    """Fails when nobody is told of what does not reach an operator."""
    other = Person(id="omar", name="Omar", email="omar@scheme.example")
    two = round_.model_copy(update={"operators": (*round_.operators, other)})
    keep_round(database, two, programme, challenges_of(two, programme), OPENS)
    told(database, "olivia")
    note_failed(database, taken(database), GONE, MIDWAY, compose)
    call = taken(database)
    assert (call.occasion, call.address) == (Occasion.ATTENTION, "omar@scheme.example")

    note_failed(database, call, GONE, MIDWAY, compose)
    assert nothing(database), "there is an end to it"


@pytest.mark.parametrize("occasion", [Occasion.ATTENTION, Occasion.HELD])
def test_a_notice_to_an_operator_that_does_not_arrive_makes_no_other(kept: Database, occasion: Occasion) -> None:
    """Fails when operators are told of it: there is no end of notices to a dead address."""
    told(kept, "olivia", occasion=occasion)
    note_failed(kept, taken(kept), GONE, MIDWAY, compose)

    assert [each.status for each in read_notices(kept)] == ["failed"]
