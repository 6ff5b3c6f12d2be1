"""A payment as staff see it: the page of its run in Markdown, and what the list says that it waits for."""

from __future__ import annotations

from whenever import Instant

from domain.announcements.announcement import remedy
from domain.challenges.awards import amount_in_words
from domain.values.wording import fact_table

from .payment import PaymentStanding, PaymentStatus, PaymentToMake, had_a_part_in

_WAITS_FOR = {
    PaymentStatus.REQUESTED: "bank details",
    PaymentStatus.PAYEE_KNOWN: "release",
    PaymentStatus.RETURNED: "release",
    PaymentStatus.RELEASED: "rail",
    PaymentStatus.SUBMITTED: "rail",
    PaymentStatus.SETTLED: "nothing",
    PaymentStatus.CANCELLED: "nothing",
}
_WAITS_FOR_PEOPLE = {PaymentStatus.RELEASED: "payment file", PaymentStatus.SUBMITTED: "bank's report"}


def waits_for(standing: PaymentStanding) -> str:
    """What has to come before a payment moves on, in a word or two: a column of the list."""
    by_hand = _WAITS_FOR_PEOPLE if standing.collects else {}
    return by_hand.get(standing.status) or _WAITS_FOR[standing.status]


def reminder_of(standing: PaymentStanding) -> str:
    """What a reminder that is due next will be about."""
    match waits_for(standing):
        case "bank details":
            return "reminder that bank details are missing"
        case "release":
            return "reminder to release it"
        case "payment file":
            return "reminder that no payment file has it"
        case _:
            return "reminder that it has not arrived"


def details(payment: PaymentToMake, standing: PaymentStanding | None, now: Instant, attention: str = "") -> str:
    """The page of a run: what is paid to whom, how it stands, by when, who must act, and what was done when.

    Args:
        payment: the payment.
        standing: where it stands; None before the ledger was asked.
        now: the present, by which it is late or not.
        attention: what a person must resolve, or nothing.
    """
    order, which = payment.order, f", {payment.which}" if payment.which else ""
    amount = amount_in_words(order.amount, order.currency)
    status = str(standing.status) if standing else "starting"
    head = f"**{amount}** to **{order.team}** for {payment.title}{which}: **{status}**."
    facts = _facts(payment, standing, now, attention) if standing else []
    facts.append(("Challenge", order.challenge))
    if attention:
        facts.insert(0, ("**Needs attention**", f"{attention}; {remedy(order.key)}"))
    elif standing and standing.is_in_doubt:
        facts.insert(0, ("**Needs attention**", standing.contradicted))
    return f"{head}\n\n{fact_table(facts)}"


def _facts(payment: PaymentToMake, standing: PaymentStanding, now: Instant, attention: str) -> list[tuple[str, str]]:
    acts = f"{' or '.join(payment.operators)}: mend what needs attention" if attention else _who_acts(payment, standing)
    facts = [("Waits for", f"**{waits_for(standing)}**"), ("Who must act", acts)]
    if standing.pay_by and standing.pay_by_law and not standing.is_over:
        facts.append(_date(payment, standing.pay_by, now, "To be paid by", "**Overdue since**"))
        facts.append(_date(payment, standing.pay_by_law, now, "Late by law after", "**Late by law since**"))
    if standing.payee_version and standing.status is not PaymentStatus.CANCELLED:
        facts.append(("Bank details", f"version {standing.payee_version} of the team's"))
    if standing.released and standing.released_by:
        facts.append(
            ("Released", f"{payment.at(standing.released)}, by {standing.released_by}, as attempt {standing.attempt}")
        )
    if standing.status is PaymentStatus.RETURNED:
        said_by = f", says {standing.returned_by}" if standing.returned_by else ", says the rail"
        facts.append(("Came back", f"{payment.at(standing.returned)}{said_by}: {standing.reason}"))
    elif standing.submitted:
        facts.append(("Left", payment.at(standing.submitted)))
    if standing.status is PaymentStatus.SETTLED:
        facts.append(("Settled", payment.at(standing.settled)))
    if standing.status is PaymentStatus.CANCELLED:
        facts.append(("Cancelled", standing.reason))
    return facts


def _date(payment: PaymentToMake, date: Instant, now: Instant, before: str, after: str) -> tuple[str, str]:
    return (after if date <= now else before, payment.at(date))


def _who_acts(payment: PaymentToMake, standing: PaymentStanding) -> str:
    office = " or ".join(dict.fromkeys((*payment.operators, *payment.releasers)))
    if standing.is_in_doubt:
        return f"{office}, to find out which is true"
    match standing.status:
        case PaymentStatus.REQUESTED:
            return f"the team {payment.order.team}, which has to give its bank details"
        case PaymentStatus.PAYEE_KNOWN:
            return _who_releases(payment, standing)
        case PaymentStatus.RETURNED:
            return (
                f"first {payment.order.team}, to correct its bank details if they are wrong; "
                f"then {_who_releases(payment, standing)}"
            )
        case PaymentStatus.RELEASED if standing.collects:
            return f"{office}, to put it into a payment file"
        case PaymentStatus.SUBMITTED if standing.collects:
            return f"{office}, to bring the bank's report"
        case _:
            return "nobody"


def _who_releases(payment: PaymentToMake, standing: PaymentStanding) -> str:
    barred = had_a_part_in(payment, standing)
    others = [person for person in payment.releasers if person not in barred]
    if not others:
        return f"somebody other than {' or '.join(payment.releasers)}, who had a part in it, to release it"
    return f"{' or '.join(others)}, to release it"
