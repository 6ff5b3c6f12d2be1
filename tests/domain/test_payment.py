"""One payment: who may move it on from where, by when it is due, whom that is told, and who is reminded."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whenever import Date, Instant, ItemizedDelta

from domain.announcements.announcement import Announcement, ToPeople, ToTeams
from domain.announcements.occasions import Occasion
from domain.challenges import evidence
from domain.challenges.awards import payments_due
from domain.challenges.decisions import Decision, Evidence
from domain.payments import announcements
from domain.payments.dates import due_dates, next_reminder
from domain.payments.decisions import PAYMENT_DECISIONS, CancelPayment, Release, Return, UndoReturn, check_move
from domain.payments.payment import (
    OVER,
    SERVICE,
    TO_RELEASE,
    PaymentSnapshot,
    PaymentStatus,
    PaymentToMake,
    payment_to_make,
)
from domain.payments.rails import Progress
from domain.programmes.programme import OnTime
from domain.values.calendar import WorkingDays, earlier
from domain.values.refusals import NotAllowed, ReasonMissing, Refused, TooEarly, TooLate
from tests.domain.payments import ACCEPTOR, EARLIER_GIVER, GIVER, OWN, REQUESTED, RETURNER, snapshot, to_make
from tests.domain.strategies import (
    DECIDER,
    DEPUTY,
    FINANCE,
    ON_EVIDENCE,
    OPERATOR,
    OTHER,
    TREASURER,
    A,
    exploring,
    in_instalments,
    instants,
    zones,
)

# --- Who may do what, and when -------------------------------------------------------------------------------------

PEOPLE = (*OWN, FINANCE, OPERATOR, DEPUTY, A, OTHER, SERVICE)
EARLY = (PaymentStatus.REQUESTED, *TO_RELEASE)


def expected(decision: type[Decision], status: PaymentStatus, by: str) -> type[Refused] | None:
    """What the rules must answer, by the words of the design; None for leave."""
    if decision is Release:
        own = (DECIDER, ACCEPTOR) if status is PaymentStatus.REQUESTED else OWN
        if by in own or by not in (FINANCE, *OWN):
            return NotAllowed
        if status is PaymentStatus.REQUESTED:
            return TooEarly
        return None if status in TO_RELEASE else TooLate
    if by not in (FINANCE, *OWN, OPERATOR):
        return NotAllowed
    if decision is Return:
        return TooEarly if status in EARLY else TooLate if status is PaymentStatus.CANCELLED else None
    if decision is UndoReturn:
        return None  # the ledger knows of attempts
    return TooLate if status in (PaymentStatus.SUBMITTED, PaymentStatus.SETTLED, PaymentStatus.CANCELLED) else None


@pytest.mark.parametrize(("decision", "status"), list(product(PAYMENT_DECISIONS.values(), PaymentStatus)))
def test_who_may_move_a_payment_from_where_it_stands(decision: type[Decision], status: PaymentStatus) -> None:
    """Invariant 10. Fails when any of the people, or any status, is not looked at."""
    for by in PEOPLE:
        wanted = expected(decision, status, by)
        more = {"release": {"payee_version": 1}, "undo-return": {"attempt": 1}}.get(decision.kind, {})
        said = decision.model_validate({"by": by, "decision_id": "1", "reason": "Because.", **more})
        if wanted is None:
            check_move(to_make(), snapshot(status), said)
            continue
        with pytest.raises(wanted) as refused:
            check_move(to_make(), snapshot(status), said)
        assert type(refused.value) is wanted, by
        assert "\n" not in str(refused.value)
        assert to_make().order.key in str(refused.value)


@pytest.mark.parametrize(
    ("by", "why"),
    [
        (DECIDER, "selected the team"),
        (ACCEPTOR, "accepted its evidence"),
        (GIVER, "gave or changed the team's bank details"),
        (EARLIER_GIVER, "gave or changed the team's bank details"),
        (RETURNER, "said that the money came back"),
    ],
)
def test_nobody_releases_what_follows_from_their_own_decision_and_is_told_why(by: str, why: str) -> None:
    """Invariant 10. Fails without any one of the four comparisons."""
    back = snapshot(PaymentStatus.RETURNED, returned_by=RETURNER)
    with pytest.raises(NotAllowed, match=f"{by} {why}, and a second person has to release it"):
        check_move(to_make(releasers=(FINANCE, RETURNER, *OWN)), back, Release(by=by, payee_version=1))


def test_whoever_releases_is_named_by_the_round() -> None:
    with pytest.raises(NotAllowed, match=f"{OPERATOR} may not release .*: {FINANCE} may"):
        check_move(
            to_make(releasers=(FINANCE,)), snapshot(PaymentStatus.PAYEE_KNOWN), Release(by=OPERATOR, payee_version=1)
        )


def test_a_payment_that_hangs_on_no_evidence_has_nobody_who_accepted_it() -> None:
    check_move(to_make(accepted_by=""), snapshot(PaymentStatus.PAYEE_KNOWN), Release(by=FINANCE, payee_version=1))


@pytest.mark.parametrize("version", [0, 1, 3])
def test_a_release_is_for_the_bank_details_that_count(version: int) -> None:
    """Fails when the version that the releaser saw is not compared."""
    known = snapshot(PaymentStatus.PAYEE_KNOWN, payee_version=2)
    with pytest.raises(TooLate, match=f"goes to version 2 of .* was to be released to version {version}"):
        check_move(to_make(), known, Release(by=FINANCE, payee_version=version))
    check_move(to_make(), known, Release(by=FINANCE, payee_version=2))


@pytest.mark.parametrize("decision", [Return, CancelPayment])
def test_what_the_team_is_told_of_needs_a_reason(decision: type[Decision]) -> None:
    status = PaymentStatus.RELEASED
    with pytest.raises(ReasonMissing, match="needs a reason, which the team is told"):
        check_move(to_make(), snapshot(status), decision(by=FINANCE))


def test_a_payment_knows_who_selected_its_team_and_who_accepted_its_evidence() -> None:
    """Invariant 10. Fails when one of the two is left out, or taken from another team's verdict."""
    state = exploring(*in_instalments(ON_EVIDENCE))
    accepted = Evidence(by=DEPUTY, decision_id="1", stage="exploration", team=A, accepted=True)
    state, _ = evidence.judge(state, accepted, REQUESTED)
    made = {order.key: payment_to_make(state, order) for order in payments_due(state)}

    on_evidence = made[f"round/air-quality/exploration/{A}/2"]
    assert (on_evidence.selected_by, on_evidence.accepted_by) == (DECIDER, DEPUTY)
    assert (on_evidence.releasers, on_evidence.operators) == ((FINANCE, TREASURER), (OPERATOR,))
    assert on_evidence.which == "instalment 2 of 4"
    at_start = [each for each in made.values() if each is not on_evidence]
    assert {(each.selected_by, each.accepted_by) for each in at_start} == {(DECIDER, "")}
    assert PaymentToMake.model_validate_json(on_evidence.model_dump_json()) == on_evidence


