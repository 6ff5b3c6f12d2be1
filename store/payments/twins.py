"""Finds the teams of a round that may be the same people, without opening anybody's bank details."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, exists, func, literal, or_, select

from domain.payments.destination import Twins, warnings
from domain.programmes.round import round_of
from store.database import tables
from store.database.prepared import Prepared

from . import payees

_applications, _challenges, _windows = tables.applications, tables.challenges, tables.windows
_payees, _payments = tables.payees, tables.payments
_ID = (_applications.c.id, _applications.c.challenge)


def twins_of(connection: Connection, teams: Collection[str], *, paid: bool) -> Mapping[str, Twins]:
    """The twins of teams, by team. A team without twins is missing.

    Args:
        connection: in any transaction.
        teams: ids of applications, at most a page of them.
        paid: whether to look for the same firm only among teams that have payments. Otherwise among all applications
            that may be read: their window is sealed, and they were not withdrawn.
    """
    wanted = {"teams": sorted(set(teams))}
    accounts, firms = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for team, other in connection.execute(_same_account(), wanted):
        accounts[team].add(other)
    for ours, theirs in _same_firm(paid):
        rows = connection.execute(ours, wanted).all()
        alike = defaultdict[tuple[str, str], set[str]](set)
        for each in connection.execute(theirs, {"names": sorted({row.name for row in rows})}):
            alike[round_of(each.challenge), each.name].add(each.id)
        for row in rows:
            if others := alike[round_of(row.challenge), row.name] - {row.id}:
                firms[row.id] |= others
    return {
        team: Twins(same_account=tuple(sorted(accounts[team])), same_firm=tuple(sorted(firms[team])))
        for team in sorted({*accounts, *firms})
    }


def looked_at(connection: Connection, team: str, currency: str) -> tuple[str, tuple[str, ...]]:
    """What whoever releases a payment sees of the team's present bank details.

    Args:
        connection: in any transaction.
        team: who is paid.
        currency: of the payment.

    Returns:
        The account, masked, and what to look at twice.
    """
    masked, country = payees.latest_masked(connection, team)
    may_have = _may_have_twins().one_or_none(connection, {"team": team}) is not None
    twins = twins_of(connection, [team], paid=True) if may_have else {}
    return masked, warnings(country, currency, twins.get(team, Twins()))


@cache
def _may_have_twins() -> Prepared:
    """Finds a row if another team may be alike, in any round. Every payment asks this, and mostly no team is."""
    other, mine = _payees.alias(), _payees.alias()
    fingerprints = select(mine.c.fingerprint).where(mine.c.team == bindparam("team"), mine.c.fingerprint != "")
    ways = [exists().where(other.c.fingerprint.in_(fingerprints), other.c.team != bindparam("team"))]
    own = _applications.alias()
    for name, owned in (
        (_applications.c.firm, own.c.firm),
        (func.lower(_applications.c.email), func.lower(own.c.email)),
    ):
        same = name == select(owned).where(own.c.id == bindparam("team")).scalar_subquery()
        paid = _applications.c.id.in_(select(_payments.c.team))
        ways.append(exists().where(same, name != "", _applications.c.id != bindparam("team"), paid))
    return Prepared(select(literal(1).label("found")).where(or_(*ways)))


@cache
def _same_account() -> Select[Any]:
    ours, theirs, later = _payees.alias(), _payees.alias(), _payees.alias()
    one, other = _applications.alias(), _applications.alias()

    def newest(row: Any) -> Any:
        return row.c.version == select(func.max(later.c.version)).where(later.c.team == row.c.team).scalar_subquery()

    return (
        select(ours.c.team, theirs.c.team)
        .join_from(ours, theirs, (theirs.c.fingerprint == ours.c.fingerprint) & (theirs.c.team != ours.c.team))
        .join(one, one.c.id == ours.c.team)
        .join(other, other.c.id == theirs.c.team)
        .where(_in_one_round(one, other), ours.c.fingerprint != "", newest(ours), newest(theirs))
        .where(ours.c.team.in_(bindparam("teams", expanding=True)))
    )


@cache
def _same_firm(paid: bool) -> tuple[tuple[Select[Any], Select[Any]], ...]:
    """By what applications are alike: the names of some, and all others with one of these names.

    Each pair is two statements, because a join of a large table with itself has no index for an address in small
    letters.
    """
    counts: ColumnElement[bool] = _applications.c.id.in_(select(_payments.c.team))
    if not paid:
        counts = exists().where(
            _windows.c.challenge == _applications.c.challenge, _windows.c.stage == "", _windows.c.sealed_at.is_not(None)
        )
    return tuple(
        (
            select(*_ID, name.label("name")).where(
                _applications.c.id.in_(bindparam("teams", expanding=True)), name != ""
            ),
            select(*_ID, name.label("name"))
            .where(name.in_(bindparam("names", expanding=True)))
            .where(_applications.c.withdrawn.is_(None), counts),
        )
        for name in (_applications.c.firm, func.lower(_applications.c.email))
    )


def _in_one_round(one: Any, other: Any) -> Any:
    ours, theirs = _challenges.alias(), _challenges.alias()
    return exists().where(
        ours.c.id == one.c.challenge, theirs.c.id == other.c.challenge, ours.c.round == theirs.c.round
    )
