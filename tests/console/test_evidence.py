"""Evidence for an instalment on its page: written, with files, sent once for each form, and shown to nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from domain.programmes.programme import Programme
from domain.programmes.round import Round
from store.challenges.people import keep_people
from store.database import tables
from store.database.database import Database
from store.record.record import read_record
from tests.console.fronting import Fronted, Visitor, fronting, path_of
from tests.console.test_writing import hidden
from tests.gateways.documents import pdf
from tests.identity.conftest import Clock
from tests.store import conftest as stores
from tests.store.said import AIR
from tests.store.showing import LATER, REPORT, SPOKEN, decided, half_on_evidence, in_stage, put, snapshot, team_of

Visit = Callable[..., Visitor]
BREATHE, SMELL = "breathe@applicants.example", "smell@applicants.example"
EDGE = "edge-of-a-part"


@pytest.fixture(scope="module")
def programme() -> Programme:
    """A stage pays half on a report."""
    return half_on_evidence(stores.programme.__wrapped__())  # type: ignore[attr-defined]


@pytest.fixture
def clock() -> Clock:
    """The stage runs."""
    clock = Clock()
    clock.now = LATER.add(hours=1)
    return clock


@pytest.fixture
def front(open_: Database, round_: Round, clock: Clock, tmp_path: Path) -> Iterator[Fronted]:
    with open_.writing() as connection:
        keep_people(connection, round_)
    files = {"files_place": str(tmp_path / "files"), "files_key_file": tmp_path / "files.key"}
    with fronting(open_, clock, **files) as front:
        yield front


@pytest.fixture
def team(front: Fronted) -> str:
    return team_of(front.database)


@pytest.fixture
def page(team: str) -> str:
    """The address of the page."""
    return f"/applications/{team}/evidence/exploration/2"


@pytest.fixture
def breathe(visit: Visit, team: str) -> Visitor:
    """Whoever has the team's address."""
    visitor = visit()
    visitor.sign_in(BREATHE)
    return visitor


def give(
    visitor: Visitor, page: str, fields: Mapping[str, str], name: str = "", content: bytes = b""
) -> httpx2.Response:
    """Sends the form of a page, as a browser without scripts does; without a file, the field for it is empty."""
    said = {**hidden(visitor.get(page).text), **fields}
    parts = [
        f'--{EDGE}\r\ncontent-disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in said.items()
    ]
    parts += [f'--{EDGE}\r\ncontent-disposition: form-data; name="file"; filename="{name}"\r\n\r\n']
    body = "".join(parts).encode() + content + f"\r\n--{EDGE}--\r\n".encode()
    ours = {"origin": visitor.front.address, "sec-fetch-site": "same-origin"}
    return visitor.send("POST", page, body, **{"content-type": f"multipart/form-data; boundary={EDGE}"}, **ours)


def versions(front: Fronted) -> list[tuple[int, str]]:
    with front.database.reading() as connection:
        sent = tables.evidence_sent
        return [(row.version, row.statement) for row in connection.execute(select(sent).order_by(*sent.primary_key))]


def told(front: Fronted) -> list[tuple[str, str]]:
    """Who was told that evidence was sent, and what."""
    with front.database.reading() as connection:
        notices = tables.notices
        wanted = select(notices).where(notices.c.occasion == "evidence-sent").order_by(notices.c.key)
        return [(row.recipient, f"{row.subject}\n{row.body}") for row in connection.execute(wanted)]


def test_a_team_finds_the_page_and_sends_a_statement_with_a_file(front: Fronted, breathe: Visitor, page: str) -> None:
    for way in (page.partition("/evidence")[0], page.replace("/evidence/exploration/2", "/payments")):
        assert f'href="{page}"' in breathe.get(way).text
    shown = breathe.get(page).text
    assert REPORT in shown
    assert "£1,000" in shown
    assert "10 September 2016" in shown
    content = pdf()

    assert path_of(give(breathe, page, {"statement": SPOKEN, "do": "attach"}, "report.pdf", content)) == page
    kept = breathe.get(page).text
    assert SPOKEN in kept, "the text is kept while files are attached"
    assert ">report.pdf</a>" in kept
    assert versions(front) == []
    assert path_of(give(breathe, page, {"statement": f"  {SPOKEN}\r\nMore.", "do": "send"})) == page

    assert versions(front) == [(1, f"{SPOKEN}\nMore.")]
    sent = breathe.get(page).text
    assert "Version 1, sent" in sent
    assert "Sent, and not decided yet" in sent
    assert "not sent yet" not in sent, "no file and no text waits any more"
    address = sent.partition(f'href="{page}/')[2].partition('"')[0]
    opened = breathe.get(f"{page}/{address}")
    assert opened.content == content
    assert opened.headers["content-disposition"] == "attachment; filename*=UTF-8''report.pdf"
    assert "sandbox" in opened.headers["content-security-policy"]


