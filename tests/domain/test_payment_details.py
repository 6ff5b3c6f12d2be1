"""What staff see of a payment: who must act, by when, and what was done when."""

from __future__ import annotations

import pytest
from whenever import Instant

from domain.payments import page as payment_details
from domain.payments.page import reminder_of, waits_for
from domain.payments.payment import PaymentSnapshot, PaymentStatus, PaymentToMake
from domain.values.money import Amount, Money
from tests.domain.challenges import DECIDER, FINANCE, OPERATOR, A
from tests.domain.payments import GIVER, REQUESTED, snapshot, to_make

PAYMENT = to_make(releasers=(FINANCE,))
KNOWN = snapshot(PaymentStatus.PAYEE_KNOWN)


def details(payment: PaymentToMake, at: PaymentSnapshot | None, now: Instant, attention: str = "") -> str:
    """The page, whose labels have spaces at which nothing is folded."""
    return (
        payment_details.details(payment, at, now, attention)
        .replace("\N{NO-BREAK SPACE}" * 2, "")
        .replace("\N{NO-BREAK SPACE}", " ")
    )


def test_the_page_says_what_is_paid_to_whom_with_its_vat() -> None:
    order = PAYMENT.order.model_copy(update={"amount": Amount(net=Money(1000_00), vat=Money(200_00))})
    page = details(PAYMENT.model_copy(update={"order": order}), None, REQUESTED)
    assert page.startswith(f"**£1,200 (£1,000 and VAT)** to **{A}** for Exploration: **starting**.")


@pytest.mark.parametrize(
    ("status", "is_batched", "waiting", "acts"),
    [
        ("requested", False, "bank details", f"the team {A}, which must give its bank details"),
        ("payee known", False, "release", f"{FINANCE}, to release it"),
        ("released", False, "rail", "nobody"),
        ("released", True, "payment file", f"{OPERATOR} or {FINANCE}, to put it into a payment file"),
        ("submitted", False, "rail", "nobody"),
        ("submitted", True, "bank's report", f"{OPERATOR} or {FINANCE}, to bring the bank's report"),
        (
            "returned",
            False,
            "release",
            f"first {A}, to correct its bank details if they are wrong; then {FINANCE}, to release it",
        ),
        ("settled", False, "nothing", "nobody"),
        ("cancelled", False, "nothing", "nobody"),
    ],
)
def test_the_page_says_what_it_waits_for_and_who_must_act(
    status: PaymentStatus, is_batched: bool, waiting: str, acts: str
) -> None:
    """Fails when a rail that people serve is not told from one that is asked by the service."""
    at = snapshot(PaymentStatus(status), is_batched=is_batched, reason="closed")
    assert waits_for(at) == waiting
    page = details(PAYMENT, at, REQUESTED)
    assert f"| Waits for | **{waiting}** |" in page
    assert f"| Who must act | {acts} |" in page


def test_nobody_is_asked_to_release_what_they_had_a_part_in() -> None:
    """Fails when the page names whoever the rules will refuse."""
    others = to_make(releasers=(DECIDER, FINANCE, GIVER))
    assert f"| Who must act | {FINANCE}, to release it |" in details(others, KNOWN, REQUESTED)
    nobody = details(to_make(releasers=(DECIDER, GIVER)), KNOWN, REQUESTED)
    assert f"somebody other than {DECIDER} or {GIVER}, who had a part in it, to release it" in nobody


def test_the_page_says_by_when_it_is_promised_and_since_when_it_is_late() -> None:
    """Fails when a payment that is late looks like one that is not."""
    assert KNOWN.pay_by is not None
    assert KNOWN.pay_by_law is not None
    promised, by_law = "Monday 29 August 2016, 24:00 BST", "Tuesday 13 September 2016, 24:00 BST"
    in_time, overdue, late = (details(PAYMENT, KNOWN, now) for now in (REQUESTED, KNOWN.pay_by, KNOWN.pay_by_law))
    assert f"| To be paid by | {promised} |\n| Late by law after | {by_law} |" in in_time
    assert f"| **Overdue since** | {promised} |\n| Late by law after | {by_law} |" in overdue
    assert f"| **Overdue since** | {promised} |\n| **Late by law since** | {by_law} |" in late
    over = snapshot(PaymentStatus.SETTLED, settled=REQUESTED)
    assert "Overdue" not in details(PAYMENT, over, KNOWN.pay_by_law)


