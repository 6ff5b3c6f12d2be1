"""What the commands print about attached files."""

from __future__ import annotations

from collections.abc import Sequence

from commands.terminal import say, show_entry, when
from domain.forms.attachments import Attachment, spoken_size


def attached(each: Attachment) -> None:
    """Prints what was attached."""
    say(f"Attached {each.id} to {each.application}: {each.kind}, {spoken_size(each.size)}, {each.scan}.")


def attachments(application: str, rows: Sequence[Attachment], zone: str) -> None:
    """Prints the files of an application."""
    say(f"Files of {application}", bold=True)
    for each in rows:
        show_entry(
            f"{each.id}  {each.name}",
            (f"answers {each.question}", str(each.kind), spoken_size(each.size), str(each.scan)),
            (f"attached {when(each.attached, zone)}",),
        )
    if not rows:
        say("No file is attached.")
