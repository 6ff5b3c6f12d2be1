"""A payment provider with the API of `gateways.banking.http_rail`, on this machine, which can be told to misbehave.

It runs in threads of the test's process; workers in other processes reach it by its address.
"""

from __future__ import annotations

import json
import random
import re
import socket
import ssl
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from whenever import Instant

TOKEN = "token-of-a-test"
_TRANSFERS = "/transfers"
_BODY = {"id", "amount", "currency", "payee", "reference"}
_PAYEES = ({"holder", "sort_code", "number"}, {"holder", "iban"}, {"holder", "iban", "bic"})
_PATIENCE = 300
"""Seconds after which a request that waits for its client to hang up is let go, so that nothing hangs for ever."""


class Fault(StrEnum):
    """What can go wrong with one request; "before" is before anything is booked, "after" is after."""

    NONE = "none"
    DROPPED_BEFORE = "dropped before"
    DROPPED_AFTER = "dropped after"
    LATE_BEFORE = "late before"
    """Nothing is answered until the client has hung up; only then it is booked."""
    LATE_AFTER = "late after"
    """It is booked, and nothing is answered until the client has hung up."""
    FAILS_BEFORE = "fails before"
    FAILS_AFTER = "fails after"
    BUSY = "busy"
    TWICE = "twice"
    """The request comes in twice, as through a proxy that sends again; the second answer counts."""
    GARBAGE = "garbage"
    CUT = "cut"
    """An answer whose JSON ends half-way."""
    DRIPS = "drips"
    """An answer that comes byte by byte and never ends; not among the mischief, as it lasts."""


_MISCHIEF = [fault for fault in Fault if fault not in (Fault.NONE, Fault.DRIPS)]


@dataclass(frozen=True)
class Answer:
    """What is answered without looking at the request; nothing is booked."""

    status: int
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


class Mischief:
    """Decides for each request what goes wrong with it.

    Args:
        seed: the same one makes the same mischief.
        likelihood: of something going wrong, from 0 to 1.
    """

    def __init__(self, seed: int, likelihood: float = 0.5) -> None:
        self._random = random.Random(seed)
        self._likelihood = likelihood

    def __call__(self) -> Fault:
        """What goes wrong with the next request."""
        return self._random.choice(_MISCHIEF) if self._random.random() < self._likelihood else Fault.NONE


def no_mischief() -> Fault:
    """Nothing goes wrong."""
    return Fault.NONE


@dataclass(frozen=True)
class Booking:
    """Money that the provider sent out."""

    id: str
    pence: int
    asked: dict[str, Any]
    reference: str
    at: str
    progress: str = "taken"
    reason: str = ""

    @property
    def answer(self) -> dict[str, str]:
        """The transfer as the API tells of it."""
        return {
            "id": self.id,
            "amount": self.asked["amount"],
            "currency": self.asked["currency"],
            "reference": self.reference,
            "at": self.at,
            "progress": self.progress,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Request:
    """What came in, and what went wrong with it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    fault: Fault | Answer


class Provider:
    """The provider, as a context: it answers while the block runs. Its books can be looked at also afterwards.

    Args:
        mischief: what goes wrong with requests for which `will` has nothing planned.
        port: where it listens on 127.0.0.1; 0 for a free port.
        token: whom it knows.
        clock: what time it says it takes transfers.
        settles_at_once: whether transfers are settled as soon as they are taken.
        tls: if it is to speak TLS.
    """

    def __init__(
        self,
        mischief: Callable[[], Fault] = no_mischief,
        *,
        port: int = 0,
        token: str = TOKEN,
        clock: Callable[[], Instant] = Instant.now,
        settles_at_once: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.token = token
        self.requests: list[Request] = []
        self.bookings: list[Booking] = []
        """Each time that money was sent out. No id should ever be here twice."""
        self._mischief = mischief
        self._planned: deque[Fault | Answer] = deque()
        self._clock = clock
        self._progress = "settled" if settles_at_once else "taken"
        self._tls = tls
        self._lock = threading.RLock()
        self._port = port
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """Its base address."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Listens; after `stop`, on the same port and with the same books."""
        self._server = _Server(self, self._port, self._tls)
        self._port = self._server.server_address[1]
        self._server.start()

    def stop(self) -> None:
        """Hangs up on everybody and ends every request that runs.

        Raises:
            AssertionError: something went wrong in the provider that nobody had planned.
        """
        server, self._server = self._server, None
        if server is not None:
            server.stop()
            assert not server.errors, server.errors

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody listens on its port while the block runs."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def will(self, *faults: Fault | Answer) -> None:
        """Plans what happens to the next requests, one each."""
        with self._lock:
            self._planned.extend(faults)

    def paid(self, id: str) -> int:  # noqa: A002
        """The pence sent out under an id, over all its bookings."""
        with self._lock:
            return sum(booking.pence for booking in self.bookings if booking.id == id)

    def times_booked(self, id: str) -> int:  # noqa: A002
        """How often money was sent out under an id."""
        with self._lock:
            return sum(booking.id == id for booking in self.bookings)

    def settle(self, id: str) -> None:  # noqa: A002
        """The money has arrived."""
        self._move(id, progress="settled", reason="")

    def return_(self, id: str, reason: str) -> None:  # noqa: A002
        """The money has come back."""
        self._move(id, progress="returned", reason=reason)

    def next_fault(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Fault | Answer:
        """Notes a request; says what goes wrong with it."""
        with self._lock:
            fault = self._planned.popleft() if self._planned else self._mischief()
            self.requests.append(Request(method, path, headers, body, fault))
            return fault

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """What the API answers to a request that nothing goes wrong with."""
        if headers.get("Authorization") != f"Bearer {self.token}":
            return _refusal(401, "wrong_token", "Bearer token not known")
        if method == "POST" and path == _TRANSFERS:
            return self._take(headers.get("Idempotency-Key", ""), body)
        if method == "GET" and path.startswith(f"{_TRANSFERS}/") and path.count("/") == 2:
            return self._tell(unquote(path.rpartition("/")[2]))
        return _refusal(404, "no_such_address", "see the documentation")

    def _take(self, key: str, body: bytes) -> Answer:
        asked = _understood(body)
        if asked is None or asked["id"] != key:
            return _refusal(400, "not_readable", f"not understood: {body.decode(errors='replace')}")
        with self._lock:
            known = self._known(key)
            if known is None:
                pence = int(asked["amount"].replace(".", ""))
                reference = f"tr-{len(self.bookings) + 1}"
                at = self._clock().format_iso()
                self.bookings.append(Booking(key, pence, asked, reference, at, self._progress))
                return _done(201, self.bookings[-1])
        if known.asked != asked:
            return _refusal(409, "key_used", f"another transfer has this key: {known.asked}")
        return _done(200, known)

    def _tell(self, id: str) -> Answer:  # noqa: A002
        with self._lock:
            known = self._known(id)
        return _refusal(404, "unknown_transfer", "no such transfer") if known is None else _done(200, known)

    def _known(self, id: str) -> Booking | None:  # noqa: A002
        return next((booking for booking in self.bookings if booking.id == id), None)

    def _move(self, id: str, *, progress: str, reason: str) -> None:  # noqa: A002
        with self._lock:
            [number] = [number for number, booking in enumerate(self.bookings) if booking.id == id]
            self.bookings[number] = replace(self.bookings[number], progress=progress, reason=reason)


class _Server(ThreadingTCPServer):
    """Listens, and knows its connections, so that none is left open."""

    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, provider: Provider, port: int, tls: ssl.SSLContext | None) -> None:
        self.provider = provider
        self.errors: list[BaseException] = []
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Conversation)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._connections:
                _hang_up(connection)
        self.server_close()  # waits for the requests that still run

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):  # clients may hang up whenever they like
            self.errors.append(error)


