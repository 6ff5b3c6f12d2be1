"""People see and download what the service has of them, and erase what they can erase alone."""

from __future__ import annotations

import json
from collections.abc import Callable

from domain.challenges.draft import Typed
from store.challenges import drafts
from store.database import tables
from store.record.record import read_record
from tests.console.fronting import Fronted, Visitor
from tests.console.test_following import BREATHE, SMELL
from tests.store.paying import give_payee
from tests.store.said import AIR, CLOSES, applied

Visit = Callable[..., Visitor]


def begun(front: Fronted, email: str) -> str:
    """A draft with something in it."""
    id_ = drafts.begin(front.database, AIR, "Breathe Ltd", email, front.clock)
    drafts.save(front.database, id_, "", [Typed(question="proposal", answer="A secret idea.")], front.clock)
    return id_


def test_the_file_has_all_of_ones_own_and_nothing_of_others(front: Fronted, visit: Visit) -> None:
    front.clock.now = CLOSES.subtract(hours=1)
    team, other = applied(front.database), applied(front.database, "Smell Ltd")
    draft = begun(front, BREATHE)
    give_payee(front.database, team)
    breathe = visit()
    breathe.sign_in(BREATHE)

    answer = breathe.get("/data/download")
    data = json.loads(answer.text)

    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert [each["id"] for each in data["applications"]] == [team]
    assert [(each["application"], each["answer"]) for each in data["all that was typed"]] == [
        (draft, '"A secret idea."')
    ]
    assert [each["masked"] for each in data["bank details"]] == ["masked 1"]
    assert {each["recipient"] for each in data["letters"]} == {team}
    for never in ("sealed", "fingerprint", 'secret"', "sealed 1", other, SMELL):
        assert never not in answer.text
    page = breathe.get("/data").text
    assert "bank details" in page
    assert "A secret idea." not in page
    assert visit().get("/data/download").status_code == 303


def test_a_draft_is_erased_at_once_by_its_own_writer_only(front: Fronted, visit: Visit) -> None:
    front.clock.now = CLOSES.subtract(hours=1)
    team, draft = applied(front.database), begun(front, BREATHE)
    applied(front.database, "Smell Ltd")
    breathe, smell = visit(), visit()
    breathe.sign_in(BREATHE)
    smell.sign_in(SMELL)

    def erase(visitor: Visitor, application: str, sure: str = "yes") -> int:
        fields = {"token": visitor.token("/data"), "application": application, "sure": sure}
        return visitor.post("/data/erase", fields).status_code

    assert [erase(smell, draft), erase(smell, "none"), erase(breathe, draft, sure="")] == [404, 404, 303]
    assert "A secret idea." in breathe.get("/data/download").text
    assert erase(breathe, team) == 409, "what was sent stays until the programme office erases it"
    assert breathe.post("/data/erase", {"application": draft, "sure": "yes"}).status_code == 403

    assert erase(breathe, draft) == 303

    assert "A secret idea." not in breathe.get("/data/download").text
    with front.database.reading() as connection:
        assert draft not in str(connection.execute(tables.drafts.select()).all())
    lines = [line for line in read_record(front.database, AIR) if line.action == "own-data"]
    assert [(line.by, line.refused) for line in lines if not line.refused] == [(draft, False)]
    assert len([line for line in lines if line.refused]) >= 1
