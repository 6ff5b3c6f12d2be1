"""The rail that pays through a payment provider with a small JSON API over HTTPS.

Both requests carry `Authorization: Bearer <token>`. To pay, the service sends `POST <base>/transfers` with the header
`Idempotency-Key: <id>` and

    {"id": "<id>", "amount": "2000.00", "currency": "GBP", "reference": "<one line for the payee>",
     "payee": {"holder": "<name>", "sort_code": "<6 digits>", "number": "<8 digits>"}}

The payee may be `{"holder": "<name>", "iban": "<IBAN>", "bic": "<BIC>"}` instead, without `bic` if nobody gave one. The
payee has also `roll_number` for an account at a building society, and `town` and `country` if somebody gave them. The
provider answers 201 when it takes the transfer, 200 when it has already taken this transfer under the same key, and 409
when that key belongs to another transfer. `GET <base>/transfers/<id, percent-encoded>` is answered with 200, or with
404 if there is no such transfer. A transfer is

    {"id": "<id>", "amount": "2000.00", "currency": "GBP", "reference": "<the provider's name for it>",
     "at": "<when it was taken, ISO 8601 with a zone>",
     "progress": "taken" | "settled" | "rejected" | "cancelled" | "returned",
     "reason": "<why it was rejected, cancelled or returned>"}

The service ignores other fields. The provider refuses with 4xx and, if it likes, `{"code": "<word>"}` in small letters
and underscores. The service repeats no other words of a refusal, because they may name the payee. After 429 and 503 the
service's message repeats `Retry-After`.

The provider must remember an id for ever: a key that it forgets after a day could be paid again on the next day.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import ConfigDict, StringConstraints, ValidationError
from whenever import Instant

from domain.payments.rails import Instruction, Progress, Transfer
from domain.values.model import Value
from domain.values.money import Money
from domain.values.refusals import FileRefused, RailRefused, Unavailable

_TIMEOUT = 20.0
_LONGEST_ANSWER = 65_536
_LONGEST_REASON = 300
_WITHOUT_SPACES = re.compile(r"[\x21-\x7e]+")
_CODE = re.compile(r"[a-z_]{1,40}")
_ACCOUNT = re.compile(r"\b(?:[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}|\d(?:[ -]?\d){5,})\b")
"""An IBAN, or enough digits for an account number or a sort code."""

_PASSES = frozenset({408, 425, 429})
_TOKEN_REFUSED = frozenset({401, 403})
_INSTRUCTION_REFUSED = frozenset({400, 422})
_KEY_TAKEN = 409
_NOT_FOUND = 404


class _OfProvider(Value):
    """An answer of a provider. Fields that are not named here are ignored."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


_Said = TypeVar("_Said", bound=_OfProvider)


class _Told(_OfProvider):
    """A transfer as the provider describes it."""

    id: str
    amount: Money
    currency: str
    reference: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
    at: Instant
    progress: Progress
    reason: str | None = None


class _Coded(_OfProvider):
    code: str


@dataclass(frozen=True)
class _Answer:
    """An answer that arrived completely."""

    status: int
    headers: httpx2.Headers
    body: bytes


class HttpRail:
    """A payment provider with the API that this module describes.

    Each call makes one request. The caller decides whether to try again, and first asks `find`.

    Args:
        base_url: the address to which `/transfers` is added. `https:`, or `http:` on this machine itself.
        token: identifies this service to the provider.
        timeout: seconds to wait for a connection, for each part of an answer, and for the end of the answer.

    Raises:
        FileRefused: the address or the token cannot be used. The message repeats only the host of the address.
    """

    is_batched = False

    def __init__(self, base_url: str, token: str, timeout: float = _TIMEOUT) -> None:
        base = _understood(base_url)
        if not _WITHOUT_SPACES.fullmatch(token):
            raise FileRefused(
                "The token of the payment provider is empty, or has a character that no token has: "
                "copy it again into its setting."
            )
        self._base = str(base).rstrip("/")
        self.name = f"http ({base.host})"  # another provider is another rail
        self._timeout = timeout
        self._client = httpx2.Client(
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",  # answers are short, and a packed answer could unpack to a huge one
            },
            timeout=timeout,
            follow_redirects=False,  # only the provider in the setting may see the payees
            verify=True,
            # A proxy from the environment cannot read TLS. Without TLS it could read everything.
            trust_env=base.scheme == "https",
        )

    def __repr__(self) -> str:
        return f"HttpRail({self._base})"

    def close(self) -> None:
        """Closes the connections. The rail cannot be used afterwards."""
        self._client.close()

    def find(self, id: str) -> Transfer | None:  # noqa: A002
        """See `PaymentRail`."""
        answer = self._ask("GET", f"transfers/{quote(_carried(id), safe='')}", id)
        if answer.status == _NOT_FOUND:
            return None
        return _transfer(_told(answer, id, expected=(200,)))

    def transfer(self, instruction: Instruction, at: Instant) -> Transfer:  # noqa: ARG002
        """See `PaymentRail`. The time is not sent: every request under one key must say the same."""
        key = {"Idempotency-Key": _carried(instruction.id)}
        answer = self._ask("POST", "transfers", instruction.id, headers=key, json=_wire(instruction))
        told = _told(answer, instruction.id, expected=(200, 201))
        if (told.amount, told.currency) != (instruction.amount, instruction.currency):
            raise RailRefused(
                f"The payment provider answers with another amount than {instruction.amount} {instruction.currency} "
                f"for the transfer {instruction.id}: ask the provider what it paid before anything is paid again."
            )
        return _transfer(told)

    def _ask(self, method: str, path: str, id: str, **content: Any) -> _Answer:  # noqa: A002
        """Makes one request and reads the whole answer."""
        until = time.monotonic() + self._timeout
        try:
            with self._client.stream(method, f"{self._base}/{path}", **content) as response:
                body = b""
                for part in response.iter_raw():
                    body += part
                    if len(body) > _LONGEST_ANSWER or time.monotonic() > until:
                        trouble = "gave an answer without an end"
                        break
                else:
                    return _Answer(response.status_code, response.headers, body)
        except httpx2.HTTPError as error:
            trouble = _trouble(error)
        # Raised outside the `except`, because httpx2's error holds the request with the payee and the token.
        raise _unknown(id, trouble)


