"""GOV.UK Notify on this machine, as far as e-mails go: answers as its published API does, or misbehaves."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

from notifications_python_client.authentication import decode_jwt_token, get_token_issuer
from notifications_python_client.errors import TokenError, TokenExpiredError, TokenIssuerError
from whenever import Instant

from tests.gateways.serving import Answer, Chance, Conversation, Service
from tests.waiting import HANGS

SERVICE = "26785a09-ab16-4eb0-8407-a37497a57506"
SECRET = "3d844edf-8d35-48ac-975b-e847b4f122b0"
API_KEY = f"key_of_a_test-{SERVICE}-{SECRET}"
TEMPLATE = "f33517ff-2a88-4f6e-b855-c550268ce08a"
_SENDS = "/v2/notifications/email"
_LOOKS = "/v2/notifications"
_TAKES = {"email_address", "template_id", "personalisation", "reference", "email_reply_to_id"}
_PAGE = 250


class Fault(StrEnum):
    """What can go wrong with one request; "before" is before a message is taken, "after" is after."""

    NONE = "none"
    BAD_REQUEST = "bad request"
    TEAM_ONLY = "team only"
    TRIAL_MODE = "trial mode"
    FORBIDDEN = "forbidden"
    RATE = "rate"
    DAILY = "daily"
    FAILS_BEFORE = "fails before"
    FAILS_AFTER = "fails after"
    GONE = "gone"
    """A gateway before Notify that has lost it; the message is taken all the same."""
    DROPPED_BEFORE = "dropped before"
    DROPPED_AFTER = "dropped after"
    SLOW_BEFORE = "slow before"
    """Nothing is taken, and nothing is answered until the client has hung up."""
    SLOW_AFTER = "slow after"
    """The message is taken, and nothing is answered until the client has hung up."""
    GARBAGE = "garbage"
    """The message is taken, and the answer is no JSON."""


MISCHIEF = tuple(
    fault
    for fault in Fault
    if fault not in (Fault.NONE, Fault.BAD_REQUEST, Fault.TEAM_ONLY, Fault.TRIAL_MODE, Fault.FORBIDDEN, Fault.DAILY)
)
"""What passes by itself: after the others nobody tries again."""


class Mischief(Chance[Fault]):
    """What goes wrong by itself, and passes by itself."""

    none, faults = Fault.NONE, MISCHIEF


def no_mischief() -> Fault:
    """Nothing goes wrong."""
    return Fault.NONE


@dataclass
class Sent:
    """A message that Notify took."""

    id: str
    reference: str | None
    address: str
    subject: str
    body: str
    created_at: str
    status: str = "created"
    hidden: int = 0
    """How many more times it is left out where messages are listed."""


@dataclass(frozen=True)
class Request:
    """What came in, and what went wrong with it."""

    method: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    fault: Fault | Answer = Fault.NONE


class Notify(Service[Fault]):
    """Notify, as a context: it answers while the block runs. What it took can be looked at also afterwards.

    Args:
        mischief: what goes wrong with requests for which `will` has nothing planned.
        port: where it listens on 127.0.0.1; 0 for a free port.
        tls: if it is to speak TLS.
        hidden: how many times a new message is left out before it is listed, as Notify lists some only after a while.
    """

    def __init__(
        self,
        mischief: Callable[[], Fault] = no_mischief,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        hidden: int = 0,
    ) -> None:
        super().__init__(_Conversation, mischief, port, tls)
        self.requests: list[Request] = []
        self.messages: list[Sent] = []
        """In the order in which they were taken."""
        self.most_at_once = 0
        """The most requests that ran at one time."""
        self._running = 0
        self._hidden = hidden

    def under(self, reference: str) -> list[Sent]:
        """The messages that were taken under a reference. There should never be two."""
        with self._changed:
            return [message for message in self.messages if message.reference == reference]

    def counts(self) -> dict[str, int]:
        """How many messages were taken under each reference."""
        with self._changed:
            references = [message.reference or "" for message in self.messages]
        return {reference: references.count(reference) for reference in references}

    def set_status(self, reference: str, status: str) -> None:
        """Such as "delivered" or "permanent-failure", for all messages under a reference."""
        with self._changed:
            for message in self.messages:
                if message.reference == reference:
                    message.status = status

    def forget(self, reference: str) -> None:
        """As after the retention period."""
        with self._changed:
            self.messages = [message for message in self.messages if message.reference != reference]

    def wait_until(self, holds: Callable[[Notify], bool], timeout: float = HANGS) -> bool:
        """Waits until something holds of what came in or was taken; says whether it does."""
        with self._changed:
            return self._changed.wait_for(lambda: holds(self), timeout)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Counts the requests that run."""
        with self._changed:
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1

    def next_fault(self, method: str, path: str, query: dict[str, list[str]]) -> Fault | Answer:
        """Notes a request; says what goes wrong with it."""
        with self._changed:
            fault = self._happens()
            self.requests.append(Request(method, path, query, fault))
            self._changed.notify_all()
            return fault

    def answer(self, method: str, path: str, query: dict[str, list[str]], authorization: str, body: bytes) -> Answer:
        """What the API answers to a request that nothing goes wrong with."""
        refused = _who_may_not(authorization)
        if refused is not None:
            return refused
        with self._changed:
            if (method, path) == ("POST", _SENDS):
                return self._take(body)
            if (method, path) == ("GET", _LOOKS):
                return self._list(query)
            if method == "GET" and path.startswith(f"{_LOOKS}/"):
                return self._tell(path.removeprefix(f"{_LOOKS}/"))
        return Answer(404, json.dumps({"result": "error", "message": "Not found"}).encode())

    def _take(self, body: bytes) -> Answer:
        try:
            asked = json.loads(body)
        except ValueError:
            return _refusal(400, "BadRequestError", "Invalid JSON supplied in POST data")
        slips = _slips(asked)
        if slips:
            return _refusal(400, "ValidationError", *slips)
        if asked["template_id"] != TEMPLATE:
            return _refusal(400, "BadRequestError", "Template not found")
        filled = asked.get("personalisation", {})
        missing = [name for name in ("subject", "body") if name not in filled]
        if missing:
            return _refusal(400, "BadRequestError", f"Missing personalisation: {', '.join(missing)}")
        if len(filled["body"].encode()) > 2_000_000:
            size = len(filled["body"].encode())
            said = (
                f"Your message is too long. Emails cannot be longer than 2000000 bytes. Your message is {size} bytes."
            )
            return _refusal(400, "BadRequestError", said)
        message = Sent(
            id=str(uuid4()),
            reference=asked.get("reference"),
            address=asked["email_address"],
            subject=filled["subject"],
            body=filled["body"],
            created_at=f"{Instant.now().to_stdlib():%Y-%m-%dT%H:%M:%S.%fZ}",
            hidden=self._hidden,
        )
        self.messages.append(message)
        self._changed.notify_all()
        taken = {
            "id": message.id,
            "reference": message.reference,
            "content": {"subject": message.subject, "body": message.body, "from_email": "test@notify.example"},
            "uri": f"{self.url}{_LOOKS}/{message.id}",
            "template": self._template(),
            "scheduled_for": None,
        }
        return Answer(201, json.dumps(taken).encode())

    def _list(self, query: dict[str, list[str]]) -> Answer:
        unknown = set(query) - {"reference", "status", "template_type", "older_than", "include_jobs"}
        if unknown:
            said = f"Additional properties are not allowed ({', '.join(sorted(unknown))} was unexpected)"
            return _refusal(400, "ValidationError", said)
        found = []
        for message in reversed(self.messages):
            if "reference" in query and message.reference != query["reference"][0]:
                continue
            if "status" in query and message.status not in query["status"]:
                continue
            if "template_type" in query and "email" not in query["template_type"]:
                continue
            if message.hidden:
                message.hidden -= 1
                continue
            found.append(message)
        if "older_than" in query:
            places = [place for place, message in enumerate(found) if message.id == query["older_than"][0]]
            found = found[places[0] + 1 :] if places else []
        links = {"current": f"{self.url}{_LOOKS}"}
        if found:
            links["next"] = f"{self.url}{_LOOKS}?older_than={found[:_PAGE][-1].id}"
        page = {"notifications": [self._told(message) for message in found[:_PAGE]], "links": links}
        return Answer(200, json.dumps(page).encode())

    def _tell(self, id: str) -> Answer:  # noqa: A002
        if not _is_uuid(id):
            return _refusal(400, "ValidationError", "notification_id is not a valid UUID")
        for message in self.messages:
            if message.id == id:
                return Answer(200, json.dumps(self._told(message)).encode())
        return _refusal(404, "NoResultFound", "No result found")

    def _told(self, message: Sent) -> dict[str, Any]:
        empty = ("phone_number", "line_1", "line_2", "line_3", "line_4", "line_5", "line_6", "postcode")
        return {
            "id": message.id,
            "reference": message.reference,
            "email_address": message.address,
            **dict.fromkeys(empty),
            "type": "email",
            "status": message.status,
            "template": self._template(),
            "body": message.body,
            "subject": message.subject,
            "created_at": message.created_at,
            "created_by_name": None,
            "sent_at": None if message.status == "created" else message.created_at,
            "completed_at": message.created_at if message.status in ("delivered", "permanent-failure") else None,
            "scheduled_for": None,
        }

    def _template(self) -> dict[str, Any]:
        return {"id": TEMPLATE, "version": 1, "uri": f"{self.url}/v2/template/{TEMPLATE}"}


