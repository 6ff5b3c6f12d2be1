"""Decisions that came without a proof, and wait for the person whom they name.

Whoever reaches Temporal can send a decision in anybody's name. Where the round asks for a confirmation, the decision is
kept here, and changes nothing until that person sends it again themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, func, insert, or_, select, update
from whenever import Instant

from domain.announcements.announcement import Announcement
from domain.announcements.unconfirmed import waits
from domain.identity.asked import Asked
from domain.permissions import Grant
from domain.values.calendar import spoken
from domain.values.model import Value
from domain.values.paging import Page, Paged
from domain.values.refusals import AnotherDecision, AwaitsConfirmation, NotProven, TooLate, UnknownDecision
from store.database import identity_tables, tables
from store.database.database import Database
from store.database.ordering import TotalOrder
from store.database.tables import Found
from store.record.notices import Compose
from store.record.record import find_line, put

from .settling import CONFIRMED, DROPPED, id_of

LONGEST = 100_000
"""Characters of a decision. A longer one is not kept: anybody can have sent it."""
MOST_IN_A_NAME = 20
"""How many decisions wait in one person's name at one challenge. Each is a letter to that person."""
MOST = 200
"""How many decisions wait at one challenge."""

_unconfirmed, _challenges = identity_tables.unconfirmed, tables.challenges
_AS_THEY_CAME = TotalOrder(_unconfirmed.c.came_at, _unconfirmed.c.id)


class Unconfirmed(Value):
    """A decision that came without a proof.

    Args:
        id: the id under which it waits.
        challenge: id of the challenge.
        workflow: id of the challenge, or key of the payment, to which it was sent.
        kind: name of the decision.
        decision_id: id of the decision.
        content: what it says, as JSON without the decision's id.
        person: id of the person whom it names.
        principal: who has sent it, as the Temporal server says; empty if the server does not say.
        came: when it came.
        settled: when it was confirmed or dropped; None while it waits.
        settled_how: "confirmed" or "dropped"; empty while it waits.
    """

    id: str
    challenge: str
    workflow: str
    kind: str
    decision_id: str
    content: str
    person: str
    principal: str
    came: Instant
    settled: Instant | None = None
    settled_how: str = ""

    @property
    def of_payment(self) -> bool:
        """Whether it is about a payment."""
        return self.workflow != self.challenge


def keep(
    database: Database, workflow: str, asked: Asked, decided: Announcement, principal: str, compose: Compose
) -> AwaitsConfirmation | None:
    """Keeps a decision that came without a proof; once, however often it comes.

    Args:
        database: where.
        workflow: id of the challenge or payment to which it was sent.
        asked: the decision.
        decided: its announcement, if it were done.
        principal: who has sent it, as the Temporal server says.
        compose: finds the words of the letter to the person whom it names.

    Returns:
        What the sender is told; None if the decision was confirmed before, so that it has been done.

    Raises:
        NotProven: it cannot be kept, or the person whom it names has dropped it.
        AnotherDecision: another decision was kept under this id.
        Unavailable: the database cannot be written to.
    """
    id = id_of(decided.key)  # noqa: A001
    if not asked.content or len(asked.content) > LONGEST:
        raise NotProven(
            f"The {asked.kind} has no proof, and is too long to wait for a confirmation: send it from the desk."
        )
    action = f"{asked.kind} of a payment" if workflow != decided.challenge else asked.kind
    with database.writing() as connection:
        if put(connection, waits(decided, id, action), compose):
            _check_room(connection, decided)
            connection.execute(insert(_unconfirmed).values(_row(id, workflow, asked, decided, principal)))
        else:
            before = connection.execute(select(_unconfirmed).where(_unconfirmed.c.id == id)).one()
            if before.content != asked.content:
                raise AnotherDecision(f"The id {asked.decision_id!r} was used for another decision: use a new id.")
            if before.settled_how == DROPPED:
                raise NotProven(
                    f"{before.person} has dropped this {asked.kind} ({spoken(before.settled_at, 'UTC')}): nothing has "
                    "changed. Whoever means it sends it from the desk."
                )
            if before.settled_how == CONFIRMED:
                return None
    return AwaitsConfirmation(
        f"The {asked.kind} came without a proof, so nothing has changed: {decided.entry.by} can confirm it as {id}."
    )


