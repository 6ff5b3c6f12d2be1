"""How notices are sent: when they are tried again, when they lapse, and what staff see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field
from whenever import Instant, TimeDelta

from domain.announcements.attention import remedy
from domain.announcements.occasions import Occasion
from domain.payments.payment import FAILED, OVER, TO_RELEASE, PaymentStatus
from domain.values.calendar import spoken
from domain.values.model import Value

CLAIM_LASTS = TimeDelta(minutes=15)
"""For how long a notice belongs to the sender that took it: longer than sending ever takes.

A mail server has ten minutes to say whether it took a letter. After this time the sender is assumed dead, and nobody
knows whether the notice went out.
"""
MOST_TRIES = 80
"""A notice is given up after this many tries: about three days if every try fails.

Only failures of the notice itself count. A channel that cannot be reached, or takes nothing from anybody, costs no try.
"""
MOST_COPIES = 3
"""How often a notice is sent when no answer comes and the channel cannot be asked what became of it."""
STALE_AFTER = TimeDelta(hours=14 * 24)
"""A notice that could not be sent for this long is out of date."""

_MOST_ANEW = 5
_FIRST_WAIT_ANEW = TimeDelta(minutes=10)
_FIRST_WAIT = TimeDelta(seconds=10)
_LONGEST_WAIT = TimeDelta(hours=1)
_MOST_DOUBLINGS = 9
_ASKED_AFTER = (TimeDelta(seconds=10), TimeDelta(minutes=1), TimeDelta(minutes=10))
_ASKED_FOR_HOURS = 72


class Sending(Value):
    """What the activity that sends gets.

    Args:
        seconds: for how long it sends; with 0 it deals with at most one notice that is due.
        at_once: whether a person says that the problem is solved, so that notices need not wait any longer.
    """

    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    at_once: bool = False


class Outbox(Value):
    """How many notices there are, by status. Temporal knows nothing else about notices.

    Args:
        channel: the channel that sends them; empty if the worker that was asked has none.
        at: when the notices were counted.
        waiting: to be sent, or sent again.
        sent: the channel took them, but has not said or cannot say what became of them.
        delivered: arrived, as the channel says.
        failed: given up.
        lapsed: not sent, because their text was no longer true.
    """

    channel: str
    at: Instant
    waiting: int = 0
    sent: int = 0
    delivered: int = 0
    failed: int = 0
    lapsed: int = 0


def try_again_at(tries: int, now: Instant, after: float | None) -> Instant:
    """When a notice that could not be sent is tried again: after a longer pause each time, up to an hour.

    Args:
        tries: how often the notice was tried.
        now: when the last try ended.
        after: for how many seconds the channel asks to wait, if it does.
    """
    doubled: TimeDelta = _FIRST_WAIT * 2 ** min(max(tries - 1, 0), _MOST_DOUBLINGS)
    return now + max(min(doubled, _LONGEST_WAIT), TimeDelta(seconds=after or 0))


def send_anew_at(tries: int, now: Instant) -> Instant | None:
    """When to send a notice again that its channel took and then could not send; None if the notice is given up.

    Args:
        tries: how often the notice was tried.
        now: when the failure became known.
    """
    if tries >= _MOST_ANEW:
        return None
    wait: TimeDelta = _FIRST_WAIT_ANEW * 2 ** max(tries - 1, 0)
    return now + wait


def why_given_up(written: Instant, tries: int, reason: str, now: Instant) -> str:
    """Why a notice is given up, in words; empty if the notice is still to be sent.

    Args:
        written: when the notice was written, or when a person last asked to send it again.
        tries: how often it was tried since.
        reason: why the last try failed.
        now: the present.
    """
    if tries >= MOST_TRIES:
        return f"Given up after {tries} tries. {reason}".strip()
    if written + STALE_AFTER < now:
        return f"It could not be sent for {STALE_AFTER.total('hours') // 24:.0f} days. {reason}".strip()
    return ""


def ask_again_at(sent: Instant, now: Instant) -> Instant | None:
    """When to ask the channel next what became of a notice; None if the channel is not asked again.

    Args:
        sent: when the channel took it.
        now: the present.
    """
    hours = (TimeDelta(hours=count) for count in range(1, _ASKED_FOR_HOURS + 1))
    return next((sent + rung for rung in (*_ASKED_AFTER, *hours) if sent + rung > now), None)


_STILL: Mapping[Occasion, frozenset[PaymentStatus]] = {
    Occasion.PAYMENT_REQUESTED: frozenset({PaymentStatus.REQUESTED}),
    Occasion.PAYMENT_TO_RELEASE: TO_RELEASE,
    Occasion.PAYMENT_RETURNED: FAILED,
}
"""The payment statuses in which a notice that asks for something is right. Others are right until the payment ends."""


_SAYS_STAGE = frozenset({Occasion.SHORTLISTED, Occasion.STAGE_STARTED, Occasion.FROM_RESERVE, Occasion.IN_RESERVE})
SAYS_PLACE = _SAYS_STAGE | {Occasion.PROPOSAL_INVITED}
"""Notices about a team's place. They are out of date once the team has left or was told about another place."""


