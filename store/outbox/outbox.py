"""The outbox as those who send it see it: which notice is sent next, and what became of each.

*created → sending → sent → delivered*, or *failed*, or *lapsed*. Whoever takes a notice to send it owns it for a while
(`CLAIM_LASTS`). If nothing is heard of it by then, its sender has died and whether it was sent is not known; the next
who takes it is told so. `next_try` says for every notice when somebody may take it again, or ask what became of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Select, Update, and_, func, select, update
from whenever import Instant, TimeDelta

from domain.announcements.announcement import once_mended
from domain.announcements.occasions import Occasion
from domain.delivery.delivery import (
    CLAIM_LASTS,
    OVERTAKEN_BY,
    SAYS_PLACE,
    SAYS_SOON,
    Outbox,
    ask_again_at,
    is_still_so,
    send_anew_at,
    try_again_at,
    why_given_up,
)
from domain.payments.payment import PaymentStatus
from domain.programmes.round import is_rehearsed
from domain.values.model import Value
from domain.values.refusals import NotSentAgain
from store.database import tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.record.notices import Compose, find_notice, tell_one
from store.record.record import find_line

_notices, _challenges, _payments = tables.notices, tables.challenges, tables.payments
_people, _applications, _record = tables.people, tables.applications, tables.record
_OLDEST_FIRST = TotalOrder(_notices.c.created_at, _notices.c.key)
_LONGEST_DUE_FIRST = TotalOrder(_notices.c.next_try, _notices.c.created_at, _notices.c.key)
_PEOPLE = TotalOrder(_people.c.round, _people.c.id)

_UNTOLD = (Occasion.ATTENTION, Occasion.APPLICATION_REFUSED)
"""If these do not arrive nobody is told: a call for operators, and an answer to somebody who is no applicant."""


class Claim(Value):
    """A notice that is being sent, by whoever holds this and nobody else. Personal data, for the channel alone.

    Args:
        key: the notice's key.
        occasion: what it is about.
        address, subject, body: the message.
        tries: how often it was taken to be sent, this time included; so it also tells this claim from others.
        unknown: whether it may have been sent before.
        maybe_sent: how often it may have been sent before through the channel that it is taken for now.
        channel: through which it was tried before.
        reason: what kept it from being sent for sure, the last time; empty if nothing did.
        lapsed: why it must not be sent any more, if it was not before; empty if it may be.
        given_up: why it has failed, if it was not sent before; empty if it may still be sent.
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
    """A notice that a channel took, which is asked what became of it.

    Args:
        key: the notice's key.
        occasion: what it is about.
        reference: the channel's own name for it.
    """

    key: str
    occasion: str
    reference: str


def claim(
    database: Database, channel: str, now: Instant, compose: Compose, stopped: Callable[[], bool] = lambda: False
) -> Claim | None:
    """Takes the next notice that is to be sent, for this sender alone; None if none is due.

    What lapsed, and what was tried too often or for too long, is noted as such on the way; but what may have been sent
    is first looked up.

    Args:
        database: where it is.
        channel: through which it is going to be sent.
        now: the present.
        compose: finds the words in which operators are told of what is given up.
        stopped: whether the rest of what is on the way is to be left for later.

    Raises:
        Unavailable: the database cannot be read or written.
    """
    while not stopped() and _is_due(database, _to_send(now)):
        with database.writing() as connection:
            row = _first(connection, _to_send(now))
            if row is None:
                return None  # another sender was quicker
            lapsed, given_up = _why_lapsed(connection, row, now), _why_given_up(row, now)
            if row.status == "sending" or not (lapsed or given_up):
                return _claimed(connection, row, channel, now, lapsed, given_up)
            if lapsed:
                _set(connection, row.key, now, status="lapsed", reason=lapsed, next_try=None)
            else:
                _fail(connection, row, given_up, now, compose)
    return None


def note_sent(database: Database, claim: Claim, reference: str, asks_again: bool, now: Instant) -> None:
    """The channel has taken a notice.

    Args:
        database: where to.
        claim: which.
        reference: the channel's own name for it.
        asks_again: whether the channel can be asked what became of it.
        now: the present.

    Raises:
        Unavailable: the database cannot be written to.
    """
    next_try = ask_again_at(now, now) if asks_again else None
    with database.writing() as connection:
        _settle(connection, claim, now, status="sent", reference=reference, reason="", next_try=next_try)


