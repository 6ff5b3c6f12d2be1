"""What the commands print about evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from commands.terminal import say, when
from desk.open import ChallengeRow
from domain.challenges.sent_evidence import EvidenceOf, JudgedEvidence, SentEvidence
from domain.forms.attachments import spoken_size


def evidence(team: str, rows: Sequence[EvidenceOf], files: Mapping[str, Path], row: ChallengeRow) -> None:
    """Prints what a team has sent for the instalments of a stage, and what was decided, oldest first.

    Args:
        team: its id.
        rows: the instalments.
        files: where files were written, by their ids.
        row: the challenge.
    """
    for each in rows:
        say(f"Evidence of {team} for {each.title}, instalment {each.number} of {each.instalments}", bold=True)
        say(f"{each.what}: {each.amount.gross.shown(row.currency)}", indent=4)
        for one in each.happened:
            _sent(one, files, row) if isinstance(one, SentEvidence) else _judged(one, row)
        if not each.sent:
            say("Nothing was sent.", indent=4)


def _sent(sent: SentEvidence, files: Mapping[str, Path], row: ChallengeRow) -> None:
    say(f"Version {sent.version}, sent {when(sent.at, row.time_zone)}", indent=4)
    for line in (sent.statement or "(erased)").split("\n"):
        say(line, indent=8)
    for each in sent.files:
        where = f", written to {files[each.id]}" if each.id in files else ""
        say(f"{each.id}  {each.name}: {each.kind}, {spoken_size(each.size)}, {each.scan}{where}", indent=8)


def _judged(judged: JudgedEvidence, row: ChallengeRow) -> None:
    how = "Accepted" if judged.accepted else "Rejected for good" if judged.final else "Rejected"
    because = f": {judged.reason}" if judged.reason else ""
    say(f"{how}, {when(judged.at, row.time_zone)}{because}", indent=4)
