"""What the commands print about applications."""

from __future__ import annotations

from collections.abc import Sequence

from commands.terminal import say, show_entry, when
from desk.open import ChallengeRow
from domain.challenges.application import Application
from domain.forms.answers import Answers
from domain.values.calendar import spoken


def applications(row: ChallengeRow, rows: Sequence[Application]) -> None:
    """Prints the applications to a challenge, with the beginning of each proposal."""
    zone = row.time_zone
    say(f"Applications to {row.id}", bold=True)
    for each in rows:
        withdrawn = f"withdrawn {when(each.withdrawn, zone)}" if each.withdrawn else ""
        erased = f"erased {when(each.erased, zone)}" if each.erased else ""
        show_entry(
            f"{each.id}  {each.organisation}",
            (each.email, f"received {when(each.received, zone)}", withdrawn, erased),
            (" ".join(each.twins.in_words),),
            (_beginning(_text_of(each.answers)),),
            *((f"for {proposal.stage}: {_beginning(_text_of(proposal.answers))}",) for proposal in each.further),
        )
    if not rows:
        say("Nobody applied.")


def applications_in_full(row: ChallengeRow, rows: Sequence[Application]) -> None:
    """Prints the applications to a challenge in full."""
    zone = row.time_zone
    for each in rows:
        withdrawn = f", withdrawn {spoken(each.withdrawn, zone)}" if each.withdrawn else ""
        whose = f"erased {spoken(each.erased, zone)}" if each.erased else f"{each.organisation}, {each.email}"
        say(f"{each.id}: {whose}, received {spoken(each.received, zone)}{withdrawn}")
        for sentence in each.twins.in_words:
            say(sentence, indent=4)
        for line in _text_of(each.answers).splitlines():
            say(line, indent=4)
        for proposal in each.further:
            say(f"Further proposal for {proposal.stage}, sent {spoken(proposal.sent, zone)}", indent=4)
            for line in _text_of(proposal.answers).splitlines():
                say(line, indent=8)
        say("")
    if not rows:
        say("Nobody applied.")


def _text_of(answers: Answers) -> str:
    return "\n".join(each for each in answers.values() if isinstance(each, str))


def _beginning(text: str, most: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
