"""What the commands print about applications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from commands.terminal import say, show_entry, when
from desk.open import ChallengeRow
from desk.questions import Asked
from domain.challenges.application import Application
from domain.forms.form import Form
from domain.values.calendar import spoken

from . import answers


def applications(row: ChallengeRow, rows: Sequence[Application], forms: Mapping[str, Form]) -> None:
    """Prints the applications to a challenge, with the beginning of each first text.

    Args:
        row: the challenge.
        rows: the applications.
        forms: what they answer, by stage; the empty text is the application itself.
    """
    zone = row.time_zone
    say(f"Applications to {row.id}", bold=True)
    for each in rows:
        withdrawn = f"withdrawn {when(each.withdrawn, zone)}" if each.withdrawn else ""
        erased = f"erased {when(each.erased, zone)}" if each.erased else ""
        show_entry(
            f"{each.id}  {each.organisation}",
            (each.email, f"received {when(each.received, zone)}", withdrawn, erased),
            (" ".join(each.twins.in_words),),
            (answers.beginning(forms[""], each.answers),),
            *((f"for {one.stage}: {answers.beginning(forms[one.stage], one.answers)}",) for one in each.further),
        )
    if not rows:
        say("Nobody applied.")


def applications_in_full(row: ChallengeRow, rows: Sequence[Application], forms: Mapping[str, Form]) -> None:
    """Prints the applications to a challenge in full, each answer below its question; see `applications`."""
    zone = row.time_zone
    for each in rows:
        withdrawn = f", withdrawn {spoken(each.withdrawn, zone)}" if each.withdrawn else ""
        whose = f"erased {spoken(each.erased, zone)}" if each.erased else f"{each.organisation}, {each.email}"
        say(f"{each.id}: {whose}, received {spoken(each.received, zone)}{withdrawn}")
        for sentence in each.twins.in_words:
            say(sentence, indent=4)
        answers.in_full(forms[""], each.answers)
        for proposal in each.further:
            say(f"Further proposal for {proposal.stage}, sent {spoken(proposal.sent, zone)}", indent=4)
            answers.in_full(forms[proposal.stage], proposal.answers, indent=8)
        say("")
    if not rows:
        say("Nobody applied.")


def questions(found: Sequence[Asked]) -> None:
    """Prints the questions that people have asked, with their answers."""
    for each in found:
        late = "late" if each.is_late else ""
        said = f"answered: {each.answer}" if each.answer else "dropped" if each.is_dropped else "waits for an answer"
        show_entry(f"{each.id}  {' '.join(each.text.split())}", (late, said))
    if not found:
        say("Nobody has asked.")
