"""One payment on its way: where it stands, who may move it on, and what is written down and told when it moves.

*requested → payee known → released → submitted → settled*; or *rejected* or *returned*, and then released and submitted
again as another attempt of the same payment; or *cancelled* before it was submitted. The rules
here say what the ledger does.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import groupby, takewhile
from typing import Annotated, ClassVar

from pydantic import Field
from whenever import Date, Instant

from domain.announcements.announcement import Announcement, Entry, OutgoingNotice, to_people, to_teams
from domain.announcements.occasions import Occasion
from domain.challenges.awards import PaymentOrder
from domain.challenges.decisions import Decision
from domain.challenges.state import State
from domain.permissions import RIGHTS, Action, Role, check_may
from domain.programmes.programme import OnTime
from domain.values.calendar import Duration, Holidays, earlier, end_of_period, later, spoken, spoken_day
from domain.values.model import Value
from domain.values.refusals import NotAllowed, ReasonMissing, TooEarly, TooLate

from .rails import Progress

SERVICE = "service"
"""Who acts in the record when the service itself does."""


class PaymentStatus(StrEnum):
    """How far a payment has come."""

    REQUESTED = "requested"
    PAYEE_KNOWN = "payee known"
    RELEASED = "released"
    SUBMITTED = "submitted"
    SETTLED = "settled"
    REJECTED = "rejected"
    RETURNED = "returned"
    CANCELLED = "cancelled"


OVER = frozenset({PaymentStatus.SETTLED, PaymentStatus.CANCELLED})
"""What a payment comes to in the end."""


FAILED = frozenset({PaymentStatus.REJECTED, PaymentStatus.RETURNED})
"""How a payment is whose last attempt never left, or came back: the payment can be released again."""


def status_after(ended_as: Progress) -> PaymentStatus:
    """How a payment is whose last attempt has ended so. The payment is still owed."""
    return PaymentStatus.RETURNED if ended_as is Progress.RETURNED else PaymentStatus.REJECTED


TO_RELEASE = frozenset({PaymentStatus.PAYEE_KNOWN, *FAILED})
"""What waits for a second person to let it go."""


class PaymentToMake(Value):
    """What a payment's workflow starts from.

    Args:
        order: the payment.
        title: of the stage that it is for.
        selected_by, accepted_by: ids of the people whose decisions it follows from: who selected the team, and who
            accepted the evidence, if it hangs on any. They cannot release it.
        operators: who is told if it needs attention.
        releasers: who may release it.
        zone, holidays: the calendar that its dates are computed by.
        on_time: by when it has to be made.
        remind_before, remind_every: when releasers are reminded.
        reminded: reminders due up to then are dealt with, by the run that this one goes on from; None if there is none,
            and those up to its start are.
        stood_still: what needed a person when an earlier run was left.
    """

    order: PaymentOrder
    title: str
    selected_by: str
    accepted_by: str
    operators: tuple[str, ...]
    releasers: tuple[str, ...]
    zone: str
    holidays: Holidays
    on_time: OnTime
    remind_before: tuple[Duration, ...]
    remind_every: Duration
    reminded: Instant | None = None
    stood_still: str = ""

    @property
    def amount(self) -> str:
        """What is paid, as people read it."""
        return self.order.amount.gross.shown(self.order.currency)

    @property
    def which(self) -> str:
        """ "instalment 1 of 2"; nothing if there is only one."""
        return f"instalment {self.order.number} of {self.order.of}" if self.order.of > 1 else ""

    def at(self, instant: Instant | None) -> str:
        """An instant as people of this programme read it; nothing for none."""
        return "" if instant is None else spoken(instant, self.zone)


def payment_to_make(state: State, order: PaymentOrder) -> PaymentToMake:
    """All that the workflow of a payment needs to know of its challenge."""
    run = next(run for run in state.runs if run.stage == order.stage)
    verdict = next(team for team in run.teams if team.id == order.team).verdicts.get(order.number)
    reminders = state.programme.reminders
    return PaymentToMake(
        order=order,
        title=next(stage.title for stage in state.programme.stages if stage.name == order.stage),
        selected_by=run.selected_by,
        accepted_by=verdict.by if verdict else "",
        operators=state.challenge.operators,
        releasers=state.challenge.releasers,
        zone=state.zone,
        holidays=state.programme.holidays,
        on_time=state.programme.on_time,
        remind_before=reminders.payment,
        remind_every=reminders.payment_overdue_every,
    )


class PaymentSnapshot(Value):
    """A payment as the ledger has it, in ids: what activities answer the payment's workflow.

    Args:
        at: when the activity was asked for, by Temporal's clock.
        version: counts the changes of the payment, so that a late answer is known to be late.
        status: how far it has come.
        attempt: the transfer under way, or the last one; 0 before the first release.
        requested: when the ledger took it.
        pay_by: the day promised, once the payee is known.
        pay_by_law: after that it is late by law.
        payee_by: ids of all who gave or changed the team's bank details.
        payee_version: which of the team's bank details it goes to, counted from 1; 0 while there are none.
        released_by: who released the present attempt; empty before.
        returned_by: the person who said that the last attempt was rejected or came back; empty if nobody did, or the
            rail said so.
        reason: why it was rejected, returned or cancelled.
        released, submitted, settled, returned: when that was, of the last attempt; a rejection counts as a return.
        is_batched: whether it leaves in a file that people make, and whose report they bring.
        answered: whether the decision that it was asked for with had been taken before.
        contradicted: of which of its attempts ledger and rail say two things, and what to do; empty if of none.
    """

    at: Instant
    version: int
    status: PaymentStatus
    attempt: int
    requested: Instant
    pay_by: Instant | None = None
    pay_by_law: Instant | None = None
    payee_by: tuple[str, ...] = ()
    payee_version: int = 0
    released_by: str = ""
    returned_by: str = ""
    reason: str = ""
    released: Instant | None = None
    submitted: Instant | None = None
    settled: Instant | None = None
    returned: Instant | None = None
    is_batched: bool = False
    answered: bool = False
    contradicted: str = ""

    @property
    def can_be_asked(self) -> bool:
        """Whether its rail says how far it has come; otherwise a person brings that."""
        return self.status is PaymentStatus.SUBMITTED and not self.is_batched

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it."""
        return self.status in OVER

    @property
    def is_in_doubt(self) -> bool:
        """Whether a person has to find out what is true before it goes on."""
        return bool(self.contradicted) and not self.is_over


