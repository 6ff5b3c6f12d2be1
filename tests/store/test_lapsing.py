"""Notices that say what is no longer so: they are not sent."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update
from whenever import Instant, TimeDelta

from domain.announcements.announcement import Attention, to_teams, while_so
from domain.announcements.attention import attention_called
from domain.announcements.occasions import Occasion
from domain.delivery.delivery import CLAIM_LASTS
from domain.payments.payment import PaymentStatus
from store.database import tables
from store.database.database import Database
from store.outbox.outbox import (
    claim,
    note_lapsed,
    note_later,
    note_sent,
)
from store.record.record import announce, read_notices
from tests.store.paying import Till, give_payee, to_make
from tests.store.posting import (
    POST,
    SECOND,
    nothing,
    notice,
    paying,
    taken,
    told,
)
from tests.store.said import AIR, CLOSES, MIDWAY, announcing, applied, compose, facts, status

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
        (Occasion.PAYMENT_TO_RELEASE, {"payee known", "rejected", "returned"}),
        (Occasion.PAYMENT_RETURNED, {"rejected", "returned"}),
        (Occasion.PAYMENT_DUE, {"requested", "payee known", "released", "submitted", "rejected", "returned"}),
        (Occasion.PAYMENT_OVERDUE, {"requested", "payee known", "released", "submitted", "rejected", "returned"}),
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
        ("requested", "payee known", "released", "submitted", "settled", "rejected", "returned", "cancelled")
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
    assert (lapsed.status, lapsed.reason) == ("lapsed", "The later notice payment-to-release to fiona replaced it.")


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


def test_a_prize_is_told_even_if_the_challenge_ends_with_it(kept: Database) -> None:
    """Fails when "Completed" takes the place of the letter that says how much was won and what to do now."""
    _with_application(kept, "team")
    won = to_teams(("team",), Occasion.PRIZE_WON, facts(Occasion.PRIZE_WON))
    announce(kept, announcing("selected", won), compose)
    over = to_teams(("team",), Occasion.COMPLETED, facts(Occasion.COMPLETED))
    announce(kept, announcing("ended", over, at=MIDWAY + SECOND), compose)

    assert sent(kept, "") == [f"{AIR}/selected/prize-won/team", f"{AIR}/ended/completed/team"]


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
        reason = f"The later notice {later} to {team} replaced it."
        assert notice(kept, f"{AIR}/selected/{place}/{team}").reason == reason


ASKS_OR_PLACES = {
    *PLACES,
    Occasion.PROPOSAL_INVITED,
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
    assert {notice(open_, key.format(number)).reason for number in (0, 4)} == {"The problem was solved after that."}


def _with_application(database: Database, id_: str = "team") -> None:
    """One application, taken without a notice."""
    with database.writing() as connection:
        fields = dict.fromkeys(("organisation", "email", "submission"), id_)
        connection.execute(insert(tables.applications).values(id=id_, challenge=AIR, received=MIDWAY, **fields))
