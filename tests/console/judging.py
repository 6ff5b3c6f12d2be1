"""A front before a challenge that is judged. Its workflow is asked for its state only, and the tests say the state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from desk.core import Core
from domain.challenges import deadlines
from domain.challenges.state import State
from domain.programmes.round import challenges_of
from store.database import tables
from store.database.database import Database
from tests.console.fronting import Fronted, Visitor, fronting
from tests.domain.judging import CARD
from tests.identity.conftest import Clock
from tests.store.judging import Judgement
from tests.store.kept import database_at
from tests.store.rounds import of_two, two_weeks
from tests.store.said import AIR, CLOSES
from tests.store.sqlite import fresh_sqlite

RITA, ROB, SAM, OLIVIA = "rita@readers.example", "rob@readers.example", "sam@sepa.example", "olivia@scheme.example"
WORK = f"/staff/challenges/{AIR}"


class Judged:
    """A challenge that is judged, by Rita, Rob and Sam, and visitors who work on it.

    Args:
        front: that runs.
        judgement: the challenge, with three applications.
        visit: makes visitors.
    """

    def __init__(self, front: Fronted, judgement: Judgement, visit: Callable[..., Visitor]) -> None:
        self.front = front
        self.judgement = judgement
        self._visit = visit

    def visitor(self, mailbox: str) -> Visitor:
        """Somebody who is signed in."""
        visitor = self._visit()
        visitor.sign_in(mailbox)
        return visitor

    def page(self, number: int) -> str:
        """The page of an application."""
        return f"{WORK}/applications/{self.judgement.teams[number]}"


def marks(*marks: int, reason: str = "Well argued.") -> dict[str, str]:
    """The fields of a scorecard: these marks, in the order of the criteria, each with the reason."""
    fields = {"stage": "exploration"}
    for criterion, mark in zip(CARD.criteria, marks, strict=False):
        fields |= {f"mark-{criterion.id}": str(mark), f"reason-{criterion.id}": reason}
    return fields


@contextmanager
def judged(database: Database, clock: Clock, patch: pytest.MonkeyPatch, **settings: object) -> Iterator[Judged]:
    """A front before a challenge that is judged, until the block ends."""
    round_, programme = of_two(), two_weeks()
    judgement = Judgement(database, round_, programme)
    with database.writing() as connection:
        # By their mailboxes they sign in.
        connection.execute(tables.people.update().values(mailbox=tables.people.c.email))
    stage = programme.stages[0].model_copy(update={"scorecard": CARD})
    rules = programme.model_copy(update={"stages": (stage,)})
    challenge = next(each for each in challenges_of(round_, rules) if each.id == AIR)
    state, _ = deadlines.sealed(State.of(challenge, rules), len(judgement.teams), CLOSES)

    async def known(*_: object, **__: object) -> State:
        return state

    patch.setattr(Core, "state", known)
    visitors: list[Visitor] = []
    with fronting(database, clock, **settings) as front:

        def visit() -> Visitor:
            visitors.append(Visitor(front))
            return visitors[-1]

        yield Judged(front, judgement, visit)
        for each in visitors:
            each.close()


def pages_of_judging(folder: Path) -> Iterator[tuple[str, str, int, str]]:
    """The pages of those who read and mark: the name of each, its path, the status of the answer, and the page.

    Args:
        folder: for the database.
    """
    clock = Clock()
    clock.now = CLOSES.add(hours=2)
    with (
        pytest.MonkeyPatch.context() as patch,
        closing(database_at(fresh_sqlite(folder))) as database,
        judged(database, clock, patch) as there,
    ):
        rita, sam, team = there.visitor(RITA), there.visitor(SAM), there.judgement.teams[0]
        token = {"token": rita.token("/account")}
        typed = {"application": team, f"kind-{team}": "interest"}
        wrong = rita.post(f"{WORK}/interests", token | typed)
        yield "interests with a fault", f"{WORK}/interests", wrong.status_code, wrong.text
        wrong = rita.post(there.page(0), token | marks(5, 9))
        yield "marks with a fault", there.page(0), wrong.status_code, wrong.text
        there.judgement.give_all(4, 4, 0, teams=there.judgement.teams[:2])
        there.judgement.agree(team, 5)
        there.judgement.declare("rita", there.judgement.teams[2], 2, conflict=True)
        for who, visitor in (("a reader", rita), ("a decider", sam)):
            for path in ("/staff/challenges", WORK, f"{WORK}/interests", f"{WORK}/ranking", *map(there.page, range(3))):
                shown = visitor.get(path)
                yield f"{path} for {who}", path, shown.status_code, shown.text
