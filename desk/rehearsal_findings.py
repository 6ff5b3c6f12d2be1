"""The books of a rehearsal, compared with the programme and with the parts that were played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from domain.announcements.occasions import Occasion
from domain.challenges.awards import payments_expected
from domain.challenges.state import Outcome
from domain.programmes.programme import Programme, Stage
from domain.programmes.rehearsal import planned_fees
from domain.values.model import Value
from domain.values.money import Money, total
from domain.values.paging import all_of
from store.payments.reading import Payment

from .desk import Desk
from .rehearsal_parts import Parts


class Books(Value):
    """The settled payments of all challenges for one stage.

    Args:
        stage: the stage's name.
        agreed: whether the amounts were agreed at the selections. If not, the programme fixes the amounts.
        each: the amount of one payment. None if the amounts differ.
        payments: the number of settled payments.
        paid: the sum of the settled payments.
    """

    stage: str
    agreed: bool
    each: Money | None
    payments: int
    paid: Money


class Findings(Value):
    """The result of a rehearsal.

    Args:
        challenges: the ids of the challenges.
        accepted, refused: the number of submissions that were taken, and that were refused.
        proposals, files, marks: the number of further proposals, of files that were attached, and of readers' marks.
        ledger: the settled payments, by stage.
        fixed: the sum of all settled payments whose amounts the programme fixes.
        agreed: the sum of all settled payments whose amounts were agreed at selections.
        differences: everything that differs from the programme. Empty if nothing does.
    """

    challenges: tuple[str, ...]
    accepted: int
    refused: int
    proposals: int
    files: int
    marks: int
    ledger: tuple[Books, ...]
    fixed: Money
    agreed: Money
    differences: tuple[str, ...]

    @property
    def paid(self) -> Money:
        """The sum of all settled payments."""
        return self.fixed + self.agreed


async def findings_of(desk: Desk, programme: Programme, players: Sequence[Parts]) -> Findings:
    """Compares the books of all challenges with the programme, once everything is over."""
    settled = [each for player in players for each in await player.ledger() if each.settled]
    books = tuple(_books(stage, settled) for stage in programme.stages if stage.pay is not None)
    fixed = total(line.paid for line in books if not line.agreed)
    differences = [each for player in players for each in await _differences(desk, programme, player)]
    planned = total(planned_fees(programme) for _ in players)
    if fixed != planned:
        shown = planned.shown(programme.currency)
        differences.append(f"{fixed.shown(programme.currency)} was paid in fixed fees, but {shown} was planned")
    return Findings(
        challenges=tuple(player.challenge.id for player in players),
        accepted=sum(len(player.applicants.receipts) for player in players),
        refused=sum(len(player.applicants.refusals) for player in players),
        proposals=sum(player.applicants.proposals for player in players),
        files=sum(player.applicants.files for player in players),
        marks=sum(player.judges.marks for player in players),
        ledger=books,
        fixed=fixed,
        agreed=total(line.paid for line in books if line.agreed),
        differences=tuple(differences),
    )


def _books(stage: Stage, settled: list[Payment]) -> Books:
    of_stage = [each.amount.gross for each in settled if each.stage == stage.name]
    return Books(
        stage=stage.name,
        agreed=stage.pay is None or stage.pay.fixed is None,
        each=of_stage[0] if len(set(of_stage)) == 1 else None,
        payments=len(of_stage),
        paid=total(of_stage),
    )


async def _differences(desk: Desk, programme: Programme, player: Parts) -> list[str]:
    """The differences between a challenge, its programme and the parts that were played."""
    row, operator = await player.row(), await player.actor(player.operator)
    found = [*player.wrong]
    if row.outcome != Outcome.COMPLETED:
        found.append(f"the outcome is {row.outcome or 'still open'}, not completed")
    people = player.applicants
    taken, refused = len(people.receipts), len(people.refusals)
    if row.applications != taken:
        found.append(f"the window was sealed with {row.applications} applications, but {taken} had receipts")
    expected = payments_expected(programme, player.taken, player.agreed)
    ledger = await player.ledger()
    actual = Counter((each.stage, each.number, each.amount.gross) for each in ledger if each.settled)
    for (stage, number, amount), is_what in (
        *((payment, "is due but was not paid") for payment in (expected - actual).elements()),
        *((payment, "was paid but is not due") for payment in (actual - expected).elements()),
    ):
        found.append(f"{amount.shown(row.currency)} for {stage}, instalment {number}, {is_what}")
    told = Counter(notice.occasion for notice in await all_of(lambda page: desk.notices.list(operator, page, row.id)))
    for occasion, count in (
        (Occasion.APPLICATION_RECEIVED, taken),
        (Occasion.APPLICATION_CHANGED, people.changed),
        (Occasion.APPLICATION_REFUSED, refused + people.late_changes + people.late_proposals),
        (Occasion.PROPOSAL_RECEIVED, people.proposals),
        (Occasion.PROPOSAL_MISSING, people.missing),
        (Occasion.EVIDENCE_ACCEPTED, player.evidence_accepted),
        (Occasion.PAYMENT_SENT, expected.total()),
    ):
        if told[occasion] != count:
            found.append(f"{told[occasion]} notices of {occasion} were sent, but {count} were due")
    return [f"{row.id}: {each}" for each in found]
