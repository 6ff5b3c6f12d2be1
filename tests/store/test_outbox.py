"""The outbox: whose a notice is, when it is tried again, and what became of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy import select
from whenever import Instant, TimeDelta

from domain.delivery.delivery import CLAIM_LASTS, MOST_TRIES, ask_again_at, try_again_at
from store.database import tables
from store.database.database import Database
from store.outbox.outbox import (
    claim,
    note_delivered,
    note_failed,
    note_later,
    note_left_at_that,
    note_sent,
    outbox,
    put_back,
    question,
)
from store.record.record import read_notices
from tests.store.posting import (
    GONE,
    POST,
    SECOND,
    nothing,
    notice,
    other_sender,
    taken,
    told,
)
from tests.store.said import MICROSECOND, MIDWAY, compose

# Whose a notice is.


def test_a_notice_goes_from_created_through_sending_and_sent_to_delivered(kept: Database) -> None:
    key = told(kept)
    assert outbox(kept, POST, MIDWAY).waiting == 1

    mine = taken(kept)
    assert (mine.key, mine.address, mine.tries, mine.unknown, mine.lapsed) == (key, "sam@sepa.example", 1, False, "")
    sending = notice(kept, key)
    assert (sending.status, sending.channel) == ("sending", POST)

    note_sent(kept, mine, "ref-1", asks_again=True, now=MIDWAY)
    assert notice(kept, key).status == "sent"
    asked = question(kept, POST, MIDWAY + 10 * SECOND)
    assert asked is not None
    assert asked.reference == "ref-1"

    note_delivered(kept, asked, "ref-1", MIDWAY + 11 * SECOND)
    done = notice(kept, key)
    assert (done.status, done.status_at, done.reason) == ("delivered", Instant(MIDWAY.to_stdlib()) + 11 * SECOND, "")
    counted = outbox(kept, POST, MIDWAY)
    assert (counted.waiting, counted.sent, counted.delivered, counted.failed, counted.lapsed) == (0, 0, 1, 0, 0)


def test_two_senders_at_once_never_take_the_same_notice(kept: Database, url: str) -> None:
    """Fails when the row is not locked, or when a claim does not take it out of what is to be sent."""
    for number in range(30):
        told(kept, "sam", "olivia", number=number)

    def take_all(database: Database) -> list[str]:
        keys: list[str] = []
        while outbox(database, POST, MIDWAY).waiting > len(keys):
            mine = claim(database, POST, MIDWAY, compose)
            if mine is None and nothing_is_created(database):
                break
            keys += [mine.key] if mine else []
        return keys

    with ExitStack() as stack:
        senders = [stack.enter_context(other_sender(url)) for _ in range(2)]
        pool = stack.enter_context(ThreadPoolExecutor(2))
        first, second = pool.map(take_all, senders)

    assert sorted(first + second) == sorted(each.key for each in read_notices(kept))
    assert len(first + second) == 60


def nothing_is_created(database: Database) -> bool:
    return all(each.status != "created" for each in read_notices(database))


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_notice_that_another_is_just_taking_is_passed_over(kept: Database, url: str) -> None:
    """Fails on PostgreSQL without SKIP LOCKED: the second sender waits for the first one's transaction."""
    held, free = told(kept, number=1), told(kept, number=2)
    with kept.writing() as connection, other_sender(url) as other:
        connection.execute(select(tables.notices).where(tables.notices.c.key == held).with_for_update())
        assert taken(other).key == free


def test_a_notice_belongs_to_its_sender_until_the_claim_ends_and_then_is_of_unknown_fate(kept: Database) -> None:
    """Fails when the age of a claim does not count, or when the next sender is not told that it may have been sent."""
    key = told(kept)
    taken(kept)
    assert nothing(kept, MIDWAY + CLAIM_LASTS - MICROSECOND)

    again = taken(kept, MIDWAY + CLAIM_LASTS)
    assert (again.key, again.unknown, again.tries, again.channel) == (key, True, 2, POST)


def test_a_sender_that_was_thought_dead_changes_nothing_any_more(kept: Database) -> None:
    """Fails when `tries` is not compared: the late word of the first sender replaces what the second one knows."""
    key = told(kept)
    first = taken(kept)
    second = taken(kept, MIDWAY + CLAIM_LASTS)
    late = MIDWAY + CLAIM_LASTS + SECOND
    note_later(kept, first, "it hung up", late)
    note_failed(kept, first, GONE, late, compose)
    put_back(kept, first, "it is away", late)
    assert notice(kept, key).status == "sending"

    note_sent(kept, second, "ref-2", asks_again=False, now=late)
    note_sent(kept, first, "ref-1", asks_again=False, now=late)
    with kept.reading() as connection:
        assert connection.scalars(select(tables.notices.c.reference)).one() == "ref-2"


# What is tried again.


def test_what_could_not_be_sent_is_tried_again_later_and_later_but_at_least_every_hour(kept: Database) -> None:
    """Fails when the wait is not kept (a hot loop), does not grow, or has no bound."""
    key, now = told(kept), MIDWAY
    waits: list[float] = []
    for _ in range(12):
        note_later(kept, taken(kept, now), "the server is down", now)
        assert (notice(kept, key).status, notice(kept, key).reason) == ("created", "the server is down")
        assert nothing(kept, now)
        due = try_again_at(len(waits) + 1, now, None)
        assert nothing(kept, due - SECOND)
        waits.append((due - now).total("seconds"))
        now = due

    assert waits == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]


def test_a_notice_waits_for_as_long_as_the_channel_asks(kept: Database) -> None:
    told(kept)
    note_later(kept, taken(kept), "not today", MIDWAY, after=7200)

    assert nothing(kept, MIDWAY + 7199 * SECOND)
    assert taken(kept, MIDWAY + 7200 * SECOND).tries == 2


