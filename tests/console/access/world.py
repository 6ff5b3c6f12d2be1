"""A world for the table of routes: one challenge in each state, an application to it, and everybody who may ask."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from sqlalchemy import func, select
from whenever import Instant

from console import cookies
from console.forms import token_for
from domain.announcements.announcement import Status, Window
from domain.challenges.draft import Typed
from domain.forms.answers import seen
from domain.forms.form import Form, Kind, Question, Section
from domain.identity.proof import Way
from domain.programmes.programme import Programme
from domain.programmes.round import REHEARSAL, Person, Round, challenges_of
from domain.programmes.round import Question as Posed
from domain.publishing.snapshot import Snapshot, StageSnapshot, TeamIn, WindowSnapshot
from domain.values.money import Amount, Money
from identity.sessions import Sessions
from store import erasure
from store.challenges import drafts, sending, writers
from store.challenges.drafts import OnPage
from store.challenges.rounds import keep_round
from store.database import tables
from store.database.database import Database
from store.identity import feeds
from store.record.record import announce
from tests.chained import KEYS
from tests.console.access.cells import State, Who
from tests.console.fronting import Fronted, Visitor, fronting
from tests.gateways.documents import pdf
from tests.identity.conftest import Clock
from tests.store.said import CLOSES, MIDWAY, OPENS, announcing, compose, status
from tests.store.showing import half_on_evidence
from tests.store.test_unconfirmed import come, hold, waiting
from tests.store.writing import asking, with_form

BUILT, SHUT, NOW = MIDWAY.subtract(hours=3), MIDWAY.subtract(hours=1), MIDWAY
STAGE = "accelerator"
NEVER = "never-was-0000000"
MAILBOXES = {
    Who.PERSON: "ann@nowhere.example",
    Who.TEAM: "breathe@applicants.example",
    Who.OTHER: "smell@applicants.example",
    Who.WRITER: "ben@breathe.example",
    Who.READER: "rita@readers.example",
    Who.DECIDER: "sam@sepa.example",
    Who.OPERATOR: "olivia@scheme.example",
    Who.RELEASER: "fiona@scheme.example",
    Who.UNSTEPPED: "olivia@scheme.example",
}
_FORM = Form(
    id="application",
    title="Application",
    sections=(
        Section(
            title="Your answer",
            questions=(
                Question(id="idea", title="Your idea"),
                Question(id="plans", title="Plans", kind=Kind.FILE, required=False, most_files=9),
            ),
        ),
    ),
)
_OPEN = (State.DRAFT, State.SENT, State.HELD, State.WITHDRAWN, State.REHEARSED)
_NOT_SENT = (State.COMING, State.DRAFT, State.HELD, State.LATE, State.REHEARSED)
_STAGED = (State.ASKED, State.PROPOSED)
_PAID = (*_STAGED, State.WORKING, State.FINISHED)
"""The states in which the team has come into a stage."""


class Applied(NamedTuple):
    """An application, sent or not, with what belongs to it.

    Args:
        id: of it.
        attachment, further: ids of the files of the application, and of the further proposal where there is one.
        letter: the key of a letter to its contact.
        evidence: id of a file that waits to be sent as evidence.
    """

    id: str
    attachment: str = NEVER
    further: str = NEVER
    letter: str = NEVER
    evidence: str = NEVER


class World:
    """What the table is tried on.

    Args:
        front: that runs.
        folder: of its database.
        browser: the secret of the browser in which the drafts of the team were begun.
    """

    def __init__(self, front: Fronted, path: Path, browser: str) -> None:
        self.front = front
        self.database: Database = front.database
        self.browser = browser
        self.applications: dict[State, Applied] = {}
        self.others: dict[State, Applied] = {}
        self.visitors: dict[Who, Visitor] = {}
        self.sessions: dict[Who, str] = {}
        self.decision = ""
        self.feed = self.link = self.style = ""
        self._path = path
        self._copy = path.with_name("copy.db")

    def challenge(self, state: State) -> str:
        """The id of the challenge in a state."""
        round_ = f"test-2016{REHEARSAL}1" if state is State.REHEARSED else "test-2016"
        return f"{round_}/{state.slug}"

    def token(self, who: Who) -> str:
        """The token of the forms of somebody's pages."""
        held = self.visitors[who].cookies
        return token_for(held.get(cookies.SESSION) or held[cookies.BROWSER])

    def seen(self, state: State, *, of_stage: bool = False) -> str:
        """What the page has shown on which the team checks its application, or its further proposal."""
        if of_stage and state not in _STAGED:
            return ""
        stage, id_ = STAGE if of_stage else "", self.applications[state].id
        if state is State.ERASED:
            return ""
        return seen(drafts.read(self.database, id_, stage, lambda: NOW)[0].answered())

    def refusals(self) -> int:
        """How many refusals are on the record."""
        with self.database.reading() as connection:
            counted = select(func.count()).select_from(tables.record).where(tables.record.c.refused)
            return connection.scalars(counted).one()

    def keep(self) -> None:
        """Remembers all that the database has."""
        self._over(self._path, self._copy)

    def restore(self) -> None:
        """Lets the database have again what was remembered."""
        self._over(self._copy, self._path)

    def _over(self, source: Path, target: Path) -> None:
        with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
            read.backup(written)


