"""The ledger: every payment under its business key, and every attempt to make it. It is the truth of what was paid.

Whatever changes a payment does so in one transaction that holds its row, with the line of the record and the notices
that go with the change. Each change can be asked for again and then does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, case, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from whenever import Date, Instant

from domain.announcements.announcement import Announcement
from domain.challenges.awards import PaymentOrder
from domain.keys import transfer_id
from domain.payments import payment as rules
from domain.payments.payment import PaymentSnapshot, PaymentStatus, PaymentToMake
from domain.values.model import Value
from domain.values.money import Amount, Money
from domain.values.paging import Page, Paged, everything
from domain.values.refusals import (
    AnotherDecision,
    AnotherPayment,
    NotAllowed,
    RailRefused,
    TooEarly,
    TooLate,
    UnknownPayment,
)
from store.database import tables
from store.database.database import Database
from store.database.inserts import inserting
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.record.notices import Compose
from store.record.record import find_line, needs_nobody, put

from . import payees

_payments, _transfers, _payees = tables.payments, tables.transfers, tables.payees
_filed, _attention = tables.filed_transfers, tables.attention
_AS_REQUESTED = TotalOrder(_payments.c.requested_at, _payments.c.key)
_BY_KEY = TotalOrder(_payments.c.key)
_BY_ATTEMPT = TotalOrder(_transfers.c.payment, _transfers.c.attempt)


class Payment(Value):
    """One instalment of an award, as the ledger has it.

    Args:
        key: its business key, `round/challenge/stage/team/number`: unique for ever.
        challenge, stage, team: whose and for what.
        number, of: which instalment of how many.
        amount, currency: what is paid.
        status: how far it has come.
        attempt: the transfer under way, or the last one; 0 before the first release.
        requested: when the ledger took it.
        pay_by, pay_by_law: by when it is promised and due, once the payee is known.
        released: when it was released.
        released_by: by whom.
        submitted: when a rail took it.
        settled: when the money was paid, as far as the service knew; a bank's report can come days later.
        arrived_on: the day on which it was paid, where a bank or a person has said that of a payment in a file.
        reference: the rail's own name for it; empty before it was submitted.
        payee: the bank details that it goes to, masked; empty while they are unknown.
        payee_version: which of the team's they are, counted from 1; 0 while they are unknown.
        reason: why it came back or was cancelled.
        attention: what has to be mended by a person; empty if nothing.
    """

    key: str
    challenge: str
    stage: str
    team: str
    number: int
    of: int
    amount: Amount
    currency: str
    status: PaymentStatus
    attempt: int
    requested: Instant
    pay_by: Instant | None
    pay_by_law: Instant | None
    released: Instant | None
    released_by: str
    submitted: Instant | None
    settled: Instant | None
    arrived_on: Date | None
    reference: str
    payee: str
    payee_version: int
    reason: str
    attention: str


class PayeeGiven(Value):
    """What came of a change of a team's bank details.

    Args:
        text: what the record says.
        payments: keys of the team's payments that are not over: their workflows have something to look at.
        on_its_way: keys of those that still go to the details before, because a rail may have them.
    """

    text: str
    payments: tuple[str, ...]
    on_its_way: tuple[str, ...]


class Begun(Value):
    """A transfer that a rail may be asked to make, or was asked to.

    Args:
        id: what the rail knows it by.
        attempt: of its payment.
        sealed: the payee's bank details, sealed for `team`; empty if it was made before they were kept.
        rail: the rail that may have it; empty while none has been asked.
        settled: whether it has arrived, as far as the ledger has heard.
    """

    id: str
    attempt: int
    team: str
    sealed: str
    rail: str = ""
    settled: bool = False


class TransferRow(Value):
    """One attempt of a payment, as the ledger has it.

    Args:
        id: what rails know it by.
        payment: key of the payment.
        attempt: from 1.
        rail: the rail that may have it; empty while none has been asked.
        submitted, settled, returned: when, if it was.
        returned_by: the person whose word it is that it came back; empty if the rail said so.
    """

    id: str
    payment: str
    attempt: int
    rail: str
    submitted: Instant | None
    settled: Instant | None
    returned: Instant | None
    returned_by: str = ""

    @property
    def came_back_later(self) -> bool:
        """Whether a person says that it came back after it had arrived: a rail may never see that."""
        return self.settled is not None and bool(self.returned_by)


def request(
    database: Database,
    payment: PaymentToMake,
    at: Instant,
    compose: Compose,
    decision: Announcement | None = None,
) -> PaymentSnapshot:
    """Takes a payment into the ledger; and once its team has given bank details, starts the time in which it is paid.

    Args:
        database: where to.
        payment: what is to be paid.
        at: when it is asked for.
        compose: finds the words of notices.
        decision: of which it is to be seen, besides, whether it was taken before.

    Raises:
        AnotherPayment: the ledger has another payment under this key.
        AnotherDecision: the id of the decision was used for another.
        Unavailable: the database cannot be written to.
    """
    order = payment.order
    values = dict(order) | {"net": order.amount.net.pence, "vat": order.amount.vat.pence}
    del values["amount"]
    with database.writing() as connection:
        insertion = inserting(connection, _payments).values(
            **values, requested_at=at, selected_by=payment.selected_by, accepted_by=payment.accepted_by
        )
        connection.execute(insertion.on_conflict_do_nothing(index_elements=["key"]))
        row = _taken(connection, order.key)
        _check_same(row, order)
        if row.status == PaymentStatus.REQUESTED:
            _know_payee(connection, payment, row, at, compose)
        answered = decision is not None and _taken_before(connection, decision)
        return _snapshot(connection, order.key, at).model_copy(update={"answered": answered})


def release(
    database: Database,
    payment: PaymentToMake,
    announcement: Announcement,
    payee_version: int,
    at: Instant,
    compose: Compose,
) -> PaymentSnapshot:
    """Lets the money go, by a second person: the next attempt of the payment begins.

    Args:
        database: where to.
        payment: which.
        announcement: who releases it and what is written down.
        payee_version: which of the team's bank details it is released to.
        at: when.
        compose: finds the words of notices.

    Raises:
        TooEarly: the payee is not known.
        AnotherDecision: the id of the decision was used for another.
        TooLate: there is nothing to release, or other bank details count by now.
        NotAllowed: whoever releases it has selected the team, accepted its evidence, given its bank details, or said
            that the attempt before came back.
        Unavailable: the database cannot be written to.
    """
    key, by = payment.order.key, announcement.entry.by
    with database.writing() as connection:
        row = _taken(connection, key)
        if _taken_before(connection, announcement):
            return _snapshot(connection, key, at)
        if row.status == PaymentStatus.REQUESTED:
            raise TooEarly(f"{key} has no payee yet: the team has to give its bank details first.")
        if row.status not in (PaymentStatus.PAYEE_KNOWN, PaymentStatus.RETURNED):
            raise TooLate(f"{key} is {row.status}: there is nothing to release.")
        rules.check_payee(payment, payee_version, payees.latest_version(connection, row.team) or 0)
        put(connection, announcement, compose)
        attempt = _attempts(connection, key) + 1
        transfer = transfer_id(key, attempt)
        try:
            connection.execute(
                insert(_transfers).values(
                    id=transfer,
                    payment=key,
                    attempt=attempt,
                    team=row.team,
                    payee_version=payee_version,
                    released_by=by,
                    released_at=at,
                )
            )
        except IntegrityError as error:
            if _ONES_OWN not in str(error.orig):
                raise
            raise NotAllowed(f"{by} may not release {key}: a second person has to.") from None
        _change(connection, key, status=PaymentStatus.RELEASED, reason="")
        return _snapshot(connection, key, at)


def begin(database: Database, key: str, rail: str, at: Instant) -> Begun | None:
    """The transfer that a rail is to be asked for; from here on its bank details and its payment stand still.

    Args:
        database: where to.
        key: of the payment.
        rail: name of the rail. From here on it alone is asked for this transfer.
        at: when.

    Returns:
        None if there is nothing to ask for: it is not released, or it has been submitted already.

    Raises:
        UnknownPayment: the ledger has no such payment.
        RailRefused: another rail may have this transfer.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        row = _taken(connection, key)
        if row.status != PaymentStatus.RELEASED:
            return None
        connection.execute(
            update(_transfers)
            .where(_transfers.c.payment == key, _transfers.c.returned_at.is_(None), _transfers.c.begun_at.is_(None))
            .values(begun_at=at, rail=rail)
        )
        begun = _under_way(connection, key)
        if begun is not None:
            check_rail(begun, rail)
        return begun


