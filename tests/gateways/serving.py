"""Servers on this machine that stand in for services on the internet, and can be told to misbehave.

They run in threads of the test's process; workers in other processes reach them by their address.
"""

from __future__ import annotations

import random
import socket
import ssl
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from tests.waiting import HANGS

F = TypeVar("F")
"""What can go wrong with one request."""


@dataclass(frozen=True)
class Answer:
    """What is answered without looking at the request; nothing else is done."""

    status: int
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


class Chance(Generic[F]):
    """Decides for each request what goes wrong with the request.

    Args:
        seed: the same one makes the same mischief.
        likelihood: of something going wrong, from 0 to 1.
    """

    none: F
    faults: Sequence[F]

    def __init__(self, seed: int, likelihood: float = 0.5) -> None:
        self._random = random.Random(seed)
        self._likelihood = likelihood

    def __call__(self) -> F:
        """What goes wrong with the next request."""
        return self._random.choice(self.faults) if self._random.random() < self._likelihood else self.none


class Service(Generic[F]):
    """A service, as a context: it answers while the block runs. What it did can be looked at also afterwards.

    Args:
        conversation: how it speaks on one connection.
        mischief: what goes wrong with requests for which `will` has nothing planned.
        port: where it listens on 127.0.0.1; 0 for a free port.
        tls: if it is to speak TLS.
    """

    def __init__(
        self, conversation: type[Conversation], mischief: Callable[[], F], port: int, tls: ssl.SSLContext | None
    ) -> None:
        self._conversation = conversation
        self._mischief = mischief
        self._planned: deque[F | Answer] = deque()
        self._changed = threading.Condition()
        self._port = port
        self._tls = tls
        self._server: Server | None = None

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
        """Listens; after `stop`, on the same port and with all that it had."""
        self._server = Server(self, self._conversation, self._port, self._tls)
        self._port = self._server.server_address[1]
        self._server.start()

    def stop(self) -> None:
        """Hangs up on everybody and ends every request that runs.

        Raises:
            AssertionError: something went wrong here that nobody had planned.
        """
        server, self._server = self._server, None
        if server is not None:
            server.stop()
            assert not server.errors, server.errors

    def will(self, *faults: F | Answer) -> None:
        """Plans what happens to the next requests, one each."""
        with self._changed:
            self._planned.extend(faults)

    def _happens(self) -> F | Answer:
        """What goes wrong with the request that has just come in."""
        return self._planned.popleft() if self._planned else self._mischief()


class Server(ThreadingTCPServer):
    """Listens, and knows its connections, so that none is left open.

    Args:
        service: whose server it is.
        conversation: how the service speaks on one connection.
        port: on 127.0.0.1; 0 for a free port.
        tls: if it is to speak TLS.
    """

    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, service: Any, conversation: type[Conversation], port: int, tls: ssl.SSLContext | None) -> None:
        self.service = service
        self.errors: list[BaseException] = []
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), conversation)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    def start(self) -> None:
        """Begins to take connections."""
        self._thread.start()

    def stop(self) -> None:
        """Takes no more connections, and ends those that there are."""
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


class Conversation(BaseHTTPRequestHandler):
    """One connection of a client."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing."""

    def answer(self) -> None:
        """Answers the request that has come in, or does what goes wrong with the request."""
        raise NotImplementedError

    def send(self, answer: Answer) -> None:
        """Sends an answer."""
        self.send_response(answer.status)
        for name, value in ({"Content-Type": "application/json"} | answer.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def hang_up(self) -> None:
        """Ends the connection without a word."""
        self.close_connection = True
        _hang_up(self.connection)

    def wait_for_hanging_up(self) -> None:
        """Until the client has closed its end, which it does when it has waited for long enough."""
        self.hung_up_within(HANGS)
        self.close_connection = True

    def hung_up_within(self, seconds: float) -> bool:
        """Whether the client closes its end in time."""
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