def note_left_at_that(database: Database, claim: Claim, now: Instant) -> None:
    """A notice was sent, perhaps; no more can be found out, and it is not sent again.

    Raises:
        Unavailable: the database cannot be written to.
    """
    why = f"Whether it arrived is not known. {claim.reason}".strip()
    with database.writing() as connection:
        _settle(connection, claim, now, status="sent", reason=why, next_try=None)


def note_delivered(database: Database, notice: Claim | Question, reference: str, now: Instant) -> None:
    """A notice has arrived, as its channel says.

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
            _fail(connection, row, reason, now, compose)


def note_undelivered(database: Database, notice: Claim | Question, reason: str, now: Instant, compose: Compose) -> None:
    """Its channel took a notice and then could not send it: it is sent anew, a few times, and then given up.

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
            _fail(connection, row, reason, now, compose)
        else:
            afresh = {"status": "created", "reason": reason, "reference": "", "maybe_sent": 0}
            _set(connection, row.key, now, **afresh, next_try=next_try)


def note_later(
    database: Database, claim: Claim, why: str, now: Instant, *, after: float | None = None, unknown: bool = False
) -> None:
    """A notice could not be sent now, or nobody knows whether it was: it is tried again later.

    Args:
        database: where to.
        claim: which.
        why: in words, without the address.
        now: the present.
        after: seconds that the channel asks to wait.
        unknown: whether it may have been sent all the same.

    Raises:
        Unavailable: the database cannot be written to.
    """
    status = "sending" if unknown or claim.unknown else "created"
    maybe_sent = claim.maybe_sent + unknown
    next_try = try_again_at(claim.tries, now, after)
    with database.writing() as connection:
        _settle(connection, claim, now, status=status, reason=why, maybe_sent=maybe_sent, next_try=next_try)