def test_those_who_judge_are_told_without_what_it_says(front: Fronted, breathe: Visitor, page: str, team: str) -> None:
    give(breathe, page, {"statement": SPOKEN, "do": "send"}, "Quixotic.pdf", pdf())

    letters = told(front)
    assert [person for person, _ in letters] == ["olivia", "sam"]
    assert all(team in text and REPORT in text for _, text in letters)
    lines = [line for line in read_record(front.database, AIR) if line.action == "send-evidence"]
    assert [(line.by, line.role, line.stage) for line in lines] == [(team, "team", "exploration")]
    assert "Quixotic" not in str((letters, read_record(front.database, AIR)))


def test_a_form_that_comes_twice_is_one_version_and_its_file_does_not_wait(
    front: Fronted, breathe: Visitor, page: str
) -> None:
    once = hidden(breathe.get(page).text)["once"]
    for _ in range(2):
        fields = {"statement": SPOKEN, "once": once, "do": "send"}
        assert path_of(give(breathe, page, fields, "report.pdf", pdf())) == page

    assert versions(front) == [(1, SPOKEN)]
    assert len(told(front)) == 2
    assert "not sent yet" not in breathe.get(page).text
    other = give(breathe, page, {"statement": "Other words.", "once": once, "do": "send"})
    assert (other.status_code, versions(front)) == (422, [(1, SPOKEN)])
    assert "Other words." in other.text
    assert give(breathe, page, {"statement": "Other words.", "do": "send"}).status_code == 303
    assert versions(front) == [(1, SPOKEN), (2, "Other words.")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("report.pdf", b"<script>alert(1)</script>", "is of kind txt"),
        ("report.exe", b"MZ" + bytes(100), "kind"),
        ("report.pdf", b"", "the file is empty"),
    ],
)
def test_a_file_that_cannot_be_taken_is_told_nothing_is_sent_and_the_text_stays(
    front: Fronted, breathe: Visitor, page: str, name: str, content: bytes, said: str
) -> None:
    answer = give(breathe, page, {"statement": SPOKEN, "do": "send"}, name, content)

    assert answer.status_code == 422
    assert '<a href="#file">' in answer.text
    assert said in answer.text
    assert SPOKEN in answer.text
    assert (versions(front), told(front)) == ([], [])
    assert SPOKEN in breathe.get(page).text


@pytest.mark.parametrize("statement", [" \r\n ", "x" * 5_001], ids=["empty", "too long"])
def test_a_statement_that_cannot_be_taken_is_told_at_its_field_and_stays(
    front: Fronted, breathe: Visitor, page: str, statement: str
) -> None:
    answer = give(breathe, page, {"statement": statement, "do": "send"})

    assert answer.status_code == 422
    assert '<a href="#statement">' in answer.text
    assert statement.strip() in answer.text
    assert versions(front) == []


def test_a_file_is_taken_away_and_the_text_that_was_typed_stays(breathe: Visitor, page: str) -> None:
    give(breathe, page, {"statement": "", "do": "attach"}, "<b>.pdf", pdf())
    listed = breathe.get(page).text
    assert "&lt;b&gt;.pdf</a>" in listed
    address = listed.partition(f'href="{page}/')[2].partition('"')[0]

    assert give(breathe, page, {"statement": "<i>Ours</i>", "remove": address}).status_code == 303

    left = breathe.get(page).text
    assert "&lt;i&gt;Ours&lt;/i&gt;" in left
    assert ".pdf</a>" not in left
    assert breathe.get(f"{page}/{address}").status_code == 404
    assert give(breathe, page, {"statement": "", "remove": address}).status_code == 404


def test_whoever_chooses_no_file_is_told_so(breathe: Visitor, page: str) -> None:
    answer = give(breathe, page, {"statement": SPOKEN, "do": "attach"})

    assert (answer.status_code, "Choose a file first." in answer.text) == (422, True)