_REFUSALS = {
    Fault.BAD_REQUEST: (400, "ValidationError", "email_address Not a valid email address: {address}"),
    Fault.TEAM_ONLY: (400, "BadRequestError", "Can’t send to this recipient using a team-only API key"),
    Fault.TRIAL_MODE: (400, "BadRequestError", "Can’t send to this recipient when service is in trial mode"),
    Fault.FORBIDDEN: (403, "AuthError", "Invalid token: API key not found"),
    Fault.RATE: (429, "RateLimitError", "Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds"),
    Fault.DAILY: (429, "TooManyRequestsError", "Exceeded send limits (email: 250000) for today"),
    Fault.FAILS_BEFORE: (500, "Exception", "Internal server error"),
    Fault.FAILS_AFTER: (500, "Exception", "Internal server error"),
}
"""Status, type and text; the text of a bad request quotes more than Notify would, so that nobody may repeat it."""


class _Conversation(Conversation):
    wbufsize = -1  # an answer goes out whole

    def answer(self) -> None:
        with self.server.service.running():
            self._answer(self.server.service)

    def _answer(self, notify: Notify) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        request = (self.command, parts.path, query, self.headers.get("Authorization", ""), body)
        fault = notify.next_fault(self.command, parts.path, query)
        if fault in (Fault.FAILS_AFTER, Fault.DROPPED_AFTER, Fault.SLOW_AFTER, Fault.GONE, Fault.GARBAGE):
            notify.answer(*request)
        match fault:
            case Answer():
                self.send(fault)
            case Fault.NONE:
                self.send(notify.answer(*request))
            case Fault.DROPPED_BEFORE | Fault.DROPPED_AFTER:
                self.hang_up()
            case Fault.SLOW_BEFORE | Fault.SLOW_AFTER:
                self.wait_for_hanging_up()
            case Fault.GARBAGE:
                self.send(Answer(201, b"<html>" + body))
            case Fault.GONE:
                self.send(Answer(502, b"<html>Bad gateway" + body))
            case _:
                status, kind, said = _REFUSALS[fault]
                self.send(_refusal(status, kind, said.format(address=_address_in(body))))