def check_rail(transfer: Begun, rail: str) -> None:
    """That no other rail may have a transfer: this one would know nothing of it, and pay it a second time.

    Raises:
        RailRefused: another may.
    """
    if transfer.rail not in ("", rail):
        raise RailRefused(
            f"{transfer.id} was begun at the rail {transfer.rail}, and this is {rail}: set the other rail again; or "
            "find out there what became of it, and say `return` if it has certainly not left."
        )


def under_way(database: Database, key: str) -> Begun | None:
    """The transfer that is with a rail now, or was asked for; None if there is none.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        return _under_way(connection, key)


def mark_submitted(
    database: Database,
    payment: PaymentToMake,
    transfer: Begun,
    reference: str,
    at: Instant,
    compose: Compose,
    pays_on: Date | None = None,
) -> PaymentSnapshot:
    """Notes that a rail took a transfer, and tells the team. What was noted first stays.

    Args:
        database: where to.
        payment, transfer: which.
        reference: the rail's own name for it, not empty.
        at: when the rail took it.
        compose: finds the words of notices.
        pays_on: the day on which a bank is told to pay, if it does not do so at once.

    Raises:
        UnknownPayment: the ledger has no such payment.
        Unavailable: the database cannot be written to.
    """
    key = payment.order.key
    with database.writing() as connection:
        row = _taken(connection, key)
        if row.status == PaymentStatus.RELEASED and _attempts(connection, key) == transfer.attempt:
            _change_transfer(connection, transfer.id, submitted_at=at, rail_reference=reference)
            _change(connection, key, status=PaymentStatus.SUBMITTED)
            put(connection, rules.submitted(payment, transfer.attempt, reference, at, pays_on), compose)
        return _snapshot(connection, key, at)


def mark_settled(
    database: Database, payment: PaymentToMake, transfer: Begun, at: Instant, compose: Compose
) -> PaymentSnapshot:
    """Notes that a transfer has arrived. Again is harmless.

    Args:
        database: where to.
        payment, transfer: which.
        at: when it is noted.
        compose: finds the words of notices.

    Raises:
        UnknownPayment: the ledger has no such payment.
        Unavailable: the database cannot be written to.
    """
    key = payment.order.key
    with database.writing() as connection:
        row = _taken(connection, key)
        if row.status == PaymentStatus.SUBMITTED and _attempts(connection, key) == transfer.attempt:
            _change_transfer(connection, transfer.id, settled_at=at)
            _change(connection, key, status=PaymentStatus.SETTLED)
            needs_nobody(connection, key)
            put(connection, rules.settled(payment, transfer.attempt, at), compose)
        return _snapshot(connection, key, at)


def mark_returned(
    database: Database, payment: PaymentToMake, transfer: Begun, reason: str, at: Instant, compose: Compose
) -> PaymentSnapshot:
    """Notes that a rail has sent a transfer back. Again is harmless.

    Args:
        database: where to.
        payment, transfer: which.
        reason: why, in words.
        at: when it is noted.
        compose: finds the words of notices.

    Raises:
        UnknownPayment: the ledger has no such payment.
        Unavailable: the database cannot be written to.
    """
    key = payment.order.key
    with database.writing() as connection:
        row = _taken(connection, key)
        if row.status in _ON_ITS_WAY and _attempts(connection, key) == transfer.attempt:
            _give_back(connection, transfer.id, key, reason, at)
            put(connection, rules.returned(payment, transfer.attempt, reason, at), compose)
        return _snapshot(connection, key, at)


def give_back(
    database: Database, payment: PaymentToMake, announcement: Announcement, at: Instant, compose: Compose
) -> PaymentSnapshot:
    """As `mark_returned`, because a person says so: who that was is kept, and cannot release it again.

    Raises:
        AnotherDecision: the id of the decision was used for another.
        TooEarly: no money is on its way that could come back.
        UnknownPayment: the ledger has no such payment.
        Unavailable: the database cannot be written to.
    """
    key = payment.order.key
    with database.writing() as connection:
        row = _taken(connection, key)
        if _taken_before(connection, announcement):
            return _snapshot(connection, key, at)
        transfer = _under_way(connection, key)
        if transfer is None or row.status not in _ON_ITS_WAY or not _has_begun(connection, key):
            raise TooEarly(f"{key} is {row.status}: no money is on its way that could come back.")
        _give_back(connection, transfer.id, key, announcement.entry.reason, at, announcement.entry.by)
        put(connection, announcement, compose)
        return _snapshot(connection, key, at)


def undo_return(
    database: Database,
    payment: PaymentToMake,
    attempt: int,
    reference: str,
    announcement: Announcement,
    at: Instant,
    compose: Compose,
) -> PaymentSnapshot:
    """Undoes that an attempt came back, because a person says that it has arrived: nothing of the payment leaves again.

    A release that no rail was asked for is taken back. Who said that it came back stays on the record alone.

    Args:
        database: where to.
        payment: which.
        attempt: which of its attempts.
        reference: the rail's own name for that.
        announcement: who says so and why.
        at: when.
        compose: finds the words of notices.

    Raises:
        AnotherDecision: the id of the decision was used for another.
        TooEarly: the attempt has not come back.
        TooLate: a later one may have left: the money may be paid twice.
        UnknownPayment: the ledger has no such payment.
        Unavailable: the database cannot be written to.
    """
    key, transfer = payment.order.key, transfer_id(payment.order.key, attempt)
    with database.writing() as connection:
        _taken(connection, key)
        if _taken_before(connection, announcement):
            return _snapshot(connection, key, at)
        take_release_back(connection, key)
        row = connection.execute(select(_transfers).where(_transfers.c.id == transfer)).one_or_none()
        if row is None or row.returned_at is None:
            raise TooEarly(
                f"{transfer} has not come back: say `settle` of a payment that has arrived, and `undo-return` "
                "only of an attempt that was said to have come back."
            )
        if (last := _attempts(connection, key)) != attempt:
            raise TooLate(
                f"{transfer_id(key, last)} has left, or may have, since {transfer} was said to have come back: the "
                "money may be paid twice. Ask the bank to stop one of them, or to give it back."
            )
        _change_transfer(
            connection,
            transfer,
            submitted_at=row.submitted_at or at,
            rail_reference=row.rail_reference or reference,
            settled_at=row.settled_at or at,
            returned_at=None,
            returned_by="",
        )
        # What a bank last said of it in a file may have been otherwise; by this reports are compared from now on.
        said = {"progress": "settled", "reason": "", "reported_at": at, "reported_by": announcement.entry.by}
        differs = (_filed.c.transfer == transfer, _filed.c.progress != "settled")
        connection.execute(update(_filed).where(*differs).values(**said))
        _change(connection, key, status=PaymentStatus.SETTLED, reason="")
        for each in (key, transfer):
            needs_nobody(connection, each)
        put(connection, announcement, compose)
        return _snapshot(connection, key, at)


def cancel(
    database: Database, payment: PaymentToMake, announcement: Announcement, at: Instant, compose: Compose
) -> PaymentSnapshot:
    """Ends a payment for good, as long as no rail can have it.

    Raises:
        AnotherDecision: the id of the decision was used for another.
        TooLate: a rail has it, or may have it.
        UnknownPayment: the ledger has no such payment.
        Unavailable: the database cannot be written to.
    """
    key = payment.order.key
    with database.writing() as connection:
        row = _taken(connection, key)
        if _taken_before(connection, announcement):
            return _snapshot(connection, key, at)
        if row.status == PaymentStatus.CANCELLED:
            raise TooLate(f"{key} was cancelled before.")
        if row.status in (PaymentStatus.SUBMITTED, PaymentStatus.SETTLED) or _has_begun(connection, key):
            raise TooLate(f"{key} is on its way: what may have left cannot be cancelled.")
        take_release_back(connection, key)
        _change(connection, key, status=PaymentStatus.CANCELLED, reason=announcement.entry.reason)
        needs_nobody(connection, key)
        put(connection, announcement, compose)
        return _snapshot(connection, key, at)


def take_release_back(connection: Connection, key: str) -> bool:
    """Forgets the release of a payment that no rail was asked for; says whether there was one."""
    gone = connection.execute(
        delete(_transfers).where(
            _transfers.c.payment == key, _transfers.c.begun_at.is_(None), _transfers.c.returned_at.is_(None)
        )
    )
    if gone.rowcount:
        earlier = _attempts(connection, key)
        status = PaymentStatus.RETURNED if earlier else PaymentStatus.PAYEE_KNOWN
        _change(connection, key, status=status)
    return bool(gone.rowcount)


def give_payee(
    database: Database,
    challenge: str,
    team: str,
    sealed: str,
    masked: str,
    announcing: Callable[[int, Sequence[str]], Announcement],
    to_make: Callable[[PaymentOrder], PaymentToMake],
    at: Instant,
    compose: Compose,
) -> PayeeGiven:
    """Keeps the bank details of a team. What was released to the ones before has to be released again.

    In the same transaction the releasers are told of each payment that goes to the new ones and has not left.

    Args:
        database: where to.
        challenge: id of the team's challenge.
        team: whose they are.
        sealed: the details, sealed for the team.
        masked: what people are shown of them.
        announcing: who gives them, and what is written down and told, given which version they are and the keys of the
            payments that still go to those before.
        to_make: what there is to know of a payment that was ordered.
        at: when.
        compose: finds the words of notices.

    Raises:
        UnknownTeam: it is no application to that challenge, or it was withdrawn.
        Unavailable: the database cannot be written to.
    """
    with database.writing() as connection:
        # Before the payments are looked at: none is requested or released meanwhile that would be missed, and versions
        # are counted one by one.
        _hold(connection, challenge)
        version = (payees.latest_version(connection, team) or 0) + 1
        open_ones = (
            select(_payments)
            .where(_payments.c.team == team, _payments.c.status.not_in([str(each) for each in rules.OVER]))
            .order_by(*_BY_KEY)
            .with_for_update(key_share=True)
        )
        rows = connection.execute(open_ones).all()
        gone = tuple(row.key for row in rows if _has_begun(connection, row.key))
        announcement = announcing(version, gone)
        put(connection, announcement, compose)
        payees.add(connection, team, version, sealed, masked, announcement.entry.by, at)
        for row in rows:
            if row.key in gone or row.status == PaymentStatus.REQUESTED:
                continue  # of what waits for the first details it is told once those are noted
            was_released = take_release_back(connection, row.key)
            snapshot = _snapshot(connection, row.key, at)
            put(connection, rules.payee_changed(to_make(_order(row)), snapshot, masked, was_released), compose)
        keys = tuple(row.key for row in rows)
        return PayeeGiven(text=announcement.entry.text, payments=keys, on_its_way=gone)


def read_payments(database: Database, challenge: str | None = None) -> tuple[Payment, ...]:
    """The payments, in the order in which they were requested.

    Args:
        database: where from.
        challenge: only those of this challenge.

    Raises:
        Unavailable: the database cannot be read.
    """
    challenges = None if challenge is None else [challenge]
    return tuple(everything(lambda page: page_of_payments(database, page, challenges=challenges)))


def page_of_payments(
    database: Database,
    page: Page,
    *,
    challenges: Collection[str] | None = None,
    status: PaymentStatus | None = None,
) -> Paged[Payment]:
    """A page of the payments, in the order in which they were requested.

    Args:
        database: where from.
        page: which one.
        challenges: only those of these challenges; of all if left out.
        status: only those that stand so.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    wanted = _with_contradictions()
    if challenges is not None:
        wanted = wanted.where(_payments.c.challenge.in_(challenges))
    if status is not None:
        wanted = wanted.where(_payments.c.status == status)
    with database.reading() as connection:
        return _AS_REQUESTED.read(connection, wanted, page, _payment)