def test_nobody_else_sees_or_sends_anything_and_each_attempt_is_on_the_record(
    front: Fronted, visit: Visit, breathe: Visitor, page: str
) -> None:
    give(breathe, page, {"statement": SPOKEN, "do": "attach"}, "report.pdf", pdf())
    address = breathe.get(page).text.partition(f'href="{page}/')[2].partition('"')[0]
    smell = visit()
    smell.sign_in(SMELL)
    nothing = smell.get("/applications/none/evidence/exploration/2")
    before = len([line for line in read_record(front.database, AIR) if line.refused])
    assert nothing.status_code == 404

    for path in (page, f"{page}/{address}"):
        theirs = smell.get(path)
        assert (theirs.status_code, theirs.text) == (404, nothing.text)
        assert visit().get(path).status_code == 303
    sent = {"statement": "Ha!", "do": "send", "token": smell.token("/applications")}
    assert give(smell, page, sent).status_code == 404

    refused = [line for line in read_record(front.database, AIR) if line.refused][before:]
    assert [line.action for line in refused] == ["read-own", "read-own", "read-own", "send-evidence"]
    assert SMELL not in str(refused)
    assert versions(front) == []
    assert breathe.post(page, {"statement": "Ha!", "do": "send"}).status_code == 403


@pytest.mark.parametrize("guess", ["exploration/1", "exploration/3", "accelerator/2"])
def test_an_instalment_that_is_not_paid_on_evidence_is_no_page(
    front: Fronted, breathe: Visitor, page: str, guess: str
) -> None:
    nothing = breathe.get("/applications/none/evidence/exploration/2").text

    answer = breathe.get(page.replace("exploration/2", guess))

    assert (answer.status_code, answer.text) == (404, nothing)


def test_a_rejection_says_why_and_the_team_shows_it_again(
    front: Fronted, breathe: Visitor, page: str, team: str
) -> None:
    give(breathe, page, {"statement": SPOKEN, "do": "send"})
    front.clock.go_on(seconds=60)
    decided(front.database, team, front.clock.now, "It does not say <i>how many</i>.")
    front.clock.go_on(seconds=60)

    rejected = breathe.get(page).text
    assert "Rejected: show it again" in rejected
    assert "It does not say &lt;i&gt;how many&lt;/i&gt;." in rejected
    assert rejected.index("Version 1, sent") < rejected.index("<h3>Rejected ")
    assert give(breathe, page, {"statement": "24 people.", "do": "send"}).status_code == 303
    assert "Sent, and not decided yet" in breathe.get(page).text
    assert versions(front) == [(1, SPOKEN), (2, "24 people.")]


@pytest.mark.parametrize(("reason", "said"), [("", "was accepted"), ("No report.", "rejected for good")])
def test_after_the_last_decision_nothing_is_taken_and_the_text_stays(
    front: Fronted, breathe: Visitor, page: str, team: str, reason: str, said: str
) -> None:
    fields = hidden(breathe.get(page).text)
    front.clock.go_on(seconds=60)
    decided(front.database, team, front.clock.now, reason, final=True)

    assert 'name="statement"' not in breathe.get(page).text
    for do in ("send", "attach", "keep"):
        late = give(breathe, page, {**fields, "statement": SPOKEN, "do": do}, "report.pdf", pdf())
        assert late.status_code == 409
        assert said in late.text
        assert SPOKEN in late.text
    assert (versions(front), told(front)) == ([], [])


def test_nothing_is_taken_on_hold_after_a_cancellation_or_from_a_team_that_left(
    front: Fronted, breathe: Visitor, page: str, team: str
) -> None:
    fields = hidden(breathe.get(page).text) | {"statement": SPOKEN, "do": "send"}
    left = in_stage(team, left=LATER)
    cases = {
        "on hold": snapshot(in_stage(team), held_since=LATER),
        "was cancelled": snapshot(in_stage(team), phase="ended", outcome="cancelled"),
        "You left Exploration": snapshot(left),
    }
    for said, stands in cases.items():
        put(front.database, stands)
        answer = give(breathe, page, fields)
        assert (answer.status_code, said in answer.text) == (409, True), said
        assert SPOKEN in answer.text
    assert versions(front) == []

    put(front.database, snapshot(in_stage(team, left=LATER.add(hours=24 * 60), ended=LATER), phase="ended"))
    assert give(breathe, page, fields).status_code == 303, "a team that stayed to the end still shows what it promised"