def _refusal(status: int, kind: str, *texts: str) -> Answer:
    errors = [{"error": kind, "message": text} for text in texts]
    return Answer(status, json.dumps({"status_code": status, "errors": errors}).encode())


def _who_may_not(authorization: str) -> Answer | None:
    """The refusal of a request whose token is not the service's; None if it is."""
    scheme, _, token = authorization.partition(" ")
    if scheme != "Bearer":
        return _refusal(401, "AuthError", "Unauthorized: authentication bearer scheme must be used")
    try:
        if get_token_issuer(token) != SERVICE:  # type: ignore[no-untyped-call]
            return _refusal(403, "AuthError", "Invalid token: service not found")
        decode_jwt_token(token, SECRET)  # type: ignore[no-untyped-call]
    except TokenExpiredError:
        return _refusal(403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds")
    except TokenIssuerError:
        return _refusal(403, "AuthError", "Invalid token: iss field not provided")
    except TokenError:
        return _refusal(403, "AuthError", "Invalid token: API key not found")
    return None


def _slips(asked: Any) -> list[str]:
    """What is wrong with a message by the API's schema."""
    if not isinstance(asked, dict):
        return [" is not of type object"]
    slips = [f"{name} is a required property" for name in ("email_address", "template_id") if name not in asked]
    if not re.fullmatch(r"[^@\s,;]+@[^@\s,;]+\.[a-z]{2,}", str(asked.get("email_address", "a@b.example")), re.I):
        slips.append("email_address Not a valid email address")
    if not _is_uuid(str(asked.get("template_id", TEMPLATE))):
        slips.append("template_id is not a valid UUID")
    if not isinstance(asked.get("personalisation", {}), dict):
        slips.append(f"personalisation {asked['personalisation']} is not of type object")
    if len(asked.get("reference", "")) > 1000:
        slips.append(f"reference {asked['reference']} is too long")
    unknown = set(asked) - _TAKES
    if unknown:
        slips.append(f"Additional properties are not allowed ({', '.join(sorted(unknown))} was unexpected)")
    return slips


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _address_in(body: bytes) -> str:
    try:
        return str(json.loads(body)["email_address"])
    except (ValueError, KeyError):
        return ""
