"""The outbox from the sender's side: which notice is sent next, and what became of each notice.

*created → sending → sent → delivered*, or *failed*, or *lapsed*. A sender that takes a notice owns the notice for a
while (`CLAIM_LASTS`). If the sender dies, nobody knows whether the notice went out, and the next sender is told so.
`next_try` says for every notice when a sender may take the notice again, or ask what became of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select, update
from whenever import Instant, TimeDelta

from domain.delivery.delivery import (
    CLAIM_LASTS,
    Outbox,
    ask_again_at,
    send_anew_at,
    try_again_at,
    why_given_up,
)
from domain.values.model import Value
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.record.notices import Compose

from .failing import change, changed, fail
from .lapsing import why_lapsed, with_what_they_hang_on

_notices = tables.notices
_LONGEST_DUE_FIRST = TotalOrder(_notices.c.next_try, _notices.c.created_at, _notices.c.key)


class Claim(Value):
    """A notice that is being sent. Only the holder of the claim sends it. Personal data, for the channel only.

    Args:
        key: the notice's key.
        occasion: what it is about.
        address, subject, body: the message.
        tries: how often the notice was claimed, including this time. The number also tells this claim from others.
        unknown: whether the notice may have been sent before.
        maybe_sent: how often the notice may have been sent before through the present channel.
        channel: the channel of the previous try.
        reason: what went wrong in the previous try. Empty if nothing did.
        lapsed: why the notice must not be sent any more, unless it was sent before. Empty if it may be sent.
        given_up: why the notice has failed, unless it was sent before. Empty if it may still be sent.
    """

    key: str
    occasion: str
    address: str
    subject: str
    body: str
    tries: int
    unknown: bool
    maybe_sent: int
    channel: str
    reason: str
    lapsed: str
    given_up: str


class Question(Value):
    """A notice that a channel took, and about which the channel is asked now.

    Args:
        key: the notice's key.
        occasion: what it is about.
        reference: the channel's own name for the message.
    """

    key: str
    occasion: str
    reference: str


def claim(
    database: Database, channel: str, now: Instant, compose: Compose, stopped: Callable[[], bool] = lambda: False
) -> Claim | None:
    """Takes the next notice that is due, for this sender only. None if no notice is due.

    On the way, notices that lapsed, or were tried too often or for too long, are marked as such. But a notice that may
    have been sent is returned, so that the sender looks it up first.

    Args:
        database: where the outbox is.
        channel: the channel through which the notice will be sent.
        now: the present.
        compose: finds the words that tell operators about notices that are given up.
        stopped: whether to stop and leave the rest for later.

    Raises:
        Unavailable: the database cannot be read or written.
    """
    while not stopped() and _is_due(database, _to_send(now)):
        with database.writing() as connection:
            row = _first(connection, _to_send(now))
            if row is None:
                return None  # another sender was quicker
            lapsed, given_up = why_lapsed(connection, row, now), _why_given_up(row, now)
            if row.status == "sending" or not (lapsed or given_up):
                return _claimed(connection, row, channel, now, lapsed, given_up)
            if lapsed:
                change(connection, row.key, now, status="lapsed", reason=lapsed, next_try=None)
            else:
                fail(connection, row, given_up, now, compose)
    return None


def note_sent(database: Database, claim: Claim, reference: str, asks_again: bool, now: Instant) -> None:
    """The channel has taken a notice.

    Args:
        database: where to.
        claim: the notice.
        reference: the channel's own name for the message.
        asks_again: whether the channel can say later what became of the message.
        now: the present.

    Raises:
        Unavailable: the database cannot be written to.
    """
    next_try = ask_again_at(now, now) if asks_again else None
    with database.writing() as connection:
        _settle(connection, claim, now, status="sent", reference=reference, reason="", next_try=next_try)


def note_left_at_that(database: Database, claim: Claim, now: Instant) -> None:
    """A notice may have been sent. Nobody can find out more, and the notice is not sent again.

    Raises:
        Unavailable: the database cannot be written to.
    """
    why = f"Nobody knows whether it arrived. {claim.reason}".strip()
    with database.writing() as connection:
        _settle(connection, claim, now, status="sent", reason=why, next_try=None)


def note_delivered(database: Database, notice: Claim | Question, reference: str, now: Instant) -> None:
    """The channel says that a notice has arrived.

    Raises:
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        _settle(connection, notice, now, status="delivered", reference=reference, reason="", next_try=None)


