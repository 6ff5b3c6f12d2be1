"""Files of an application on pages: attached, listed, opened, taken away, and refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from domain.programmes.programme import Programme
from domain.programmes.round import Round
from store.database.database import Database
from tests.console.fronting import Fronted, Visitor, fronting, path_of
from tests.console.test_writing import hidden, send_long
from tests.gateways.documents import pdf
from tests.identity.conftest import Clock
from tests.store.conftest import round_with_files  # noqa: F401
from tests.store.said import AIR, MIDWAY

BEGIN = f"/challenges/{AIR}/apply"
EDGE = "edge-of-a-part"


@pytest.fixture
def clock() -> Clock:
    """The window of the applications is open."""
    clock = Clock()
    clock.now = MIDWAY
    return clock


@pytest.fixture
def front(
    round_with_files: Database,  # noqa: F811
    round_: Round,
    programme: Programme,
    clock: Clock,
    tmp_path: Path,
) -> Iterator[Fronted]:
    settings = {"files_place": str(tmp_path / "files"), "files_key_file": tmp_path / "files.key"}
    with fronting(round_with_files, clock, **settings) as front:
        yield front


def begin(visitor: Visitor) -> str:
    fields = {**hidden(visitor.get(BEGIN).text), "organisation": "Breathe Ltd", "email": "ann@breathe.example"}
    return "/".join(path_of(send_long(visitor, BEGIN, fields)).split("/")[:3])


def question_of(visitor: Visitor, draft: str) -> str:
    """The id of the last question that asks for a file."""
    page = visitor.get(f"{draft}/sections/1").text
    return page.rpartition(f'href="{draft}/files/')[2].partition('"')[0]


def attach(visitor: Visitor, page: str, name: str, content: bytes) -> httpx2.Response:
    """Attaches a file, as a browser without scripts does."""
    token = hidden(visitor.get(page).text)["token"]
    head = f'--{EDGE}\r\ncontent-disposition: form-data; name="token"\r\n\r\n{token}\r\n--{EDGE}\r\n'
    head += f'content-disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{EDGE}--\r\n".encode()
    ours = {"origin": visitor.front.address, "sec-fetch-site": "same-origin"}
    return visitor.send("POST", page, body, **{"content-type": f"multipart/form-data; boundary={EDGE}"}, **ours)


def test_a_file_is_attached_listed_opened_and_taken_away(front: Fronted, visit: Callable[..., Visitor]) -> None:
    ann = visit()
    draft = begin(ann)
    page = f"{draft}/files/{question_of(ann, draft)}"
    content = pdf()

    assert path_of(attach(ann, page, "plan.pdf", content)) == page

    listed = ann.get(page).text
    assert ">plan.pdf</a>" in listed
    assert "Attached: <b>plan.pdf</b>" in ann.get(f"{draft}/sections/1").text
    address = listed.partition(f'href="{page}/')[2].partition('"')[0]
    opened = ann.get(f"{page}/{address}")
    assert opened.content == content
    assert opened.headers["content-disposition"] == "attachment; filename*=UTF-8''plan.pdf"
    assert "sandbox" in opened.headers["content-security-policy"]
    assert opened.headers["x-content-type-options"] == "nosniff"
    stranger = visit()
    assert stranger.get(f"{page}/{address}").status_code == 303
    assert ann.fill_in(page, f"{page}/{address}/remove").status_code == 303
    assert "plan.pdf" not in ann.get(page).text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("plan.pdf", b"<script>alert(1)</script>", "Plans"),
        ("plan.exe", b"MZ" + bytes(100), "kind"),
        ("plan.pdf", b"", "the file is empty"),
    ],
)
def test_a_file_that_cannot_be_taken_is_told_and_not_attached(
    front: Fronted, visit: Callable[..., Visitor], name: str, content: bytes, said: str
) -> None:
    ann = visit()
    draft = begin(ann)
    page = f"{draft}/files/{question_of(ann, draft)}"

    answer = attach(ann, page, name, content)

    assert answer.status_code == 422
    assert '<a href="#file">' in answer.text
    assert said in answer.text
    assert f'href="{page}/' not in ann.get(page).text


def test_whoever_chooses_no_file_is_told_so(front: Fronted, visit: Callable[..., Visitor]) -> None:
    ann = visit()
    draft = begin(ann)
    page = f"{draft}/files/{question_of(ann, draft)}"

    answer = send_long(ann, page, {"token": hidden(ann.get(page).text)["token"]})

    assert (answer.status_code, "Choose a file first." in answer.text) == (422, True)
