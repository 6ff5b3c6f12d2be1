"""What the commands print about declarations of interest."""

from __future__ import annotations

from collections.abc import Sequence

from commands.terminal import say, show_entry
from domain.judging.interests import Interest
from domain.values.wording import counted


def interests(challenge: str, rows: Sequence[Interest]) -> None:
    """Prints the applicants to a challenge by name, with what a person declared for each."""
    say(f"Applicants to {challenge}, and what you declared", bold=True)
    for each in rows:
        likely = f"look at this one: {' and '.join(each.likely)}" if each.likely else ""
        withdrawn = "withdrawn" if each.withdrawn else ""
        show_entry(f"{each.application}  {each.organisation}", (_declared(each), withdrawn), (likely,))
    if not rows:
        say("Nobody applied.")
    elif missing := sum(not each.declared for each in rows):
        say(f"{counted(missing, 'applicant')} still to declare for: --none for all, or --of APPLICATION for each.")


def _declared(interest: Interest) -> str:
    if not interest.declared:
        return "nothing declared yet"
    if not interest.what:
        return "no interest"
    return f"{'conflict of interest' if interest.conflict else 'interest'}: {interest.what}"
