"""The record lines and notices for each step of a payment."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from whenever import Date, Instant

from domain.announcements.announcement import Announcement, Entry, Impartial, OutgoingNotice, to_people, to_teams
from domain.announcements.occasions import Occasion
from domain.challenges.decisions import Decision
from domain.values.calendar import spoken_day

from .dates import rungs
from .decisions import CancelPayment, Release, Return, UndoReturn
from .payment import SERVICE, PaymentSnapshot, PaymentStatus, PaymentToMake, role_in
from .rails import Progress


def requested(payment: PaymentToMake, snapshot: PaymentSnapshot) -> Announcement:
    """The payment is in the ledger. The team is told, and is asked for its bank details if it has not given them."""
    notice = to_teams((payment.order.team,), Occasion.PAYMENT_REQUESTED, _request_facts(payment, snapshot))
    told = (_while_so(payment, notice),)
    text, why = _doing(payment, "requested"), _why_due(payment)
    return _entry(payment, snapshot.at, SERVICE, "requested", "payment-requested", text, told, why)


def payee_given(
    challenge: str, stage: str, team: str, version: int, on_its_way: Sequence[str], by: str, role: str, at: Instant
) -> Announcement:
    """A team's bank details are given or changed.

    The team is always told, so that nobody else can secretly change where its money goes.

    Args:
        challenge: its id.
        stage: the stage under way or being filled.
        team: whose details they are.
        version: the number of these details, counted from 1.
        on_its_way: keys of the payments that still go to the old details.
        by, role: who gives the details, and in what role.
        at: when.
    """
    still = f"; still on their way to the old details: {', '.join(on_its_way)}" if on_its_way else ""
    facts = {"by": "you" if by == team else "the programme office", "on_its_way": ", ".join(on_its_way)}
    return Announcement(
        key=f"{challenge}/payee/{team}/{version}",
        challenge=challenge,
        entry=Entry(
            at=at, by=by, role=role, action="payee", stage=stage, text=f"Bank details {version} of {team} given{still}"
        ),
        notices=(to_teams((team,), Occasion.PAYEE_GIVEN, facts),),
    )


def payee_known(
    payment: PaymentToMake, snapshot: PaymentSnapshot, account: str, warnings: Sequence[str] = ()
) -> Announcement:
    """The team's bank details are known. The releasers are asked to release the payment.

    Args:
        payment, snapshot: the payment, and where it stands.
        account: the bank details, masked.
        warnings: what the releasers should look at twice; see `destination`.
    """
    text = f"{payment.order.key}: payee known, to be paid by {payment.at(snapshot.pay_by)}"
    change = f"The team has left. {_IF_STILL_OWED}" if snapshot.team_left else ""
    told = (_to_release(payment, snapshot, account, warnings, change),)
    why = "The team has given its bank details."
    return _entry(payment, snapshot.at, SERVICE, "payee-known", "payee-known", text, told, why)


def payee_changed(
    payment: PaymentToMake,
    snapshot: PaymentSnapshot,
    account: str,
    was_released: bool,
    warnings: Sequence[str] = (),
) -> Announcement:
    """A payment that has not left yet now goes to other bank details.

    Args:
        payment, snapshot: the payment, and where it stands with the new details.
        account: the new details, masked.
        was_released: whether the payment had been released to the old details. That release is void.
        warnings: what the releasers should look at twice; see `destination`.
    """
    what = "the team's bank details were changed"
    if was_released:
        action, change = "payment-release-void", f"{what}, and the release to the old details is void"
    else:
        action, change = "payee-changed", what
    told = (_to_release(payment, snapshot, account, warnings, f"{change[0].upper()}{change[1:]}."),)
    step, text = f"payee-{snapshot.payee_version}", f"{payment.order.key}: {change}"
    return _entry(payment, snapshot.at, SERVICE, step, action, text, told)


def team_left(
    payment: PaymentToMake,
    snapshot: PaymentSnapshot,
    account: str,
    was_released: bool,
    warnings: Sequence[str] = (),
) -> Announcement:
    """The team of a payment has left, and the payment has not. The releasers are asked again.

    Args:
        payment, snapshot: the payment, and where it stands now.
        account: the bank details, masked.
        was_released: whether the payment had been released. That release is void.
        warnings: what the releasers should look at twice; see `destination`.
    """
    what = "the team has left"
    if was_released:
        action, what = "payment-release-void", f"{what}, and the release before that is void"
    else:
        action = "payment-team-left"
    told = (_to_release(payment, snapshot, account, warnings, f"{what[0].upper()}{what[1:]}. {_IF_STILL_OWED}"),)
    return _entry(payment, snapshot.at, SERVICE, "team-left", action, f"{payment.order.key}: {what}", told)


def releaser_shut_out(
    payment: PaymentToMake, snapshot: PaymentSnapshot, account: str, person: str, warnings: Sequence[str] = ()
) -> Announcement:
    """Whoever released a payment has declared a conflict of interest with its team. Another releaser is asked.

    Args:
        payment, snapshot: the payment, which has not left, and where it stands now.
        account: the bank details, masked.
        person: id of the person who had released the payment.
        warnings: what the releasers should look at twice; see `destination`.
    """
    what = f"{person} has declared a conflict of interest with the team, and their release is void"
    told = (_to_release(payment, snapshot, account, warnings, f"{what}. Somebody else has to release it."),)
    step, text = f"shut-out-{snapshot.version}", f"{payment.order.key}: {what}"
    return _entry(payment, snapshot.at, SERVICE, step, "payment-release-void", text, told)


def amended(
    payment: PaymentToMake,
    snapshot: PaymentSnapshot,
    was: str,
    account: str,
    was_released: bool,
    warnings: Sequence[str] = (),
) -> Announcement:
    """The amount of a payment that has not left was amended. Whoever has to act on the payment is told the new amount.

    Args:
        payment, snapshot: the payment with its new amount, and where it stands.
        was: the old amount, in words.
        account: the team's bank details, masked.
        was_released: whether the payment had been released with the old amount. That release is void.
        warnings: what the releasers should look at twice; see `destination`.
    """
    action, what = "payment-amended", f"the amount is {payment.amount} instead of {was}"
    if was_released:
        action, what = "payment-release-void", f"{what}, and the release of the old amount is void"
    if snapshot.status is not PaymentStatus.REQUESTED:
        told = _to_release(payment, snapshot, account, warnings, f"{what[0].upper()}{what[1:]}.")
    else:
        team = to_teams((payment.order.team,), Occasion.PAYMENT_REQUESTED, _request_facts(payment, snapshot))
        told = _while_so(payment, team)
    step, text = f"amended-{snapshot.version}", f"{payment.order.key}: {what}"
    return _entry(payment, snapshot.at, SERVICE, step, action, text, (told,), "The award was amended.")


def not_held(payment: PaymentToMake, where: str, at: Instant) -> Announcement:
    """The team of a payment has left, and a rail may have the payment: nobody can hold it here.

    Args:
        payment: the payment.
        where: see `whereabouts`.
        at: when.
    """
    facts = _facts(payment) | {"team": payment.order.team, "where": where}
    told = (to_people((*payment.releasers, *payment.operators), Occasion.PAYMENT_NOT_HELD, facts),)
    text = f"{payment.order.key}: the team has left, and the payment cannot be held: it is {where}"
    return _entry(payment, at, SERVICE, "team-left", "payment-not-held", text, told)


def whereabouts(file: str, *, is_written: bool) -> str:
    """Where a payment is that a rail may have, in words.

    Args:
        file: id of the payment file that has the payment; empty if a provider has it.
        is_written: whether that file is ready for the bank.
    """
    if not file:
        return "with the payment provider"
    return f"in the payment file {file}" + ("" if is_written else ", which is not finished")


_IF_STILL_OWED = "Release the payment only if it is still owed; otherwise cancel it with `cancel-payment`."


def _to_release(
    payment: PaymentToMake, snapshot: PaymentSnapshot, account: str, warnings: Sequence[str], change: str = ""
) -> OutgoingNotice:
    """This notice must never go through Temporal, which holds no account, not even a masked one."""
    facts = _release_facts(payment, snapshot) | {
        "account": account,
        "payee_version": str(snapshot.payee_version),
        "change": change,
        "warnings": " ".join(warnings),
    }
    return _while_so(payment, to_people(payment.releasers, Occasion.PAYMENT_TO_RELEASE, facts))


def decided(
    payment: PaymentToMake, decision: Decision, at: Instant, status: PaymentStatus = PaymentStatus.SETTLED
) -> Announcement:
    """A person's decision on a payment, after the decision was allowed.

    Args:
        payment: the payment.
        decision: what the person decides.
        at: when.
        status: of the payment before the decision. Only the words of notices depend on the status, so that a repeated
            decision is recognised.
    """
    why, whom = decision.reason, (payment.order.team,)
    facts = _facts(payment) | {"reason": why}
    notices: tuple[OutgoingNotice, ...] = ()
    match decision:
        case Return():
            done = f"{f'attempt {decision.attempt} ' * bool(decision.attempt)}came back, or never left"
            if not decision.attempt:  # people were told when the ledger first heard that the attempt failed
                notices = _returned(payment, facts, never_left=status is not PaymentStatus.SETTLED)
        case UndoReturn():
            done = f"attempt {decision.attempt} has arrived after all"
            people = to_people((*payment.operators, *payment.releasers), Occasion.PAYMENT_RETURN_UNDONE, facts)
            notices = (to_teams(whom, Occasion.PAYMENT_RETURN_UNDONE, facts), people)
        case CancelPayment():
            done = "cancelled"
            notices = (to_teams(whom, Occasion.PAYMENT_CANCELLED, facts),)
        case Release():
            done = f"released, to bank details {decision.payee_version}"
            why = why or _why_due(payment)
        case _:
            raise AssertionError(f"{type(decision).__name__} is not a decision on a payment")
    step, action = f"{decision.kind}/{decision.decision_id}", f"payment-{decision.kind}"
    announcement = _entry(payment, at, decision.by, step, action, _doing(payment, done), notices, why)
    if not isinstance(decision, Release):
        return announcement
    impartial = Impartial(towards=(payment.order.team,), declares_first=False)
    return announcement.model_copy(update={"impartial": impartial})


def submitted(
    payment: PaymentToMake, attempt: int, reference: str, at: Instant, pays_on: Date | None = None
) -> Announcement:
    """A rail has taken the payment. The team is told, with the day on which the bank pays if that is another day."""
    facts = _facts(payment) | {"reference": reference, "pays_on": spoken_day(pays_on) if pays_on else ""}
    told = (to_teams((payment.order.team,), Occasion.PAYMENT_SENT, facts),)
    step, text = f"submitted-{attempt}", _doing(payment, "submitted")
    return _entry(payment, at, SERVICE, step, "payment-submitted", text, told, "It was released.")


def settled(payment: PaymentToMake, attempt: int, at: Instant) -> Announcement:
    """A rail has paid. A bank's report only says that the money left the payer's account, not that it has arrived."""
    step, text = f"settled-{attempt}", _doing(payment, "settled")
    return _entry(payment, at, SERVICE, step, "paid", text, reason="So the rail says.")


def failed(payment: PaymentToMake, attempt: int, how: Progress, reason: str, at: Instant) -> Announcement:
    """A rail has rejected, cancelled or returned the payment. The team and those who can release it again are told.

    Args:
        payment, attempt: the payment, and which attempt failed.
        how: one of `rails.FAILED`.
        reason: why, in words.
        at: when.
    """
    told = _returned(payment, _facts(payment) | {"reason": reason}, never_left=how is not Progress.RETURNED)
    step, text = f"returned-{attempt}", _doing(payment, _HOW_IT_FAILED[how])
    return _entry(payment, at, SERVICE, step, "payment-return", text, told, reason)


_HOW_IT_FAILED = {
    Progress.REJECTED: "rejected",
    Progress.CANCELLED: "cancelled before it left",
    Progress.RETURNED: "came back",
}


def reminded(payment: PaymentToMake, snapshot: PaymentSnapshot, rung: Instant, now: Instant) -> Announcement:
    """A reminder of a payment that is not made yet.

    Args:
        payment: the payment.
        snapshot: where it stands.
        rung: the first reminder that fell due since the last one. If several fell due during an outage, only the last
            is sent.
        now: the present.
    """
    rung = max((each for each in takewhile(lambda each: each <= now, rungs(payment, snapshot))), default=rung)
    key = f"reminded-{rung}"
    if snapshot.pay_by is None:
        facts = _request_facts(payment, snapshot)
        told: tuple[OutgoingNotice, ...] = (to_teams((payment.order.team,), Occasion.PAYMENT_REQUESTED, facts),)
        text = f"Reminder: {payment.order.key} waits for the team's bank details"
    elif now < snapshot.pay_by:
        told = (to_people(payment.releasers, Occasion.PAYMENT_DUE, _release_facts(payment, snapshot)),)
        text = f"Reminder: {payment.order.key} is {snapshot.status}, and due by {payment.at(snapshot.pay_by)}"
    else:
        whom = (*payment.releasers, *payment.operators) if rung > snapshot.pay_by else payment.releasers
        late_by_law = snapshot.pay_by_law is not None and snapshot.pay_by_law <= now
        facts = _release_facts(payment, snapshot) | {"late_by_law": "yes" if late_by_law else ""}
        told = (to_people(whom, Occasion.PAYMENT_OVERDUE, facts),)
        text = f"Reminder: {payment.order.key} is {snapshot.status}, and was due by {payment.at(snapshot.pay_by)}"
        if late_by_law:
            text += f"; it has been late by law since {payment.at(snapshot.pay_by_law)}"
    told = tuple(_while_so(payment, notice) for notice in told)
    return _entry(payment, now, SERVICE, key, "reminded", text, told)


def refused(payment: PaymentToMake, kind: str, by: str, reason: str, now: Instant, unique: str) -> Announcement:
    """A request about a payment was refused. The refusal is on the record, and the person who asked is told."""
    role = role_in(payment, by)
    whom = (by,) if role in ("releaser", "operator") else (by, *payment.operators)
    return Announcement(
        key=f"{payment.order.key}/refused/{unique}",
        challenge=payment.order.challenge,
        entry=Entry(
            at=now, by=by, role=role, action=f"payment-{kind}", stage=payment.order.stage, text=reason, refused=True
        ),
        notices=(to_people(whom, Occasion.REFUSED, {"action": f"{kind} of a payment", "reason": reason}),),
    )


def _entry(
    payment: PaymentToMake,
    at: Instant,
    by: str,
    step: str,
    action: str,
    text: str,
    notices: tuple[OutgoingNotice, ...] = (),
    reason: str = "",
) -> Announcement:
    role = role_in(payment, by)
    return Announcement(
        key=f"{payment.order.key}/{step}",
        challenge=payment.order.challenge,
        entry=Entry(at=at, by=by, role=role, action=action, stage=payment.order.stage, text=text, reason=reason),
        notices=notices,
    )


def _returned(payment: PaymentToMake, facts: dict[str, str], *, never_left: bool) -> tuple[OutgoingNotice, ...]:
    """The team is asked to check its bank details, and the releasers to release again, until that is done."""
    facts = facts | {"never_left": "yes" if never_left else ""}
    whom = to_people((*payment.operators, *payment.releasers), Occasion.PAYMENT_RETURNED, facts)
    told = (to_teams((payment.order.team,), Occasion.PAYMENT_RETURNED, facts), whom)
    return tuple(_while_so(payment, notice) for notice in told)


def _why_due(payment: PaymentToMake) -> str:
    """Why the payment is due. The record gives this reason if nobody gave another."""
    return (
        f"Its evidence for {payment.title} was accepted." if payment.accepted_by else f"Selected for {payment.title}."
    )


def _while_so(payment: PaymentToMake, notice: OutgoingNotice) -> OutgoingNotice:
    return notice.model_copy(update={"payment": payment.order.key})


def _doing(payment: PaymentToMake, what: str) -> str:
    return f"{payment.amount} for {payment.order.team}, {payment.title}{_comma(payment.which)}: {what}"


def _facts(payment: PaymentToMake) -> dict[str, str]:
    return {"payment": payment.order.key, "amount": payment.amount, "stage": payment.title}


def _request_facts(payment: PaymentToMake, snapshot: PaymentSnapshot) -> dict[str, str]:
    known = {"payee": "known" if snapshot.pay_by else "", "pay_by": payment.at(snapshot.pay_by)}
    return _facts(payment) | known | {"instalment": payment.which}


def _release_facts(payment: PaymentToMake, snapshot: PaymentSnapshot) -> dict[str, str]:
    return _facts(payment) | {
        "team": payment.order.team,
        "status": snapshot.status,
        "pay_by": payment.at(snapshot.pay_by),
        "by_law": payment.at(snapshot.pay_by_law),
    }


def _comma(text: str) -> str:
    return f", {text}" if text else ""
