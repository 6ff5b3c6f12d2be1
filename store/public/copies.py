"""The public copy of each challenge: written when the challenge is opened, and with each of its announcements."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, update
from whenever import Instant

from domain.challenges.publishing import snapshot_of
from domain.challenges.state import State
from domain.programmes.programme import Programme
from domain.programmes.round import Challenge, Round
from domain.publishing.posed import posed_of
from domain.publishing.snapshot import Snapshot
from store.database import tables
from store.database.inserts import inserting
from store.database.prepared import Prepared

_copies = tables.public_copies
_SNAPSHOT = Prepared(
    update(_copies)
    .where(_copies.c.challenge == bindparam("wanted"))
    .values(snapshot=bindparam("new_snapshot"), at=bindparam("new_at", type_=_copies.c.at.type))
)


def keep(connection: Connection, round_: Round, programme: Programme, challenge: Challenge, at: Instant) -> None:
    """Writes down a challenge that is opened, as the public sees it. A copy that is there stays as it is.

    Args:
        connection: in a transaction that writes.
        round_, programme: as their files say.
        challenge: the challenge with its dates.
        at: when.
    """
    begins = snapshot_of(State.of(challenge, programme))
    said = {"posed": posed_of(round_, programme, challenge).model_dump_json(), "snapshot": begins.model_dump_json()}
    row = inserting(connection, _copies).values(challenge=challenge.id, at=at, **said)
    connection.execute(row.on_conflict_do_nothing())


def put(connection: Connection, challenge: str, snapshot: Snapshot, at: Instant) -> None:
    """Writes down how far a challenge has come.

    A challenge without a public copy gets none: nobody knows what its files said.

    Args:
        connection: in a transaction that writes, which has taken the challenge.
        challenge: its id.
        snapshot: what the public may know.
        at: when it came to that.
    """
    values = {"wanted": challenge, "new_snapshot": snapshot.model_dump_json(), "new_at": at}
    _SNAPSHOT.execute(connection, values)