@contextmanager
def world(url: str, folder: Path, programme: Programme, round_: Round) -> Iterator[World]:
    """The world, until the block ends."""
    path, clock = Path(url.removeprefix("sqlite:///")), Clock()
    database = Database(url, KEYS)
    _open_rounds(database, round_, with_form(asking(half_on_evidence(programme), _FORM), _FORM))
    settings = {"files_place": str(folder / "files"), "files_key_file": folder / "files.key", "web_limit": 0}
    clock.now = BUILT
    with fronting(database, clock, ask_for_proof=True, second_step=True, **settings) as front:
        made = World(front, path, cookies.new_secret())
        _let_in(made)
        for state in State:
            made.applications[state] = _applied(made, state, Who.TEAM)
            made.others[state] = _applied(made, state, Who.OTHER)
            _goes_on(made, state)
        clock.now = NOW
        for state in _STAGED:
            _further(made, state)
        for state in _PAID:
            _show(made, state)
        _sign_in(made)  # once more: whoever decides is signed out after some hours
        come(database, hold(), made.challenge(State.DRAFT))
        _links(made)
        made.decision = waiting(database)[-1].id
        made.feed = feeds.make(database, MAILBOXES[Who.TEAM], NOW)
        made.keep()
        yield made
        for each in made.visitors.values():
            each.close()
    database.close()


def _links(made: World) -> None:
    """Has a link sent to the team, and finds a file that pages load."""
    team = made.visitors[Who.TEAM]
    fields = {"token": made.token(Who.TEAM), "address": MAILBOXES[Who.TEAM], "wanted": "/account"}
    assert team.post("/sign-in", fields).status_code == httpx2.codes.SEE_OTHER
    made.link = made.front.letters()[MAILBOXES[Who.TEAM]].rpartition("/")[2]
    made.style = team.get("/").text.partition('href="/static/')[2].partition('"')[0]


def _open_rounds(database: Database, round_: Round, programme: Programme) -> None:
    """Opens a round with a challenge for each state, and one that is rehearsed."""
    readers = (Person(id="rita", name="Rita", email=MAILBOXES[Who.READER]),)
    posed = [Posed(id=state.slug, question=f"What of {state}?", sponsor="sepa") for state in State]
    for id_, states in (
        ("test-2016", [state for state in State if state is not State.REHEARSED]),
        (f"test-2016{REHEARSAL}1", [State.REHEARSED]),
    ):
        asked = tuple(each for each in posed if each.id in {state.slug for state in states})
        sponsors = tuple(each.model_copy(update={"readers": ("rita",)}) for each in round_.sponsors)
        this = round_.model_copy(update={"id": id_, "challenges": asked, "sponsors": sponsors, "readers": readers})
        found = challenges_of(this, programme)
        dated = [
            each.model_copy(update=dict(zip(("opens", "closes"), _window(state), strict=True)))
            for each, state in zip(found, states, strict=True)
        ]
        keep_round(database, this, programme, tuple(dated), BUILT.subtract(hours=1))


