"""An application from the first page to the receipt, without scripts and without an account."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx2
import pytest
from sqlalchemy import select
from whenever import Instant

from domain.announcements.occasions import Occasion
from domain.programmes.programme import Programme
from domain.programmes.round import Round
from store.database import tables
from store.database.database import Database
from store.record.notices import read_notices
from tests.console.fronting import Fronted, Visitor, fronting, path_of
from tests.identity.conftest import Clock
from tests.store.conftest import form_round  # noqa: F401
from tests.store.said import AIR, CLOSES, MIDWAY, ROADS

ANN = "ann@breathe.example"
ANSWERS: dict[str, Any] = {
    "q-summary": "Sensors on buses",
    "q-idea": "Every bus measures the air.\r\nAnd more.",
    "q-tried": "yes",
    "q-places": ("town", "sea"),
    "q-partners": "",
}
BEGIN = f"/challenges/{AIR}/apply"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@pytest.fixture
def clock() -> Clock:
    """The window of the applications is open."""
    clock = Clock()
    clock.now = MIDWAY
    return clock


@pytest.fixture
def front(form_round: Database, round_: Round, programme: Programme, clock: Clock) -> Iterator[Fronted]:  # noqa: F811
    with fronting(form_round, clock, ask_for_proof=True) as front:
        yield front


def hidden(page: str) -> dict[str, str]:
    return dict(_HIDDEN.findall(page))


def send_long(visitor: Visitor, path: str, fields: Mapping[str, Any]) -> httpx2.Response:
    """Sends a form in parts, as browsers send long ones."""
    boundary = "edge-of-a-part"
    parts = [
        f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, values in fields.items()
        for value in ((values,) if isinstance(values, str) else values)
    ]
    ours = {"origin": visitor.front.address, "sec-fetch-site": "same-origin"}
    kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
    return visitor.send("POST", path, "".join([*parts, f"--{boundary}--\r\n"]), **kind, **ours)


def begin(visitor: Visitor, email: str = ANN, **more: Any) -> str:
    """Begins an application, and gives the address of its draft."""
    fields = {**hidden(visitor.get(BEGIN).text), "organisation": "Breathe Ltd", "email": email, **ANSWERS, **more}
    answer = send_long(visitor, BEGIN, fields)
    assert answer.status_code == httpx2.codes.SEE_OTHER, answer.text
    return "/".join(path_of(answer).split("/")[:3])


def send(visitor: Visitor, draft: str) -> httpx2.Response:
    """Presses "Send" on the page on which answers are checked."""
    return visitor.post(f"{draft}/send", hidden(visitor.get(f"{draft}/check").text))


def rows(database: Database) -> list[tuple[str, str, Instant]]:
    table = tables.applications
    wanted = select(table.c.id, table.c.answers, table.c.received).order_by(table.c.id)
    with database.reading() as connection:
        return [(row.id, row.answers, row.received) for row in connection.execute(wanted)]


def test_somebody_without_an_account_begins_writes_sends_and_has_a_receipt(
    front: Fronted, visit: Callable[..., Visitor]
) -> None:
    ann = visit()
    draft = begin(ann)
    page = ann.get(f"{draft}/write").text
    assert "not sent yet" in page
    assert "Done" in page
    check = ann.get(f"{draft}/check").text
    assert "Every bus measures the air." in check
    assert "In towns, At sea" in check

    answer = send(ann, draft)

    assert path_of(answer) == f"{draft}/receipt"
    receipt = ann.get(f"{draft}/receipt").text
    assert "We have your application" in receipt
    assert draft.rpartition("/")[2] in receipt
    [(id_, answers, received)] = rows(front.database)
    assert (id_, received) == (draft.rpartition("/")[2], MIDWAY.round("microsecond", mode="floor"))
    assert json.loads(answers) == {
        "summary": "Sensors on buses",
        "idea": "Every bus measures the air.\nAnd more.",
        "tried": True,
        "places": ["town", "sea"],
        "partners": "",
    }
    letters = [each.occasion for each in read_notices(front.database) if each.address == ANN]
    assert letters == [Occasion.DRAFT_BEGUN, Occasion.APPLICATION_RECEIVED]


def test_a_browser_goes_on_with_what_was_begun_there_and_nobody_elses(
    front: Fronted, visit: Callable[..., Visitor]
) -> None:
    """Whoever knows the id of a draft, or its address, sees nothing of it."""
    ann, other = visit(), visit()
    draft = begin(ann)
    begin(other)  # for the same address

    for page in ("write", "sections/1", "check", "receipt"):
        assert path_of(other.get(f"{draft}/{page}")).startswith("/sign-in?"), page
    assert send_long(other, f"{draft}/sections/1", {"token": other.token("/sign-in"), **ANSWERS}).status_code == 401
    assert other.post(f"{draft}/send", {"token": other.token("/sign-in")}).status_code == 401
    assert rows(front.database) == []
    ben = visit()
    ben.sign_in("ben@rival.example")
    there, nowhere = ben.get(f"{draft}/write"), ben.get("/applications/air-quality-0000000/write")
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert there.text == nowhere.text


def test_whoever_has_the_mailbox_comes_back_from_another_browser(front: Fronted, visit: Callable[..., Visitor]) -> None:
    ann, telephone = visit(), visit()
    draft = begin(ann)

    telephone.sign_in(ANN)

    assert "Every bus measures the air." in telephone.get(f"{draft}/sections/1").text


@pytest.mark.parametrize("leave", ["signs out", "a day goes by"])
def test_a_browser_shows_a_draft_for_a_day_and_no_longer_than_somebody_is_there(
    front: Fronted, visit: Callable[..., Visitor], clock: Clock, leave: str
) -> None:
    ann = visit()
    draft = begin(ann)

    if leave == "signs out":
        ann.fill_in(f"{draft}/write", "/sign-out")
    else:
        clock.go_on(hours=24)

    assert path_of(ann.get(f"{draft}/write")).startswith("/sign-in?")
    ann.sign_in(ANN)
    assert ann.get(f"{draft}/write").status_code == 200, "nothing is lost"


def test_once_its_owner_signs_in_no_browser_reads_what_they_write(
    front: Fronted, visit: Callable[..., Visitor]
) -> None:
    """Whoever began a draft with the address of a rival would otherwise read the rival's words for a day."""
    guest, owner = visit(), visit()
    draft = begin(guest)

    owner.sign_in(ANN)

    assert owner.get(f"{draft}/write").status_code == 200
    assert path_of(guest.get(f"{draft}/write")).startswith("/sign-in?")