class Release(Decision):
    """A second person lets the money go.

    Args:
        payee_version: which of the team's bank details it may go to; if others count by now, it may not.
    """

    kind: ClassVar[str] = "release"
    payee_version: Annotated[int, Field(ge=0)]


class Return(Decision):
    """The money came back, or never arrived; it can be released and sent again.

    Args:
        reason: why, as the bank says.
    """

    kind: ClassVar[str] = "return"


class UndoReturn(Decision):
    """What was said to have come back has arrived after all; nothing of the payment leaves again.

    Args:
        attempt: which attempt it is that has arrived.
        reason: how that is known.
    """

    kind: ClassVar[str] = "undo-return"
    attempt: Annotated[int, Field(ge=1, le=1_000_000, description="the number of an attempt, such as 1")]


class CancelPayment(Decision):
    """The payment is not made, for good. Only before it was submitted."""

    kind: ClassVar[str] = "cancel"


PAYMENT_DECISIONS: dict[str, type[Decision]] = {
    each.kind: each for each in (Release, Return, UndoReturn, CancelPayment)
}
"""Every decision on a payment by the name of its update and its signal."""


class PaymentMove(Value):
    """What an activity on a payment gets.

    Args:
        payment: which.
        announcement: of the decision, if it is one, or if it is to be seen whether it was taken before.
        payee_version: of a release: which bank details it is for.
        attempt: of what has arrived after all: which attempt it is.
    """

    payment: PaymentToMake
    announcement: Announcement | None = None
    payee_version: int = 0
    attempt: int = 0


def move_for(payment: PaymentToMake, decision: Decision, announcement: Announcement) -> PaymentMove:
    """What the activity gets that does what a person has decided."""
    return PaymentMove(
        payment=payment,
        announcement=announcement,
        payee_version=decision.payee_version if isinstance(decision, Release) else 0,
        attempt=decision.attempt if isinstance(decision, UndoReturn) else 0,
    )


