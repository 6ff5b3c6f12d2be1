"""Bad input while somebody applies: uploads that break off, sessions that are over, bad texts and names."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.async_api import expect
from sqlalchemy import func, select

from domain.announcements.occasions import Occasion
from domain.forms.form import LONGEST_TEXT
from store.database import tables
from store.database.database import Database
from store.record.notices import read_notices
from tests.chromium import Opens
from tests.console.fronting import Fronted, Visitor, fronting, path_of
from tests.console.test_files import EDGE, attach, question_of
from tests.console.test_files import begin as begin_with_files
from tests.console.test_writing import ANN, ANSWERS, begin, hidden, rows, send_long
from tests.console.test_writing_in_chromium import begun
from tests.gateways.documents import pdf
from tests.identity.conftest import Clock
from tests.store.conftest import form_round, round_with_files  # noqa: F401
from tests.store.said import MIDWAY
from tests.waiting import HANGS, until

Visit = Callable[..., Visitor]
SCRIPT = "<img src=x onerror=alert(1)>\"'.pdf"


@pytest.fixture
def clock() -> Clock:
    """The window of the applications is open."""
    clock = Clock()
    clock.now = MIDWAY
    return clock


@pytest.fixture
def front(form_round: Database, clock: Clock) -> Iterator[Fronted]:  # noqa: F811
    with fronting(form_round, clock, ask_for_proof=True) as front:
        yield front


@pytest.fixture
def with_files(round_with_files: Database, clock: Clock, tmp_path: Path) -> Iterator[Fronted]:  # noqa: F811
    """A front whose applications have files."""
    settings = {"files_place": str(tmp_path / "files"), "files_key_file": tmp_path / "files.key"}
    with fronting(round_with_files, clock, **settings) as front:
        yield front


@pytest.fixture
def ann(with_files: Fronted) -> Iterator[Visitor]:
    """Somebody who attaches files."""
    ann = Visitor(with_files)
    yield ann
    ann.close()


def broken_off(visitor: Visitor, page: str, name: str, content: bytes) -> None:
    """Sends half of a file, as a browser does whose connection is lost."""
    token = hidden(visitor.get(page).text)["token"]
    head = f'--{EDGE}\r\ncontent-disposition: form-data; name="token"\r\n\r\n{token}\r\n--{EDGE}\r\n'
    head += f'content-disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{EDGE}--\r\n".encode()
    address = urlsplit(visitor.front.address)
    lines = [
        f"POST {page} HTTP/1.1",
        f"host: {address.netloc}",
        f"origin: {visitor.front.address}",
        "sec-fetch-site: same-origin",
        f"content-type: multipart/form-data; boundary={EDGE}",
        f"content-length: {len(body)}",
        f"cookie: {'; '.join(f'{name}={value}' for name, value in visitor.cookies.items())}",
    ]
    with socket.create_connection((address.hostname, address.port), HANGS) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body[: len(body) // 2])


async def test_an_upload_that_breaks_off_attaches_nothing_and_can_be_made_again(
    with_files: Fronted, ann: Visitor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = begin_with_files(ann)
    page = f"{draft}/files/{question_of(ann, draft)}"
    content, said = pdf() + bytes(500_000), list[str]()

    broken_off(ann, page, "plan.pdf", content)

    def has_ended() -> bool:
        said.append(capsys.readouterr().out)
        return (
            re.search(r"method=POST .*route=/applications/{application}/files/.*status=499", "".join(said)) is not None
        )

    await until(has_ended)
    assert "a page broke" not in "".join(said)
    assert "plan.pdf" not in ann.get(page).text
    with with_files.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.attachments)) == 0
    assert path_of(attach(ann, page, "plan.pdf", pdf())) == page
    assert ">plan.pdf</a>" in ann.get(page).text


def test_the_name_of_a_file_is_only_text(ann: Visitor) -> None:
    """Fails where a name becomes markup, or ends the header that it is given back with."""
    draft = begin_with_files(ann)
    page = f"{draft}/files/{question_of(ann, draft)}"
    sent = SCRIPT.replace('"', "%22")  # as browsers write it

    assert path_of(attach(ann, page, sent, pdf())) == page

    listed = ann.get(page).text
    check = ann.get(f"{draft}/check").text
    for text in (listed, check):
        assert "<img src=x" not in text
        assert "&lt;img src=x onerror=alert(1)&gt;" in text
    address = re.search(rf'href="({page}/[^"/]+)"', listed)
    assert address
    opened = ann.get(address[1])
    assert opened.headers["content-disposition"].startswith(
        "attachment; filename*=UTF-8''%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E"
    )
    assert opened.headers["content-type"] == "application/octet-stream"


def test_two_clicks_at_one_moment_send_one_application(front: Fronted, visit: Visit) -> None:
    first = visit()
    draft = begin(first)
    fields = hidden(first.get(f"{draft}/check").text)
    clicks = [visit() for _ in range(6)]
    for each in clicks:
        each.cookies = dict(first.cookies)

    with ThreadPoolExecutor(len(clicks)) as pool:
        answers = list(pool.map(lambda each: each.post(f"{draft}/send", fields), clicks))

    assert [path_of(each) for each in answers] == [f"{draft}/receipt"] * len(clicks)
    assert len(rows(front.database)) == 1
    assert [each.occasion for each in read_notices(front.database)].count(Occasion.APPLICATION_RECEIVED) == 1


async def test_back_reload_and_another_click_after_sending_leave_one_application(front: Fronted, opens: Opens) -> None:
    page = await opens(java_script_enabled=False)
    section = await begun(page, front)
    await page.locator("[name=q-summary]").fill("Sensors on buses")
    await page.get_by_text("Yes", exact=True).click()
    await page.get_by_role("button", name="Save and go on").click()
    await page.get_by_role("button", name="Send").click()
    receipt = page.get_by_role("heading", name="We have your application")
    await expect(receipt).to_be_visible()
    ((_, answers, received),) = rows(front.database)

    await page.reload()
    await expect(receipt).to_be_visible()
    await page.go_back()
    await expect(page.get_by_text("This is what you have sent.")).to_be_visible()
    await page.go_forward()
    await expect(receipt).to_be_visible()
    await page.goto(section)
    await page.get_by_role("button", name="Save and go on").click()
    await expect(page.get_by_text("This is what you have sent.")).to_be_visible()

    assert [(each[1], each[2]) for each in rows(front.database)] == [(answers, received)]


def test_when_the_session_is_over_the_text_is_shown_and_the_way_leads_back_to_the_section(
    front: Fronted, visit: Visit, clock: Clock
) -> None:
    ann = visit()
    draft = begin(ann)
    ann.sign_in(ANN)
    section = f"{draft}/sections/1"
    fields = {**hidden(ann.get(section).text), **ANSWERS, "q-idea": "Words of the last hour"}
    check = hidden(ann.get(f"{draft}/check").text)
    clock.go_on(hours=9)

    saved = send_long(ann, section, fields)
    by_itself = send_long(ann, f"{draft}/answers", {**fields, "question": "q-idea"})
    sent = ann.post(f"{draft}/send", check)

    assert (saved.status_code, by_itself.status_code, sent.status_code) == (401, 401, 401)
    assert ">\nWords of the last hour</textarea>" in saved.text
    assert rows(front.database) == []
    wanted = re.search(r'href="/sign-in\?wanted=([^"]+)"', saved.text)
    assert wanted
    assert httpx2.URL(f"/?wanted={wanted[1]}").params["wanted"] == section
    assert f"wanted={draft.replace('/', '%2F')}" in sent.text
    back = visit()
    back.sign_in(ANN, section)
    assert "Every bus measures the air." in back.get(section).text
    again = {**hidden(back.get(section).text), **ANSWERS, "q-idea": "Words of the last hour"}
    assert send_long(back, section, again).status_code == httpx2.codes.SEE_OTHER
    assert "Words of the last hour" in back.get(section).text


def test_an_answer_that_is_too_long_is_told_and_comes_back_whole(front: Fronted, visit: Visit) -> None:
    """More than the question asks for is kept, and told at the check. More than any text has is not, and comes back."""
    ann = visit()
    draft = begin(ann)
    section = f"{draft}/sections/1"

    def save(text: str) -> httpx2.Response:
        return send_long(ann, section, {**hidden(ann.get(section).text), **ANSWERS, "q-idea": text})

    assert save("long " * 300).status_code == httpx2.codes.SEE_OTHER
    assert "long long" in ann.get(section).text
    check = ann.get(f"{draft}/check").text
    assert f'href="{section}#q-idea"' in check
    assert 'action="' + f"{draft}/send" not in check
    endless = "x" * (LONGEST_TEXT + 1)
    answer = save(endless)
    assert answer.status_code == httpx2.codes.UNPROCESSABLE_CONTENT
    assert '<a href="#q-idea">' in answer.text
    assert endless in answer.text
    assert "long long" in ann.get(section).text
    too_large = save("x" * 6_000_001)
    assert too_large.status_code == 413
    assert "this page takes no more" in too_large.text
    assert "long long" in ann.get(section).text
