"""Sending what is in the outbox: each notice by one sender, none for a thing that is no longer so, none lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import insert, select, update
from whenever import Instant, TimeDelta

from domain.announcements.announcement import (
    Attention,
    OutgoingNotice,
    Status,
    attention_called,
    to_people,
    to_teams,
    while_so,
)
from domain.announcements.occasions import Occasion
from domain.delivery.delivery import CLAIM_LASTS, MOST_TRIES, STALE_AFTER, ask_again_at, try_again_at
from domain.payments.payment import PaymentStatus
from domain.programmes.programme import Programme
from domain.programmes.round import REHEARSAL, Person, Round, challenges_of
from domain.values.refusals import NotSentAgain
from store.challenges.rounds import keep_round
from store.database import tables
from store.database.database import Database
from store.outbox.outbox import (
    Claim,
    claim,
    note_delivered,
    note_failed,
    note_lapsed,
    note_later,
    note_left_at_that,
    note_sent,
    note_undelivered,
    outbox,
    put_back,
    question,
    send_again,
)
from store.record.record import Notice, announce, read_notices
from tests.store.paying import Till, give_payee, to_make
from tests.store.said import AIR, CLOSES, MICROSECOND, MIDWAY, OPENS, announcing, applied, compose, facts, status

POST = "test-post"
SECOND = TimeDelta(seconds=1)
GONE = "The address does not exist."


def told(
    database: Database,
    *people: str,
    occasion: Occasion = Occasion.HELD,
    number: int = 0,
    status: Status | None = None,
    lapses: bool = False,
    payment: str = "",
    at: Instant = MIDWAY,
) -> str:
    """Writes notices to people, one each; the key of the first."""
    notice: OutgoingNotice = to_people(people or ("sam",), occasion, facts(occasion))
    notice = notice.model_copy(update={"lapses": lapses, "payment": payment})
    announce(database, announcing(f"told/{number}", notice, at=at, status=status), compose)
    return f"{AIR}/told/{number}/{occasion}/{(people or ('sam',))[0]}"


def taken(database: Database, now: Instant = MIDWAY, channel: str = POST) -> Claim:
    """The claim to the next notice, which there is."""
    found = claim(database, channel, now, compose)
    assert found is not None, "there is something to be sent"
    return found


def nothing(database: Database, now: Instant = MIDWAY) -> bool:
    """Whether nothing is to be sent."""
    return claim(database, POST, now, compose) is None


def notice(database: Database, key: str) -> Notice:
    """A notice as lists show it."""
    return next(each for each in read_notices(database) if each.key == key)


def paying(database: Database, status: str) -> str:
    """A payment in the ledger that stands so; its key."""
    with database.writing() as connection:
        key = f"{AIR}/exploration/payment"
        if connection.scalars(select(tables.payments.c.key)).first() is None:
            team = connection.scalars(select(tables.applications.c.id)).one()
            row = {"challenge": AIR, "stage": "exploration", "team": team, "number": 1, "of": 1, "net": 1, "vat": 0}
            connection.execute(
                insert(tables.payments).values(key=key, currency="GBP", requested_at=MIDWAY, status=status, **row)
            )
        connection.execute(update(tables.payments).values(status=status))
    return key


@contextmanager
def other_sender(url: str) -> Iterator[Database]:
    """The same database, as another worker has it open."""
    database = Database(url)
    yield database
    database.close()


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
    assert (left.status, left.reason) == ("sent", "Whether it arrived is not known. no answer")
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


# What lapses.


def test_a_reminder_is_not_sent_once_the_challenge_waits_for_something_else(kept: Database) -> None:
    """Fails without the comparison of what it waits for."""
    due = Occasion.DECISION_DUE
    key = told(kept, occasion=due, lapses=True, status=status("selection for exploration"))
    announce(kept, announcing("selected", at=MIDWAY + SECOND, status=status("end of exploration")), compose)

    assert nothing(kept)
    lapsed = notice(kept, key)
    assert (lapsed.status, lapsed.reason) == (
        "lapsed",
        "The challenge no longer waits for selection for exploration.",
    )


def test_a_reminder_of_a_deadline_that_has_moved_is_not_sent(kept: Database) -> None:
    """Fails when only the words of what it waits for are compared."""
    key = told(kept, occasion=Occasion.CLOSING_SOON, lapses=True, status=status())
    later = status().model_copy(update={"until": CLOSES + SECOND})
    announce(kept, announcing("extended", at=MIDWAY + SECOND, status=later), compose)

    assert nothing(kept)
    assert notice(kept, key).reason == "The deadline of applications has moved."


def test_a_reminder_is_sent_as_long_as_it_is_right_and_others_always(kept: Database) -> None:
    reminder = told(kept, occasion=Occasion.CLOSING_SOON, lapses=True, status=status())
    announce(kept, announcing("again", at=MIDWAY + SECOND, status=status()), compose)
    assert taken(kept).key == reminder

    other = told(kept, number=1, occasion=Occasion.WITHDRAWN, status=status())
    announce(kept, announcing("moved", at=MIDWAY + 2 * SECOND, status=status("end of exploration")), compose)
    assert taken(kept).key == other


def test_a_reminder_of_unknown_fate_is_looked_up_but_never_sent_again(kept: Database) -> None:
    """Fails when it lapses before the channel was asked, or goes out again although it is no longer so."""
    key = told(kept, occasion=Occasion.CLOSING_SOON, lapses=True, status=status())
    taken(kept)
    announce(kept, announcing("moved", at=MIDWAY + SECOND, status=status("end of exploration")), compose)

    again = taken(kept, MIDWAY + CLAIM_LASTS)
    assert (again.unknown, again.lapsed) == (True, "The challenge no longer waits for applications.")
    note_lapsed(kept, again, MIDWAY + CLAIM_LASTS)
    assert (notice(kept, key).status, notice(kept, key).reason) == ("lapsed", again.lapsed)


def test_a_hold_that_was_waited_for_in_vain_is_not_told_after_the_challenge_goes_on(kept: Database) -> None:
    """Fails when what a hold waits for is not compared: "On hold" would arrive after "Going on"."""
    on_hold = status("release of the hold").model_copy(update={"until": None})
    held = told(kept, lapses=True, status=on_hold)
    note_later(kept, taken(kept), "busy", MIDWAY)
    resumed = told(kept, number=1, occasion=Occasion.RESUMED, lapses=True, status=status())

    assert taken(kept, MIDWAY + TimeDelta(hours=1)).key == resumed
    assert nothing(kept, MIDWAY + TimeDelta(hours=1))
    assert notice(kept, held).status == "lapsed"


@pytest.mark.parametrize("occasion", [Occasion.CLOSING_SOON, Occasion.DECISION_DUE, Occasion.STAGE_ENDING])
def test_what_says_that_a_deadline_is_near_is_not_sent_after_it(kept: Database, occasion: Occasion) -> None:
    """Fails without the look at the clock: a decision that is late is still waited for, under the same deadline."""
    key = told(kept, occasion=occasion, lapses=True, status=status())
    assert nothing(kept, CLOSES)
    assert notice(kept, key).reason == "The deadline of applications has passed."

    overdue = told(kept, number=1, occasion=Occasion.DECISION_OVERDUE, lapses=True, status=status())
    assert taken(kept, CLOSES).key == overdue


def test_a_team_that_has_left_is_not_reminded_any_more(kept: Database) -> None:
    """Fails when only the challenge is looked at, and not the team."""
    announce(kept, announcing("opened", status=status(), window=None), compose)
    _with_application(kept)
    about = (Occasion.STAGE_ENDING, Occasion.WITHDRAWN)
    notices = [to_teams(("team",), occasion, facts(occasion)) for occasion in about]
    announce(kept, announcing("told", while_so(notices[0]), notices[1], status=status()), compose)
    announce(kept, announcing("left", at=MIDWAY + SECOND, withdrawn="team"), compose)

    assert sent(kept, "/told/", MIDWAY) == [f"{AIR}/told/withdrawn/team"]
    assert notice(kept, f"{AIR}/told/stage-ending/team").reason == "team has left."


@pytest.mark.parametrize("judged", [Occasion.EVIDENCE_ACCEPTED, Occasion.EVIDENCE_REJECTED])
def test_a_team_whose_evidence_was_judged_is_not_asked_for_it_any_more(kept: Database, judged: Occasion) -> None:
    """Fails when only the challenge is looked at: other teams still owe theirs, and it waits for the same."""
    announce(kept, announcing("opened", status=status(), window=None), compose)
    for team in ("team", "other"):
        _with_application(kept, team)
    due = to_teams(("team", "other"), Occasion.EVIDENCE_DUE, facts(Occasion.EVIDENCE_DUE))
    earlier = to_teams(("other",), judged, facts(judged))
    announce(kept, announcing("judged/0", earlier, at=MIDWAY - SECOND, status=status()), compose)
    announce(kept, announcing("reminded", while_so(due), status=status()), compose)
    announce(kept, announcing("judged/1", to_teams(("team",), judged, facts(judged)), at=MIDWAY + SECOND), compose)

    sent = {taken(kept).key for _ in range(3)}
    assert nothing(kept)
    assert sent == {
        f"{AIR}/judged/0/{judged}/other",
        f"{AIR}/judged/1/{judged}/team",
        f"{AIR}/reminded/evidence-due/other",
    }


def test_a_payment_is_not_called_due_soon_after_its_day(kept: Database) -> None:
    """Fails without the look at the promised day: it is called overdue by then."""
    announce(kept, announcing("opened", status=status(), window=None), compose)
    _with_application(kept)
    payment = paying(kept, "payee known")
    with kept.writing() as connection:
        connection.execute(update(tables.payments).values(pay_by=CLOSES, pay_by_law=CLOSES))
    key = told(kept, occasion=Occasion.PAYMENT_DUE, payment=payment)
    assert taken(kept, CLOSES - SECOND).key == key
    late = told(kept, number=1, occasion=Occasion.PAYMENT_DUE, payment=payment)
    assert nothing(kept, CLOSES)
    assert notice(kept, late).reason == "The day by which the payment was promised has passed."


@pytest.mark.parametrize(
    ("occasion", "sent_while"),
    [
        (Occasion.PAYMENT_REQUESTED, {"requested"}),
        (Occasion.PAYMENT_TO_RELEASE, {"payee known", "returned"}),
        (Occasion.PAYMENT_RETURNED, {"returned"}),
        (Occasion.PAYMENT_DUE, {"requested", "payee known", "released", "submitted", "returned"}),
        (Occasion.PAYMENT_OVERDUE, {"requested", "payee known", "released", "submitted", "returned"}),
    ],
)
def test_a_notice_of_a_payment_is_sent_only_while_that_stands_so(
    kept: Database, occasion: Occasion, sent_while: set[str]
) -> None:
    """Fails without the look at the payment, or when all occasions are treated alike."""
    announce(kept, announcing("opened", status=status(), window=None), compose)
    _with_application(kept)
    sent = set()
    for number, stands in enumerate(
        ("requested", "payee known", "released", "submitted", "settled", "returned", "cancelled")
    ):
        key = told(kept, occasion=occasion, number=number, payment=paying(kept, stands))
        if claim(kept, POST, MIDWAY, compose):
            sent.add(stands)
        else:
            assert notice(kept, key).reason == f"The payment is {stands} by now."

    assert sent == sent_while


def sent(database: Database, about: str, now: Instant = CLOSES) -> list[str]:
    """Sends all that is to be sent; the keys of those notices whose keys have this in them."""
    keys = []
    while mine := claim(database, POST, now, compose):
        note_sent(database, mine, "ref", asks_again=False, now=now)
        keys += [mine.key] if about in mine.key else []
    return keys


def test_releasers_are_asked_to_release_to_the_bank_details_that_count_and_not_to_those_before(open_: Database) -> None:
    """Fails when only the status of the payment is looked at, which is the same with others."""
    till = Till(open_, to_make(applied(open_)))
    till.brought_to(PaymentStatus.PAYEE_KNOWN)
    for version in (2, 3):
        give_payee(open_, till.team, version, at=CLOSES + version * SECOND)
    other = Till(open_, to_make(applied(open_, "Ash Ltd")))
    other.brought_to(PaymentStatus.PAYEE_KNOWN)

    asked = [notice(open_, key).body for key in sent(open_, "/payment-to-release/fiona")]
    assert sorted(body.partition(";")[0] for body in asked) == ["account: masked 1", "account: masked 3"]
    assert all(till.key not in body for body in asked if "masked 1" in body), "that is of the other one"
    lapsed = notice(open_, f"{till.key}/payee-known/payment-to-release/fiona")
    assert (lapsed.status, lapsed.reason) == ("lapsed", "The notice payment-to-release to fiona came after it.")


@pytest.mark.parametrize("occasion", [Occasion.PAYMENT_RETURNED, Occasion.PAYMENT_DUE, Occasion.PAYMENT_OVERDUE])
def test_of_a_payment_only_the_last_notice_of_an_occasion_is_sent(kept: Database, occasion: Occasion) -> None:
    """Fails when reminders of an outage all go out, with how the payment stood then; or why it came back the last
    time but one."""
    announce(kept, announcing("opened", status=status(), window=None), compose)
    _with_application(kept)
    payment = paying(kept, "returned")
    keys = [
        told(kept, occasion=occasion, number=number, payment=payment, at=MIDWAY + number * SECOND)
        for number in range(3)
    ]
    assert sent(kept, f"/{occasion}/") == keys[2:]


@pytest.mark.parametrize(
    ("status", "is_sent"),
    [(PaymentStatus.RELEASED, True), (PaymentStatus.SETTLED, True), (PaymentStatus.CANCELLED, False)],
)
def test_a_payment_that_was_announced_with_its_day_is_not_promised_any_more_once_it_is_cancelled(
    open_: Database, status: PaymentStatus, is_sent: bool
) -> None:
    """Fails when it hangs on nothing; and when it hangs on the payment as one that asks for bank details does: what it
    says of the amount stays so."""
    team = applied(open_)
    give_payee(open_, team)
    till = Till(open_, to_make(team))
    till.brought_to(status)

    (said,) = (each for each in read_notices(open_) if each.occasion == Occasion.PAYMENT_REQUESTED)
    assert "payee: known" in said.body
    assert sent(open_, "/payment-requested/") == ([said.key] if is_sent else [])


@pytest.mark.parametrize("status", [PaymentStatus.PAYEE_KNOWN, PaymentStatus.SETTLED, PaymentStatus.CANCELLED])
def test_bank_details_that_were_given_are_not_asked_for(open_: Database, status: PaymentStatus) -> None:
    """Fails when a payment whose payee became known counts as one that had it from the start."""
    till = Till(open_, to_make(applied(open_)))
    till.request(CLOSES - SECOND)
    till.brought_to(status)

    (asks,) = (each for each in read_notices(open_) if each.occasion == Occasion.PAYMENT_REQUESTED)
    assert "payee: ;" in asks.body
    assert sent(open_, "/payment-requested/") == []


PLACES = (Occasion.SHORTLISTED, Occasion.STAGE_STARTED, Occasion.FROM_RESERVE, Occasion.IN_RESERVE)
ENDINGS = (Occasion.NOT_SELECTED, Occasion.NOT_CONTINUED, Occasion.CANCELLED, Occasion.COMPLETED)


@pytest.mark.parametrize("place", PLACES)
def test_a_team_that_has_left_is_not_told_of_its_place(kept: Database, place: Occasion) -> None:
    """Fails when "It starts now" arrives after "You are no longer part of this challenge"."""
    for team in ("team", "other"):
        _with_application(kept, team)
    announce(kept, announcing("selected", to_teams(("team", "other"), place, facts(place))), compose)
    out = to_teams(("team",), Occasion.WITHDRAWN, facts(Occasion.WITHDRAWN))
    announce(kept, announcing("left", out, at=MIDWAY + SECOND, withdrawn="team"), compose)

    assert sent(kept, "") == [f"{AIR}/selected/{place}/other", f"{AIR}/left/withdrawn/team"]
    assert notice(kept, f"{AIR}/selected/{place}/team").reason == "team has left."


@pytest.mark.parametrize("place", PLACES)
def test_of_its_places_a_team_is_told_the_last(kept: Database, place: Occasion) -> None:
    """Fails when "You have no place yet" arrives after the place, or a good word after the end of it all; and when
    what another was told counts."""
    afterwards = {f"team-{later}": later for later in (*PLACES, *ENDINGS)}
    for team in ("other", *afterwards):
        _with_application(kept, team)
    announce(kept, announcing("selected", to_teams(("other", *afterwards), place, facts(place))), compose)
    for team, later in afterwards.items():
        then = to_teams((team,), later, facts(later))
        announce(kept, announcing(f"then/{team}", then, at=MIDWAY + SECOND), compose)

    assert set(sent(kept, "")) == {
        f"{AIR}/selected/{place}/other",
        *(f"{AIR}/then/{team}/{later}/{team}" for team, later in afterwards.items()),
    }
    for team, later in afterwards.items():
        reason = f"The notice {later} to {team} came after it."
        assert notice(kept, f"{AIR}/selected/{place}/{team}").reason == reason


ASKS_OR_PLACES = {
    *PLACES,
    Occasion.EVIDENCE_DUE,
    Occasion.PAYMENT_REQUESTED,
    Occasion.PAYMENT_TO_RELEASE,
    Occasion.PAYMENT_RETURNED,
    Occasion.PAYMENT_DUE,
    Occasion.PAYMENT_OVERDUE,
}


def test_what_happened_is_told_whatever_happens_after_it(kept: Database) -> None:
    """Fails when a receipt, a result, or a word of money that was sent is lost because its team has left, or was told
    more."""
    happened = [each for each in Occasion if each not in ASKS_OR_PLACES]
    _with_application(kept)
    for occasion in happened:
        announce(kept, announcing(f"told/{occasion}", to_teams(("team",), occasion, facts(occasion))), compose)
    for number, then in enumerate(Occasion, start=1):
        told_then = to_teams(("team",), then, facts(then))
        announce(kept, announcing(f"then/{number}", told_then, at=MIDWAY + number * SECOND), compose)
    announce(kept, announcing("left", at=MIDWAY + SECOND, withdrawn="team"), compose)

    assert set(sent(kept, f"{AIR}/told/")) == {f"{AIR}/told/{occasion}/{occasion}/team" for occasion in happened}


def test_operators_are_not_called_for_what_was_mended_before_they_could_be(open_: Database) -> None:
    """Fails when nobody looks whether it goes on; and when what else stands still, in the same workflow or another,
    or again, counts as mended with it."""
    payment = f"{AIR}/exploration/team/1"
    said: list[tuple[str, str, bool]] = [
        (AIR, "the ledger is shut", False),
        (AIR, "the disk is full", False),
        (payment, "the ledger is shut", False),
        (AIR, "the ledger is shut", True),
        (payment, "the rail is down", False),
        (payment, "the rail is down", True),
        (payment, "the rail is down", False),
    ]
    for number, (of, text, mended) in enumerate(said):
        attention = Attention(text=text, mended=mended, of=of, unresolved="" if mended else text)
        at = MIDWAY + number * SECOND
        announce(open_, attention_called(AIR, ("olivia",), attention, "window", at, str(number)), compose)

    key = f"{AIR}/attention/{{}}/attention/olivia"
    assert sent(open_, "/attention/") == [key.format(number) for number in (1, 2, 6)]
    assert {notice(open_, key.format(number)).reason for number in (0, 4)} == {"It was mended after that."}


def _with_application(database: Database, id_: str = "team") -> None:
    """One application, taken without a notice."""
    with database.writing() as connection:
        fields = dict.fromkeys(("organisation", "email", "proposal", "submission"), id_)
        connection.execute(insert(tables.applications).values(id=id_, challenge=AIR, received=MIDWAY, **fields))


# What is given up.


def calls_for_operators(database: Database) -> list[str]:
    """What the notices say by which operators are called."""
    return [each.body for each in read_notices(database) if each.occasion == Occasion.ATTENTION]


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
    assert (kept.status, kept.reason) == ("lapsed", "It belongs to a rehearsal, of which nothing leaves this service.")


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