def read_transfers(database: Database, challenge: str) -> tuple[TransferRow, ...]:
    """Every attempt of every payment of a challenge.

    Raises:
        Unavailable: the database cannot be read.
    """
    return tuple(everything(lambda page: page_of_transfers(database, page, challenge)))


def page_of_transfers(database: Database, page: Page, challenge: str) -> Paged[TransferRow]:
    """A page of the attempts of all payments of a challenge, by payment.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    wanted = (
        select(_transfers)
        .join(_payments, _payments.c.key == _transfers.c.payment)
        .where(_payments.c.challenge == challenge)
    )
    with database.reading() as connection:
        return _BY_ATTEMPT.read(connection, wanted, page, _transfer_row)


def read_returned(database: Database, key: str) -> tuple[TransferRow, ...]:
    """The attempts of a payment that came back, in order.

    Raises:
        Unavailable: the database cannot be read.
    """
    wanted = (
        select(_transfers)
        .where(_transfers.c.payment == key, _transfers.c.returned_at.is_not(None))
        .order_by(*_BY_ATTEMPT)
    )
    with database.reading() as connection:
        return tuple(map(_transfer_row, connection.execute(wanted)))


def find_payment(database: Database, key: str) -> Payment:
    """One payment.

    Raises:
        UnknownPayment: the ledger has no such payment.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        row = connection.execute(_with_contradictions().where(_payments.c.key == key)).one_or_none()
    if row is None:
        raise UnknownPayment(f"The ledger has no payment {key!r}: see `payments` for their keys.")
    return _payment(row)


