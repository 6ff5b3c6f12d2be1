"""What was done with payment files, on the record of each challenge that has a payment in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection
from whenever import Instant

from domain.announcements.announcement import Entry
from domain.keys import PaymentKey
from store.record.record import write_line


def write_lines(
    connection: Connection,
    payments: Iterable[str],
    action: str,
    which: str,
    text: str,
    by: str,
    roles: Mapping[str, str],
    at: Instant,
) -> None:
    """Writes on the record of each challenge concerned who did something with payment files.

    Args:
        connection: in whose transaction.
        payments: keys of the payments concerned.
        action: what was done, such as "bank-report".
        which: tells this one from every other of its kind.
        text: what was done, in words.
        by, roles: who did it, and in what role by challenge.
        at: when.
    """
    counted = Counter(PaymentKey(payment).challenge for payment in payments)
    for challenge, count in counted.items():
        number = f", with {count} of this challenge's payments" if count > 1 else ""
        entry = Entry(at=at, by=by, role=roles.get(challenge, "unknown"), action=action, text=text + number)
        write_line(connection, f"{challenge}/{action}/{which}", challenge, entry)