def note_failed(database: Database, notice: Claim | Question, reason: str, now: Instant, compose: Compose) -> None:
    """A notice is given up, and the operators of its challenge are told.

    Args:
        database: where to.
        notice: which.
        reason: why, without the address.
        now: the present.
        compose: finds the words of the notice to the operators.

    Raises:
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        row = _held(connection, notice)
        if row is not None:
            fail(connection, row, reason, now, compose)


def note_undelivered(database: Database, notice: Claim | Question, reason: str, now: Instant, compose: Compose) -> None:
    """The channel took a notice but could not deliver it. The notice is sent again a few times, and then given up.

    Args:
        database: where to.
        notice: which.
        reason: why, without the address.
        now: the present.
        compose: finds the words of the notice to the operators.

    Raises:
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        row = _held(connection, notice)
        if row is None:
            return
        next_try = send_anew_at(row.tries, now)
        if next_try is None:
            fail(connection, row, reason, now, compose)
        else:
            afresh = {"status": "created", "reason": reason, "reference": "", "maybe_sent": 0}
            change(connection, row.key, now, **afresh, next_try=next_try)


def note_later(
    database: Database, claim: Claim, why: str, now: Instant, *, after: float | None = None, unknown: bool = False
) -> None:
    """A notice could not be sent now, or nobody knows whether it was sent. It is tried again later.

    Args:
        database: where to.
        claim: which.
        why: in words, without the address.
        now: the present.
        after: how many seconds the channel asks to wait.
        unknown: whether the notice may have been sent all the same.

    Raises:
        Unavailable: the database cannot be written to.
    """
    status = "sending" if unknown or claim.unknown else "created"
    maybe_sent = claim.maybe_sent + unknown
    next_try = try_again_at(claim.tries, now, after)
    with database.writing() as connection:
        _settle(connection, claim, now, status=status, reason=why, maybe_sent=maybe_sent, next_try=next_try)


def note_lapsed(database: Database, claim: Claim, now: Instant) -> None:
    """A notice is not sent, because it is no longer true.

    Raises:
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        _settle(connection, claim, now, status="lapsed", reason=claim.lapsed, next_try=None)


def put_back(database: Database, claim: Claim, why: str, now: Instant, after: float = 0) -> None:
    """A notice was not sent, but the notice was not the cause. It waits behind all notices that are due.

    Args:
        database: where to.
        claim: the notice. This try does not count.
        why: the reason, in words and without the address.
        now: the present.
        after: seconds in which other notices are tried instead.

    Raises:
        Unavailable: the database cannot be written to.
    """
    status = "sending" if claim.unknown else "created"
    with database.writing() as connection:
        before = {"tries": claim.tries - 1, "maybe_sent": claim.maybe_sent}
        next_try = now + TimeDelta(seconds=after)
        _settle(connection, claim, now, status=status, reason=why, **before, next_try=next_try)


def question(database: Database, channel: str, now: Instant) -> Question | None:
    """The next notice about which to ask the channel. None if there is no such notice.

    The next question about this notice comes only at its next fixed time, whatever the answer is now.

    Args:
        database: where the outbox is.
        channel: the channel that is asked. Nobody asks any more about messages that another channel took.
        now: the present.

    Raises:
        Unavailable: the database cannot be read or written.
    """
    while _is_due(database, _to_ask(now)):
        with database.writing() as connection:
            row = _first(connection, _to_ask(now))
            if row is None:
                return None
            next_try = ask_again_at(row.status_at, now) if row.channel == channel else None
            connection.execute(update(_notices).where(_notices.c.key == row.key).values(next_try=next_try))
            if row.channel == channel:
                return Question(key=row.key, occasion=row.occasion, reference=row.reference)
    return None


def outbox(database: Database, channel: str, now: Instant) -> Outbox:
    """How many notices there are in each state.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = select(_notices.c.status, func.count().label("number")).group_by(_notices.c.status)
    with database.reading() as connection:
        counted: dict[str, int] = {row.status: row.number for row in connection.execute(wanted)}
    waiting = counted.pop("created", 0) + counted.pop("sending", 0)
    return Outbox(channel=channel, at=now, waiting=waiting, **counted)


