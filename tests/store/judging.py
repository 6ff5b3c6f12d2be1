"""A stage that is judged, with applications, readers and a scorecard; and short ways to mark, declare and select."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert

from domain.announcements.announcement import Announcement, Deciding
from domain.judging.marks import Given
from domain.judging.ranking import ranking
from domain.programmes.programme import Programme
from domain.programmes.round import Round, challenges_of
from store.challenges.rounds import keep_round
from store.database import tables
from store.database.database import Database
from store.judging import moderation, scores, tallies
from store.judging.scores import Kept
from store.judging.tallies import JudgedStage
from store.record.record import announce
from tests.domain.judging import CARD
from tests.store.said import AIR, CLOSES, OPENS, announcing, applied, compose, entry, opened, seal

STAGE = "exploration"
STAGES = (STAGE,)
LATER = CLOSES.add(hours=1)
CRITERIA = tuple(each.id for each in CARD.criteria)
READERS = ("rita", "rob", "sam")
"""Two readers, and a decider who reads."""


class Judgement:
    """A stage that is judged.

    Args:
        database: a database with all tables, and nothing in them.
        round_, programme: what is opened.
        applications: how many there are.
    """

    def __init__(self, database: Database, round_: Round, programme: Programme, applications: int = 3) -> None:
        self.database = database
        stage = programme.stages[0].model_copy(update={"scorecard": CARD})
        judged = programme.model_copy(update={"stages": (stage,)})
        keep_round(database, round_, judged, challenges_of(round_, judged), OPENS)
        announce(database, opened(AIR), compose)
        self.teams = sorted(applied(database, f"{chr(65 + number)}-team Ltd") for number in range(applications))
        seal(database, AIR)
        with database.writing() as connection:
            for reader in READERS:
                if reader != "sam":
                    values = {"id": reader, "name": reader, "email": f"{reader}@readers.example", "role": "reader"}
                    connection.execute(insert(tables.people).values(round="test-2016", sponsor="", **values))
                values = {"round": "test-2016", "person": reader, "sponsor": "sepa", "challenge": ""}
                connection.execute(insert(tables.readers).values(values))
        for person in (*READERS, "olivia"):
            for team in self.teams:
                self.declare(person, team)
        self.stage = JudgedStage(AIR, STAGE, (), CARD)

    def declare(self, person: str, team: str, version: int = 1, *, conflict: bool = False) -> None:
        """Somebody declares what they have to do with an applicant."""
        values = {"application": team, "person": person, "version": version, "conflict": conflict, "at": CLOSES}
        with self.database.writing() as connection:
            connection.execute(insert(tables.interests).values(what="A friend." if conflict else "", **values))

    def assign(self, team: str, person: str) -> None:
        """An application is assigned to a reader."""
        with self.database.writing() as connection:
            values = {"application": team, "person": person, "by": "olivia", "at": CLOSES}
            connection.execute(insert(tables.assignments).values(values))

    def give(self, person: str, team: str, *marks: int, reason: str = "Because.") -> Kept:
        """Somebody gives marks, in the order of the criteria."""
        given = [
            Given(application=team, criterion=criterion, mark=mark, reason=reason)
            for criterion, mark in zip(CRITERIA, marks, strict=False)
        ]
        return scores.give(self.database, self.stage, STAGES, person, given, LATER)

    def give_all(self, *marks: int, teams: Sequence[str] = ()) -> None:
        """All readers mark all teams alike, or some teams."""
        for person in READERS:
            for team in teams or self.teams:
                self.give(person, team, *marks)

    def agree(self, team: str, mark: int, person: str = "sam", reason: str = "We talked.") -> bool:
        """A mark for the first criterion is agreed on."""
        given = Given(application=team, criterion=CRITERIA[0], mark=mark, reason=reason)
        what = (self.stage, STAGES, person, "Exploration", given, LATER, compose)
        return moderation.agree(self.database, *what)

    def places(self) -> list[str]:
        """The ranking, each application by its number, with its place and its note."""
        with self.database.reading() as connection:
            rows = ranking(CARD, tallies.judged(connection, self.stage))
        return [f"{row.place or '-'} {self.teams.index(row.application)} {row.note}".strip() for row in rows]

    def selection(self, *teams: str, reserve: Sequence[str] = (), reason: str = "") -> Announcement:
        """The announcement of the sponsor's selection."""
        line = entry(LATER, "select").model_copy(update={"by": "sam", "role": "sponsor", "stage": STAGE})
        decides = Deciding(teams=teams, reserve=tuple(reserve))
        changes = {"entry": line.model_copy(update={"reason": reason}), "decides": decides}
        return announcing("select/1", at=LATER).model_copy(update=changes)

    def select(self, *teams: str, reserve: Sequence[str] = (), reason: str = "") -> None:
        """The sponsor's selection is announced."""
        announce(self.database, self.selection(*teams, reserve=reserve, reason=reason), compose)