def test_whoever_signs_in_on_a_browser_reads_nothing_of_whoever_began_there(
    front: Fronted, visit: Callable[..., Visitor]
) -> None:
    shared = visit()
    draft = begin(shared)

    shared.sign_in("ben@rival.example")

    assert shared.get(f"{draft}/write").status_code == 404


def test_two_who_save_the_same_answer_see_both_texts_and_lose_none(
    front: Fronted, visit: Callable[..., Visitor]
) -> None:
    ann, telephone = visit(), visit()
    draft = begin(ann)
    ann.sign_in(ANN)
    telephone.sign_in(ANN)
    here, there = (hidden(each.get(f"{draft}/sections/1").text) for each in (ann, telephone))
    assert send_long(ann, f"{draft}/sections/1", {**here, **ANSWERS, "q-idea": "Mine"}).status_code == 303

    page = send_long(telephone, f"{draft}/sections/1", {**there, **ANSWERS, "q-idea": "Theirs"})

    assert page.status_code == 409
    assert "Somebody else has saved this answer meanwhile" in page.text
    assert ">Mine<" in page.text
    assert "\nTheirs</textarea>" in page.text
    both = {**hidden(page.text), **ANSWERS, "q-idea": "Mine and theirs"}
    assert send_long(telephone, f"{draft}/sections/1", both).status_code == 303
    assert "Mine and theirs" in ann.get(f"{draft}/check").text


def test_a_field_saves_itself_and_says_which_version_it_is(front: Fronted, visit: Callable[..., Visitor]) -> None:
    ann = visit()
    draft = begin(ann)
    page = hidden(ann.get(f"{draft}/sections/1").text)
    fields = {"token": page["token"], "question": "q-idea", "q-idea": "By itself", "builds-on-idea": "1"}

    saved = send_long(ann, f"{draft}/answers", fields).json()
    again = send_long(ann, f"{draft}/answers", {**fields, "q-idea": "Another"}).json()

    assert (saved["saved"], saved["conflicts"]) == ([{"question": "idea", "version": 2}], [])
    assert saved["closes"] == CLOSES.format_iso()
    assert again["conflicts"] == ["idea"]
    assert "By itself" in ann.get(f"{draft}/sections/1").text


@pytest.mark.parametrize(
    "wrong", [{"builds-on-idea": ""}, {"question": ("q-idea", "q-none")}, {"question": ()}], ids=str
)
def test_nothing_is_said_to_be_saved_that_was_not(
    front: Fronted, visit: Callable[..., Visitor], wrong: dict[str, Any]
) -> None:
    """Otherwise the page would say so, and whoever typed would leave."""
    ann = visit()
    draft = begin(ann)
    token = hidden(ann.get(f"{draft}/sections/1").text)["token"]
    fields = {"token": token, "question": "q-idea", "q-idea": "By itself", "builds-on-idea": "1", **wrong}

    answer = send_long(ann, f"{draft}/answers", fields)

    assert answer.status_code == 422
    assert "nothing was saved" in answer.json()["detail"]
    assert "By itself" not in ann.get(f"{draft}/sections/1").text