def _to_send(now: Instant) -> tuple[Select[Any], ...]:
    """The notices that are due again, and the new ones. The index finds both quickly, however many there are."""
    wanted = with_what_they_hang_on()
    again = and_(_notices.c.status.in_(["created", "sending"]), _notices.c.next_try <= now)
    new = and_(_notices.c.status == "created", _notices.c.next_try.is_(None))
    return wanted.where(again).order_by(*_LONGEST_DUE_FIRST), wanted.where(new).order_by(*_LONGEST_DUE_FIRST)


def _to_ask(now: Instant) -> tuple[Select[Any], ...]:
    due = select(_notices).where(_notices.c.status == "sent", _notices.c.next_try <= now)
    return (due.order_by(*_LONGEST_DUE_FIRST),)


def _is_due(database: Database, wanted: tuple[Select[Any], ...]) -> bool:
    """Looks without locking, so that nobody who writes has to wait."""
    with database.reading() as connection:
        return any(connection.execute(each.limit(1)).first() is not None for each in wanted)


def _first(connection: Connection, wanted: tuple[Select[Any], ...]) -> Found | None:
    """The notice that has been due for longest, among those that no other sender is taking just now.

    So notices that are tried again never hold up new ones, however many there are, and the other way round.
    """
    rows = [connection.execute(each.limit(1).with_for_update(of=_notices, skip_locked=True)).first() for each in wanted]
    return min((row for row in rows if row is not None), key=_due_since, default=None)


def _due_since(row: Found) -> Instant:
    since: Instant = row.next_try or row.created_at
    return since


def _why_given_up(row: Found, now: Instant) -> str:
    return why_given_up(row.resent_at or row.created_at, row.tries, row.reason, now)


def _claimed(connection: Connection, row: Found, channel: str, now: Instant, lapsed: str, given_up: str) -> Claim:
    tries = row.tries + 1
    maybe_sent = row.maybe_sent if row.channel == channel else 0
    # A sender that dies with the notice may have sent it.
    taken = {"status": "sending", "channel": channel, "tries": tries, "maybe_sent": maybe_sent + 1}
    change(connection, row.key, now, **taken, next_try=now + CLAIM_LASTS)
    return Claim(
        key=row.key,
        occasion=row.occasion,
        address=row.address,
        subject=row.subject,
        body=row.body,
        tries=tries,
        unknown=row.status == "sending",
        maybe_sent=maybe_sent,
        channel=row.channel,
        reason=row.reason,
        lapsed=lapsed,
        given_up=given_up,
    )


def _is_still(notice: Claim | Question) -> Any:
    """The condition that the notice is unchanged: no other sender has taken it meanwhile."""
    if isinstance(notice, Claim):
        return and_(_notices.c.key == notice.key, _notices.c.status == "sending", _notices.c.tries == notice.tries)
    return and_(_notices.c.key == notice.key, _notices.c.status == "sent")


def _held(connection: Connection, notice: Claim | Question) -> Found | None:
    """The notice's row, locked until the transaction ends. None if another sender has taken the notice meanwhile."""
    return connection.execute(select(_notices).where(_is_still(notice)).with_for_update()).one_or_none()


def _settle(connection: Connection, notice: Claim | Question, now: Instant, **values: Any) -> None:
    connection.execute(changed(now, **values).where(_is_still(notice)))