# --- By when -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("valid_since", "promised", "by_law"),
    [
        # A bank holiday of Scotland, and not of England, on 1 August; a minute past midnight counts as that day.
        ("2016-07-29T12:00Z", "2016-08-15T23:00Z", "2016-08-27T23:00Z"),
        ("2016-07-31T23:01Z", "2016-08-15T23:00Z", "2016-08-30T23:00Z"),
        # At the very end of a Sunday that day has ended, and the Monday is the first.
        ("2016-09-04T23:00Z", "2016-09-16T23:00Z", "2016-10-03T23:00Z"),
        # Across the end of summer time, Christmas and New Year, of which Scotland keeps two days.
        ("2016-10-25T12:00Z", "2016-11-09T00:00Z", "2016-11-24T00:00Z"),
        ("2016-12-20T12:00Z", "2017-01-10T00:00Z", "2017-01-19T00:00Z"),
    ],
)
def test_it_is_promised_within_10_working_days_and_late_by_law_after_30_days_of_which_the_first_is_that_day(
    valid_since: str, promised: str, by_law: str
) -> None:
    """Valid on 29 July, the period of 30 days beginning with it ends with 27 August. Fails when days are counted on
    another calendar than the programme's, or the law's from the day after."""
    assert due_dates(to_make(), Instant(valid_since)) == (Instant(promised), Instant(by_law))


def test_a_programme_may_promise_something_else() -> None:
    soon = OnTime(within=WorkingDays(1), by_law=ItemizedDelta(days=7))
    promised, by_law = due_dates(to_make(on_time=soon), Instant("2016-09-02T12:00Z"))
    assert (promised, by_law) == (Instant("2016-09-05T23:00Z"), Instant("2016-09-08T23:00Z"))


# --- Reminders -----------------------------------------------------------------------------------------------------


def reminders(payment: PaymentToMake, at: PaymentSnapshot, number: int) -> list[Instant]:
    """The next reminders while it stands as it does, each given when it is due."""
    since, found = at.requested, list[Instant]()
    while len(found) < number and (rung := next_reminder(payment, at, since)) is not None:
        found.append(rung)
        since = rung
    return found


