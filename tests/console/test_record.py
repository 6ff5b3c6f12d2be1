"""The record of a challenge in the browser: who did what, and whether it is as it was written."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from domain.announcements.announcement import Entry
from store.database.database import Database
from store.record import verifying
from store.record.record import announce, read_record
from tests.console.fronting import Fronted, Visitor
from tests.store.said import AIR, MIDWAY, announcing, compose
from tests.store.tampering import tampering

Visit = Callable[..., Visitor]
OLIVIA, SAM, RECORD = "olivia@scheme.example", "sam@sepa.example", f"/staff/challenges/{AIR}/record"
EVIL = "<script>alert(1)</script>"


def says(database: Database, key: str, **what: object) -> None:
    """A line is written."""
    said = {"at": MIDWAY, "by": "olivia", "role": "operator", "action": key, "text": f"{key} was done", **what}
    entry = Entry.model_validate(said)
    announce(database, announcing(key).model_copy(update={"entry": entry}), compose)


def actions(page: str) -> list[str]:
    """What the lines on a page say was done."""
    return re.findall(r"<td><b>([^<]*)</b>", page)


@pytest.fixture
def olivia(front: Fronted, visit: Visit) -> Visitor:
    """An operator, signed in, on whose challenge three lines were written."""
    says(front.database, "extend", reason=EVIL)
    says(front.database, "hold", by="sam", role="sponsor")
    says(front.database, "cancel", by="sam", role="sponsor", refused=True)
    visitor = visit()
    visitor.sign_in(OLIVIA)
    return visitor


def test_whoever_is_in_charge_reads_all_lines_and_what_people_wrote_is_text(olivia: Visitor, visit: Visit) -> None:
    page = olivia.get(RECORD).text
    assert actions(page)[-3:] == ["extend", "hold", "cancel"]
    assert ("&lt;script&gt;alert(1)" in page, EVIL in page) == (True, False)
    sam = visit()
    sam.sign_in(SAM)
    assert actions(sam.get(RECORD).text)[-3:] == ["extend", "hold", "cancel"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("by=sam", ["hold", "cancel"]),
        ("action=hold", ["hold"]),
        ("refused=only", ["cancel"]),
        ("by=sam&refused=only", ["cancel"]),
        ("by=nobody", []),
    ],
)
def test_the_lines_are_narrowed_to_who_what_and_refusals(olivia: Visitor, query: str, found: list[str]) -> None:
    assert actions(olivia.get(f"{RECORD}?{query}").text) == found


def test_a_long_record_has_pages_that_keep_what_they_are_narrowed_to(front: Fronted, olivia: Visitor) -> None:
    for number in range(60):
        says(front.database, f"extend-{number}")
    page, seen = olivia.get(f"{RECORD}?by=olivia").text, list[str]()
    for _ in range(2):
        seen += actions(page)
        more = re.search(r'href="([^"]+)">More lines', page)
        page = olivia.get(more[1].replace("&amp;", "&")).text if more else ""
    assert seen == [line.action for line in read_record(front.database, AIR) if line.by == "olivia"]


def test_the_light_is_green_until_somebody_changes_a_line(front: Fronted, olivia: Visitor) -> None:
    answer = olivia.fill_in(RECORD, RECORD, heads="")
    assert "The record is as it was written." in answer.text
    [head] = verifying.heads(front.database, [AIR])
    assert "agrees with 1 head" in olivia.fill_in(RECORD, RECORD, heads=f"We were told: {head}").text
    answer = olivia.fill_in(RECORD, RECORD, heads="I have lost it")
    assert (answer.status_code, "No head of this challenge is there." in answer.text) == (422, True)
    with tampering(front.database) as connection:
        connection.exec_driver_sql("UPDATE record SET text = 'Nothing was done' WHERE action = 'hold'")
    answer = olivia.fill_in(RECORD, RECORD, heads="")
    assert "The record is not as it was written." in answer.text
    assert "The record is as it was written." not in answer.text


def test_nobody_else_learns_that_there_is_a_challenge(front: Fronted, visit: Visit) -> None:
    ann = visit()
    ann.sign_in("ann@nowhere.example")
    before = len(read_record(front.database, AIR))
    hidden, nowhere = ann.get(RECORD), ann.get("/staff/challenges/test-2016/never-was/record")
    assert hidden.status_code == nowhere.status_code == 404
    assert hidden.text.replace("air-quality", "never-was") == nowhere.text
    assert [line.action for line in read_record(front.database, AIR)[before:]] == ["read-record"]
