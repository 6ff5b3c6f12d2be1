"""Who is told what about a payment, and what the record says of each step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whenever import Date

from domain.announcements.announcement import Announcement, ToPeople, ToTeams
from domain.announcements.occasions import Occasion
from domain.payments import announcements
from domain.payments.dates import next_reminder
from domain.payments.decisions import Release, Return, UndoReturn
from domain.payments.payment import PaymentStatus
from domain.payments.rails import Progress
from tests.domain.challenges import FINANCE, OPERATOR, OTHER, TREASURER, A
from tests.domain.payments import REQUESTED, snapshot, to_make


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