def check_move(payment: PaymentToMake, snapshot: PaymentSnapshot, decision: Decision) -> None:
    """That a person may do this to a payment as it stands.

    Raises:
        NotAllowed: it is not theirs to do; above all, nobody releases what follows from their own decision.
        TooEarly, TooLate: the payment does not stand so.
        ReasonMissing: it needs a reason.
    """
    match decision:
        case Release():
            _check_release(payment, snapshot, decision)
        case Return():
            _check_role(payment, decision)
            if snapshot.status in (PaymentStatus.REQUESTED, *TO_RELEASE):
                raise TooEarly(
                    f"{payment.order.key} is {snapshot.status}: no money is on its way that could come back."
                )
            if snapshot.status is PaymentStatus.CANCELLED:
                raise TooLate(f"{payment.order.key} was cancelled: no money is on its way to come back.")
        case UndoReturn():  # which attempts came back, and whether any has left since, the ledger knows
            _check_role(payment, decision)
        case CancelPayment():
            _check_role(payment, decision)
            if snapshot.status in (PaymentStatus.SUBMITTED, PaymentStatus.SETTLED):
                raise TooLate(f"{payment.order.key} was {snapshot.status}: what has left cannot be cancelled.")
            if snapshot.status is PaymentStatus.CANCELLED:
                raise TooLate(f"{payment.order.key} was cancelled before.")


def check_payee(payment: PaymentToMake, released_to: int, latest: int) -> None:
    """That a release is for the bank details that count.

    Raises:
        TooLate: others were given since, or these were never given.
    """
    if released_to != latest:
        raise TooLate(
            f"{payment.order.key} goes to version {latest} of the team's bank details, and was to be released to "
            f"version {released_to}: look at them in `payments`, then release it to those."
        )


def _check_release(payment: PaymentToMake, snapshot: PaymentSnapshot, release: Release) -> None:
    key, by = payment.order.key, release.by
    _check_role(payment, release)
    own = had_a_part_in(payment, snapshot)
    if by in own:
        raise NotAllowed(f"{by} may not release {key}: {by} {own[by]}, and a second person has to release it.")
    if snapshot.status is PaymentStatus.REQUESTED:
        raise TooEarly(f"{key} has no payee yet: the team {payment.order.team} has to give its bank details first.")
    if snapshot.status not in TO_RELEASE:
        raise TooLate(f"{key} is {snapshot.status}: there is nothing to release.")
    check_payee(payment, release.payee_version, snapshot.payee_version)


def had_a_part_in(payment: PaymentToMake, snapshot: PaymentSnapshot) -> dict[str, str]:
    """Who cannot release a payment, as it follows from their own decision; and what they did."""
    own = {payment.selected_by: "selected the team", payment.accepted_by: "accepted its evidence"}
    own |= dict.fromkeys(snapshot.payee_by, "gave or changed the team's bank details")
    return own | {snapshot.returned_by: "said that the money came back"}


def _check_role(payment: PaymentToMake, decision: Decision) -> None:
    action = Action(f"payment-{decision.kind}")
    people = {Role.OPERATOR: payment.operators, Role.RELEASER: payment.releasers}
    check_may(action, decision.by, role_in(payment, decision.by), payment.order.key, people)
    if not decision.reason and action is not Action.RELEASE:
        raise ReasonMissing(f"To {RIGHTS[action].words} {payment.order.key} needs a reason, which the team is told.")


def role_in(payment: PaymentToMake, person: str) -> str:
    """In what role someone acts on a payment."""
    if person in payment.releasers:
        return "releaser"
    if person in payment.operators:
        return "operator"
    if person == payment.order.team:
        return "team"
    return SERVICE if person == SERVICE else "unknown"


def due_dates(payment: PaymentToMake, valid_since: Instant) -> tuple[Instant, Instant]:
    """By when a payment is promised, and by when it is due by law.

    The law is section 4 of the Late Payment of Commercial Debts (Interest) Act 1998, as it has stood since 2015. Of a
    public authority the last day for payment is at the latest that of the period of 30 days "beginning with" the day
    on which the work was done, the amount was known or the work was accepted, whichever came last (subsections 2D and
    2H). So that day itself is the first of the 30, and interest starts to run on the day after the last (subsection 2).

    Args:
        payment: the payment.
        valid_since: when the request became valid: it was due, and the payee was known.
    """
    on_time, zone, off = payment.on_time, payment.zone, payment.holidays
    return later(valid_since, on_time.within, zone, off), end_of_period(valid_since, on_time.by_law, zone, off)


