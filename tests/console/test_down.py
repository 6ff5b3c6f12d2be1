"""Something that the service needs is down: pages say what is kept and what to do, and nothing is lost."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import httpx2
import pytest
from playwright.async_api import expect

from store.database.database import Database
from tests.chained import KEYS
from tests.chromium import Opens
from tests.console.fronting import Fronted, Visitor, fronting, path_of
from tests.console.test_writing import ANSWERS, BEGIN, begin, hidden, rows, send, send_long
from tests.console.test_writing_in_chromium import begun
from tests.identity.conftest import Clock
from tests.store.conftest import form_round  # noqa: F401
from tests.store.said import AIR, MIDWAY
from tests.store.sqlite import fresh_sqlite
from tests.waiting import until

Visit = Callable[..., Visitor]
SAM = "sam@sepa.example"
KEPT = "What you saved or sent before is kept"
OURS = ("postgres", "sqlite", "service.db", "/tmp", "CHALLENGES_", "Temporal")
"""Nothing of this is anybody's business who opens a page."""


class Stoppable(Protocol):
    """A database that can be away for a while."""

    url: str

    def stop(self) -> None:
        """From now on, nobody reaches it."""

    def start(self) -> None:
        """It is there again."""


class File:
    """A database in a file, which is not where it was."""

    def __init__(self, folder: Path) -> None:
        self.url = fresh_sqlite(folder)
        self._path = folder / "service.db"

    def stop(self) -> None:
        for path in self._path.parent.glob("service.db*"):
            path.rename(path.with_name(f"away-{path.name}"))
        self._path.mkdir()

    def start(self) -> None:
        self._path.rmdir()
        for path in self._path.parent.glob("away-*"):
            path.rename(path.with_name(path.name.removeprefix("away-")))


class Served:
    """A PostgreSQL server."""

    def __init__(self, folder: Path) -> None:
        from bench.postgres import started  # there may be none for this Python

        self._running = started(folder)
        self._server = self._running.__enter__()
        self.url = self._server.get_uri()

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self.start()
        self._running.__exit__(None, None, None)


@contextmanager
def stoppable(kind: str) -> Iterator[Stoppable]:
    with tempfile.TemporaryDirectory(prefix="down-") as folder:
        if kind == "sqlite":
            yield File(Path(folder))
            return
        server = Served(Path(folder))
        yield server
        server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Iterator[Stoppable]:
    with stoppable(request.param) as place:
        yield place


@pytest.fixture
def url(place: Stoppable) -> str:
    return place.url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url, KEYS)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def clock() -> Clock:
    """The window of the applications is open."""
    clock = Clock()
    clock.now = MIDWAY
    return clock


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The folder in which files are kept."""
    return tmp_path / "files"


@pytest.fixture
def front(form_round: Database, clock: Clock, files: Path) -> Iterator[Fronted]:  # noqa: F811
    """A front without Temporal."""
    settings = {"files_place": str(files), "files_key_file": files.with_name("files.key")}
    with fronting(form_round, clock, **settings) as front:
        yield front


@contextmanager
def down(front: Fronted, place: Stoppable) -> Iterator[None]:
    """The database is away, until the block ends."""
    if isinstance(place, File):
        front.database.close()  # connections that were open would go on with the file
    place.stop()
    yield
    place.start()


def says_what_is_kept(answer: httpx2.Response) -> bool:
    """Whether it is a page in plain words, with when to come back and without anything of the machine."""
    assert answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE, answer.text
    assert answer.headers["retry-after"] == "30"
    assert "<h1>This does not work at the moment</h1>" in answer.text
    assert not [each for each in OURS if each.lower() in answer.text.lower()]
    return KEPT in answer.text


def ready(visitor: Visitor) -> dict[str, str]:
    """What the front says of the parts that it needs."""
    answer = visitor.get("/ready")
    parts = dict(line.split(": ") for line in answer.text.splitlines())
    assert answer.status_code == (200 if set(parts.values()) == {"ok"} else 503)
    return parts


async def test_while_the_database_is_down_pages_say_so_and_afterwards_all_is_there(
    front: Fronted, visit: Visit, place: Stoppable
) -> None:
    """Fails where a page breaks, what was typed is gone, or the front does not go on by itself."""
    ann, sam = visit(), visit()
    draft = begin(ann)
    sam.sign_in(SAM)
    section, check = (hidden(ann.get(f"{draft}/{page}").text) for page in ("sections/1", "check"))
    sign_in = {**hidden(ann.get("/sign-in").text), "address": SAM}
    fresh = {**hidden(ann.get(BEGIN).text), "organisation": "Late Ltd", "email": "late@tay.example", **ANSWERS}
    public = sam.get(f"/challenges/{AIR}")
    typed = {**section, **ANSWERS, "q-idea": "Trams & <b>boats</b>"}
    autosave = {**section, "question": "q-idea", "q-idea": "Trams"}

    with down(front, place):
        assert sam.get(f"/challenges/{AIR}").content == public.content
        for path in (f"{draft}/sections/1", f"{draft}/write", f"{draft}/check", f"{draft}/receipt", BEGIN):
            assert says_what_is_kept(ann.get(path)), path
        for path in ("/account", "/applications", "/data", "/calendar", "/catalogue", "/feed.atom"):
            assert says_what_is_kept(sam.get(path)), path
        for path, fields in ((f"{draft}/sections/1", typed), (f"{draft}/answers", autosave), (BEGIN, fresh)):
            answer = send_long(ann, path, fields)
            assert says_what_is_kept(answer), path
            assert "was not saved" in answer.text
        assert "Trams &amp; &lt;b&gt;boats&lt;/b&gt;" in send_long(ann, f"{draft}/sections/1", typed).text
        assert says_what_is_kept(ann.post(f"{draft}/send", check))
        assert says_what_is_kept(ann.post("/sign-in", sign_in))
        machine = sam.get("/api/challenges")
        assert (machine.status_code, machine.headers["content-type"]) == (503, "application/problem+json")
        assert sam.get("/health").text == "ok\n"
        assert ready(sam) == {"database": "does not answer", "files": "ok"}

    assert "Every bus measures the air." in ann.get(f"{draft}/sections/1").text
    assert send_long(ann, f"{draft}/sections/1", typed).status_code == httpx2.codes.SEE_OTHER
    assert path_of(send(ann, draft)) == f"{draft}/receipt"
    assert ["Trams & <b>boats</b>" in answers for _, answers, _ in rows(front.database)] == [True]
    assert sam.get("/account").status_code == httpx2.codes.OK
    await until(lambda: ready(sam) == {"database": "ok", "files": "ok"})


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_what_is_typed_while_the_database_is_down_is_said_not_to_be_saved_and_then_saved(
    front: Fronted, opens: Opens, place: Stoppable
) -> None:
    page = await opens()
    await page.clock.install()
    await begun(page, front)
    with down(front, place):
        await page.locator("[name=q-idea]").fill("Trams")
        told = "Not saved yet: the service cannot be reached."
        await expect(page.locator("[data-saved]")).to_contain_text(told)
    await page.clock.fast_forward(11_000)
    await expect(page.locator("[data-saved]")).to_contain_text("Saved at")
    await page.reload()
    await expect(page.locator("[name=q-idea]")).to_have_value("Trams")