_ON_ITS_WAY = (PaymentStatus.RELEASED, PaymentStatus.SUBMITTED, PaymentStatus.SETTLED)
_ONES_OWN = "released by whoever"
"""How the trigger begins its complaint of a release by somebody from whose decision or word it follows."""


def _know_payee(connection: Connection, payment: PaymentToMake, row: Found, at: Instant, compose: Compose) -> None:
    """The time to pay counts from the later of two: the request, and when the team first gave its details."""
    key = payment.order.key
    given = payees.first_given(connection, row.team)
    if given is not None:
        promised, by_law = rules.due_dates(payment, max(given, row.requested_at))
        _change(connection, key, status=PaymentStatus.PAYEE_KNOWN, pay_by=promised, pay_by_law=by_law)
    snapshot = _snapshot(connection, key, at)
    put(connection, rules.requested(payment, snapshot), compose)
    if given is not None:
        masked = payees.latest_masked(connection, row.team)
        put(connection, rules.payee_known(payment, snapshot, masked), compose)


def _taken_before(connection: Connection, decision: Announcement) -> bool:
    """Whether a decision is on the record: sent again it changes nothing, whichever run of the workflow it comes to."""
    line, entry = find_line(connection, decision.key), decision.entry
    if line is not None and (line.by, line.text, line.reason) != (entry.by, entry.text, entry.reason):
        used = decision.key.rpartition("/")[2]
        raise AnotherDecision(f"The id {used!r} was used for another decision: give this one its own.")
    return line is not None