def test_releasers_are_reminded_before_the_day_promised_and_that_of_the_law_on_either_and_again_and_again() -> None:
    """And a day before is not an exact day, where clocks change between. Fails when only one of the dates counts, and
    when two reminders of one moment are both given."""
    at = snapshot(
        PaymentStatus.PAYEE_KNOWN, pay_by=Instant("2016-10-31T00:00Z"), pay_by_law=Instant("2016-11-10T00:00Z")
    )
    promised = ["2016-10-27T23:00Z", "2016-10-29T23:00Z", "2016-10-31T00:00Z", "2016-11-03T00:00Z", "2016-11-06T00:00Z"]
    by_law = ["2016-11-07T00:00Z", "2016-11-09T00:00Z", "2016-11-10T00:00Z", "2016-11-12T00:00Z"]
    assert reminders(to_make(), at, 9) == [Instant(day) for day in (*promised, *by_law)]


def test_a_team_is_asked_for_its_bank_details_again_and_again() -> None:
    days = ["2016-08-18T10:00Z", "2016-08-21T10:00Z", "2016-08-24T10:00Z"]
    assert reminders(to_make(), snapshot(), 3) == [Instant(day) for day in days]


@pytest.mark.parametrize("status", sorted(OVER))
def test_nobody_is_reminded_of_what_is_over(status: PaymentStatus) -> None:
    """Fails without the look at whether it is over."""
    assert next_reminder(to_make(), snapshot(status, pay_by=REQUESTED), Instant.MIN) is None


lasting = st.builds(ItemizedDelta, months=st.integers(0, 3), days=st.integers(1, 40)) | st.builds(
    ItemizedDelta, seconds=st.integers(1, 10**6)
)
ladders = st.lists(lasting | st.just(ItemizedDelta(seconds=0)), max_size=6).map(tuple)


@given(
    instants(),
    st.integers(0, 10**7),
    st.integers(0, 10**7),
    ladders,
    lasting,
    zones(),
    st.sampled_from(PaymentStatus),
    st.booleans(),
)
def test_reminders_come_one_after_another_and_end_with_the_payment(
    requested: Instant,
    until_due: int,
    until_late: int,
    ladder: tuple[ItemizedDelta, ...],
    every: ItemizedDelta,
    zone: str,
    status: PaymentStatus,
    known: bool,
) -> None:
    """Fails when a rung is given twice, or goes back, which would remind for ever at one moment."""
    payment = to_make(remind_before=ladder, remind_every=every, zone=zone)
    due = requested.add(seconds=until_due) if known else None
    by_law = due.add(seconds=until_late) if due else None
    at = snapshot(status, requested=requested, pay_by=due, pay_by_law=by_law)
    found = reminders(payment, at, 12)
    if at.is_over:
        assert found == []
        return
    assert len(found) == 12
    assert requested < found[0]
    assert all(one < other for one, other in pairwise(found))
    if due is not None and by_law is not None:
        wanted = {due, by_law, *(earlier(date, each, zone) for date in (due, by_law) for each in ladder)}
        assert {each for each in wanted if requested < each <= found[-1]} <= set(found)
        assert {rung for rung in found if rung <= due} <= wanted, (
            "until the day promised nobody is told that it is late"
        )


@given(instants(), st.integers(0, 10**8))
def test_reminders_that_were_missed_are_not_made_up_for(since: Instant, late: int) -> None:
    at = snapshot(PaymentStatus.PAYEE_KNOWN, requested=since, pay_by=since.add(hours=24))
    rung = next_reminder(to_make(), at, since.add(seconds=late))
    assert rung is not None
    assert rung > since.add(seconds=late)


# --- What is told --------------------------------------------------------------------------------------------------


def told(announcement: Announcement) -> dict[Occasion, list[str]]:
    """Who is told what."""
    found: dict[Occasion, list[str]] = {}
    for notice in announcement.notices:
        assert isinstance(notice.whom, ToPeople | ToTeams)
        found.setdefault(notice.occasion, []).extend(
            notice.whom.people if isinstance(notice.whom, ToPeople) else notice.whom.teams
        )
    return found