def _window(state: State) -> tuple[Instant, Instant]:
    if state is State.COMING:
        return NOW.add(hours=24), CLOSES
    return OPENS, CLOSES if state in _OPEN else SHUT


def _let_in(made: World) -> None:
    """Gives everybody a browser."""
    for who in Who:
        visitor = made.visitors[who] = Visitor(made.front)
        visitor.cookies[cookies.BROWSER] = made.browser if who is Who.BROWSER else cookies.new_secret()
    _sign_in(made)


def _sign_in(made: World) -> None:
    """Gives a session to all who are signed in."""
    sessions = Sessions(made.database, made.front.clock)
    for who, mailbox in MAILBOXES.items():
        has_passkey = who in (Who.DECIDER, Who.OPERATOR, Who.RELEASER)
        session, secret = sessions.begin(mailbox, Way.LINK, passkey=has_passkey)
        made.visitors[who].cookies[cookies.SESSION] = secret
        made.sessions[who] = session.id


def _applied(made: World, state: State, who: Who) -> Applied:
    """Somebody begins an application in time, attaches a file, and sends it where the state says so."""
    begun, mailbox = made.front.clock.now, MAILBOXES[who]
    page = OnPage(
        once=f"{state}-{who}",
        typed=[Typed(question="idea", answer="Buses measure the air.")],
        browser=made.browser if who is Who.TEAM else cookies.new_secret(),
    )
    challenge = made.challenge(state)
    draft = drafts.begin(made.database, challenge, f"{mailbox} Ltd", mailbox, lambda: begun, page, compose)
    attachment = attached(made, who, f"/applications/{draft}/files/plans")
    if who is Who.TEAM:
        with made.database.writing() as connection:
            writers.invite(connection, draft, MAILBOXES[Who.WRITER], mailbox, begun)
    if state not in _NOT_SENT:
        sending.send(made.database, draft, "", lambda: begun, compose)
    with made.database.reading() as connection:
        letters = connection.execute(tables.notices.select().where(tables.notices.c.recipient == draft)).all()
    return Applied(draft, attachment, letter=letters[0].key)


def attached(made: World, who: Who, page: str) -> str:
    """Attaches a file on a page, and gives its id."""
    visitor = made.visitors[who]
    answer = send_file(visitor, page, {"token": made.token(who)})
    assert answer.status_code == httpx2.codes.SEE_OTHER, answer.text
    return visitor.get(page).text.partition(f'href="{page}/')[2].partition('"')[0]


