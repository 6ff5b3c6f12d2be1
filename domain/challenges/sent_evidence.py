"""Evidence that a team has sent for an instalment, and whether it can send more: from the public copy and its own rows.

The workflow decides on evidence and never sees it. What is said here keeps a team from sending what nobody would judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from whenever import Instant

from domain.forms.attachments import Attachment
from domain.forms.form import Kind, Question
from domain.publishing.snapshot import TeamIn
from domain.values.calendar import spoken
from domain.values.model import Value
from domain.values.money import Amount
from domain.values.refusals import NotReadable, OnHold, Problem, Refused, TooLate
from domain.values.words import gettext

from .stage_run import parts_of
from .standing import Own
from .state import Outcome

LONGEST_STATEMENT = 5_000
"""The most characters of what a team writes about its evidence."""
FILES = Question(id="evidence", title="Evidence", kind=Kind.FILE, most_files=10)
"""What evidence takes as files: all kinds that can be attached, of the usual size."""
OF_EVIDENCE = "evidence/"
"""How the names begin under which files of evidence are kept."""


class SentEvidence(Value):
    """Evidence as it was sent once. It never changes. Personal data.

    Args:
        version: counts what was sent for the instalment, from 1.
        statement: what the team wrote; empty once it was erased.
        at: when it was sent.
        files: that came with it.
    """

    version: int
    statement: str
    at: Instant
    files: tuple[Attachment, ...] = ()


class JudgedEvidence(Value):
    """A decision on evidence.

    Args:
        accepted: whether it was accepted.
        final: whether the team can show nothing else for the instalment.
        reason: of a rejection.
        at: when.
    """

    accepted: bool
    final: bool
    reason: str
    at: Instant


class EvidenceOf(Value):
    """An instalment that is paid on evidence, with what was sent and decided.

    Args:
        stage, number: which instalment of the team.
        title: of the stage.
        instalments: how many the stage pays.
        what: what the programme asks to be shown.
        amount: what the instalment pays.
        until: when the stage ends for the team; None once it has ended.
        sent: all versions, oldest first.
        judged: all decisions, oldest first.
        closed: why nothing can be sent; empty if something can.
    """

    stage: str
    number: int
    title: str
    instalments: int
    what: str
    amount: Amount
    until: Instant | None
    sent: tuple[SentEvidence, ...] = ()
    judged: tuple[JudgedEvidence, ...] = ()
    closed: str = ""

    @property
    def happened(self) -> tuple[SentEvidence | JudgedEvidence, ...]:
        """What was sent and what was decided, oldest first."""
        return tuple(sorted([*self.sent, *self.judged], key=lambda each: each.at))

    @property
    def last(self) -> JudgedEvidence | None:
        """The last decision, if nothing was sent after it."""
        if not self.judged or (self.sent and self.sent[-1].at > self.judged[-1].at):
            return None
        return self.judged[-1]


def place_of(stage: str, number: int) -> str:
    """Under which name the files for an instalment are kept, beside those of applications and further proposals."""
    return f"{OF_EVIDENCE}{stage}/{number}"


def is_place(stage: str) -> bool:
    """Whether files under this name are evidence."""
    return stage.startswith(OF_EVIDENCE)


def instalments(own: Own) -> Iterator[EvidenceOf]:
    """The instalments of a team that are paid on evidence, of the stages that it came into."""
    for stage, team in own.stages:
        pay = next((each.pay for each in (own.posed.stages if own.posed else ()) if each.name == stage.stage), None)
        parts = parts_of(pay, team) if pay else ()
        if pay is None or not parts:
            continue
        for number, part in own.evidence_of(stage.stage):
            yield EvidenceOf(
                stage=stage.stage,
                number=number,
                title=own.title_of(stage.stage),
                instalments=len(pay.instalments),
                what=part.evidence or "",
                amount=parts[number - 1],
                until=None if team.ended else team.ends,
            )


def refusal(own: Own, asked: EvidenceOf) -> Refused | None:
    """Why a team can send nothing for an instalment; None if it can.

    Args:
        own: the application of the team.
        asked: the instalment, with the decisions on its evidence.
    """
    decided = next((each for each in asked.judged if each.final), None)
    if decided is not None and decided.accepted:
        at = spoken(decided.at, own.time_zone)
        return TooLate(gettext("Your evidence was accepted on {at}: no more is needed.").format(at=at))
    if decided is not None:
        text = gettext("Your evidence was rejected for good on {at}: nothing more is taken for this instalment.")
        return TooLate(text.format(at=spoken(decided.at, own.time_zone)))
    if own.snapshot is None or own.snapshot.outcome == Outcome.CANCELLED:
        return TooLate(gettext("The challenge was cancelled: nobody judges evidence any more."))
    if not any(_stayed(team) for stage, team in own.stages if stage.stage == asked.stage):
        text = gettext("You left {stage} before it ended: nothing more is taken for it.")
        return TooLate(text.format(stage=asked.title))
    if own.snapshot.held_since is not None:
        return OnHold(
            gettext("The challenge is on hold, and nothing is taken now. Send it once the challenge goes on.")
        )
    return None


def check_statement(statement: str) -> str:
    """The statement as it is kept.

    Raises:
        NotReadable: it is empty or too long.
    """
    text = statement.replace("\r\n", "\n").strip()
    if not text:
        fault = gettext("Write what you show: the statement is empty.")
    elif len(text) > LONGEST_STATEMENT:
        said = gettext("The statement has {number:,} characters: shorten it to {most:,}.")
        fault = said.format(number=len(text), most=LONGEST_STATEMENT)
    else:
        return text
    raise NotReadable.for_problems([Problem(field="statement", text=fault)])


def find(all_: Sequence[EvidenceOf], stage: str, number: int) -> EvidenceOf | None:
    """One instalment among those of a team."""
    return next((each for each in all_ if (each.stage, each.number) == (stage, number)), None)


def _stayed(team: TeamIn) -> bool:
    """Whether a team stayed until the stage ended for it; while the stage runs, whether the team is still in."""
    return team.left is None or (team.ended is not None and team.left >= team.ends)
