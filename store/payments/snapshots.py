"""A payment as it stands at one moment, for the payment's workflow: ids only."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, func, select
from whenever import Instant

from domain.payments.payment import FAILED, TO_RELEASE, PaymentSnapshot, SameHuman
from domain.permissions import Role
from domain.programmes.round import round_of
from store.database import tables
from store.database.ordering import TotalOrder
from store.database.prepared import Prepared
from store.database.tables import Found

from .humans import same_humans
from .reading import with_contradictions
from .rows import amount_of

_payments, _payees, _people = tables.payments, tables.payees, tables.people
_hand_overs, _challenges = tables.hand_overs, tables.challenges
_PEOPLE = TotalOrder(_people.c.round, _people.c.id)

_BETWEEN = "\n"  # the ids of people, none of which has it


def snapshot(connection: Connection, key: str, at: Instant) -> PaymentSnapshot:
    """A payment that the ledger has, as it stands at one moment."""
    row = _snapshot().one_or_none(connection, {"payment": key})
    operators, releasers = in_charge(connection, round_of(row.challenge)) if row.is_handed_over else ((), ())
    return PaymentSnapshot(
        at=at,
        version=row.version,
        status=row.status,
        attempt=row.attempt or 0,
        requested=row.requested_at,
        pay_by=row.pay_by,
        pay_by_law=row.pay_by_law,
        payee_by=tuple(sorted(set(row.payee_by.split(_BETWEEN)))) if row.payee_by else (),
        payee_version=row.payee_version or 0,
        released_by=(row.released_by or "") if row.status not in FAILED else "",
        returned_by=row.returned_by or "",
        reason=row.reason,
        released=row.released_at,
        submitted=row.submitted_at,
        settled=row.settled_at,
        returned=row.returned_at,
        contradicted=row.contradiction or "",
        team_left=row.team_left,
        contact_by=tuple(row.contact_by.split()),
        operators=operators,
        releasers=releasers,
        amended=amount_of(row) if row.amended_by else None,
        amended_by=row.amended_by,
        same_humans=_same_humans(connection, row) if row.status in TO_RELEASE else (),
    )


def _same_humans(connection: Connection, row: Found) -> tuple[SameHuman, ...]:
    """The releasers who cannot release a payment although nothing was done under their own id."""
    payees = row.payee_by.split(_BETWEEN) if row.payee_by else ()
    part = {row.selected_by, row.accepted_by, row.amended_by, row.returned_by, *payees, *row.contact_by.split()}
    found = same_humans(connection, round_of(row.challenge), row.team, part - {"", None})
    return tuple(SameHuman(releaser=releaser, other=other) for releaser, other in found.items())


def in_charge(connection: Connection, round_: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The present operators and releasers of a round."""
    wanted = select(_people.c.id, _people.c.role).where(_people.c.round == round_).order_by(*_PEOPLE)
    rows = connection.execute(wanted).all()
    operators, releasers = (
        tuple(row.id for row in rows if row.role == role) for role in (Role.OPERATOR, Role.RELEASER)
    )
    return operators, releasers


@cache
def _snapshot() -> Prepared:
    """Like `with_contradictions`, for one payment, with everybody who gave or changed the team's bank details.

    Also whether a role was handed over in the round.
    """
    handed_over = exists().where(_hand_overs.c.round == _challenges.c.round, _challenges.c.id == _payments.c.challenge)
    one = (
        with_contradictions()
        .add_columns(handed_over.correlate(_payments).label("is_handed_over"))
        .where(_payments.c.key == bindparam("payment"))
    )
    versions = _payees.alias()

    def with_people(joined: Any) -> Select[Any]:
        people = select(joined(versions.c.given_by, _BETWEEN)).where(versions.c.team == _payments.c.team)
        return one.add_columns(people.scalar_subquery().label("payee_by"))

    return Prepared(with_people(func.string_agg), sqlite=with_people(func.group_concat))
