"""The command for evidence: those who judge it read it, and accept or reject it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Optional

import typer

from desk.desk import Desk
from domain.challenges.sent_evidence import EvidenceOf
from domain.permissions import Actor
from domain.values.refusals import FileRefused

from .attachments import write_new
from .document import for_programs, show_json
from .options import (
    ChallengeName,
    DecisionId,
    StageName,
    TeamName,
    Who,
    Why,
    a_desk,
    acting,
    command,
    decide,
    whole_number,
)
from .output import evidence as output
from .terminal import misused


class Verb(StrEnum):
    """What to do with evidence."""

    READ = "read"
    ACCEPT = "accept"
    REJECT = "reject"


@command
async def evidence(
    challenge: ChallengeName,
    stage: StageName,
    team: TeamName,
    verb: Annotated[Verb, typer.Argument(metavar="read|accept|reject")],
    by: Who,
    instalment: Annotated[
        int,
        typer.Option(
            parser=whole_number,
            metavar="NUMBER",
            help="The number of the instalment; without it, the first that waits, and with read, all.",
        ),
    ] = 0,
    save: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FOLDER", help="With read: write the files that were sent into this folder."),
    ] = None,
    final: Annotated[bool, typer.Option("--final", help="With reject: the instalment will never be paid.")] = False,
    reason: Why = "",
    decision_id: DecisionId = "",
) -> None:
    """Read a team's evidence for an instalment; accept it, which makes the payment due; or reject it.

    Example: `starter.py evidence air-quality accelerator air-quality-7kx3qm accept --as sepa-decider`
    """
    if verb is Verb.READ:
        async with a_desk() as desk:
            await _read(desk, await acting(desk, by), challenge, stage, team, instalment, save)
        return
    if save is not None:
        misused("--save goes with read.")
    fields = {"stage": stage, "team": team, "number": instalment, "accepted": verb is Verb.ACCEPT, "final": final}
    await decide(challenge, "evidence", by, decision_id, reason=reason, **fields)


async def _read(
    desk: Desk, actor: Actor, challenge: str, stage: str, team: str, instalment: int, save: Path | None
) -> None:
    found = await desk.evidence.read(actor, challenge, stage, team)
    shown = [each for each in found if instalment in (0, each.number)]
    if not shown:
        numbers = ", ".join(str(each.number) for each in found)
        misused(f"Instalment {instalment} is not paid on evidence: name one of {numbers}.")
    row = await desk.challenges.find(actor, challenge)
    files = await _save(desk, actor, challenge, shown, save) if save is not None else {}
    if for_programs():
        show_json(shown)
    else:
        output.evidence(team, shown, files, row)


async def _save(desk: Desk, actor: Actor, challenge: str, shown: Sequence[EvidenceOf], folder: Path) -> dict[str, Path]:
    """Writes all files into a folder, under names of the service's own, and says where each is, by its id."""
    _make(folder)
    written = {}
    for each in shown:
        for sent in each.sent:
            for file in sent.files:
                to = folder / f"{each.stage}-{each.number}-version-{sent.version}-{file.id}.{file.kind}"
                opened = await desk.evidence.open_sent(actor, challenge, file.id)
                await write_new(to, opened.content)
                written[file.id] = to
    return written


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise FileRefused(f"{folder} cannot be made ({error.strerror}): name another folder.") from None