_OF_A_PAYMENT = (*_STILL, Occasion.PAYMENT_DUE, Occasion.PAYMENT_OVERDUE)
_ENDS_A_PLACE = {Occasion.NOT_SELECTED, Occasion.NOT_CONTINUED, Occasion.CANCELLED, Occasion.COMPLETED}
OVERTAKEN_BY: Mapping[Occasion, frozenset[Occasion]] = {
    # A prize is won for good, even if the challenge ends at that moment: nothing overtakes its notice.
    **dict.fromkeys(SAYS_PLACE, _SAYS_STAGE | _ENDS_A_PLACE | {Occasion.PRIZE_WON}),
    Occasion.EVIDENCE_DUE: frozenset({Occasion.EVIDENCE_ACCEPTED, Occasion.EVIDENCE_REJECTED}),
    **{occasion: frozenset({occasion}) for occasion in _OF_A_PAYMENT},
}
"""A notice is out of date once the same person gets one of these, in the same challenge and on the same payment."""


SAYS_SOON = frozenset({Occasion.CLOSING_SOON, Occasion.PROPOSAL_DUE, Occasion.DECISION_DUE, Occasion.STAGE_ENDING})
"""Notices about a coming deadline. They are wrong once the deadline has passed."""


def is_still_so(occasion: Occasion, status: PaymentStatus, payee_known: bool = False) -> bool:
    """Whether a notice that depends on a payment is still true.

    Args:
        occasion: what it is about.
        status: the payment's status now.
        payee_known: whether the notice says that the payment has a payee, and so asks for nothing.
    """
    if payee_known:
        return status is not PaymentStatus.CANCELLED
    return status in _STILL[occasion] if occasion in _STILL else status not in OVER


def details(outbox: Outbox | None, attention: str, *, paused: bool = False) -> str:
    """The page of the run that sends notices, in Markdown.

    Args:
        outbox: the last count of the notices; None before the first count.
        attention: the problem that a person must solve; empty if there is none.
        paused: whether the problem is that somebody has paused sending in Temporal.
    """
    lines = []
    if attention:
        also = "" if paused else " The service also tries again every minute."
        lines.append(f"**Needs attention:** {attention}; {remedy('notices')}.\n\nNo notice is lost.{also}")
    if outbox is None:
        return "\n\n".join([*lines, "Starting."])
    if outbox.channel:
        lines.append(f"Notices leave through **{outbox.channel}**.")
    else:
        lines.append("Notices stay in the outbox: the worker that was asked has no channel.")
    lines.append(
        f"- **waiting**: {outbox.waiting}, to be sent or sent again\n"
        f"- **sent**: {outbox.sent}; nobody knows yet whether they arrived\n"
        f"- **delivered**: {outbox.delivered}\n"
        f"- **failed**: {outbox.failed}; they reached nobody\n"
        f"- **lapsed**: {outbox.lapsed}, not sent because they were no longer true"
    )
    lines.append(
        f"Counted on {spoken(outbox.at, 'UTC')}. The count is repeated about every ten minutes. "
        "The list of notices says which ones failed or lapsed, and why: `starter.py notices`."
    )
    return "\n\n".join(lines)
