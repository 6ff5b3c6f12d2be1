"""What a challenge has left behind when it ended, in words that are the same whenever it is played."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select

from domain.challenge import Result
from store import tables
from tests.crashes.running import Played


@dataclass(frozen=True)
class Account:
    """What two plays of one story must have in common, with teams by their number and people by their role.

    Left out is what rightly differs: times and the texts that name them, references, and ids that are left to chance.
    Payments of one stage settle in any order; everything else is in order.

    Args:
        ledger: stage, team, instalment, pence and status of each payment.
        transfers: stage, team, instalment and pence of each transfer that the rail has.
        notices: occasion and recipient.
        record: in what role somebody did what, in which stage, why, and whether it was refused.
        settled: how often the record says that something was paid, by stage.
        outcome: as lists show it, and as the workflow returned it.
        paid: stage, team and instalment, as the workflow returned it.
    """

    ledger: Counter[tuple[str, str, int, int, str]]
    transfers: Counter[tuple[str, str, int, int]]
    notices: Counter[tuple[str, str]]
    record: tuple[tuple[str, str, str, str, bool], ...]
    settled: Counter[str]
    outcome: tuple[str, str, str]
    paid: Counter[tuple[str, str, int]]


def account_of(played: Played, result: Result) -> Account:
    """The account of a challenge that has ended."""
    desk, teams = played.desk, {team: f"team {number}" for number, team in enumerate(played.teams, start=1)}
    names = teams | dict.fromkeys(played.challenge.deciders, "sponsor")
    names |= dict.fromkeys(played.challenge.operators, "operator")

    def parts(key: str) -> tuple[str, str, int]:
        stage, team, number = key.removeprefix(f"{played.id}/").split("/")
        return stage, teams[team], int(number)

    row, record = desk.find(played.id), desk.record(played.id)
    transfers = tables.rail_transfers
    with desk.database.reading() as connection:
        of_challenge = select(transfers).where(transfers.c.key.startswith(f"{played.id}/"))
        taken = connection.execute(of_challenge).all()
    return Account(
        ledger=Counter(
            (each.stage, teams[each.team], each.number, each.amount.gross.pence, each.status)
            for each in desk.payments(played.id)
        ),
        transfers=Counter((*parts(each.key), each.pence) for each in taken),
        notices=Counter((each.occasion, names[each.recipient]) for each in desk.notices(played.id)),
        record=tuple(
            (line.role, line.action, line.stage, line.reason, line.refused) for line in record if line.action != "paid"
        ),
        settled=Counter(line.stage for line in record if line.action == "paid"),
        outcome=(row.outcome, str(result.outcome), result.reason),
        paid=Counter(parts(key) for key in result.paid),
    )
