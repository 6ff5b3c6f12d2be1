"""The board of operators: where all challenges stand, by what needs a person first."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from whenever import Instant

from domain.announcements.announcement import Attention
from store.database.database import Database
from store.record.record import announce
from tests.console.fronting import Fronted, Visitor
from tests.identity.conftest import Clock
from tests.store.said import AIR, CLOSES, MIDWAY, ROADS, announcing, applied, compose, seal, status

Visit = Callable[..., Visitor]
OLIVIA, SAM = "olivia@scheme.example", "sam@sepa.example"


@pytest.fixture
def clock() -> Clock:
    """The clock of the front, while the windows are open."""
    clock = Clock()
    clock.now = MIDWAY
    return clock


@pytest.fixture
def olivia(front: Fronted, visit: Visit) -> Visitor:
    """An operator who is signed in."""
    visitor = visit()
    visitor.sign_in(OLIVIA)
    return visitor


def stands(database: Database, challenge: str, waits_for: str, key: str = "stands", until: Instant = CLOSES) -> None:
    """A challenge reports where it stands."""
    said = status(waits_for).model_copy(update={"until": until})
    announce(database, announcing(key, challenge=challenge, status=said), compose)


def shown(page: str) -> list[str]:
    """The challenges on a page, in their order."""
    return re.findall(r'<th scope="row"><a href="/staff/challenges/([^"]+)"', page)


def test_an_operator_sees_what_waits_for_whom_since_when_and_until_when(front: Fronted, olivia: Visitor) -> None:
    stands(front.database, AIR, "applications")
    applied(front.database)
    page = olivia.get("/staff/rounds").text
    assert sorted(shown(page)) == [AIR, ROADS]
    row = page.partition(f'href="/staff/challenges/{AIR}"')[2].partition("</tr>")[0]
    for said in ("Applications", "Who acts: applicants", "Since:", "Monday 1 August 2016, 5:00", "1 so far"):
        assert said in row
    run = f"http://localhost:8233/namespaces/default/workflows/{quote(AIR, safe='')}"
    assert f'href="{run}"' in row
    assert "late" not in row


def test_what_needs_a_person_comes_first_and_then_what_is_due_first(front: Fronted, olivia: Visitor) -> None:
    stands(front.database, ROADS, "applications", until=CLOSES.subtract(hours=1))
    stands(front.database, AIR, "applications")
    assert shown(olivia.get("/staff/rounds").text) == [ROADS, AIR]
    stands(front.database, AIR, "selection for exploration", "decides")
    assert shown(olivia.get("/staff/rounds").text) == [AIR, ROADS]
    broken = Attention(text="The bank does not answer.")
    announce(front.database, announcing("broken", challenge=ROADS, attention=broken), compose)
    page = olivia.get("/staff/rounds").text
    assert shown(page) == [ROADS, AIR]
    assert "The bank does not answer." in page


def test_what_is_late_says_by_how_much_and_is_among_what_needs_somebody(front: Fronted, olivia: Visitor) -> None:
    stands(front.database, AIR, "applications", until=MIDWAY.subtract(hours=72))
    stands(front.database, ROADS, "applications")
    page = olivia.get("/staff/rounds?needs=somebody").text
    assert (shown(page), "3 days late" in page) == ([AIR], True)


def test_nobody_else_learns_that_there_is_a_board(front: Fronted, visit: Visit) -> None:
    sam = visit()
    sam.sign_in(SAM)
    hidden, nowhere = sam.get("/staff/rounds"), sam.get("/staff/nowhere")
    assert hidden.status_code == nowhere.status_code == 404
    assert visit().get("/staff/rounds").headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("text", ["Breathe", "breathe@applicants.example", "TEAM"])
def test_an_applicant_is_found_once_the_window_is_sealed_and_not_before(
    front: Fronted, olivia: Visitor, text: str
) -> None:
    team = applied(front.database)
    path = f"/staff/rounds?search={quote(team if text == 'TEAM' else text)}"
    assert shown(olivia.get(path).text) == []
    seal(front.database)
    assert shown(olivia.get(path).text) == [AIR]


@pytest.mark.parametrize(("text", "found"), [("sam", 2), ("Olivia", 2), (SAM, 2), ("roads", 1), ("%", 0), ("a_r", 0)])
def test_people_and_challenges_are_found_by_what_they_are_called(olivia: Visitor, text: str, found: int) -> None:
    assert len(shown(olivia.get(f"/staff/rounds?search={quote(text)}").text)) == found


def test_the_board_is_narrowed_to_a_round_and_a_stage(front: Fronted, olivia: Visitor) -> None:
    said = status("selection for exploration").model_copy(update={"stage": "exploration"})
    announce(front.database, announcing("decides", status=said), compose)
    assert shown(olivia.get("/staff/rounds?round=test-2016&stage=exploration").text) == [AIR]
    for other in ("round=another", "stage=accelerator", "round=%00x", "search=" + "x" * 3000):
        answer = olivia.get(f"/staff/rounds?{other}")
        assert (answer.status_code, shown(answer.text)) == (200, [])
