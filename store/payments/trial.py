"""A decision on a challenge, tried out: everything that it would write is written, read, and rolled back.

So a person reads beforehand the very letters that the decision sends, and is refused for the very reasons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from sqlalchemy import Connection, func, or_, select
from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.payments import announcements, dates
from domain.payments.payment import PaymentSnapshot, PaymentStatus, PaymentToMake
from domain.programmes.round import round_of
from domain.values.model import Value
from store.database import tables
from store.database.database import Database
from store.database.inserts import inserting
from store.database.ordering import TotalOrder
from store.record.notices import Compose
from store.record.record import put

from . import payees
from .snapshots import in_charge
from .twins import looked_at

_notices, _feedback, _record = tables.notices, tables.feedback, tables.record
_applications, _people, _hand_overs = tables.applications, tables.people, tables.hand_overs
_AS_WRITTEN = TotalOrder(_notices.c.created_at, _notices.c.key)
_IN_ORDER = TotalOrder(_record.c.id)
_MOST_LETTERS = 2_000


class TriedLetter(Value):
    """A letter that a decision sends. Personal data: it stays in the database.

    Args:
        occasion: what it is about.
        recipient: id of the person or application.
        name: of the person or the organisation.
        subject, body: the text.
    """

    occasion: str
    recipient: str
    name: str
    subject: str
    body: str


class Tried(Value):
    """What a decision writes.

    Args:
        letters: the letters, at most 2,000 of them.
        number: how many letters there are.
        lines: the lines of the record.
    """

    letters: tuple[TriedLetter, ...]
    number: int
    lines: tuple[str, ...]


class _Undone(Exception):
    """The transaction is rolled back."""


def try_out(
    database: Database,
    announcement: Announcement,
    payments: Sequence[PaymentToMake],
    feedback: Mapping[str, str],
    compose: Compose,
) -> Tried:
    """Announces a decision in a transaction that is rolled back, and says what was written.

    The window stays as it is: only the worker may change who is asked for a further proposal.

    Args:
        database: where.
        announcement: of the decision.
        payments: what is due because of it.
        feedback: on applications for the stage of the announcement, by their ids; given before the decision.
        compose: finds the words of notices.

    Raises:
        Refused: see `store.record.record.announce`.
        Unavailable: the database cannot be written to.
    """
    tried: list[Tried] = []
    with suppress(_Undone), database.writing() as connection:
        _keep(connection, announcement, feedback)
        said = [announcement.model_copy(update={"window": None})]
        put(connection, said[0], compose)
        for payment in payments:
            for each in _of_payment(connection, payment, announcement.entry.at):
                put(connection, each, compose)
                said.append(each)
        tried.append(_written(connection, announcement.challenge, [each.key for each in said]))
        raise _Undone
    return tried[0]


def _keep(connection: Connection, announcement: Announcement, feedback: Mapping[str, str]) -> None:
    entry = announcement.entry
    for team, text in feedback.items():
        insertion = inserting(connection, _feedback).values(
            team=team, stage=entry.stage, text=text, given_by=entry.by, given_at=entry.at
        )
        said = {"text": insertion.excluded.text, "told_at": None}
        connection.execute(insertion.on_conflict_do_update(index_elements=["team", "stage"], set_=said))


def _of_payment(connection: Connection, payment: PaymentToMake, at: Instant) -> list[Announcement]:
    """What is announced when the ledger takes a payment, by the rules of the ledger. The payment itself is not entered.

    The ledger's own notices are sent only while the payment stands as it does: here there is no such payment.
    """
    order, given = payment.order, payees.first_given(connection, payment.order.team)
    dated = dates.due_dates(payment, max(given, at)) if given is not None else (None, None)
    round_ = round_of(order.challenge)
    handed_over = connection.execute(select(_hand_overs.c.number).where(_hand_overs.c.round == round_).limit(1)).first()
    operators, releasers = in_charge(connection, round_) if handed_over else ((), ())
    now = PaymentSnapshot(
        at=at,
        version=1,
        status=PaymentStatus.REQUESTED if given is None else PaymentStatus.PAYEE_KNOWN,
        attempt=0,
        requested=at,
        pay_by=dated[0],
        pay_by_law=dated[1],
        operators=operators,
        releasers=releasers,
    )
    payment = payment.led_by(now)
    said = [announcements.requested(payment, now)]
    if given is not None:
        said.append(announcements.payee_known(payment, now, *looked_at(connection, order.team, order.currency)))
    return [
        each.model_copy(update={"notices": tuple(notice.model_copy(update={"payment": ""}) for notice in each.notices)})
        for each in said
    ]


def _written(connection: Connection, challenge: str, keys: Sequence[str]) -> Tried:
    """What was written under the keys of announcements."""
    is_theirs = or_(*(_notices.c.key.startswith(f"{key}/", autoescape=True) for key in keys))
    theirs = (_notices.c.challenge == challenge, is_theirs)
    names = (
        select(_applications.c.organisation).where(_applications.c.id == _notices.c.recipient).scalar_subquery(),
        select(_people.c.name)
        .where(_people.c.round == round_of(challenge), _people.c.id == _notices.c.recipient)
        .scalar_subquery(),
    )
    wanted = (
        select(
            *(_notices.c[name] for name in ("occasion", "recipient", "subject", "body")),
            func.coalesce(*names, "").label("name"),
        )
        .where(*theirs)
        .order_by(*_AS_WRITTEN)
        .limit(_MOST_LETTERS)
    )
    letters = [TriedLetter.model_validate(dict(row._mapping)) for row in connection.execute(wanted)]
    number = connection.scalars(select(func.count()).select_from(_notices).where(*theirs)).one()
    lines = connection.scalars(
        select(_record.c.text)
        .where(
            _record.c.challenge == challenge,
            or_(_record.c.key.in_(keys), _record.c.key == f"{keys[0]}/departure"),
        )
        .order_by(*_IN_ORDER)
    )
    return Tried(letters=tuple(letters), number=number, lines=tuple(lines))
