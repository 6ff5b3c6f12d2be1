"""A service with challenges in every state, from coming to finished, and one applicant's part in each of them.

Nothing goes through Temporal: tables and public copies are written as its workflows write them.
"""

from __future__ import annotations

import random
from typing import Any

from sqlalchemy import insert
from whenever import Date, Instant, TimeDelta

from desk.desk import Desk
from desk.rehearsal_answers import filled
from domain.announcements.announcement import Answered, OutgoingNotice, Status, Window, to_teams
from domain.announcements.occasions import Occasion
from domain.challenges.draft import Typed
from domain.payments.payment import PaymentStatus
from domain.programmes.programme import Programme
from domain.programmes.round import Engagement, Person, Question, Round, Sponsor, challenges_of
from domain.publishing.snapshot import Held, Snapshot, StageSnapshot, TeamIn, WindowSnapshot
from domain.values.money import Amount, Money
from store.challenges import drafts, sending
from store.challenges.rounds import keep_round
from store.database import tables
from store.database.database import Database
from store.public import copies
from store.record.record import announce
from tests.rounds import round_from_file
from tests.store.paying import Till, give_payee, to_make
from tests.store.said import announcing, compose, facts

NOW = Instant.from_utc(2016, 7, 20, 12, 30)
DAY = TimeDelta(hours=24)
ROUND = "autumn-2016"
ANN = "ann@breathe.example"
LONG = "Gesellschaft für die Reinhaltung der Luft in Innenstädten und " + "Straßenverkehrslärmmessung" * 3 + " mbH"
"""A name that is as hard to place as names get."""
BACKGROUND = """
People in the old town ask what they breathe, and we can tell them only once a year.

- We have **12 stations** that measure each hour.
- Schools and bus companies would help.

Read [our last report](https://council.example/air).
"""
CHALLENGES = {
    "air-quality": ("How can people see how good the air is in their street?", "2016-07-06", "2016-08-01T17:00"),
    "icy-paths": ("How can we find out which paths are icy?", "2016-07-25T09:00", "2016-08-22"),
    "bus-stops": ("How can everybody find the next bus stop?", "2016-07-01", "2016-07-28T17:00"),
    "late": ("How can letters be shorter?", "2016-06-20", "2016-07-20T13:29:57"),
    "libraries": ("How can libraries reach people who work at night?", "2016-05-01", "2016-07-11"),
    "flood-warnings": ("How can flood warnings reach everybody in time?", "2016-04-01", "2016-05-20"),
    "bathing-water": ("How can we say whether people can bathe today?", "2016-01-11", "2016-02-19"),
    "parks": ("How can parks stay green in dry summers?", "2015-05-04", "2015-06-05"),
    "ferries": ("How can ferries burn less?", "2016-01-18", "2016-02-22"),
    "school-meals": ("How can school meals waste less?", "2016-02-01", "2016-03-01"),
}
"""Slug, question, and when the window opens and closes."""


def opened(database: Database) -> tuple[Programme, dict[str, Instant]]:
    """Opens all challenges, and says when each closes. Their programme's form has every kind of question."""
    _, programme, _ = round_from_file("later-rounds")
    session = Engagement(
        title="Online questions and answers", at="2016-07-27T14:00", minutes=60, where="https://meet.example/air"
    )
    round_ = Round(
        id=ROUND,
        title="Autumn 2016",
        programme=programme.id,
        contact="challenges@council.example",
        opens="2016-07-06",
        closes="2016-08-01T17:00",
        operators=(Person(id="olivia", name="Olivia", email="olivia@scheme.example"),),
        releasers=tuple(
            Person(id=each, name=each.title(), email=f"{each}@scheme.example") for each in ("fiona", "frank")
        ),
        sponsors=(
            Sponsor(
                id="council",
                name="The council of the capital",
                deciders=(Person(id="sam", name="Sam", email="sam@council.example"),),
            ),
        ),
        challenges=tuple(
            Question(
                id=slug,
                question=question,
                background=BACKGROUND if slug == "air-quality" else None,
                sponsor="council",
                opens=opens,
                closes=closes,
                engagement=(session,) if slug == "air-quality" else (),
            )
            for slug, (question, opens, closes) in CHALLENGES.items()
        ),
    )
    challenges = challenges_of(round_, programme)
    keep_round(database, round_, programme, challenges, NOW - 500 * DAY)
    for each in challenges:
        if each.opens < NOW:
            window = Window(opens=each.opens, closes=each.closes, held=each.slug == "bus-stops")
            announce(database, announcing("opened", at=each.opens, challenge=each.id, window=window), compose)
    return programme, {each.slug: each.closes for each in challenges}