def test_what_is_missing_is_shown_at_the_check_and_not_while_writing(
    front: Fronted, visit: Callable[..., Visitor]
) -> None:
    ann = visit()
    draft = begin(ann, **{"q-idea": ""})

    assert "1 left" in ann.get(f"{draft}/write").text
    check = ann.get(f"{draft}/check").text
    assert f'href="{draft}/sections/1#q-idea"' in check
    assert "/send" not in check
    token = ann.token(f"{draft}/write")
    assert ann.post(f"{draft}/send", {"token": token, "seen": ""}).status_code == 409, "nobody has seen it as it is"
    assert rows(front.database) == []


def test_scripts_in_any_field_are_only_text(front: Fronted, visit: Callable[..., Visitor]) -> None:
    ann = visit()
    bad = "<script>alert(1)</script>\"'</textarea>"
    fields = {
        **hidden(ann.get(BEGIN).text),
        "organisation": bad,
        "email": ANN,
        **ANSWERS,
        "q-idea": bad,
        "q-summary": bad,
    }
    draft = "/".join(path_of(send_long(ann, BEGIN, fields)).split("/")[:3])

    pages = [ann.get(f"{draft}/{page}").text for page in ("write", "sections/1", "check")]

    assert all("<script>alert" not in page for page in pages)
    assert all("&lt;script&gt;alert" in page for page in pages)


def test_a_wrong_address_is_told_and_nothing_typed_is_lost(front: Fronted, visit: Callable[..., Visitor]) -> None:
    ann = visit()
    fields = {**hidden(ann.get(BEGIN).text), "organisation": "", "email": "nowhere", **ANSWERS}

    answer = send_long(ann, BEGIN, fields)

    assert answer.status_code == 422
    assert '<a href="#organisation">' in answer.text
    assert '<a href="#email">' in answer.text
    assert "Every bus measures the air." in answer.text
    assert 'id="q-tried" name="q-tried" value="yes" checked' in answer.text


@pytest.mark.parametrize("signed_in", [False, True], ids=["a guest", "somebody signed in"])
def test_an_empty_address_is_told_like_any_other_fault(
    front: Fronted, visit: Callable[..., Visitor], signed_in: bool
) -> None:
    """Fails where nobody in particular is taken for the owner of no address, and is told that they may not apply."""
    ann = visit()
    if signed_in:
        ann.sign_in(ANN)
    fields = {**hidden(ann.get(BEGIN).text), "organisation": "Breathe Ltd", "email": " ", **ANSWERS}

    answer = send_long(ann, BEGIN, fields)

    assert answer.status_code == 422, answer.text
    assert '<a href="#email">' in answer.text
    assert 'value="Breathe Ltd"' in answer.text
    assert "Every bus measures the air." in answer.text
    assert path_of(send_long(ann, BEGIN, {**fields, **hidden(answer.text), "email": ANN})).endswith("/check?begun")


def test_whoever_lost_the_address_of_a_draft_finds_the_draft_in_the_browser_where_it_was_begun(
    front: Fronted, visit: Callable[..., Visitor], clock: Clock
) -> None:
    ann, other = visit(), visit()
    draft, others = begin(ann), begin(other, "ben@rival.example")

    page = ann.get("/applications")

    assert page.status_code == 200, page.text
    assert f'href="{draft}/write"' in page.text
    assert others not in page.text
    assert 'href="/sign-in?wanted=%2Fapplications"' in page.text
    assert 'href="/data"' not in page.text, "only for people who are signed in"
    assert path_of(visit().get("/applications")).startswith("/sign-in?"), "nothing was begun there"
    clock.go_on(hours=24)
    assert path_of(ann.get("/applications")).startswith("/sign-in?")


def test_somebody_signed_in_finds_what_they_begin_with_another_address(
    front: Fronted, visit: Callable[..., Visitor]
) -> None:
    ann = visit()
    ann.sign_in(ANN)
    drafts = [begin(ann), begin(ann, "office@breathe.example")]

    page = ann.get("/applications").text

    assert all(f'href="{draft}/write"' in page for draft in drafts)


def test_an_application_is_copied_into_another_challenge(front: Fronted, visit: Callable[..., Visitor]) -> None:
    ann = visit()
    draft = begin(ann)
    page = ann.get(f"{draft}/copy").text
    assert f'value="{ROADS}"' in page
    assert f'value="{AIR}"' not in page
    fields = {**hidden(page), "challenge": ROADS}

    answers = [ann.post(f"{draft}/copy", fields) for _ in range(2)]

    assert [each.status_code for each in answers] == [200, 200]
    there = answers[0].text.partition('class="ds_button" href="')[2].partition('"')[0]
    assert there in answers[1].text, "a second click begins no second draft"
    assert "Every bus measures the air." in ann.get(there.replace("/write", "/check")).text
    assert rows(front.database) == [], "nothing is sent"
    assert ann.post(f"{draft}/copy", {**fields, "challenge": "none/none"}).status_code == 404
