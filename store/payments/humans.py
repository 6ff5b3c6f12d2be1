"""Who of those with a part in a payment are one human under several ids, by what sign-in and round files know of them.

The rule of the second person is about humans. An id is one person's within a round, but one human can come to have two
ids: as the successor in a hand-over, in another round, or as the contact of a team. Two ids are one human if they
share a mailbox, now or before, or are the same subject at an organisation; also by way of other rounds and of sessions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    tuple_,
)

from domain.permissions import Role
from domain.values.addresses import mailbox_of
from store.database import tables
from store.database.ordering import TotalOrder
from store.database.prepared import Prepared
from store.database.tables import Found

_people, _applications, _sessions = tables.people, tables.applications, tables.sessions
_PEOPLE = TotalOrder(_people.c.round, _people.c.id)


def _may_share(table: Table) -> Select[Any]:
    """What rows say that may share a trace. Mailboxes before are as they were written: they are compared later."""
    ways: list[ColumnElement[bool]] = [table.c.mailbox.in_(bindparam("mailboxes", expanding=True))]
    subject = tuple_(table.c.issuer, table.c.subject).in_(bindparam("subjects", expanding=True))
    ways.append(and_(table.c.subject != "", subject))
    if "former" in table.c:
        ways.append(table.c.former != "")
    columns = [table.c[name] for name in ("mailbox", "issuer", "subject", "former") if name in table.c]
    return select(*columns).where(or_(*ways)).distinct()


_MAY_SHARE = (_may_share(_people), _may_share(_sessions))


def _leads_elsewhere() -> ColumnElement[bool]:
    """Whether other rounds or sessions may know more of a round's people. Mostly none does.

    If what they know of a team's contact concerns a releaser, they know something of the releaser, too.
    """
    here, there, signed_in = _people.alias(), _people.alias(), _sessions
    of_round = here.c.round == bindparam("round")
    mailboxes = select(here.c.mailbox).where(of_round)
    subjects = select(here.c.issuer, here.c.subject).where(of_round, here.c.subject != "")

    def shares(table: Any) -> ColumnElement[bool]:
        at_organisation = and_(table.c.subject != "", tuple_(table.c.issuer, table.c.subject).in_(subjects))
        return or_(and_(table.c.mailbox != "", table.c.mailbox.in_(mailboxes)), at_organisation)

    return or_(
        exists().where(of_round, here.c.former != ""),  # mailboxes before are as they were written: compared later
        exists().where(there.c.round != bindparam("round"), or_(there.c.former != "", shares(there))),
        # A session that names nobody at an organisation has one trace only, and leads nowhere. The worker may not read
        # all columns of sessions, as `exists` alone would.
        exists(signed_in.c.id).where(signed_in.c.subject != "", shares(signed_in)),
    )


def _of_round() -> Select[Any]:
    """The people of a round; beside each the mailboxes of the team, and whether to look further."""
    team = _applications.c.id == bindparam("team")
    names = ("id", "role", "mailbox", "issuer", "subject", "former")
    return (
        select(
            *(_people.c[name] for name in names),
            func.coalesce(select(_applications.c.mailbox).where(team).scalar_subquery(), "").label("team_mailbox"),
            func.coalesce(select(_applications.c.former).where(team).scalar_subquery(), "").label("team_former"),
            select(_leads_elsewhere()).scalar_subquery().label("leads_elsewhere"),
        )
        .where(_people.c.round == bindparam("round"))
        .order_by(*_PEOPLE)
    )


_OF_ROUND = Prepared(_of_round())
"""One statement, and prepared: every payment asks it twice."""


class _Traces(NamedTuple):
    """What shows who somebody is: their mailboxes, and who they are at organisations."""

    mailboxes: frozenset[str] = frozenset()
    subjects: frozenset[tuple[str, str]] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.mailboxes or self.subjects)

    @property
    def can_link(self) -> bool:
        """Whether somebody with these traces can turn out to be two others at once."""
        return len(self.mailboxes) + len(self.subjects) > 1

    def share(self, other: _Traces) -> bool:
        return not self.mailboxes.isdisjoint(other.mailboxes) or not self.subjects.isdisjoint(other.subjects)

    def joined(self, other: _Traces) -> _Traces:
        return _Traces(self.mailboxes | other.mailboxes, self.subjects | other.subjects)


def same_humans(connection: Connection, round_: str, team: str, with_a_part: Collection[str]) -> dict[str, str]:
    """The releasers of a round who are the same human as somebody with a part in a payment.

    Args:
        connection: in any transaction.
        round_: id of the round.
        team: whose payment it is. Its contact has a part in it, now and before.
        with_a_part: ids of people, and of teams, from whose decisions or words the payment follows.

    Returns:
        For each of these releasers the id of the other: a person's, or the team's.
    """
    rows = _OF_ROUND.all(connection, {"round": round_, "team": team})
    if not rows:
        return {}
    own = {row.id: _traces([row]) for row in rows}
    humans = own | {team: _Traces(_mailboxes(rows[0].team_mailbox, rows[0].team_former))}
    releasers = [row.id for row in rows if row.role == Role.RELEASER]
    others = [each for each in (*sorted(with_a_part), team) if humans.get(each)]
    if not releasers or not others:
        return {}
    concerned = {each: humans[each] for each in (*releasers, *others)}
    links = [traces for traces in own.values() if traces.can_link]
    if rows[0].leads_elsewhere:
        links += _known_elsewhere(connection, [*concerned.values(), *links])
    groups = list(_groups([*concerned.values(), *links]))

    def group_of(who: str) -> int:
        return next(number for number, group in enumerate(groups) if group.share(humans[who]))

    found = {each: group_of(each) for each in others}
    return {
        releaser: other
        for releaser in releasers
        if own[releaser]
        for other in others[::-1]
        if other != releaser and found[other] == group_of(releaser)
    }


def _mailboxes(mailbox: str, former: str) -> frozenset[str]:
    """Mailboxes, now and before."""
    return frozenset({mailbox, *map(mailbox_of, filter(None, former.split("\n")))} - {""})


def _traces(rows: Iterable[Found]) -> _Traces:
    mailboxes, subjects = set[str](), set[tuple[str, str]]()
    for row in rows:
        mailboxes |= _mailboxes(row.mailbox, getattr(row, "former", ""))
        if getattr(row, "subject", ""):
            subjects.add((row.issuer, row.subject))
    return _Traces(frozenset(mailboxes), frozenset(subjects))


def _known_elsewhere(connection: Connection, known: Iterable[_Traces]) -> Iterator[_Traces]:
    """What other rounds and sessions know of the same humans, step by step until nothing new is found."""
    reached = _Traces()
    wanted = _Traces()
    for each in known:
        wanted = wanted.joined(each)
    while wanted != reached:
        reached = wanted
        for statement in _MAY_SHARE:
            for row in connection.execute(statement, reached._asdict()):
                traces = _traces([row])
                if traces.share(reached):
                    yield traces
                    wanted = wanted.joined(traces)


def _groups(traces: Iterable[_Traces]) -> Iterator[_Traces]:
    """Traces as humans: those that share one are joined."""
    groups = list[_Traces]()
    for each in traces:
        joined = each
        for group in [group for group in groups if group.share(each)]:
            groups.remove(group)
            joined = joined.joined(group)
        groups.append(joined)
    return iter(groups)
