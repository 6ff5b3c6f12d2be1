"""How notices are sent: when they are tried again, when they lapse, and what staff see of it."""

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
"""For how long a notice belongs to whoever took it to send it: longer than any sending takes.

A mail server has ten minutes to say whether it took a letter.

After that its sender is taken for dead, and whether the notice was sent is not known.
"""
MOST_TRIES = 80
"""After so many a notice is given up: about three days if every try fails.

Only what is about the notice itself counts: a channel that is away, or takes nothing from anybody, costs no try.
"""
MOST_COPIES = 3
"""So often a notice is sent without an answer, through a channel that cannot be asked; then it is left at that."""
STALE_AFTER = TimeDelta(hours=14 * 24)
"""What could not be sent for so long is no news any more."""

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
        seconds: for how long it goes on; with 0 it deals with one notice, or with none if none is due.
        at_once: whether a person says that what kept notices is mended: they do not wait any longer for that.
    """

    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    at_once: bool = False


class Outbox(Value):
    """How many notices there are, by how far they have come: all that Temporal knows of them.

    Args:
        channel: through which they leave; empty if the worker that was asked has none.
        at: when they were counted.
        waiting: to be sent, or sent again.
        sent: taken by the channel, which has not said what became of them, or cannot.
        delivered: they arrived, as the channel says.
        failed: given up.
        lapsed: not sent, as what they said was no longer so.
    """

    channel: str
    at: Instant
    waiting: int = 0
    sent: int = 0
    delivered: int = 0
    failed: int = 0
    lapsed: int = 0


def try_again_at(tries: int, now: Instant, after: float | None) -> Instant:
    """When a notice that could not be sent is tried again: later each time, up to an hour.

    Args:
        tries: how often it was tried.
        now: when the last of them ended.
        after: seconds that its channel asks to wait, if it does.
    """
    doubled: TimeDelta = _FIRST_WAIT * 2 ** min(max(tries - 1, 0), _MOST_DOUBLINGS)
    return now + max(min(doubled, _LONGEST_WAIT), TimeDelta(seconds=after or 0))


def send_anew_at(tries: int, now: Instant) -> Instant | None:
    """When a notice is sent anew that its channel had taken and then could not send; None if it is given up.

    Args:
        tries: how often it was tried.
        now: when that was heard of.
    """
    if tries >= _MOST_ANEW:
        return None
    wait: TimeDelta = _FIRST_WAIT_ANEW * 2 ** max(tries - 1, 0)
    return now + wait


def why_given_up(written: Instant, tries: int, reason: str, now: Instant) -> str:
    """In words; nothing if a notice is still to be sent.

    Args:
        written: when, or when a person last asked for it to be sent again.
        tries: how often it was tried since.
        reason: what kept it the last time.
        now: the present.
    """
    if tries >= MOST_TRIES:
        return f"Given up after {tries} tries. {reason}".strip()
    if written + STALE_AFTER < now:
        return f"It could not be sent for {STALE_AFTER.total('hours') // 24:.0f} days. {reason}".strip()
    return ""


def ask_again_at(sent: Instant, now: Instant) -> Instant | None:
    """When a channel is asked next what became of a notice; None if it is left at that.

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
"""As long as a payment stands so, a notice that asks for something is still right; others are until it is over."""


SAYS_PLACE = frozenset({Occasion.SHORTLISTED, Occasion.STAGE_STARTED, Occasion.FROM_RESERVE, Occasion.IN_RESERVE})
"""What tells a team of its place, which it has no more once it has left or was told of another."""


_OF_A_PAYMENT = (*_STILL, Occasion.PAYMENT_DUE, Occasion.PAYMENT_OVERDUE)
_ENDS_A_PLACE = {Occasion.NOT_SELECTED, Occasion.NOT_CONTINUED, Occasion.CANCELLED, Occasion.COMPLETED}
OVERTAKEN_BY: Mapping[Occasion, frozenset[Occasion]] = {
    **dict.fromkeys(SAYS_PLACE, SAYS_PLACE | _ENDS_A_PLACE),
    Occasion.EVIDENCE_DUE: frozenset({Occasion.EVIDENCE_ACCEPTED, Occasion.EVIDENCE_REJECTED}),
    **{occasion: frozenset({occasion}) for occasion in _OF_A_PAYMENT},
}
"""Once the same person is told of these, in the same challenge and of the same payment, a notice is no longer so."""


SAYS_SOON = frozenset({Occasion.CLOSING_SOON, Occasion.DECISION_DUE, Occasion.STAGE_ENDING})
"""What speaks of a deadline that is to come, and is wrong once that has passed."""


def is_still_so(occasion: Occasion, status: PaymentStatus, payee_known: bool = False) -> bool:
    """Whether a notice that hangs on a payment still says what is so.

    Args:
        occasion: what it is about.
        status: how the payment stands now.
        payee_known: whether it says that the payment has a payee, and so asks for nothing.
    """
    if payee_known:
        return status is not PaymentStatus.CANCELLED
    return status in _STILL[occasion] if occasion in _STILL else status not in OVER


def details(outbox: Outbox | None, attention: str) -> str:
    """The page of the run that sends, in Markdown.

    Args:
        outbox: as it was counted last; None before that.
        attention: what a person must mend, or nothing.
    """
    lines = []
    if attention:
        lines.append(
            f"**Needs attention:** {attention}; {remedy('notices')}.\n\n"
            "No notice is lost; it is also tried again every minute."
        )
    if outbox is None:
        return "\n\n".join([*lines, "Starting."])
    if outbox.channel:
        lines.append(f"Notices leave through **{outbox.channel}**.")
    else:
        lines.append("Notices stay in the outbox: the worker that was asked has no channel.")
    lines.append(
        f"- **waiting**: {outbox.waiting}, to be sent or sent again\n"
        f"- **sent**: {outbox.sent}, of which it is not known whether they arrived\n"
        f"- **delivered**: {outbox.delivered}\n"
        f"- **failed**: {outbox.failed}, which reached nobody\n"
        f"- **lapsed**: {outbox.lapsed}, not sent because they were no longer so"
    )
    lines.append(
        f"Counted on {spoken(outbox.at, 'UTC')}, as is done about every ten minutes. "
        "Which ones failed or lapsed, and why, is in the list of notices: `starter.py notices`."
    )
    return "\n\n".join(lines)