def _give_back(connection: Connection, transfer: str, key: str, reason: str, at: Instant, by: str = "") -> None:
    _change_transfer(connection, transfer, returned_at=at, returned_by=by)
    _change(connection, key, status=PaymentStatus.RETURNED, reason=reason)


def _order(row: Found) -> PaymentOrder:
    """What was ordered, by the row of the payment."""
    kept = dict(row._mapping) | {"amount": Amount(net=Money(row.net), vat=Money(row.vat))}
    return PaymentOrder.model_validate({name: kept[name] for name in PaymentOrder.model_fields})


def _check_same(row: Found, order: PaymentOrder) -> None:
    kept = _order(row)
    for name in PaymentOrder.model_fields:
        there, asked = getattr(kept, name), getattr(order, name)
        if there != asked:
            raise AnotherPayment(
                f"{order.key} is in the ledger with {name} {_shown(there)}, and was requested again with "
                f"{_shown(asked)}: a key stands for one payment, which nothing changes."
            )


def _taken(connection: Connection, key: str) -> Found:
    """The row of a payment; nobody else changes it until the transaction ends."""
    challenge = connection.scalars(select(_payments.c.challenge).where(_payments.c.key == key)).one_or_none()
    if challenge is None:
        raise UnknownPayment(f"The ledger has no payment {key}: request it first.")
    _hold(connection, challenge)
    return connection.execute(select(_payments).where(_payments.c.key == key).with_for_update(key_share=True)).one()