def test_the_team_is_asked_for_its_details_and_then_the_releasers_to_release() -> None:
    payment, known = to_make(releasers=(FINANCE, TREASURER)), snapshot(PaymentStatus.PAYEE_KNOWN)
    asked = announcements.requested(payment, snapshot())
    assert told(asked) == {Occasion.PAYMENT_REQUESTED: [A]}
    assert (asked.notices[0].facts["payee"], asked.notices[0].facts["pay_by"]) == ("", "")
    assert asked.notices[0].payment == payment.order.key, "it is not sent any more once they are given"
    requested = announcements.requested(payment, known).notices[0]
    assert (requested.facts["payee"], requested.payment) == ("known", payment.order.key)
    release = announcements.payee_known(payment, known, "masked")
    assert told(release) == {Occasion.PAYMENT_TO_RELEASE: [FINANCE, TREASURER]}
    assert release.notices[0].payment == payment.order.key, "it is not sent any more once that is done"


def test_a_reminder_goes_to_whoever_has_to_act_by_the_date_and_to_operators_after_it() -> None:
    payment, known = to_make(releasers=(FINANCE,)), snapshot(PaymentStatus.PAYEE_KNOWN)
    due = known.pay_by
    assert due is not None
    waiting, before, on_the_day, after = (
        announcements.reminded(payment, each, rung, rung)
        for each, rung in (
            (snapshot(), due),
            (known, due.subtract(hours=24)),
            (known, due),
            (known, due.add(hours=72)),
        )
    )
    assert told(waiting) == {Occasion.PAYMENT_REQUESTED: [A]}
    assert told(before) == {Occasion.PAYMENT_DUE: [FINANCE]}
    assert told(on_the_day) == {Occasion.PAYMENT_OVERDUE: [FINANCE]}
    assert told(after) == {Occasion.PAYMENT_OVERDUE: [FINANCE, OPERATOR]}
    assert len({each.key for each in (before, on_the_day, after)}) == 3
    assert all(notice.payment for each in (waiting, before, after) for notice in each.notices)


def test_after_an_outage_the_last_reminder_is_sent_with_its_words_and_to_all_whom_it_concerns() -> None:
    """Fails when the first that was missed is sent: "due soon" for a day that has passed, and operators left out."""
    payment, known = to_make(releasers=(FINANCE,)), snapshot(PaymentStatus.PAYEE_KNOWN)
    due = known.pay_by
    assert due is not None
    first = next_reminder(payment, known, known.requested)
    assert first is not None
    assert first < due
    announcement = announcements.reminded(payment, known, first, due.add(hours=100))
    assert told(announcement) == {Occasion.PAYMENT_OVERDUE: [FINANCE, OPERATOR]}
    assert announcement.key == announcements.reminded(payment, known, due.add(hours=72), due.add(hours=72)).key
    within_days = announcements.reminded(payment, known, first, due.add(hours=1))
    assert told(within_days) == {Occasion.PAYMENT_OVERDUE: [FINANCE]}


def test_whoever_is_warned_is_told_from_when_on_a_payment_is_late_by_law_too() -> None:
    """Fails when the warning of the law's own day is like those before it."""
    payment, known = to_make(), snapshot(PaymentStatus.RELEASED)
    by_law = known.pay_by_law
    assert by_law is not None
    for rung, late in ((by_law.subtract(hours=24), ""), (by_law, "yes"), (by_law.add(hours=72), "yes")):
        announcement = announcements.reminded(payment, known, rung, rung)
        assert [notice.facts["late_by_law"] for notice in announcement.notices] == [late]
        assert ("late by law since Tuesday 13 September 2016, 24:00 BST" in announcement.entry.text) == bool(late)


def test_a_team_is_told_on_which_day_the_bank_pays_where_that_is_not_done_at_once() -> None:
    """Fails when a payment is called sent weeks before the bank has it."""
    at_once = announcements.submitted(to_make(), 1, "rail-1", REQUESTED).notices[0]
    in_a_file = announcements.submitted(to_make(), 1, "file-1", REQUESTED, Date(2016, 9, 5)).notices[0]
    assert (at_once.facts["pays_on"], in_a_file.facts["pays_on"]) == ("", "Monday 5 September 2016")


def test_a_payment_that_came_back_is_told_only_as_long_as_it_waits_for_its_release() -> None:
    """Fails when such a notice does not hang on the payment: "please release it again" for what has been released."""
    payment = to_make(releasers=(FINANCE,))
    returned = announcements.failed(payment, 1, Progress.RETURNED, "closed", REQUESTED)
    said = announcements.decided(payment, Return(by=FINANCE, decision_id="1", reason="closed"), REQUESTED)
    for announcement in (returned, said):
        assert told(announcement) == {Occasion.PAYMENT_RETURNED: [A, OPERATOR, FINANCE]}
        assert {notice.payment for notice in announcement.notices} == {payment.order.key}