class _Conversation(BaseHTTPRequestHandler):
    """One connection of a client."""

    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing."""

    def _answer(self) -> None:
        provider = self.server.provider
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        request = (self.command, self.path, dict(self.headers.items()), body)
        fault = provider.next_fault(*request)
        match fault:
            case Answer():
                self._send(fault)
            case Fault.NONE:
                self._send(provider.answer(*request))
            case Fault.DROPPED_BEFORE:
                self._hang_up()
            case Fault.DROPPED_AFTER:
                provider.answer(*request)
                self._hang_up()
            case Fault.LATE_BEFORE:
                self._wait_for_hanging_up()
                provider.answer(*request)
            case Fault.LATE_AFTER:
                provider.answer(*request)
                self._wait_for_hanging_up()
            case Fault.FAILS_BEFORE:
                self._send(_refusal(500, "broken", f"failed on {body.decode()}"))
            case Fault.FAILS_AFTER:
                provider.answer(*request)
                self._send(_refusal(503, "broken", f"failed on {body.decode()}"))
            case Fault.BUSY:
                self._send(Answer(429, b"", {"Retry-After": "7"}))
            case Fault.TWICE:
                provider.answer(*request)
                self._send(provider.answer(*request))
            case Fault.GARBAGE:
                self._send(Answer(provider.answer(*request).status, b"<html>\xff" + body))
            case Fault.CUT:
                whole = provider.answer(*request)
                self._send(replace(whole, body=whole.body[: len(whole.body) // 2]))
            case Fault.DRIPS:
                self._drip(provider.answer(*request))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in ({"Content-Type": "application/json"} | answer.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _hang_up(self) -> None:
        self.close_connection = True
        _hang_up(self.connection)

    def _wait_for_hanging_up(self) -> None:
        """Until the client has closed its end, which it does when it has waited for long enough."""
        self._hung_up_within(_PATIENCE)
        self.close_connection = True

    def _drip(self, answer: Answer) -> None:
        """Space after space, each in time, as long as anybody listens; bounded, so that a test cannot hang."""
        self.close_connection = True
        self.send_response(answer.status)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        for _ in range(_PATIENCE * 20):
            self.wfile.write(b" ")
            if self._hung_up_within(0.05):
                return
        self._hang_up()

    def _hung_up_within(self, seconds: float) -> bool:
        self.connection.settimeout(seconds)
        try:
            return not self.connection.recv(1)
        except TimeoutError:
            return False
        except OSError:
            return True


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other end was quicker


def _understood(body: bytes) -> dict[str, Any] | None:
    """The body of a request, if it is as the API has it to the letter."""
    try:
        asked = json.loads(body)
        right = (
            set(asked) == _BODY
            and set(asked["payee"]) in _PAYEES
            and all(type(asked[name]) is str and asked[name] for name in _BODY - {"payee"})
            and all(type(part) is str and part for part in asked["payee"].values())
            and re.fullmatch(r"\d+\.\d{2}", asked["amount"]) is not None
        )
    except (ValueError, TypeError):
        return None
    return asked if right else None


def _done(status: int, booking: Booking) -> Answer:
    return Answer(status, json.dumps(booking.answer).encode())


def _refusal(status: int, code: str, error: str) -> Answer:
    return Answer(status, json.dumps({"code": code, "error": error}).encode())