def send_file(visitor: Visitor, page: str, fields: Mapping[str, str]) -> httpx2.Response:
    """Sends a form with a file, as a browser without scripts does."""
    edge = "edge-of-a-part"
    parts = [f'--{edge}\r\ncontent-disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
    parts.append(f'--{edge}\r\ncontent-disposition: form-data; name="file"; filename="plan.pdf"\r\n\r\n')
    body = "".join(parts).encode() + pdf() + f"\r\n--{edge}--\r\n".encode()
    ours = {"origin": visitor.front.address, "sec-fetch-site": "same-origin"}
    return visitor.send("POST", page, body, **{"content-type": f"multipart/form-data; boundary={edge}"}, **ours)


def _goes_on(made: World, state: State) -> None:
    """Lets a challenge come as far as its state says, by announcements like those of its workflow."""
    opens, closes = _window(state)
    said = announcing("goes-on", at=SHUT, challenge=made.challenge(state), status=_status(state))
    sealed = state not in (*_OPEN, State.COMING)
    window = Window(opens=opens, closes=closes, held=state is State.HELD, sealed=sealed)
    team = made.applications[state].id
    withdrawn = team if state in (State.WITHDRAWN, State.ERASED) else ""
    changes = {"window": window, "snapshot": _snapshot(made, state), "withdrawn": withdrawn}
    announce(made.database, said.model_copy(update=changes), compose)
    if state in _STAGED:
        asked = Window(opens=SHUT, closes=CLOSES, stage=STAGE, teams=(team,))
        said = announcing("asks", at=SHUT, challenge=made.challenge(state), window=asked)
        announce(made.database, said, compose)
    if state is State.ERASED:
        found = erasure.find(made.database, team=team)
        said = announcing("erased", at=SHUT, challenge=made.challenge(state))
        erasure.erase(made.database, [said], found, "", SHUT, compose)


def _status(state: State) -> Status:
    outcome = {State.CANCELLED: "cancelled", State.FINISHED: "completed"}.get(state, "")
    return status().model_copy(update={"outcome": outcome})


def _snapshot(made: World, state: State) -> Snapshot:
    """What the public may know in a state."""
    opens, closes = _window(state)
    is_shut = closes == SHUT
    windows = [WindowSnapshot(opens=opens, closes=closes, sealed=is_shut)]
    said = TeamIn(id="", since=SHUT, ends=CLOSES, award=Amount(net=Money(200_000), vat=Money(0)))
    team = (made.others if state is State.NOT_SELECTED else made.applications)[state].id

    def stage(**changes: object) -> tuple[StageSnapshot, ...]:
        inside = said.model_copy(update={"id": team, **changes})
        return (StageSnapshot(stage="exploration", begins=SHUT, ends=CLOSES, teams=(inside,)),)

    if state in _STAGED:
        windows.append(WindowSnapshot(stage=STAGE, opens=SHUT, closes=CLOSES))
    phase, more = "window", dict[str, Any]()
    if state in (State.LATE, State.CLOSED, State.ERASED):
        phase, more = "deciding", {"stage": "exploration", "decide_by": CLOSES}
    elif state in _STAGED:
        more = {"stage": STAGE, "stages": stage()}
    elif state in (State.WORKING, State.NOT_SELECTED):
        phase, more = "running", {"stage": "exploration", "stages": stage()}
    elif state is State.CANCELLED:
        phase, more = "ended", {"outcome": "cancelled", "ended": SHUT}
    elif state is State.FINISHED:
        phase, more = "ended", {"outcome": "completed", "ended": SHUT, "stages": stage(ended=SHUT)}
    return Snapshot(phase=phase, windows=tuple(windows), applications=2 if is_shut else None, **more)


def _further(made: World, state: State) -> None:
    """The team writes its further proposal, with a file, and sends it where the state says so."""
    team = made.applications[state]
    page = f"/applications/{team.id}/stages/{STAGE}/files/plans"
    made.applications[state] = team._replace(further=attached(made, Who.TEAM, page))
    typed = Typed(question="idea", answer="Trains do so, too.")
    drafts.save(made.database, team.id, STAGE, [typed], lambda: NOW)
    if state is State.PROPOSED:
        sending.send(made.database, team.id, STAGE, lambda: NOW, compose)


def _show(made: World, state: State) -> None:
    """The team attaches a file to its evidence."""
    team, visitor = made.applications[state], made.visitors[Who.TEAM]
    page = f"/applications/{team.id}/evidence/exploration/2"
    answer = send_file(visitor, page, {"token": made.token(Who.TEAM), "do": "attach"})
    assert answer.status_code == httpx2.codes.SEE_OTHER, answer.text
    attachment = visitor.get(page).text.partition(f'href="{page}/')[2].partition('"')[0]
    made.applications[state] = team._replace(evidence=attachment)