def next_reminder(payment: PaymentToMake, snapshot: PaymentSnapshot, since: Instant) -> Instant | None:
    """When somebody is to be reminded of a payment next; None once it is over.

    Args:
        payment: the payment.
        snapshot: where it stands.
        since: reminders due up to then are dealt with.
    """
    if snapshot.is_over:
        return None
    return next(rung for rung in _rungs(payment, snapshot) if rung > since)


def _rungs(payment: PaymentToMake, snapshot: PaymentSnapshot) -> Iterator[Instant]:
    """Until the payee is known, the team is asked again and again.

    Then the releasers are reminded before the day promised and before that of the law, on either, and again and again
    after the first of them.
    """
    dates = [date for date in (snapshot.pay_by, snapshot.pay_by_law) if date is not None]
    before = [earlier(date, each, payment.zone) for date in dates for each in payment.remind_before]
    again = _again_and_again(payment, snapshot.requested if snapshot.pay_by is None else snapshot.pay_by)
    # Two of them may fall on one moment.
    yield from (rung for rung, _ in groupby(heapq.merge(sorted([*dates, *before]), again)))


def _again_and_again(payment: PaymentToMake, since: Instant) -> Iterator[Instant]:
    while True:
        since = later(since, payment.remind_every, payment.zone, payment.holidays)
        yield since


# What is written down and told. Keys name the step and the attempt: a step that is taken again repeats nothing.


def requested(payment: PaymentToMake, snapshot: PaymentSnapshot) -> Announcement:
    """The payment is in the ledger; the team is told, and asked for its bank details if it has given none."""
    notice = to_teams((payment.order.team,), Occasion.PAYMENT_REQUESTED, _request_facts(payment, snapshot))
    told = (_while_so(payment, notice),)
    text, why = _doing(payment, "requested"), _why_due(payment)
    return _entry(payment, snapshot.at, SERVICE, "requested", "payment-requested", text, told, why)


def payee_given(
    challenge: str, stage: str, team: str, version: int, on_its_way: Sequence[str], by: str, role: str, at: Instant
) -> Announcement:
    """A team's bank details are given or changed.

    The team is told in any case: whoever else changes where its money goes does not do so unseen.

    Args:
        challenge: its id.
        stage: where it stands.
        team: whose they are.
        version: counts them, from 1.
        on_its_way: keys of the payments that still go to those before.
        by, role: who gives them, in what role.
        at: when.
    """
    still = f"; still on their way to those before: {', '.join(on_its_way)}" if on_its_way else ""
    facts = {"by": "you" if by == team else "the programme office", "on_its_way": ", ".join(on_its_way)}
    return Announcement(
        key=f"{challenge}/payee/{team}/{version}",
        challenge=challenge,
        entry=Entry(
            at=at, by=by, role=role, action="payee", stage=stage, text=f"Bank details {version} of {team} given{still}"
        ),
        notices=(to_teams((team,), Occasion.PAYEE_GIVEN, facts),),
    )


def payee_known(payment: PaymentToMake, snapshot: PaymentSnapshot, account: str) -> Announcement:
    """The team's bank details are there; the releasers are asked to release.

    Args:
        payment, snapshot: which, and how it stands.
        account: the details, masked.
    """
    text = f"{payment.order.key}: payee known, to be paid by {payment.at(snapshot.pay_by)}"
    told = (_to_release(payment, snapshot, account),)
    why = "The team has given its bank details."
    return _entry(payment, snapshot.at, SERVICE, "payee-known", "payee-known", text, told, why)


def payee_changed(payment: PaymentToMake, snapshot: PaymentSnapshot, account: str, was_released: bool) -> Announcement:
    """What waits for its release, or was released and has not left, goes to other bank details now.

    Args:
        payment, snapshot: which, and how it stands with them.
        account: the new details, masked.
        was_released: whether it had been released to those before; that counts no more.
    """
    what = "the team's bank details were changed"
    if was_released:
        action, change = "payment-release-void", f"{what}, and the release to those before is void"
    else:
        action, change = "payee-changed", what
    told = (_to_release(payment, snapshot, account, f"{change[0].upper()}{change[1:]}."),)
    step, text = f"payee-{snapshot.payee_version}", f"{payment.order.key}: {change}"
    return _entry(payment, snapshot.at, SERVICE, step, action, text, told)


