"""A mail server on this machine, which shows what it received and can be told to misbehave."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import StrEnum
from types import TracebackType
from typing import Any, Literal, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.gateways.certificates import Certificate
from tests.waiting import HANGS, SOON


class Step(StrEnum):
    """Where in the handing over of a letter something happens."""

    LOGIN = "login"
    SENDER = "sender"
    RECIPIENT = "recipient"
    LETTER = "letter"


class Fault(StrEnum):
    """What can go wrong at a step beside an answer such as "451 4.3.0 later"; after "kept" the letter is received."""

    DROPPED = "dropped"
    KEPT_AND_DROPPED = "kept and dropped"
    SILENT = "silent"
    """No word comes until the client has hung up."""
    KEPT_AND_SILENT = "kept and silent"
    SLOW = "slow"
    """The letter is kept, and that is said after half a second."""


_OK = "250 2.0.0 Ok"
_MISCHIEF: Mapping[Step, tuple[str, ...]] = {
    Step.LOGIN: (),
    Step.SENDER: ("451 4.3.0 Try again later", Fault.DROPPED, Fault.SILENT),
    Step.RECIPIENT: ("450 4.2.0 Greylisted", Fault.DROPPED),
    Step.LETTER: ("451 4.3.0 Try again later", *(fault for fault in Fault if fault is not Fault.SLOW)),
}
"""What passes by itself."""


def no_mischief(_: Step) -> str:
    """Nothing goes wrong."""
    return _OK


class Mischief:
    """Decides for each step what goes wrong at it.

    Args:
        seed: the same one makes the same mischief.
        likelihood: of something going wrong at a step, from 0 to 1.
    """

    def __init__(self, seed: int, likelihood: float = 0.3) -> None:
        self._random = random.Random(seed)
        self._likelihood = likelihood

    def __call__(self, step: Step) -> str:
        """What goes wrong at the next step."""
        if _MISCHIEF[step] and self._random.random() < self._likelihood:
            return self._random.choice(_MISCHIEF[step])
        return _OK


@dataclass(frozen=True)
class Received:
    """A letter as it came in."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    sealed: bool
    user: str
    """Who had logged in; empty for nobody."""

    @property
    def letter(self) -> EmailMessage:
        """The letter, read."""
        read = message_from_bytes(self.raw, policy=default)
        assert isinstance(read, EmailMessage)
        return read


class Mailbox:
    """The mail server, as a context: it takes letters while the block runs. What it has can be read also afterwards.

    Args:
        mischief: what goes wrong at steps for which `will` has nothing planned.
        security: how it wants connections sealed.
        certificate: what it shows, unless security is "none".
        user: who has to log in, with `password`; empty for a server that asks for no login.
        password: of the user.
    """

    def __init__(
        self,
        mischief: Callable[[Step], str] = no_mischief,
        *,
        security: Literal["starttls", "tls", "none"] = "none",
        certificate: Certificate | None = None,
        user: str = "",
        password: str = "",
    ) -> None:
        self.received: list[Received] = []
        self.connections = 0
        """How often somebody said hello."""
        self._mischief = mischief
        self._planned: dict[Step, deque[str]] = defaultdict(deque)
        self._unwelcome: dict[str, str] = {}
        self._user, self._password = user, password
        self._changed = threading.Condition()
        self._options: dict[str, Any] = {"hostname": "127.0.0.1", "port": 0, "server_hostname": "mail.example"}
        if user:
            # Demanding a login on an open connection makes the server's library warn.
            self._options |= {"authenticator": self._log_in, "auth_require_tls": security != "none"}
            self._options["auth_required"] = security != "none"
        if security != "none":
            assert certificate is not None, "a sealed connection needs a certificate"
            which = "ssl_context" if security == "tls" else "tls_context"
            self._options[which] = certificate.context
            self._options["require_starttls"] = security == "starttls"
        if security == "tls":
            self._options["auth_require_tls"] = False  # its library does not count a connection sealed from the start
            self._options["auth_required"] = False
        self._controller: _Controller | None = None
        self._port = 0

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return self._port

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Listens; after `stop`, on the same port and with the same letters."""
        self._controller = _Controller(self, **(self._options | {"port": self._port}))
        self._controller.start()
        self._port = self._controller.port

    def stop(self) -> None:
        """Hangs up on everybody."""
        controller, self._controller = self._controller, None
        if controller is not None:
            controller.stop()

    def will(self, step: Step, *answers: str) -> None:
        """Plans what happens the next times that a step is reached: answers, or faults."""
        with self._changed:
            self._planned[step].extend(answers)

    def turns_away(self, address: str, answer: str) -> None:
        """From now on a recipient gets this answer, whenever nothing else is planned."""
        with self._changed:
            self._unwelcome[address] = answer

    def message_ids(self) -> list[str]:
        """The Message-ID of each letter, in the order in which they came."""
        with self._changed:
            return [str(one.letter["Message-ID"]) for one in self.received]

    def wait_until(self, holds: Callable[[Mailbox], bool], timeout: float = HANGS) -> bool:
        """Waits until something holds of what was received; says whether it does."""
        with self._changed:
            return self._changed.wait_for(lambda: holds(self), timeout)

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        with self._changed:
            self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._at(Step.SENDER, server)
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._at(Step.RECIPIENT, server)
        if answer == _OK:
            answer = self._unwelcome.get(address, _OK)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        def keep() -> None:
            assert isinstance(envelope.content, bytes)
            given: Any = session.auth_data
            self.received.append(
                Received(
                    sender=envelope.mail_from or "",
                    recipients=tuple(envelope.rcpt_tos),
                    raw=envelope.content,
                    sealed=session.ssl is not None or "ssl_context" in self._options,
                    user=given.login.decode() if isinstance(given, LoginPassword) else "",
                )
            )

        return await self._at(Step.LETTER, server, keep)

    async def _at(self, step: Step, server: SMTP, keep: Callable[[], None] = lambda: None) -> str:
        with self._changed:
            planned = self._planned[step]
            answer = planned.popleft() if planned else self._mischief(step)
            if answer.startswith("250") or answer in (Fault.KEPT_AND_DROPPED, Fault.KEPT_AND_SILENT, Fault.SLOW):
                keep()
            self._changed.notify_all()
        if answer in (Fault.DROPPED, Fault.KEPT_AND_DROPPED):
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        if answer == Fault.SLOW:
            await asyncio.sleep(SOON + 0.5)
            return _OK
        if answer in tuple(Fault):
            await asyncio.Event().wait()  # the library ends it when the connection is lost, or at the end
        return answer

    def _log_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        with self._changed:
            planned = self._planned[Step.LOGIN]
            refused = planned.popleft() if planned else None
        if refused is not None:
            return AuthResult(success=False, handled=False, message=refused)
        assert isinstance(given, LoginPassword)
        right = (given.login, given.password) == (self._user.encode(), self._password.encode())
        return AuthResult(success=right, handled=False, auth_data=given)


class _Controller(Controller):
    """Listens on a free port if it is given none, and says which."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def saying(*answers: bytes) -> Iterator[int]:
    """A port where whoever connects is told the first answer, then one for each line they say, and is hung up on."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.settimeout(HANGS)
            with connection, connection.makefile("rb") as lines, suppress(OSError):
                for said in answers:
                    connection.sendall(said)
                    if not lines.readline():
                        break
                connection.shutdown(socket.SHUT_WR)
                lines.read()  # so that the end is heard as one, and not as a broken connection

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(HANGS)
        listener.close()
