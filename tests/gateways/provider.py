"""A payment provider with the API of `gateways.banking.http_rail`, on this machine, which can be told to misbehave."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from urllib.parse import unquote

from whenever import Instant

from tests.gateways.serving import Answer, Chance, Conversation, Service
from tests.waiting import HANGS

TOKEN = "token-of-a-test"
_TRANSFERS = "/transfers"
_BODY = {"id", "amount", "currency", "payee", "reference"}
_PAYEES = ({"holder", "sort_code", "number"}, {"holder", "iban"}, {"holder", "iban", "bic"})
_ALSO = {"roll_number", "town", "country"}


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


class Mischief(Chance[Fault]):
    """What goes wrong by itself, and passes by itself."""

    none, faults = Fault.NONE, _MISCHIEF


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


class Provider(Service[Fault]):
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
        super().__init__(_Conversation, mischief, port, tls)
        self.token = token
        self.requests: list[Request] = []
        self.bookings: list[Booking] = []
        """Each time that money was sent out. No id should ever be here twice."""
        self._clock = clock
        self._progress = "settled" if settles_at_once else "taken"

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody listens on its port while the block runs."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def paid(self, id: str) -> int:  # noqa: A002
        """The pence sent out under an id, over all its bookings."""
        with self._changed:
            return sum(booking.pence for booking in self.bookings if booking.id == id)

    def times_booked(self, id: str) -> int:  # noqa: A002
        """How often money was sent out under an id."""
        with self._changed:
            return sum(booking.id == id for booking in self.bookings)

    def settle(self, id: str) -> None:  # noqa: A002
        """The money has arrived."""
        self._move(id, progress="settled", reason="")

    def return_(self, id: str, reason: str) -> None:  # noqa: A002
        """The money has come back."""
        self._move(id, progress="returned", reason=reason)

    def next_fault(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Fault | Answer:
        """Notes a request; says what goes wrong with it."""
        with self._changed:
            fault = self._happens()
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
        with self._changed:
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
        with self._changed:
            known = self._known(id)
        return _refusal(404, "unknown_transfer", "no such transfer") if known is None else _done(200, known)

    def _known(self, id: str) -> Booking | None:  # noqa: A002
        return next((booking for booking in self.bookings if booking.id == id), None)

    def _move(self, id: str, *, progress: str, reason: str) -> None:  # noqa: A002
        with self._changed:
            [number] = [number for number, booking in enumerate(self.bookings) if booking.id == id]
            self.bookings[number] = replace(self.bookings[number], progress=progress, reason=reason)


class _Conversation(Conversation):
    def answer(self) -> None:
        provider: Provider = self.server.service
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        request = (self.command, self.path, dict(self.headers.items()), body)
        fault = provider.next_fault(*request)
        match fault:
            case Answer():
                self.send(fault)
            case Fault.NONE:
                self.send(provider.answer(*request))
            case Fault.DROPPED_BEFORE:
                self.hang_up()
            case Fault.DROPPED_AFTER:
                provider.answer(*request)
                self.hang_up()
            case Fault.LATE_BEFORE:
                self.wait_for_hanging_up()
                provider.answer(*request)
            case Fault.LATE_AFTER:
                provider.answer(*request)
                self.wait_for_hanging_up()
            case Fault.FAILS_BEFORE:
                self.send(_refusal(500, "broken", f"failed on {body.decode()}"))
            case Fault.FAILS_AFTER:
                provider.answer(*request)
                self.send(_refusal(503, "broken", f"failed on {body.decode()}"))
            case Fault.BUSY:
                self.send(Answer(429, b"", {"Retry-After": "7"}))
            case Fault.TWICE:
                provider.answer(*request)
                self.send(provider.answer(*request))
            case Fault.GARBAGE:
                self.send(Answer(provider.answer(*request).status, b"<html>\xff" + body))
            case Fault.CUT:
                whole = provider.answer(*request)
                self.send(replace(whole, body=whole.body[: len(whole.body) // 2]))
            case Fault.DRIPS:
                self._drip(provider.answer(*request))

    def _drip(self, answer: Answer) -> None:
        """Space after space, each in time, as long as anybody listens; bounded, so that a test cannot hang."""
        self.close_connection = True
        self.send_response(answer.status)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        for _ in range(HANGS * 20):
            self.wfile.write(b" ")
            if self.hung_up_within(0.05):
                return
        self.hang_up()


def _understood(body: bytes) -> dict[str, Any] | None:
    """The body of a request, if it is as the API has it to the letter."""
    try:
        asked = json.loads(body)
        right = (
            set(asked) == _BODY
            and set(asked["payee"]) - _ALSO in _PAYEES
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
