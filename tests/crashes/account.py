"""What a challenge has left behind when it ended, in words that are the same whenever it is played."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import select

from domain.challenges.state import Result
from store.database import tables
from tests.crashes.played import Played

Line: TypeAlias = tuple[str, str, str, str, bool]
"""Role, action, stage, reason, and whether it was refused."""


@dataclass(frozen=True)
class Account:
    """What two plays of one story must have in common, with teams by their number and people by their role.

    Left out is what rightly differs: times and the texts that name them, references, and ids that are left to chance.
    What is of one payment or one team's bank details is in order, and so is all else; but not each among the others.

    Args:
        ledger: stage, team, instalment, pence, status and number of attempts of each payment.
        transfers: stage, team, instalment, attempt and pence of each transfer that the rail has.
        notices: occasion and recipient.
        record: in what role somebody did what, in which stage, why, and whether it was refused.
        payments: the same of each payment and of each team's bank details, by what tells them apart.
        outcome: as lists show it, and as the workflow returned it.
        paid: stage, team and instalment, as the workflow returned it.
    """

    ledger: Counter[tuple[str, str, str, int, str, int]]
    transfers: Counter[tuple[str, str, str, str, int]]
    notices: Counter[tuple[str, str]]
    record: tuple[Line, ...]
    payments: dict[tuple[str, ...], tuple[Line, ...]]
    outcome: tuple[str, str, str]
    paid: Counter[tuple[str, ...]]


def account_of(played: Played, result: Result) -> Account:
    """The account of a challenge that has ended."""
    books, teams = played.books, {team: f"team {number}" for number, team in enumerate(played.teams, start=1)}
    names = teams | dict.fromkeys(played.challenge.deciders, "sponsor")
    names |= dict.fromkeys(played.challenge.operators, "operator")
    names |= dict.fromkeys(played.challenge.releasers, "releaser")

    def parts(key: str) -> tuple[str, ...]:
        return tuple(teams.get(part, part) for part in key.removeprefix(f"{played.id}/").split("/"))

    row, ledger = books.challenge(played.id), books.payments(played.id)
    keys = [payment.key for payment in ledger] + [f"{played.id}/payee/{team}" for team in played.teams]
    lines: dict[str, list[Line]] = {}
    for line in books.record(played.id):
        about = next((key for key in keys if line.key.startswith(f"{key}/")), "")
        stage = "" if line.action == "payee" else line.stage  # bank details are given in whatever stage it is
        lines.setdefault(about, []).append((line.role, line.action, stage, line.reason, line.refused))
    transfers = tables.rail_transfers
    with played.desk.core.database.reading() as connection:
        of_challenge = select(transfers).where(transfers.c.key.startswith(f"{played.id}/"))
        taken = connection.execute(of_challenge).all()
    return Account(
        ledger=Counter(
            (each.stage, teams[each.team], str(each.number), each.amount.gross.pence, each.status, each.attempt)
            for each in ledger
        ),
        transfers=Counter((*parts(each.key), each.pence) for each in taken),
        notices=Counter((each.occasion, names[each.recipient]) for each in books.notices(played.id)),
        record=tuple(lines.pop("")),
        payments={parts(about): tuple(each) for about, each in lines.items()},
        outcome=(row.outcome, str(result.outcome), result.reason),
        paid=Counter(parts(key) for key in result.paid),
    )
