"""The web front on this machine, with real HTTP, a clock that is set by hand, and letters that are opened here."""

from __future__ import annotations

import asyncio
import re
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import uvicorn
import uvloop
from temporalio.client import Client

from console.app import build
from desk.desk import Desk
from domain.values.refusals import Unavailable
from identity.links import Links
from identity.organisations import Organisations
from service.settings import Settings
from store.database import tables
from store.database.database import Database
from store.identity import secrets
from tests.identity.conftest import Clock
from tests.plain_http import TLS
from tests.waiting import HANGS
from web import configured

_TOKEN = re.compile(r'name="token" value="([^"]+)"')


class Fronted:
    """A web front that runs.

    Args:
        address: of the front.
        desk: behind it.
        clock: of both.
        listens: where it listens, if a proxy would stand before that.
    """

    def __init__(self, address: str, desk: Desk, clock: Clock, listens: str = "") -> None:
        self.address = address
        self.listens = listens or address
        self.desk = desk
        self.database: Database = desk.core.database
        self.clock = clock

    def letters(self) -> dict[str, str]:
        """See `links_sent`."""
        return links_sent(self.database)


def links_sent(database: Database) -> dict[str, str]:
    """Sends the letters with links that wait, as the worker does: the newest that each mailbox got, as a path."""
    links, found = tables.links, {}
    with database.writing() as connection:
        for row in connection.execute(links.select().where(links.c.status == "waiting")).all():
            secret = secrets.new()
            sent: dict[str, Any] = {"status": "sent", "secret": secrets.hashed(secret)}
            connection.execute(links.update().where(links.c.id == row.id).values(**sent))
            found[row.mailbox] = f"/link/{secret}"
    return found


class Visitor:
    """A browser without scripts: keeps cookies as they are set, and sends forms with what their page holds.

    Args:
        front: which it visits.
        headers: which it always sends.
    """

    def __init__(self, front: Fronted, **headers: str) -> None:
        self.front = front
        self.cookies: dict[str, str] = {}
        self._headers = headers
        self._http = httpx2.Client(base_url=front.listens, timeout=HANGS, trust_env=False, verify=TLS)

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """Opens a page."""
        return self.send("GET", path, **headers)

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> httpx2.Response:
        """Sends a form from a page of the front, as browsers do; without a token, unless one is given."""
        ours = {"origin": self.front.address, "sec-fetch-site": "same-origin"}
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.send("POST", path, urlencode(fields), **(kind | ours | _named(headers)))

    def send(self, method: str, path: str, body: str | bytes = "", **headers: str) -> httpx2.Response:
        """Sends a request. A header that is empty is left out."""
        held = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = _named(self._headers) | ({"cookie": held} if held else {}) | _named(headers)
        filled = {name: value for name, value in sent.items() if value}
        answer = self._http.request(method, path, content=body, headers=filled)
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.cookies.pop(name, None)
                if morsel.value:
                    self.cookies[name] = morsel.value
        return answer

    def fill_in(self, page: str, to: str, **fields: str) -> httpx2.Response:
        """Opens a page, and sends its form with the page's token."""
        return self.post(to, {"token": self.token(page), **fields})

    def token(self, page: str) -> str:
        """The token of the forms of a page."""
        found = _TOKEN.search(self.get(page).text)
        assert found, page
        return found[1]

    def ask(self, address: str, wanted: str = "/account") -> str:
        """Asks for a link, and gives the code that the page shows."""
        self.front.clock.go_on(seconds=1)
        answer = self.fill_in(f"/sign-in?{urlencode({'wanted': wanted})}", "/sign-in", address=address, wanted=wanted)
        assert answer.status_code == httpx2.codes.SEE_OTHER, answer.text
        found = re.search(r'class="code">([0-9 ]+)<', self.get(answer.headers["location"]).text)
        assert found
        return found[1].replace(" ", "")

    def follow(self, path: str, **fields: str) -> httpx2.Response:
        """Opens a link, and presses the button there."""
        return self.fill_in(path, "/link", secret=path.rpartition("/")[2], **fields)

    def sign_in(self, address: str, wanted: str = "/account") -> httpx2.Response:
        """Asks for a link, opens it here, and presses the button."""
        self.ask(address, wanted)
        answer = self.follow(self.front.letters()[address])
        assert answer.status_code == httpx2.codes.SEE_OTHER, answer.text
        return answer

    def close(self) -> None:
        """Closes its connections."""
        self._http.close()


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


async def _away() -> Client:
    raise Unavailable("No Temporal server answers.")


@contextmanager
def fronting(database: Database, clock: Clock, **settings: Any) -> Iterator[Fronted]:
    """A web front in a thread of this process, until the block ends.

    Args:
        database: behind it.
        clock: by which it goes.
        settings: others than usual.
    """
    place = socket.create_server(("127.0.0.1", 0))
    listens = f"http://localhost:{place.getsockname()[1]}"
    # All visitors of tests come from one address, and may be quicker than people.
    usual: dict[str, Any] = {"web_address": listens, "web_limit": 1_000_000}
    folder = tempfile.TemporaryDirectory(prefix="front-")
    usual |= {"files_place": f"{folder.name}/files", "files_key_file": Path(folder.name) / "files.key"}
    options = Settings(**(usual | settings))
    desk = Desk(options, database, _away, clock)
    started, server = threading.Event(), list[uvicorn.Server]()

    async def serve() -> None:
        core = desk.core
        organisations = Organisations(options, database, core.threads, core.now)
        app = build(desk, organisations, Links(database, core.now))
        server.append(uvicorn.Server(configured(app, options)))
        started.set()
        await server[0].serve([place])

    def run() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="web front")
    thread.start()
    try:
        assert started.wait(HANGS)
        yield Fronted(options.web_address, desk, clock, listens)
    finally:
        server[0].should_exit = True
        thread.join(HANGS)
        desk.close()
        place.close()
        folder.cleanup()


@asynccontextmanager
async def fronting_here(desk: Desk, place: socket.socket) -> AsyncIterator[None]:
    """A web front before a desk, on the event loop of the test, until the block ends.

    Args:
        desk: whose settings name the address.
        place: where the front listens. It is closed in the end.
    """
    options, core = desk.core.options, desk.core
    organisations = Organisations(options, core.database, core.threads, core.now)
    server = _Here(configured(build(desk, organisations, Links(core.database, core.now)), options))
    serving = asyncio.create_task(server.serve([place]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


class _Here(uvicorn.Server):
    """Leaves the signals of the process to the test."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See uvicorn."""
        yield


def path_of(answer: httpx2.Response) -> str:
    """Where an answer leads."""
    parts = urlsplit(answer.headers["location"])
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