@pytest.mark.parametrize(
    ("how", "says", "never_left"),
    [
        (Progress.REJECTED, "rejected", "yes"),
        (Progress.CANCELLED, "cancelled before it left", "yes"),
        (Progress.RETURNED, "came back", ""),
    ],
)
def test_record_and_letters_say_whether_a_payment_never_left_or_came_back(
    how: Progress, says: str, never_left: str
) -> None:
    failed = announcements.failed(to_make(), 1, how, "closed", REQUESTED)
    assert failed.entry.text.endswith(f": {says}")
    assert {notice.facts["never_left"] for notice in failed.notices} == {never_left}


def test_what_a_person_says_reads_alike_before_and_after_it_has_settled_and_only_its_letters_differ() -> None:
    """Fails when the line of the record depends on the status: sent again, the decision would look like another."""
    said = Return(by=FINANCE, decision_id="1", reason="closed")
    before, after = (
        announcements.decided(to_make(), said, REQUESTED, status)
        for status in (PaymentStatus.SUBMITTED, PaymentStatus.SETTLED)
    )
    assert before.entry == after.entry
    assert [each.notices[0].facts["never_left"] for each in (before, after)] == ["yes", ""]


def test_the_record_says_of_every_step_why_it_was_taken() -> None:
    """Fails when a step that nobody gives a reason for has none: a release, above all."""
    on_evidence, selected = to_make(), to_make(accepted_by="")
    release = Release(by=FINANCE, decision_id="1", payee_version=1)
    known = snapshot(PaymentStatus.PAYEE_KNOWN)
    assert announcements.requested(selected, known).entry.reason == "Selected for Exploration."
    assert announcements.requested(on_evidence, known).entry.reason == "Its evidence for Exploration was accepted."
    assert announcements.decided(selected, release, REQUESTED).entry.reason == "Selected for Exploration."
    urgent = release.model_copy(update={"reason": "Wanted before the summer."})
    assert announcements.decided(selected, urgent, REQUESTED).entry.reason == "Wanted before the summer."
    steps = (
        announcements.payee_known(selected, known, "masked"),
        announcements.submitted(selected, 1, "rail-1", REQUESTED),
        announcements.settled(selected, 1, REQUESTED),
        announcements.failed(selected, 1, Progress.REJECTED, "closed", REQUESTED),
    )
    assert all(step.entry.reason for step in steps)


def test_all_who_were_told_that_it_came_back_are_told_that_it_has_arrived_after_all() -> None:
    """Fails when somebody is left out, or when it is no longer said once the payment is settled."""
    payment = to_make(releasers=(FINANCE,))
    said = announcements.decided(payment, UndoReturn(by=FINANCE, decision_id="1", attempt=2, reason="Paid."), REQUESTED)
    assert told(said) == {Occasion.PAYMENT_RETURN_UNDONE: [A, OPERATOR, FINANCE]}
    assert {notice.payment for notice in said.notices} == {""}
    assert said.entry.text.endswith("attempt 2 has arrived after all")


def test_a_refusal_is_told_to_whoever_asked_and_to_operators_if_that_is_nobody_known() -> None:
    payment = to_make(releasers=(FINANCE,))
    for by, role, whom in (
        (FINANCE, "releaser", [FINANCE]),
        (OPERATOR, "operator", [OPERATOR]),
        (OTHER, "unknown", [OTHER, OPERATOR]),
        (A, "team", [A, OPERATOR]),
    ):
        announcement = announcements.refused(payment, "release", by, "No.", REQUESTED, "1")
        assert told(announcement) == {Occasion.REFUSED: whom}
        assert (announcement.entry.role, announcement.entry.refused) == (role, True)


@given(st.lists(st.sampled_from(["returned", "submitted", "settled"]), max_size=4), st.integers(1, 3))
def test_each_attempt_is_announced_under_a_key_of_its_own(steps: list[str], attempt: int) -> None:
    """Fails when a key does not name the attempt: the second would be swallowed as a repetition of the first."""
    payment = to_make()
    made = {
        "submitted": announcements.submitted(payment, attempt, "rail-1", REQUESTED),
        "settled": announcements.settled(payment, attempt, REQUESTED),
        "returned": announcements.failed(payment, attempt, Progress.RETURNED, "closed", REQUESTED),
    }
    for step in steps:
        assert made[step].key == f"{payment.order.key}/{step}-{attempt}"
        assert Announcement.model_validate_json(made[step].model_dump_json()) == made[step]