def note_lapsed(database: Database, claim: Claim, now: Instant) -> None:
    """A notice is not sent, as what it says is no longer so.

    Raises:
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        _settle(connection, claim, now, status="lapsed", reason=claim.lapsed, next_try=None)


def put_back(database: Database, claim: Claim, why: str, now: Instant, after: float = 0) -> None:
    """A notice was not sent, through no fault of its own: its turn comes again after all that is due by then.

    Args:
        database: where to.
        claim: which; this try does not count.
        why: in words, without the address.
        now: the present.
        after: seconds for which others are tried instead.

    Raises:
        Unavailable: the database cannot be written to.
    """
    status = "sending" if claim.unknown else "created"
    with database.writing() as connection:
        before = {"tries": claim.tries - 1, "maybe_sent": claim.maybe_sent}
        next_try = now + TimeDelta(seconds=after)
        _settle(connection, claim, now, status=status, reason=why, **before, next_try=next_try)


def send_again(database: Database, key: str, now: Instant) -> str:
    """A person has a notice sent again that failed, to the address that its recipient has by now.

    Args:
        database: where it is.
        key: the notice's key, or what it ends with.
        now: the present.

    Returns:
        Its key.

    Raises:
        UnknownNotice: there is none, or several.
        NotSentAgain: it did not fail, or says what is no longer so.
        Unavailable: the database cannot be read or written.
    """
    found = find_notice(database, key)
    with database.writing() as connection:
        wanted = _with_what_they_hang_on().where(_notices.c.key == found.key).with_for_update(of=_notices)
        row = connection.execute(wanted).one()
        if row.status != "failed":
            raise NotSentAgain(f"{row.key} is {row.status}: only what has failed is sent again.")
        lapsed = _why_lapsed(connection, row, now)
        if lapsed:
            raise NotSentAgain(f"{row.key} is not sent again: {lapsed}")
        afresh = {"status": "created", "reason": "", "reference": "", "tries": 0, "maybe_sent": 0}
        _set(connection, row.key, now, **afresh, address=_address(connection, row), next_try=now, resent_at=now)
    return found.key


def question(database: Database, channel: str, now: Instant) -> Question | None:
    """The next notice of which the channel is to be asked what became of it; None if there is none.

    It is asked for again only at the next of the times at which this is done, whatever comes of it now.

    Args:
        database: where it is.
        channel: which one is asked; what another took is not asked for any more.
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
    """How many notices there are, by how far they have come.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = select(_notices.c.status, func.count().label("number")).group_by(_notices.c.status)
    with database.reading() as connection:
        counted: dict[str, int] = {row.status: row.number for row in connection.execute(wanted)}
    waiting = counted.pop("created", 0) + counted.pop("sending", 0)
    return Outbox(channel=channel, at=now, waiting=waiting, **counted)


def _with_what_they_hang_on() -> Select[Any]:
    return (
        select(_notices, _challenges.c.waits_for, _challenges.c.until, _payments.c.status.label("payment_status"))
        .join_from(_notices, _challenges)
        .join(_payments, _notices.c.while_payment == _payments.c.key, isouter=True)
    )


def _to_send(now: Instant) -> tuple[Select[Any], ...]:
    """What is due again, and what is new. Both are found by the index, however many there are."""
    wanted = _with_what_they_hang_on()
    again = and_(_notices.c.status.in_(["created", "sending"]), _notices.c.next_try <= now)
    new = and_(_notices.c.status == "created", _notices.c.next_try.is_(None))
    return wanted.where(again).order_by(*_LONGEST_DUE_FIRST), wanted.where(new).order_by(*_LONGEST_DUE_FIRST)


def _to_ask(now: Instant) -> tuple[Select[Any], ...]:
    due = select(_notices).where(_notices.c.status == "sent", _notices.c.next_try <= now)
    return (due.order_by(*_LONGEST_DUE_FIRST),)


def _is_due(database: Database, wanted: tuple[Select[Any], ...]) -> bool:
    """Without holding up anybody who writes."""
    with database.reading() as connection:
        return any(connection.execute(each.limit(1)).first() is not None for each in wanted)


def _first(connection: Connection, wanted: tuple[Select[Any], ...]) -> Found | None:
    """The one that has been due for longest, of those that nobody else is just taking.

    So what is tried again holds up nothing that is new, however much there is of it; nor the other way round.
    """
    rows = [connection.execute(each.limit(1).with_for_update(of=_notices, skip_locked=True)).first() for each in wanted]
    return min((row for row in rows if row is not None), key=_due_since, default=None)


def _due_since(row: Found) -> Instant:
    since: Instant = row.next_try or row.created_at
    return since


def _why_lapsed(connection: Connection, row: Found, now: Instant) -> str:
    """In words; nothing if the notice is to be sent, because it still says what is so."""
    if is_rehearsed(row.challenge):
        return "It belongs to a rehearsal, of which nothing leaves this service."
    if row.while_waiting_for and row.while_waiting_for != row.waits_for:
        return f"The challenge no longer waits for {row.while_waiting_for}."
    if row.while_waiting_for and row.while_until != row.until:
        return f"The deadline of {row.while_waiting_for} has moved."
    if row.while_until and row.occasion in SAYS_SOON and row.while_until <= now:
        return f"The deadline of {row.while_waiting_for} has passed."
    if (row.while_waiting_for or row.occasion in SAYS_PLACE) and _has_left(connection, row):
        return f"{row.recipient} has left."
    if row.payment_status and not _is_payment_so(connection, row):
        return f"The payment is {row.payment_status} by now."
    if later := _overtaken_by(connection, row):
        return f"The notice {later} to {row.recipient} came after it."
    if row.occasion == Occasion.ATTENTION and _was_mended(connection, row):
        return "It was mended after that."
    if row.occasion == Occasion.PAYMENT_DUE and _was_due(connection, row, now):
        return "The day by which the payment was promised has passed."
    return ""


def _has_left(connection: Connection, row: Found) -> bool:
    """Whether it goes to an application that was withdrawn, or a team that is in the challenge no more."""
    left = select(_applications.c.id).where(_applications.c.id == row.recipient, _applications.c.withdrawn.is_not(None))
    return connection.execute(left).first() is not None


def _was_due(connection: Connection, row: Found, now: Instant) -> bool:
    """Whether the payment that a notice hangs on should have been made."""
    due = connection.scalar(select(_payments.c.pay_by).where(_payments.c.key == row.while_payment))
    return due is not None and due <= now


def _is_payment_so(connection: Connection, row: Found) -> bool:
    """Whether the payment that a notice hangs on still stands as it says."""
    occasion = Occasion(row.occasion)
    known = occasion is Occasion.PAYMENT_REQUESTED and _was_payee_known(connection, row)
    return is_still_so(occasion, PaymentStatus(row.payment_status), known)


def _was_payee_known(connection: Connection, row: Found) -> bool:
    """Whether a payment had its payee when it was requested: that is on record since the same moment."""
    line = find_line(connection, f"{row.while_payment}/payee-known")
    return line is not None and line.at == row.created_at


def _overtaken_by(connection: Connection, row: Found) -> str:
    """The occasion of which its recipient was told since, so that it is no longer so; nothing if there is none."""
    overtaking = OVERTAKEN_BY.get(Occasion(row.occasion))
    if overtaking is None:
        return ""
    later = select(_notices.c.occasion).where(
        _notices.c.challenge == row.challenge,
        _notices.c.recipient == row.recipient,
        _notices.c.occasion.in_([str(each) for each in overtaking]),
        _notices.c.while_payment.is_not_distinct_from(row.while_payment),
        _notices.c.created_at > row.created_at,
    )
    return connection.scalar(later.order_by(*_OLDEST_FIRST).limit(1)) or ""


def _was_mended(connection: Connection, row: Found) -> bool:
    """Whether the record says of what operators are called for that it goes on; not of a notice that failed."""
    call = find_line(connection, row.key.removesuffix(f"/{row.occasion}/{row.recipient}"))
    if call is None:
        return False
    mended = select(_record.c.id).where(
        _record.c.challenge == row.challenge, _record.c.id > call.id, _record.c.text == once_mended(call.text)
    )
    return connection.execute(mended.limit(1)).first() is not None


def _why_given_up(row: Found, now: Instant) -> str:
    return why_given_up(row.resent_at or row.created_at, row.tries, row.reason, now)


def _claimed(connection: Connection, row: Found, channel: str, now: Instant, lapsed: str, given_up: str) -> Claim:
    tries = row.tries + 1
    maybe_sent = row.maybe_sent if row.channel == channel else 0
    # Whoever dies with it may have sent it.
    taken = {"status": "sending", "channel": channel, "tries": tries, "maybe_sent": maybe_sent + 1}
    _set(connection, row.key, now, **taken, next_try=now + CLAIM_LASTS)
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


def _fail(connection: Connection, row: Found, reason: str, now: Instant, compose: Compose) -> None:
    """Whoever runs the challenge can reach people in other ways.

    What no channel was ever asked to take is told to nobody: it is from a time in which notices stayed in the outbox.
    """
    _set(connection, row.key, now, status="failed", reason=reason, next_try=None)
    challenge = connection.execute(select(_challenges).where(_challenges.c.id == row.challenge)).one()
    operators = connection.execute(
        # The round's people are kept without their roles; operators are those whom the challenge names as its contact.
        select(_people.c.id, _people.c.email)
        .where(_people.c.round == challenge.round, _people.c.email.in_(challenge.contact.split(" or ")))
        .order_by(*_PEOPLE)
    ).all()
    if row.occasion in _UNTOLD or not row.channel:
        return
    # Sent again by a person, it may fail again.
    key = f"{row.key}/failed/{row.resent_at}" if row.resent_at else f"{row.key}/failed"
    facts = {"what": f"the notice {row.occasion} did not reach {row.recipient}: {reason}"}
    for operator in operators:
        if operator.id != row.recipient:
            tell_one(connection, key, challenge, Occasion.ATTENTION, operator.id, operator.email, facts, now, compose)


def _address(connection: Connection, row: Found) -> str:
    """Where the recipient can be reached by now; as before, if it was nobody whom the service knows."""
    of_person = (
        select(_people.c.email)
        .join(_challenges, _challenges.c.round == _people.c.round)
        .where(_challenges.c.id == row.challenge, _people.c.id == row.recipient)
    )
    of_applicant = select(_applications.c.email).where(
        _applications.c.challenge == row.challenge, _applications.c.id == row.recipient
    )
    known = connection.scalar(of_person) or connection.scalar(of_applicant)
    return known or str(row.address)


def _is_still(notice: Claim | Question) -> Any:
    """That a notice is as whoever speaks of it left it: nobody else has taken it meanwhile."""
    if isinstance(notice, Claim):
        return and_(_notices.c.key == notice.key, _notices.c.status == "sending", _notices.c.tries == notice.tries)
    return and_(_notices.c.key == notice.key, _notices.c.status == "sent")


def _held(connection: Connection, notice: Claim | Question) -> Found | None:
    """Its row, if it is as whoever speaks of it left it; nobody else changes it until the transaction ends."""
    return connection.execute(select(_notices).where(_is_still(notice)).with_for_update()).one_or_none()


def _settle(connection: Connection, notice: Claim | Question, now: Instant, **values: Any) -> None:
    connection.execute(_changed(now, **values).where(_is_still(notice)))


def _set(connection: Connection, key: str, now: Instant, **values: Any) -> None:
    connection.execute(_changed(now, **values).where(_notices.c.key == key))


def _changed(now: Instant, **values: Any) -> Update:
    return update(_notices).values(status_at=now, **values)