class Part:
    """What somebody has in each challenge.

    Args:
        desk: whose database it is in, and who finds the words of letters.
    """

    def __init__(self, desk: Desk) -> None:
        self._database = desk.core.database
        self._compose = desk.core.letters.compose
        self.programme, self.closes = opened(self._database)
        self.of: dict[str, str] = {}

    def begin(
        self, name: str, slug: str, at: Instant = NOW, answers: int = 100, organisation: str = "Breathe Ltd"
    ) -> str:
        """Begins a draft that goes by a name here, with so many answers."""
        id_ = drafts.begin(self._database, f"{ROUND}/{slug}", organisation, ANN, lambda: at)
        given = list(filled(self.programme.form_of(), random.Random(1)).items())[:answers]
        typed = [Typed(question=question, answer=answer) for question, answer in given]
        drafts.save(self._database, id_, "", typed, lambda: at)
        self.of[name] = id_
        return id_

    def send(self, name: str, slug: str, at: Instant, organisation: str = "Breathe Ltd") -> str:
        """Sends an application that goes by a name here."""
        id_ = self.begin(name, slug, at, organisation=organisation)
        sending.send(self._database, id_, "", lambda: at, self._compose)
        return id_

    def seal(self, slug: str, at: Instant, stage: str = "") -> None:
        """The window closes for good."""
        opens = at - 20 * DAY
        window = Window(opens=opens, closes=at, sealed=True, stage=stage)
        told = announcing(f"sealed/{stage}", at=at, challenge=f"{ROUND}/{slug}", window=window)
        announce(self._database, told, compose)

    def tell(self, slug: str, notice: OutgoingNotice, key: str, at: Instant = NOW) -> None:
        """Somebody gets a letter."""
        announce(self._database, announcing(key, notice, at=at, challenge=f"{ROUND}/{slug}"), self._compose)

    def put(self, slug: str, snapshot: Snapshot) -> None:
        """The public copy, and the outcome."""
        status = Status(stage=snapshot.stage, waits_for="", until=None, outcome=snapshot.outcome)
        announce(self._database, announcing("stands", at=NOW, challenge=f"{ROUND}/{slug}", status=status), compose)
        with self._database.writing() as connection:
            copies.put(connection, f"{ROUND}/{slug}", snapshot, NOW)


def _team(id_: str, since: Instant, ends: Instant, pounds: int = 5_000, **more: Any) -> TeamIn:
    award = Amount(net=Money(pounds * 100), vat=Money(pounds * 20))
    return TeamIn(id=id_, since=since, ends=ends, award=award, **more)


def _window(closes: Instant, stage: str = "", *, sealed: bool = True) -> WindowSnapshot:
    return WindowSnapshot(stage=stage, opens=closes - 30 * DAY, closes=closes, sealed=sealed)


def everything(desk: Desk) -> dict[str, str]:
    """Writes all of it, and gives the ids of Ann's applications and drafts by what they show."""
    database = desk.core.database
    part = Part(desk)
    part.begin("draft", "air-quality", NOW - DAY, answers=5)
    part.begin("full", "air-quality", NOW - DAY, organisation=LONG)
    part.send("sent", "air-quality", NOW - DAY)
    gone = part.send("withdrawn", "air-quality", NOW - 2 * DAY)
    told = announcing("withdraw", at=NOW - DAY, challenge=f"{ROUND}/air-quality", withdrawn=gone)
    announce(database, told, compose)
    part.begin("held", "bus-stops", NOW - 5 * DAY, answers=3)
    part.begin("late", "late", NOW - 5 * DAY)
    closes = part.closes["libraries"]
    part.send("deciding", "libraries", closes - DAY)
    part.seal("libraries", closes)
    part.put(
        "libraries",
        Snapshot(phase="deciding", stage="interview", decide_by=NOW + 4 * DAY, windows=(_window(closes),)),
    )
    _running(part, database)
    _asking(part, database)
    _building(part)
    _ended(part, database)
    said = Answered(id="decision-1", question="May two companies apply together?", answer="Yes. One of them signs.")
    told = announcing("answer/1", at=NOW - DAY, challenge=f"{ROUND}/air-quality").model_copy(update={"answered": said})
    announce(database, told, compose)
    return part.of