def test_what_may_have_been_sent_stays_so_until_the_channel_knows(kept: Database) -> None:
    """Fails when a refusal to talk makes the notice one that was surely not sent."""
    told(kept)
    note_later(kept, taken(kept), "no answer", MIDWAY, unknown=True)
    again = taken(kept, MIDWAY + 10 * SECOND)
    assert again.unknown
    note_later(kept, again, "busy", MIDWAY + 10 * SECOND)

    assert taken(kept, MIDWAY + 30 * SECOND).unknown


def test_only_a_try_without_an_answer_counts_as_one_that_may_have_been_sent(kept: Database) -> None:
    """Fails when being turned away counts, or when the death of a sender, or an answer that was lost, does not."""
    told(kept)
    now = MIDWAY
    note_later(kept, taken(kept, now), "greylisted", now)
    now = now + TimeDelta(hours=2)
    put_back(kept, taken(kept, now), "it is away", now)
    assert taken(kept, now).maybe_sent == 0

    now = now + CLAIM_LASTS
    after_a_death = taken(kept, now)
    assert after_a_death.maybe_sent == 1
    note_later(kept, after_a_death, "no answer", now, unknown=True)
    now = now + TimeDelta(hours=2)
    put_back(kept, taken(kept, now), "it is away", now)
    assert taken(kept, now).maybe_sent == 2

    assert taken(kept, now + CLAIM_LASTS, channel="other-post").maybe_sent == 0, "the other one was never given it"


def test_what_is_left_at_that_was_sent_as_far_as_anybody_knows(kept: Database) -> None:
    key = told(kept)
    note_later(kept, taken(kept), "no answer", MIDWAY, unknown=True)
    note_left_at_that(kept, taken(kept, MIDWAY + 10 * SECOND), MIDWAY + 11 * SECOND)

    left = notice(kept, key)
    assert (left.status, left.reason) == ("sent", "Nobody knows whether it arrived. no answer")
    assert nothing(kept, MIDWAY + TimeDelta(hours=24))


def test_a_notice_that_was_put_back_is_due_at_once_and_its_try_does_not_count(kept: Database) -> None:
    """Fails when the tries of a wrong password, or of a server that is away, use up those of the notice."""
    key = told(kept)
    for _ in range(MOST_TRIES + 1):
        put_back(kept, taken(kept), "it is away", MIDWAY)

    assert (notice(kept, key).status, notice(kept, key).reason) == ("created", "it is away")
    assert (taken(kept).tries, taken(kept, MIDWAY + CLAIM_LASTS).unknown) == (1, True)


def test_a_notice_is_given_up_after_many_tries_with_the_last_reason(kept: Database) -> None:
    """Fails when tries have no end."""
    key, now = told(kept), MIDWAY
    for _ in range(MOST_TRIES):
        note_later(kept, taken(kept, now), "greylisted", now)
        now = now + TimeDelta(hours=1)

    assert claim(kept, POST, now, compose) is not None, "the operators are told"
    given_up = notice(kept, key)
    assert (given_up.status, given_up.reason) == ("failed", f"Given up after {MOST_TRIES} tries. greylisted")
    assert TimeDelta(hours=70) < now - MIDWAY < TimeDelta(hours=85)


def test_what_has_been_due_for_longest_is_next_whether_it_is_new_or_due_again(kept: Database) -> None:
    """Fails when either always comes first: those that are turned away for now then hold up all others, or wait for
    ever behind what is new."""
    tried = told(kept)
    note_later(kept, taken(kept), "greylisted", MIDWAY)
    waits = told(kept, number=1)
    later = told(kept, number=2, at=MIDWAY + 11 * SECOND)

    now = MIDWAY + TimeDelta(minutes=1)
    assert [taken(kept, now).key for _ in range(3)] == [waits, tried, later]


def test_what_was_put_back_comes_after_all_that_waited(kept: Database) -> None:
    """Fails when one notice, at which a server always hangs up, is tried for ever before all others."""
    first, second = told(kept), told(kept, number=1, at=MIDWAY + MICROSECOND)
    put_back(kept, taken(kept), "it hung up", MIDWAY + SECOND)

    assert [taken(kept, MIDWAY + SECOND).key for _ in range(2)] == [second, first]


# What became of it.


def test_a_channel_is_asked_less_and_less_often_and_not_for_ever(kept: Database) -> None:
    """Fails when a notice is asked for at every look, or for more than three days."""
    told(kept)
    note_sent(kept, taken(kept), "ref", asks_again=True, now=MIDWAY)
    asked, now = [], MIDWAY
    while (due := ask_again_at(MIDWAY, now)) is not None:
        assert question(kept, POST, due - SECOND) is None
        assert question(kept, POST, due) is not None
        assert question(kept, POST, due) is None
        asked.append((due - MIDWAY).total("minutes"))
        now = due

    assert asked[1:5] == [1, 10, 60, 120]
    assert (len(asked), asked[-1]) == (75, 72 * 60)
    assert question(kept, POST, now + TimeDelta(hours=1000)) is None


def test_a_channel_that_cannot_tell_is_not_asked(kept: Database) -> None:
    told(kept)
    note_sent(kept, taken(kept), "ref", asks_again=False, now=MIDWAY)

    assert question(kept, POST, MIDWAY + TimeDelta(hours=1)) is None


def test_another_channel_is_not_asked_for_what_this_one_took(kept: Database) -> None:
    told(kept)
    note_sent(kept, taken(kept), "ref", asks_again=True, now=MIDWAY)

    assert question(kept, "other-post", MIDWAY + TimeDelta(hours=1)) is None
    assert question(kept, POST, MIDWAY + TimeDelta(hours=2)) is None, "it is not asked for any more"