def _row(id: str, workflow: str, asked: Asked, decided: Announcement, principal: str) -> dict[str, object]:  # noqa: A002
    return {
        "id": id,
        "challenge": decided.challenge,
        "workflow": workflow,
        "kind": asked.kind,
        "decision_id": asked.decision_id,
        "content": asked.content,
        "person": decided.entry.by,
        "principal": principal,
        "came_at": decided.entry.at,
    }


def _check_room(connection: Connection, decided: Announcement) -> None:
    """Checks that not too many decisions wait already. The challenge is locked, so nobody else keeps one meanwhile."""
    waiting = (_unconfirmed.c.challenge == decided.challenge, _unconfirmed.c.settled_at.is_(None))
    counted = select(func.count()).where(*waiting)
    in_a_name = connection.scalar(counted.where(_unconfirmed.c.person == decided.entry.by)) or 0
    if in_a_name >= MOST_IN_A_NAME or (connection.scalar(counted) or 0) >= MOST:
        raise NotProven(
            f"Too many decisions without a proof wait at {decided.challenge}: {decided.entry.by} must confirm or drop "
            "them first, or send this one from the desk."
        )


def page_of_waiting(database: Database, page: Page, grants: Sequence[Grant], challenge: str = "") -> Paged[Unconfirmed]:
    """A page of the decisions that wait for somebody, in the order in which they came.

    Args:
        database: where from.
        page: which one.
        grants: the roles that they have now: a decision waits for them in the round in which they have one.
        challenge: only decisions on this challenge, by its id.

    Raises:
        NotReadable: no page begins there.
        Unavailable: the database cannot be read.
    """
    theirs = {(each.round, each.person) for each in grants if each.person}
    if not theirs:
        return Paged(items=())
    whose = or_(
        *(and_(_challenges.c.round == round_, _unconfirmed.c.person == person) for round_, person in sorted(theirs))
    )
    wanted = select(_unconfirmed).join(_challenges).where(_unconfirmed.c.settled_at.is_(None), whose)
    if challenge:
        wanted = wanted.where(_unconfirmed.c.challenge == challenge)
    with database.reading() as connection:
        return _AS_THEY_CAME.read(connection, wanted, page, _found)


def find(database: Database, id: str) -> Unconfirmed:  # noqa: A002
    """A decision that came without a proof, whether it still waits or not.

    Raises:
        UnknownDecision: none has this id.
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        row = connection.execute(select(_unconfirmed).where(_unconfirmed.c.id == id)).one_or_none()
    if row is None:
        raise UnknownDecision(f"No decision waits as {id[:40]!r}: see `unconfirmed` for those that wait for you.")
    return _found(row)


def read_done(database: Database, unconfirmed: Unconfirmed) -> str:
    """What happened when a decision was confirmed, in the words of the record.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        line = find_line(connection, f"{unconfirmed.workflow}/{unconfirmed.kind}/{unconfirmed.decision_id}")
    assert line is not None, "it was settled together with its line"
    return str(line.text)


def drop(database: Database, unconfirmed: Unconfirmed, dropped: Announcement, compose: Compose) -> None:
    """Notes that the person whom a decision names does not confirm it. You can safely call this again.

    Args:
        database: where.
        unconfirmed: the decision.
        dropped: what is announced.
        compose: finds the words of notices.

    Raises:
        TooLate: it was confirmed before.
        Unavailable: the database cannot be written to.
    """
    waits_still = (_unconfirmed.c.id == unconfirmed.id, _unconfirmed.c.settled_at.is_(None))
    with database.writing() as connection:
        is_new = put(connection, dropped, compose)
        settled = update(_unconfirmed).where(*waits_still).values(settled_at=dropped.entry.at, settled_how=DROPPED)
        if is_new and not connection.execute(settled).rowcount:
            raise confirmed_before(unconfirmed)


def confirmed_before(unconfirmed: Unconfirmed) -> TooLate:
    """The refusal of whoever settles a decision that was settled otherwise."""
    how = unconfirmed.settled_how or CONFIRMED  # by somebody else, since it was read
    return TooLate(f"The {unconfirmed.kind} {unconfirmed.id} was {how} before: see the record.")


def _found(row: Found) -> Unconfirmed:
    known = {name: getattr(row, name) for name in Unconfirmed.model_fields if name not in ("came", "settled")}
    return Unconfirmed(**known, came=row.came_at, settled=row.settled_at)