def _to_release(payment: PaymentToMake, snapshot: PaymentSnapshot, account: str, change: str = "") -> OutgoingNotice:
    """Never to be told through Temporal, which holds no account, masked or not."""
    facts = _release_facts(payment, snapshot) | {
        "account": account,
        "payee_version": str(snapshot.payee_version),
        "change": change,
    }
    return _while_so(payment, to_people(payment.releasers, Occasion.PAYMENT_TO_RELEASE, facts))


def decided(
    payment: PaymentToMake, decision: Decision, at: Instant, status: PaymentStatus = PaymentStatus.SETTLED
) -> Announcement:
    """A person's decision on a payment, once it is allowed.

    Args:
        payment: the payment.
        decision: what the person decides.
        at: when.
        status: of the payment before; only words of notices depend on it, so that the decision is known again later.
    """
    why, whom = decision.reason, (payment.order.team,)
    facts = _facts(payment) | {"reason": why}
    notices: tuple[OutgoingNotice, ...] = ()
    match decision:
        case Return():
            done = "came back, or never left"
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
            raise AssertionError(f"{type(decision).__name__} is no decision on a payment")
    step, action = f"{decision.kind}/{decision.decision_id}", f"payment-{decision.kind}"
    return _entry(payment, at, decision.by, step, action, _doing(payment, done), notices, why)


def submitted(
    payment: PaymentToMake, attempt: int, reference: str, at: Instant, pays_on: Date | None = None
) -> Announcement:
    """A rail has taken it; the team is told, and when the bank pays if that is another day."""
    facts = _facts(payment) | {"reference": reference, "pays_on": spoken_day(pays_on) if pays_on else ""}
    told = (to_teams((payment.order.team,), Occasion.PAYMENT_SENT, facts),)
    step, text = f"submitted-{attempt}", _doing(payment, "submitted")
    return _entry(payment, at, SERVICE, step, "payment-submitted", text, told, "It was released.")


def settled(payment: PaymentToMake, attempt: int, at: Instant) -> Announcement:
    """A rail has paid it: by a bank's word that is its own account's side, which need not be that it has arrived."""
    step, text = f"settled-{attempt}", _doing(payment, "settled")
    return _entry(payment, at, SERVICE, step, "paid", text, reason="So the rail says.")


def failed(payment: PaymentToMake, attempt: int, how: Progress, reason: str, at: Instant) -> Announcement:
    """A rail has rejected, cancelled or returned it; the team and whoever releases again are told.

    Args:
        payment, attempt: which.
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
    """Somebody is reminded of a payment that is not made yet.

    Args:
        payment: the payment.
        snapshot: where it stands.
        rung: the reminder that fell due first since the last one. Of several, after an outage, the last is sent.
        now: the present.
    """
    rung = max((each for each in takewhile(lambda each: each <= now, _rungs(payment, snapshot))), default=rung)
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
            text += f"; it is late by law since {payment.at(snapshot.pay_by_law)}"
    told = tuple(_while_so(payment, notice) for notice in told)
    return _entry(payment, now, SERVICE, key, "reminded", text, told)


def refused(payment: PaymentToMake, kind: str, by: str, reason: str, now: Instant, unique: str) -> Announcement:
    """What somebody asked of a payment was not done; on the record, and told to whoever asked."""
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
    """The team is asked about its bank details, and releasers to release again: until that is done."""
    facts = facts | {"never_left": "yes" if never_left else ""}
    whom = to_people((*payment.operators, *payment.releasers), Occasion.PAYMENT_RETURNED, facts)
    told = (to_teams((payment.order.team,), Occasion.PAYMENT_RETURNED, facts), whom)
    return tuple(_while_so(payment, notice) for notice in told)


def _why_due(payment: PaymentToMake) -> str:
    """What the payment follows from, as the record says wherever nobody gave another reason."""
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
