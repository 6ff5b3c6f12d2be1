"""What the commands print about readers."""

from __future__ import annotations

from collections.abc import Sequence

from commands.terminal import say, show_entry
from desk.readers import Reader
from domain.values.wording import counted


def readers(challenge: str, rows: Sequence[Reader]) -> None:
    """Prints the readers of a challenge."""
    say(f"Readers of {challenge}", bold=True)
    for each in rows:
        declared = f"declared for {counted(each.declared, 'applicant')}"
        conflicts = counted(each.conflicts, "conflict") + " of interest" if each.conflicts else ""
        reads = f"reads {counted(each.reads, 'application')}"
        show_entry(each.person, (reads, declared, conflicts), (", ".join(each.assigned),))
    if not rows:
        say("Nobody: name readers in the round's file, under [[readers]] and in `readers` of a sponsor or a challenge.")
