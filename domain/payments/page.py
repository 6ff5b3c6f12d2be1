"""A payment as staff see it: the page of its run in Markdown, and what the list shows that it waits for."""

from __future__ import annotations

from whenever import Instant

from domain.announcements.attention import remedy
from domain.challenges.awards import amount_in_words
from domain.values.wording import counted, fact_table

from .decisions import had_a_part_in
from .payment import FAILED, PaymentSnapshot, PaymentStatus, PaymentToMake

_WAITS_FOR = {
    PaymentStatus.REQUESTED: "bank details",
    PaymentStatus.PAYEE_KNOWN: "release",
    PaymentStatus.REJECTED: "release",
    PaymentStatus.RETURNED: "release",
    PaymentStatus.RELEASED: "rail",
    PaymentStatus.SUBMITTED: "rail",
    PaymentStatus.SETTLED: "nothing",
    PaymentStatus.CANCELLED: "nothing",
}
_WAITS_FOR_PEOPLE = {PaymentStatus.RELEASED: "payment file", PaymentStatus.SUBMITTED: "bank's report"}


def waits_for(snapshot: PaymentSnapshot) -> str:
    """What a payment waits for, in a word or two: a column of the list."""
    by_hand = _WAITS_FOR_PEOPLE if snapshot.is_batched else {}
    return by_hand.get(snapshot.status) or _WAITS_FOR[snapshot.status]


def reminder_of(snapshot: PaymentSnapshot) -> str:
    """What the next reminder will be about."""
    match waits_for(snapshot):
        case "bank details":
            return "reminder that bank details are missing"
        case "release":
            return "reminder to release it"
        case "payment file":
            return "reminder that no payment file has it"
        case _:
            return "reminder that it has not arrived"


def details(payment: PaymentToMake, snapshot: PaymentSnapshot | None, now: Instant, attention: str = "") -> str:
    """The page of a run: what is paid to whom, where the payment stands, when it is due, who must act, what was done.

    Args:
        payment: the payment.
        snapshot: where the payment stands; None before the ledger was asked.
        now: the present, to tell whether the payment is late.
        attention: what a person must resolve, or nothing.
    """
    order, which = payment.order, f", {payment.which}" if payment.which else ""
    amount = amount_in_words(order.amount, order.currency)
    status = str(snapshot.status) if snapshot else "starting"
    head = f"**{amount}** to **{order.team}** for {payment.title}{which}: **{status}**."
    facts = _facts(payment, snapshot, now, attention) if snapshot else []
    facts.append(("Challenge", order.challenge))
    if payment.not_proven:
        facts.append(("Not proven", f"{counted(payment.not_proven, 'decision')} came without a proof: see the record"))
    if attention:
        facts.insert(0, ("**Needs attention**", f"{attention}; {remedy(order.key)}"))
    elif snapshot and snapshot.is_in_doubt:
        facts.insert(0, ("**Needs attention**", snapshot.contradicted))
    return f"{head}\n\n{fact_table(facts)}"


def _facts(payment: PaymentToMake, snapshot: PaymentSnapshot, now: Instant, attention: str) -> list[tuple[str, str]]:
    acts = f"{' or '.join(payment.operators)}: mend what needs attention" if attention else _who_acts(payment, snapshot)
    facts = [("Waits for", f"**{waits_for(snapshot)}**"), ("Who must act", acts)]
    if snapshot.pay_by and snapshot.pay_by_law and not snapshot.is_over:
        facts.append(_date(payment, snapshot.pay_by, now, "To be paid by", "**Overdue since**"))
        facts.append(_date(payment, snapshot.pay_by_law, now, "Late by law after", "**Late by law since**"))
    if snapshot.team_left and not snapshot.is_over:
        facts.append(("Team", f"left on {payment.at(snapshot.team_left)}"))
    if snapshot.payee_version and snapshot.status is not PaymentStatus.CANCELLED:
        facts.append(("Bank details", f"version {snapshot.payee_version} of the team's"))
    if snapshot.released and snapshot.released_by:
        facts.append(
            ("Released", f"{payment.at(snapshot.released)}, by {snapshot.released_by}, as attempt {snapshot.attempt}")
        )
    if snapshot.status in FAILED:
        said_by = f", says {snapshot.returned_by}" if snapshot.returned_by else ", says the rail"
        label = "Rejected" if snapshot.status is PaymentStatus.REJECTED else "Came back"
        facts.append((label, f"{payment.at(snapshot.returned)}{said_by}: {snapshot.reason}"))
    elif snapshot.submitted:
        facts.append(("Left", payment.at(snapshot.submitted)))
    if snapshot.status is PaymentStatus.SETTLED:
        facts.append(("Settled", payment.at(snapshot.settled)))
    if snapshot.status is PaymentStatus.CANCELLED:
        facts.append(("Cancelled", snapshot.reason))
    return facts


def _date(payment: PaymentToMake, date: Instant, now: Instant, before: str, after: str) -> tuple[str, str]:
    return (after if date <= now else before, payment.at(date))


def _who_acts(payment: PaymentToMake, snapshot: PaymentSnapshot) -> str:
    office = " or ".join(dict.fromkeys((*payment.operators, *payment.releasers)))
    if snapshot.is_in_doubt:
        return f"{office}, to find out which is true"
    match snapshot.status:
        case PaymentStatus.REQUESTED:
            return f"the team {payment.order.team}, which must give its bank details"
        case PaymentStatus.PAYEE_KNOWN:
            return _who_releases(payment, snapshot)
        case PaymentStatus.REJECTED | PaymentStatus.RETURNED:
            return (
                f"first {payment.order.team}, to correct its bank details if they are wrong; "
                f"then {_who_releases(payment, snapshot)}"
            )
        case PaymentStatus.RELEASED if snapshot.is_batched:
            return f"{office}, to put it into a payment file"
        case PaymentStatus.SUBMITTED if snapshot.is_batched:
            return f"{office}, to bring the bank's report"
        case _:
            return "nobody"


def _who_releases(payment: PaymentToMake, snapshot: PaymentSnapshot) -> str:
    barred = had_a_part_in(payment, snapshot)
    others = [person for person in payment.releasers if person not in barred]
    then = ", or to cancel it, because the team has left" if snapshot.team_left else ""
    if not others:
        return f"somebody other than {' or '.join(payment.releasers)}, who had a part in it, to release it{then}"
    return f"{' or '.join(others)}, to release it{then}"
