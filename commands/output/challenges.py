"""What the commands print about challenges: their status and their record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from commands.terminal import say, show_facts, show_table, when
from desk.challenges import ShownLine
from desk.open import ChallengeRow, Payment
from domain.announcements.chain import Verified
from domain.challenges.decisions import Participate
from domain.challenges.draft import SoFar
from domain.challenges.page import evidence_of, facts_of, stages_of
from domain.challenges.state import State
from domain.payments.payment import PaymentStatus
from domain.values.calendar import spoken
from domain.values.money import total
from domain.values.wording import counted


def challenge_status(
    row: ChallengeRow, paid: Sequence[Payment], state: State, marks: str = "", so_far: Sequence[SoFar] = ()
) -> None:
    """Prints where one challenge is, with its teams, its reserve, its money, how far readers are, and who must act."""
    show_facts(
        row.id,
        (
            ("Question", row.question),
            ("Needs attention", row.attention),
            *(
                (label, f"{row.sponsor_name} ({fact})" if label == "Sponsor" else fact)
                for label, fact in facts_of(state, row.attention)
            ),
            *_so_far(so_far),
            ("Marks", marks),
            *stages_of(state),
            *(("Evidence", each) for each in evidence_of(state)),
            ("Payments", _payments_counted(paid)),
            *_proofs(row),
        ),
    )


def challenge(row: ChallengeRow, paid: Sequence[Payment], so_far: Sequence[SoFar] = ()) -> None:
    """Prints where one challenge is, as far as the database knows."""
    zone = row.time_zone
    show_facts(
        row.id,
        (
            ("Question", row.question),
            ("Sponsor", f"{row.sponsor_name} ({row.sponsor})"),
            ("Window opens", spoken(row.opens, zone, begins=True)),
            ("Window closes", spoken(row.closes, zone)),
            ("Applications", row.applications),
            *_so_far(so_far),
            ("Stage", row.stage),
            ("Waits for", row.waits_for),
            ("Until", spoken(row.until, zone, begins=row.waits_for == "opening") if row.until else ""),
            ("Needs attention", row.attention),
            ("Outcome", row.outcome),
            ("Reason", row.outcome_reason),
            ("Payments", _payments_counted(paid)),
            *_proofs(row),
        ),
    )


def _proofs(row: ChallengeRow) -> Iterator[tuple[str, str]]:
    """The decisions on a challenge and its payments that came without a proof: those done, and those that wait."""
    if row.not_proven:
        yield "Not proven", f"{counted(row.not_proven, 'decision')} done without a proof: see the record"
    if row.unconfirmed:
        yield "To confirm", f"{counted(row.unconfirmed, 'decision')}, by the people whom they name: see `unconfirmed`"


def _so_far(so_far: Sequence[SoFar]) -> Iterator[tuple[str, str]]:
    for each in so_far:
        yield f"Proposals ({each.stage})" if each.stage else "Applications", each.in_words


def _payments_counted(paid: Sequence[Payment]) -> str:
    """The number and the sum of payments in each status: "2 settled (£4,000), 1 requested (£2,000)"."""
    of_each = [(status, [each for each in paid if each.status is status]) for status in PaymentStatus]
    return ", ".join(
        f"{len(found)} {status} ({total(each.amount.gross for each in found).shown(found[0].currency)})"
        for status, found in of_each
        if found
    )


def challenges(rows: Sequence[ChallengeRow]) -> None:
    """Prints where every challenge is."""
    for round_, of_one in groupby(rows, key=lambda row: row.round):
        show_table(
            f"Round {round_}",
            ("=Challenge", "Stage", "Waits for", "=Until"),
            [
                (
                    row.slug,
                    row.stage,
                    f"{row.waits_for} ({row.outcome})" if row.outcome else row.waits_for,
                    when(row.until, row.time_zone, begins=row.waits_for == "opening"),
                )
                for row in of_one
            ],
        )
    for row in rows:
        if row.attention:
            say(f"{row.id} needs attention: {row.attention}")
        for what, which in _proofs(row):
            say(f"{row.id}, {what[0].lower()}{what[1:]}: {which}")
    if not rows:
        say("No challenges yet: open a round with `starter.py open ROUND`.")


def record(row: ChallengeRow, lines: Sequence[ShownLine]) -> None:
    """Prints the record of a challenge: beside each person their role, and how they were proven."""
    for line in lines:
        refused = " refused" if line.refused else ""
        role = line.role if line.role not in (line.by, "unknown") else ""
        sender = line.principal and f"sent by {line.principal}"
        how = ", ".join(filter(None, (role, line.proof, sender)))
        who = f"{line.by} ({how})" if how else line.by
        refused += "; THE SIGNATURE IS WRONG" if line.wrongly_signed else ""
        say(f"{when(line.at, row.time_zone, seconds=True)}  {who}: {line.action}{refused}")
        reason = "Summary" if line.action == Participate.kind else "Reason"
        for text in (line.text, line.reason and f"{reason}: {line.reason}"):
            if text:
                say(text, indent=4)
    if not lines:
        say("The record is empty.")


def verified(found: Verified) -> str:
    """That nothing is wrong with the record."""
    kept = f" It agrees with {counted(found.kept, 'head')} kept elsewhere." if found.kept else ""
    where = f"{counted(found.lines, 'line')} of {counted(found.challenges, 'challenge')}"
    return f"The record is as it was written: {where}.{kept}"


def fault(found: Verified) -> str:
    """The first thing that is wrong with the record."""
    assert found.fault is not None, "asked only if there is one"
    others = f" {counted(found.others, 'more challenge')} with a fault." if found.others else ""
    return f"{found.fault.text}.{others}"