def test_the_page_says_what_was_done_when_and_by_whom() -> None:
    """Fails when money that came back is shown as gone, or as settled."""
    done = {"released": REQUESTED, "released_by": FINANCE, "submitted": REQUESTED.add(hours=1), "attempt": 2}
    settled = details(PAYMENT, snapshot(PaymentStatus.SETTLED, settled=REQUESTED.add(hours=2), **done), REQUESTED)
    assert f"| Released | Monday 15 August 2016, 11:00 BST, by {FINANCE}, as attempt 2 |" in settled
    assert "| Left | Monday 15 August 2016, 12:00 BST |\n| Settled | Monday 15 August 2016, 13:00 BST |" in settled
    came_back = {"returned": REQUESTED.add(hours=3), "returned_by": OPERATOR, "reason": "The account is closed."}
    returned = details(PAYMENT, snapshot(PaymentStatus.RETURNED, **came_back, **done), REQUESTED)
    said = f"| Came back | Monday 15 August 2016, 14:00 BST, says {OPERATOR}: The account is closed. |"
    assert said in returned
    assert "| Left |" not in returned
    assert "says the rail" in details(PAYMENT, snapshot(PaymentStatus.RETURNED, returned=REQUESTED), REQUESTED)
    cancelled = details(PAYMENT, snapshot(PaymentStatus.CANCELLED, reason="No account."), REQUESTED)
    assert "| Cancelled | No account. |" in cancelled


def test_the_page_names_the_command_that_lets_it_go_on_and_who_sends_it() -> None:
    """Fails when somebody else is to act, who cannot do anything about it."""
    page = details(PAYMENT, KNOWN, REQUESTED, "The rail is down")
    assert (
        f"| **Needs attention** | The rail is down; mend the cause, then `starter.py retry {PAYMENT.order.key}` |"
        in page
    )
    assert f"| Who must act | {OPERATOR}: mend what needs attention |" in page


def test_the_page_says_that_ledger_and_bank_contradict_each_other_as_long_as_it_waits() -> None:
    """Fails when it says to release what may have arrived, and when what is over still asks for somebody."""
    said = "attempt 1 came back by the ledger and is settled by the bank"
    page = details(PAYMENT, snapshot(PaymentStatus.RETURNED, returned=REQUESTED, contradicted=said), REQUESTED)
    assert f"| **Needs attention** | {said} |" in page
    assert f"| Who must act | {OPERATOR} or " in page
    assert "to find out which is true |" in page
    over = details(PAYMENT, snapshot(PaymentStatus.CANCELLED, contradicted=said, reason="No account."), REQUESTED)
    assert "Needs attention" not in over


def test_a_timer_says_what_people_will_be_reminded_of() -> None:
    """Fails when it names the status and a date, which reads as if that had happened then."""
    said = {
        snapshot(): "reminder that bank details are missing",
        KNOWN: "reminder to release it",
        snapshot(PaymentStatus.RETURNED): "reminder to release it",
        snapshot(PaymentStatus.RELEASED, is_batched=True): "reminder that no payment file has it",
        snapshot(PaymentStatus.SUBMITTED): "reminder that it has not arrived",
    }
    assert {at: reminder_of(at) for at in said} == said


def test_the_page_says_that_the_team_has_left_while_the_payment_is_not_over() -> None:
    left = KNOWN.model_copy(update={"team_left": REQUESTED})
    page = details(PAYMENT, left, REQUESTED)
    assert "| Team | left on Monday 15 August 2016, 11:00 BST |" in page
    assert f"{FINANCE}, to release it, or to cancel it, because the team has left" in page
    over = details(PAYMENT, snapshot(PaymentStatus.SETTLED, team_left=REQUESTED), REQUESTED)
    assert "has left" not in over
    assert "| Team |" not in over
