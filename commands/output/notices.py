"""What the commands print about notices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from commands.terminal import cut, say, show_entry, show_facts, when
from desk.open import ChallengeRow, Notice
from domain.values.calendar import spoken

_ID = 32
"""The number of characters in the id of a decision."""


def notices(rows: Sequence[Notice], zones: Mapping[str, str], nothing: str) -> None:
    """Prints notices, with the keys that `notices show` takes.

    Args:
        rows: the notices.
        zones: the time zone of each challenge.
        nothing: printed if there are no notices.
    """
    ends = _ends_of_keys(rows)
    for row in rows:
        told = f"{when(row.created, zones[row.challenge])}, {row.status}: {row.subject}"
        show_entry(ends[row.key], (cut(told, before=4),), (row.reason,))
    if not rows:
        say(nothing)
    if any(row.status == "failed" for row in rows):
        say(
            "A notice that failed reached nobody: tell its recipient in another way, or solve the problem and send the "
            "notice again with `notices resend`."
        )


def _ends_of_keys(rows: Sequence[Notice]) -> dict[str, str]:
    """For each key, the shortest end that no other key has, in this challenge or another."""

    def ends(row: Notice) -> list[str]:
        parts = row.key.split("/")
        return ["/".join(parts[start:]) for start in range(len(parts) - 2, -1, -1)]

    count = Counter(end for row in rows for end in ends(row))
    return {
        row.key: next(
            (end for end in ends(row) if count[end] == 1 and _only_here(end, row.challenge.partition("/")[2])), row.key
        )
        for row in rows
    }


def _only_here(end: str, slug: str) -> bool:
    """Whether the end of a key contains the id of an application or a decision, which no other challenge has."""
    return any(part.startswith(f"{slug}-") or len(part) == _ID for part in end.split("/"))


def notice(row: Notice, of: ChallengeRow) -> None:
    """Prints one notice in full."""
    show_facts(
        row.key,
        [
            ("To", f"{row.recipient}, {row.address}"),
            ("Written", spoken(row.created, of.time_zone)),
            ("Status", f"{row.status}, {spoken(row.status_at, of.time_zone)}" if row.status_at else row.status),
            ("Channel", row.channel),
            ("Reason", row.reason),
            ("Contact", of.contact if row.status == "failed" else ""),
        ],
    )
    letter(row.subject, row.body)


def letter(subject: str, body: str) -> None:
    """Prints the words of a notice."""
    say("")
    say(f"Subject: {subject}", indent=4)
    say("")
    for line in body.splitlines():
        say(line, indent=4)
    say("")
