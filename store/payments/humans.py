"""Who of those with a part in a payment are one human under several ids, by what sign-in and round files know of them.

The rule of the second person is about humans. An id is one person's within a round, but one human can come to have two
ids: as the successor in a hand-over, in another round, or as the contact of a team. Two ids are one human if they
share a mailbox, now or before, or are the same subject at an organisation; also by way of other rounds and of sessions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, or_, select, tuple_

from domain.permissions import Role
from domain.values.addresses import mailbox_of
from store.database import tables
from store.database.ordering import TotalOrder
from store.database.tables import Found

_people, _applications, _sessions = tables.people, tables.applications, tables.sessions
_PEOPLE = TotalOrder(_people.c.round, _people.c.id)
_TRACES = ("mailbox", "issuer", "subject", "former")


class _Traces(NamedTuple):
    """What shows who somebody is: their mailboxes, and who they are at organisations."""

    mailboxes: frozenset[str] = frozenset()
    subjects: frozenset[tuple[str, str]] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.mailboxes or self.subjects)

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
    rows = connection.execute(select(_people).where(_people.c.round == round_).order_by(*_PEOPLE)).all()
    own = {row.id: _traces([row]) for row in rows}
    humans = own | {team: _of_team(connection, team)}
    releasers = [row.id for row in rows if row.role == Role.RELEASER]
    others = [each for each in (*sorted(with_a_part), team) if humans.get(each)]
    if not releasers or not others:
        return {}
    groups = list(_groups([*humans.values(), *_known_elsewhere(connection, humans.values())]))

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


def _of_team(connection: Connection, team: str) -> _Traces:
    row = connection.execute(select(_applications).where(_applications.c.id == team)).one_or_none()
    return _traces([row] if row is not None else [])


def _traces(rows: Iterable[Found]) -> _Traces:
    mailboxes, subjects = set[str](), set[tuple[str, str]]()
    for row in rows:
        facts = row._mapping
        mailboxes |= {facts["mailbox"], *map(mailbox_of, facts.get("former", "").split("\n"))}
        if facts.get("subject"):
            subjects.add((facts["issuer"], facts["subject"]))
    return _Traces(frozenset(mailboxes - {""}), frozenset(subjects))


def _known_elsewhere(connection: Connection, known: Iterable[_Traces]) -> Iterator[_Traces]:
    """What other rounds and sessions know of the same humans, step by step until nothing new is found."""
    reached = _Traces()
    wanted = _Traces()
    for each in known:
        wanted = wanted.joined(each)
    while wanted != reached:
        reached = wanted
        for table in (_people, _sessions):
            columns = [table.c[name] for name in _TRACES if name in table.c]
            for row in connection.execute(select(*columns).where(_may_share(table, reached)).distinct()):
                traces = _traces([row])
                if traces.share(reached):
                    yield traces
                    wanted = wanted.joined(traces)


def _may_share(table: Table, traces: _Traces) -> ColumnElement[bool]:
    """The rows that may share a trace. Mailboxes before are in the spelling of their time: they are compared later."""
    ways: list[ColumnElement[bool]] = [table.c.mailbox.in_(sorted(traces.mailboxes))]
    if traces.subjects:
        ways.append(tuple_(table.c.issuer, table.c.subject).in_(sorted(traces.subjects)))
    if "former" in table.c:
        ways.append(table.c.former != "")
    return or_(*ways)


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
