"""What was done with payment files, on the record of each challenge that has a payment in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection
from whenever import Instant

from domain.announcements.announcement import Entry
from domain.keys import challenge_of
from store.record.lines import write_line


def write_lines(
    connection: Connection,
    payments: Iterable[str],
    key: str,
    text: str,
    by: str,
    roles: Mapping[str, str],
    at: Instant,
    reason: str = "",
    proof: str = "",
) -> None:
    """Writes who did something with a file, why, and how they were proven, on the record of each challenge concerned.

    The transaction must have locked these challenges first; see `rows.hold_all`.
    """
    counted = Counter(map(challenge_of, payments))
    for challenge, count in sorted(counted.items()):
        number = f", with {count} of this challenge's payments" if count > 1 else ""
        action, role = key.partition("/")[0], roles.get(challenge, "unknown")
        entry = Entry(at=at, by=by, role=role, action=action, text=text + number, reason=reason, proof=proof)
        write_line(connection, f"{challenge}/{key}", challenge, entry)