def _hold(connection: Connection, challenge: str) -> None:
    """First the challenge, as whoever announces does: two who hold also a payment's row never wait in a circle."""
    connection.execute(
        select(tables.challenges.c.id).where(tables.challenges.c.id == challenge).with_for_update(key_share=True)
    )


def _change(connection: Connection, key: str, **values: Any) -> None:
    changed = update(_payments).where(_payments.c.key == key)
    connection.execute(changed.values(version=_payments.c.version + 1, **values))


def _change_transfer(connection: Connection, transfer: str, **values: Any) -> None:
    connection.execute(update(_transfers).where(_transfers.c.id == transfer).values(**values))


def _attempts(connection: Connection, key: str) -> int:
    last = select(func.max(_transfers.c.attempt)).where(_transfers.c.payment == key)
    return connection.scalars(last).one() or 0


def _has_begun(connection: Connection, key: str) -> bool:
    begun = select(_transfers.c.id).where(
        _transfers.c.payment == key, _transfers.c.begun_at.is_not(None), _transfers.c.returned_at.is_(None)
    )
    return connection.execute(begun).first() is not None


def _under_way(connection: Connection, key: str) -> Begun | None:
    row = connection.execute(
        select(_transfers, _payees.c.sealed)
        .select_from(_transfers)
        .join(
            _payees,
            (_payees.c.team == _transfers.c.team) & (_payees.c.version == _transfers.c.payee_version),
            isouter=True,
        )
        .where(_transfers.c.payment == key, _transfers.c.returned_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    return Begun(
        id=row.id,
        attempt=row.attempt,
        team=row.team,
        sealed=row.sealed or "",
        rail=row.rail,
        settled=row.settled_at is not None,
    )


def _transfer_row(row: Found) -> TransferRow:
    return TransferRow(
        id=row.id,
        payment=row.payment,
        attempt=row.attempt,
        rail=row.rail,
        submitted=row.submitted_at,
        settled=row.settled_at,
        returned=row.returned_at,
        returned_by=row.returned_by,
    )


def _snapshot(connection: Connection, key: str, at: Instant) -> PaymentSnapshot:
    row = connection.execute(_with_contradictions().where(_payments.c.key == key)).one()
    return PaymentSnapshot(
        at=at,
        version=row.version,
        status=row.status,
        attempt=row.attempt or 0,
        requested=row.requested_at,
        pay_by=row.pay_by,
        pay_by_law=row.pay_by_law,
        payee_by=payees.given_by(connection, row.team),
        payee_version=row.payee_version or 0,
        released_by=(row.released_by or "") if row.status != PaymentStatus.RETURNED else "",
        returned_by=row.returned_by or "",
        reason=row.reason,
        released=row.released_at,
        submitted=row.submitted_at,
        settled=row.settled_at,
        returned=row.returned_at,
        contradicted=row.contradiction or "",
    )


@cache
def _with_transfer() -> Select[Any]:
    """Payments with their last transfer, if there is one, and the bank details that it, or the next one, goes to.

    Made once: to make it takes longer than to carry it out.
    """
    others, versions = _transfers.alias(), _payees.alias()
    last = select(func.max(others.c.attempt)).where(others.c.payment == _payments.c.key).scalar_subquery()
    goes_anew = _transfers.c.id.is_(None) | _transfers.c.returned_at.is_not(None)
    newest = select(func.max(versions.c.version)).where(versions.c.team == _payments.c.team).scalar_subquery()
    return (
        select(
            _payments,
            _transfers.c.attempt,
            _transfers.c.released_by,
            _transfers.c.returned_by,
            _transfers.c.released_at,
            _transfers.c.submitted_at,
            _transfers.c.settled_at,
            _transfers.c.returned_at,
            _transfers.c.rail_reference,
            _filed.c.arrived_on,
            _payees.c.masked,
            _attention.c.text.label("attention"),
            _payees.c.version.label("payee_version"),
        )
        .select_from(_payments)
        .join(_attention, _attention.c.workflow == _payments.c.key, isouter=True)
        .join(_transfers, (_transfers.c.payment == _payments.c.key) & (_transfers.c.attempt == last), isouter=True)
        .join(_filed, _filed.c.transfer == _transfers.c.id, isouter=True)
        .join(
            _payees,
            (_payees.c.team == _payments.c.team)
            & (_payees.c.version == case((goes_anew, newest), else_=_transfers.c.payee_version)),
            isouter=True,
        )
    )


@cache
def _with_contradictions() -> Select[Any]:
    """As `_with_transfer`, with what needs a person of any attempt, whatever the payment's own workflow says."""
    attempts, calls = _transfers.alias(), _attention.alias()
    called = (
        select(func.min(calls.c.text))
        .join(attempts, attempts.c.id == calls.c.workflow)
        .where(attempts.c.payment == _payments.c.key, calls.c.text != "")
        .scalar_subquery()
    )
    return _with_transfer().add_columns(called.label("contradiction"))


def _payment(row: Found) -> Payment:
    settled = row.status == PaymentStatus.SETTLED  # what came back was not paid
    return Payment(
        key=row.key,
        challenge=row.challenge,
        stage=row.stage,
        team=row.team,
        number=row.number,
        of=row.of,
        amount=Amount(net=Money(row.net), vat=Money(row.vat)),
        currency=row.currency,
        status=row.status,
        attempt=row.attempt or 0,
        requested=row.requested_at,
        pay_by=row.pay_by,
        pay_by_law=row.pay_by_law,
        released=row.released_at,
        released_by=row.released_by or "",
        submitted=row.submitted_at,
        settled=row.settled_at if settled else None,
        arrived_on=Date.parse_iso(row.arrived_on) if settled and row.arrived_on else None,
        reference=row.rail_reference or "",
        payee=row.masked or "",
        payee_version=row.payee_version or 0,
        reason=row.reason,
        attention=row.attention or row.contradiction or "",
    )


def _shown(value: object) -> str:
    return f"{value.net} and {value.vat} VAT" if isinstance(value, Amount) else repr(value)