def _understood(base_url: str) -> httpx2.URL:
    try:
        url = httpx2.URL(base_url)
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    if url.scheme not in ("https", "http") or not url.host or url.userinfo or url.query or url.fragment:
        raise FileRefused(
            "The address of the payment provider is not understood: write one such as https://bank.example/v1, "
            "without a password, a question mark or a hash sign."
        )
    if url.scheme == "http" and not _is_this_machine(url.host):
        raise FileRefused(
            f"The address of the payment provider at {url.host} begins with http: anybody on the way could read "
            "payments and the token. Write https."
        )
    return url


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _carried(id: str) -> str:  # noqa: A002
    """The id, if a header can carry it."""
    if not _WITHOUT_SPACES.fullmatch(id):
        raise RailRefused(
            f"The transfer {id!r} has a space or a character outside ASCII in its id: "
            "the payment provider cannot be asked about it."
        )
    return id


def _wire(instruction: Instruction) -> dict[str, object]:
    payee = instruction.payee
    # Only a BIC that somebody gave. A BIC from our tables could change later, but one key must always mean the same.
    names = ("sort_code", "number", "iban", "bic", "roll_number", "town", "country")
    account = {name: getattr(payee, name) for name in names}
    return {
        "id": instruction.id,
        "amount": str(instruction.amount),
        "currency": instruction.currency,
        "payee": {"holder": payee.holder} | {name: value for name, value in account.items() if value},
        "reference": instruction.reference,
    }


def _told(answer: _Answer, id: str, expected: tuple[int, ...]) -> _Told:  # noqa: A002
    """The transfer in an answer.

    Raises:
        Unavailable, RailRefused: the answer has no transfer, or another one.
    """
    if answer.status not in expected:
        raise _not_done(answer, id)
    told = _read(_Told, answer.body)
    if told is None:
        raise _unknown(id, f"gave an answer that cannot be understood (status {answer.status})")
    if told.id != id:
        raise RailRefused(
            f"The payment provider was asked for the transfer {id} and answered with another: "
            "ask the provider what it did before anything is paid again."
        )
    return told


def _transfer(told: _Told) -> Transfer:
    reason = _shown(told.reason or "") if told.progress.has_failed else ""
    return Transfer(
        id=told.id,
        amount=told.amount,
        currency=told.currency,
        reference=told.reference,
        at=told.at,
        progress=told.progress,
        reason=reason,
    )


def _shown(reason: str) -> str:
    """A reason for people to read: one short line without account numbers."""
    printable = "".join(letter if letter.isprintable() else " " for letter in reason)
    line = _ACCOUNT.sub("••••", " ".join(printable.split()))[:_LONGEST_REASON]
    return line or "the provider gave no reason"


def _not_done(answer: _Answer, id: str) -> Unavailable | RailRefused:  # noqa: A002
    status = answer.status
    if 300 <= status < 400:
        return _unknown(id, f"redirects to another address (status {status}), which is not followed: check its address")
    if status in _PASSES or not 400 <= status < 500:
        return _unknown(id, f"gave no transfer as its answer (status {status}{_wait(answer.headers)})")
    coded = _read(_Coded, answer.body)
    code = f", code {coded.code}" if coded and _CODE.fullmatch(coded.code) else ""
    if status in _TOKEN_REFUSED:
        return RailRefused(
            f"The payment provider does not accept this service's token (status {status}{code}): "
            "check the setting that holds it, and what the provider allows it to do."
        )
    if status == _KEY_TAKEN:
        return RailRefused(
            f"The payment provider took another transfer under the id {id} (status {status}{code}): "
            "compare the two before anything is paid again."
        )
    if status in _INSTRUCTION_REFUSED:
        return RailRefused(
            f"The payment provider refuses the transfer {id} (status {status}{code}): "
            "check the payee's account, the amount and the currency."
        )
    return RailRefused(
        f"The payment provider does not carry out the request for the transfer {id} (status {status}{code}): "
        "check the setting that holds its address, and ask the provider."
    )


def _read(kind: type[_Said], body: bytes) -> _Said | None:
    """The content of an answer. None if the answer has another form; it is then dropped, as it may name the payee."""
    try:
        return kind.model_validate_json(body)
    except ValidationError:
        return None


def _trouble(error: httpx2.HTTPError) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "shows a certificate that this machine does not trust: check its address and the certificate"
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.ProxyError):
        return f"cannot be reached ({type(error).__name__}): check its address and the network"
    if isinstance(error, httpx2.TimeoutException):
        return "did not answer in time"
    return f"broke off ({type(error).__name__})"


def _unknown(id: str, trouble: str) -> Unavailable:  # noqa: A002
    return Unavailable(
        f"The payment provider {trouble}. Nobody knows whether it took the transfer {id}: look it up, then try again."
    )


def _wait(headers: httpx2.Headers) -> str:
    """When the provider asks to try again, in our own words."""
    asked = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,6}", asked):
        return f", asks to wait {int(asked)} seconds"
    try:
        return f", asks to wait until {parsedate_to_datetime(asked).isoformat()}"
    except (ValueError, OverflowError):
        return ""