def _running(part: Part, database: Database) -> None:
    """Exploration goes on: a team of Ann's, one that has left, one in reserve and one that was not selected."""
    slug, begins, ends = "flood-warnings", NOW - 10 * DAY, NOW + 11 * DAY
    sealed = part.closes[slug]
    names = ("team", "left", "reserve", "refused")
    team, left, reserve, refused = (
        part.send(name, slug, sealed - 5 * DAY, LONG if name == "team" else "Breathe Ltd") for name in names
    )
    part.seal(slug, sealed)
    teams = (_team(team, begins, ends), _team(left, begins, ends, left=NOW - 2 * DAY))
    sift = StageSnapshot(
        stage="interview",
        begins=begins,
        ends=begins,
        ended=begins,
        teams=tuple(_team(each, begins, begins, 0) for each in (team, left)),
    )
    exploring = StageSnapshot(stage="exploration", begins=begins, ends=ends, teams=teams)
    part.put(
        slug,
        Snapshot(
            phase="running", stage="exploration", windows=(_window(sealed),), stages=(sift, exploring), applications=4
        ),
    )
    part.tell(slug, to_teams((reserve,), Occasion.IN_RESERVE, facts(Occasion.IN_RESERVE)), "reserve")
    told = announcing("leave", at=NOW - 2 * DAY, challenge=f"{ROUND}/{slug}", withdrawn=left)
    announce(database, told, compose)
    feedback = {"team": refused, "stage": "exploration", "given_by": "sam", "given_at": NOW - DAY, "told_at": NOW - DAY}
    with database.writing() as connection:
        connection.execute(
            insert(tables.feedback).values(
                **feedback, text="Clear and cheap.\nBut three others have tried it with people."
            )
        )
    Till(database, to_make(team, amount="5000", challenge=f"{ROUND}/{slug}")).request(NOW - 9 * DAY)


def _asking(part: Part, database: Database) -> None:
    """A further proposal is asked for; the payments of exploration were made."""
    slug, begins, ends = "bathing-water", NOW - 60 * DAY, NOW - 7 * DAY
    sealed = part.closes[slug]
    team = part.send("asked", slug, sealed - DAY)
    part.seal(slug, sealed)
    exploring = StageSnapshot(
        stage="exploration", begins=begins, ends=ends, ended=ends, teams=(_team(team, begins, ends, ended=ends),)
    )
    open_ = _window(NOW + 7 * DAY, "accelerator", sealed=False)
    part.put(
        slug,
        Snapshot(
            phase="window", stage="accelerator", windows=(_window(sealed), open_), stages=(exploring,), applications=1
        ),
    )
    window = Window(opens=NOW - 7 * DAY, closes=NOW + 7 * DAY, stage="accelerator", teams=(team,))
    announce(database, announcing("asks", at=ends, challenge=f"{ROUND}/{slug}", window=window), compose)
    given = filled(part.programme.form_of("accelerator"), random.Random(1))
    typed = [Typed(question=question, answer=answer) for question, answer in given.items()]
    drafts.save(database, team, "accelerator", typed, lambda: NOW - DAY)
    give_payee(database, team, challenge=f"{ROUND}/{slug}")
    for number, status in enumerate((PaymentStatus.SETTLED, PaymentStatus.RETURNED), start=1):
        Till(database, to_make(team, number, "2500", challenge=f"{ROUND}/{slug}")).brought_to(status)


def _building(part: Part) -> None:
    """The accelerator goes on: it pays one instalment on evidence."""
    slug, begins, ends = "ferries", NOW - 40 * DAY, NOW + 80 * DAY
    sealed = part.closes[slug]
    team = part.send("building", slug, sealed - DAY)
    part.seal(slug, sealed)
    stage = StageSnapshot(stage="accelerator", begins=begins, ends=ends, teams=(_team(team, begins, ends, 30_000),))
    part.put(slug, Snapshot(phase="running", stage="accelerator", windows=(_window(sealed),), stages=(stage,)))


def _ended(part: Part, database: Database) -> None:
    """One challenge has come through, and another was cancelled."""
    slug, begins, ends = "parks", NOW - 200 * DAY, NOW - 80 * DAY
    sealed = part.closes[slug]
    team = part.send("finished", slug, sealed - DAY, "Greener Parks Ltd")
    part.seal(slug, sealed)
    stage = StageSnapshot(
        stage="accelerator",
        begins=begins,
        ends=ends,
        ended=ends,
        teams=(_team(team, begins, ends, 40_000, ended=ends),),
        sessions=(Held(on=Date(2016, 2, 20), people=31),),
    )
    part.put(
        slug,
        Snapshot(
            phase="ended", windows=(_window(sealed),), stages=(stage,), outcome="completed", ended=ends, applications=1
        ),
    )
    closes = part.closes["school-meals"]
    part.send("cancelled", "school-meals", closes - DAY)
    part.seal("school-meals", closes)
    reason = "There is no budget for it this year."
    over = Snapshot(
        phase="ended",
        windows=(_window(closes),),
        outcome="cancelled",
        outcome_reason=reason,
        ended=NOW - 120 * DAY,
    )
    part.put("school-meals", over)
