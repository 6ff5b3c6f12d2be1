"""Notices through GOV.UK Notify, which remembers messages and says what became of each.

Notify needs an e-mail template whose subject is `((subject))` and whose message is `((body))`. The key of a notice is
its reference at Notify, so the notice can be found again. Notify reads the text as its own Markdown: a line that begins
with # becomes a heading, and the address of a page becomes a link.

Notify does not compare references: it sends a message twice if it is asked twice. A sender who missed the answer
therefore waits a little and then asks `find`; sometimes Notify lists a message only some time after it has taken it.
Notify forgets messages after its retention period, which is seven days unless the operators change it. It lists only
messages that were sent with the same type of API key. `find` misses a notice after either of these.
"""

from __future__ import annotations

import hashlib
import logging
import re
import ssl
import threading
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from notifications_python_client.errors import APIError
from notifications_python_client.notifications import NotificationsAPIClient
from pydantic import BaseModel, ConfigDict, ValidationError
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ConnectTimeout
from urllib3.exceptions import MaxRetryError, NewConnectionError
from urllib3.exceptions import SSLError as TlsError

from domain.values.refusals import Unavailable

from .channels import Delivery, Message, PermanentFailure, Progress, TemporaryFailure

_LONGEST_REFERENCE = 1000
_LARGEST = 1_900_000
"""The most bytes in a message. Notify takes 2,000,000, which include the template's own text and markup."""
_KEY = re.compile(r".+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MINUTE = 60.0

_FAILED = {
    "permanent-failure": "The address does not exist: ask for another one.",
    "temporary-failure": "The mailbox could not be reached for days, or is full: ask for another address, or resend.",
    "technical-failure": "Notify and its mail provider had a fault: resend it later.",
}
"""What to do about a message that Notify could not deliver, for each status."""
_PASSES = "technical-failure"

_Told = TypeVar("_Told", bound=BaseModel)


class _Taken(BaseModel):
    """Notify's answer when it takes a message. The rest of the answer is personal data and is ignored."""

    model_config = ConfigDict(extra="ignore")

    id: UUID


class _Notification(_Taken):
    """A message as Notify describes it."""

    status: str
    created_at: str

    @property
    def delivery(self) -> Delivery:
        """The same in the words of a channel. A status that is unknown here counts as sent."""
        if self.status == "delivered":
            return Delivery(reference=str(self.id), progress=Progress.DELIVERED)
        if self.status in _FAILED:
            reason, again = _FAILED[self.status], self.status == _PASSES
            return Delivery(reference=str(self.id), progress=Progress.FAILED, reason=reason, again=again)
        return Delivery(reference=str(self.id), progress=Progress.SENT)


class _Page(BaseModel):
    """Messages that Notify found."""

    model_config = ConfigDict(extra="ignore")

    notifications: tuple[_Notification, ...]


class NotifyChannel:
    """Hands messages to GOV.UK Notify, one at a time.

    Args:
        api_key: the API key as Notify shows it, which it does once: `name-service-secret`.
        template_id: the id of the template described above.
        base_url: the address of a Notify other than the public one. HTTPS, unless it is on this machine.
        timeout: seconds to wait for each answer.
        shown_within: seconds within which Notify lists a message. A sender who missed an answer is asked to wait
            this long before looking the message up and sending it again.

    Raises:
        Unavailable: the key, the template's id or the address cannot be right.
    """

    name = "govuk-notify"
    asks_again = True

    def __init__(
        self,
        api_key: str,
        template_id: str,
        base_url: str | None = None,
        timeout: float = 30,
        shown_within: float = _MINUTE,
    ) -> None:
        if not _KEY.fullmatch(api_key):
            raise Unavailable("The API key is not one of GOV.UK Notify's: copy it again, or create a new one there.")
        if not _is_uuid(template_id):
            raise Unavailable(
                "The template's id is not one of GOV.UK Notify's: copy it from the template's page there."
            )
        if base_url is not None and not _is_sealed(base_url):
            raise Unavailable(
                "The address of GOV.UK Notify would send messages and the key unencrypted: begin it with https://."
            )
        # The client logs Notify's errors as warnings, and they can quote the message. What matters is raised here.
        logging.getLogger("notifications_python_client").setLevel(logging.CRITICAL)
        where = {} if base_url is None else {"base_url": base_url}
        # The package claims to have types, but has none.
        self._client: Any = NotificationsAPIClient(api_key, timeout=timeout, **where)  # type: ignore[no-untyped-call]
        self._template_id = template_id
        self._shown_within = shown_within
        # The client is not safe for several threads, and the service sends from several.
        self._speaking = threading.Lock()

    def find(self, key: str) -> Delivery | None:
        """See `Channel`. Finds the newest message if there are several under one key.

        Raises:
            TemporaryFailure: always with `unknown`, because nobody knows yet what became of the message.
        """
        try:
            page = self._ask(
                _Page,
                lambda: self._client.get_all_notifications(template_type="email", reference=_reference(key)),
            )
        except TemporaryFailure as later:
            later.unknown = True
            raise
        newest = max(page.notifications, key=lambda found: found.created_at, default=None)
        return newest.delivery if newest else None

    def send(self, message: Message) -> Delivery:
        """See `Channel`. The reference is Notify's own id of the message."""
        if not message.body.strip() or not message.subject.strip():
            raise PermanentFailure("The message has no subject or no text: GOV.UK Notify sends no empty messages.")
        if len(message.subject.encode()) + len(message.body.encode()) > _LARGEST:
            raise PermanentFailure(
                "The message is longer than the two million bytes that GOV.UK Notify takes: shorten it."
            )
        taken = self._ask(
            _Taken,
            lambda: self._client.send_email_notification(
                email_address=message.address,
                template_id=self._template_id,
                personalisation={"subject": message.subject, "body": message.body},
                reference=_reference(message.key),
            ),
        )
        return Delivery(reference=str(taken.id), progress=Progress.SENT)

    def progress(self, reference: str) -> Delivery:
        """See `Channel`. A message that Notify has forgotten counts as sent: Notify will say no more about it."""
        if not _is_uuid(reference):
            raise PermanentFailure("GOV.UK Notify never gave that reference: look the message up by its key.")
        try:
            return self._ask(_Notification, lambda: self._client.get_notification_by_id(reference)).delivery
        except _Forgotten:
            return Delivery(reference=reference, progress=Progress.SENT)

    def close(self) -> None:
        """Closes the connection. The channel can be used again."""
        with self._speaking:
            self._client.request_session.close()

    def _ask(self, told: type[_Told], call: Callable[[], Any]) -> _Told:
        """Asks Notify, and reads its answer.

        The error is raised outside the `except`, because the client's errors carry the whole request with them.
        """
        trouble: Exception
        try:
            with self._speaking:
                answer = call()
            return told.model_validate(answer)
        except APIError as error:
            trouble = self._sorted(error)
        except ValidationError:
            trouble = self._unclear("GOV.UK Notify's answer cannot be read: check its address")
        raise trouble

    def _sorted(self, error: APIError) -> Exception:
        """What an error means for the sender.

        Only the status and the type of the error count: Notify's texts change, and can quote the message.
        """
        if error.response is None:
            return self._lost(error.__cause__)
        status, kinds = error.status_code, _kinds(error)
        if status == 400 and "BadRequestError" in kinds:
            return Unavailable(
                "GOV.UK Notify takes no messages from this service as it is set up (400 BadRequestError): check that "
                "the API key is a live one, that the service is not in trial mode, and that the e-mail template exists."
            )
        if status in (400, 413):
            kind = next(iter(kinds), "no type")
            return PermanentFailure(
                f"GOV.UK Notify refuses this message ({status} {kind}): check the address, or ask for another."
            )
        if status in (401, 403):
            return Unavailable(
                f"GOV.UK Notify does not accept the API key ({status}): check the key, and that this machine's clock "
                "is right to within 30 seconds."
            )
        if status == 404 and "NoResultFound" in kinds:
            return _Forgotten("GOV.UK Notify has no such message, or has forgotten it.")
        if status == 429 and "TooManyRequestsError" in kinds:
            # All notices wait until midnight UTC, or until Notify raises the limit. So a person has to know.
            return Unavailable(
                "GOV.UK Notify sends no more of this service's messages today (429): ask for a higher daily limit."
            )
        if status == 429:
            return TemporaryFailure("GOV.UK Notify takes no more messages this minute (429).", after=_MINUTE)
        if status >= 500:
            return self._unclear(f"GOV.UK Notify failed ({status})")
        if status < 400:
            return self._unclear(f"GOV.UK Notify's answer cannot be read ({status}): check its address")
        return Unavailable(f"The server that answers is not GOV.UK Notify ({status}): check its address.")

    def _lost(self, cause: BaseException | None) -> Exception:
        """What a missing answer means. That depends on whether anything was sent."""
        reason = _why_not_connected(cause)
        if isinstance(cause, ConnectTimeout) or isinstance(reason, NewConnectionError):
            return TemporaryFailure("GOV.UK Notify cannot be reached: check this machine's network.")
        if isinstance(reason, TlsError) and isinstance(reason.args[0], ssl.SSLCertVerificationError):
            return Unavailable(
                "The server that answers does not have GOV.UK Notify's certificate "
                f"({reason.args[0].verify_message}): check the address of GOV.UK Notify, and any proxy between this "
                "machine and Notify."
            )
        return self._unclear("GOV.UK Notify did not answer in time, or closed the connection")

    def _unclear(self, what: str) -> TemporaryFailure:
        return TemporaryFailure(
            f"{what}. Nobody knows whether it took the message.", after=self._shown_within, unknown=True
        )


class _Forgotten(Unavailable):
    """Notify has no message with that id, or has forgotten the message."""


def _reference(key: str) -> str:
    """The reference of a notice at Notify: its key, or a hash of the key if the key is too long for Notify."""
    if len(key) <= _LONGEST_REFERENCE:
        return key
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def _kinds(error: APIError) -> tuple[str, ...]:
    """The types of error that Notify names. Any other text in their place is not repeated."""
    said: Any = error.message
    names = [one.get("error") for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    return tuple(name for name in names if isinstance(name, str) and re.fullmatch(r"[A-Za-z]{1,40}", name))


def _why_not_connected(cause: BaseException | None) -> BaseException | None:
    """Why the client got no connection. None if it had one, or did not say why."""
    inner = cause.args[0] if isinstance(cause, NoConnection) and cause.args else None
    return inner.reason if isinstance(inner, MaxRetryError) else None


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _is_sealed(url: str) -> bool:
    """Whether an address begins with https, or is on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        return parts.scheme == "https" and bool(parts.hostname)
    try:
        return ip_address(parts.hostname).is_loopback
    except ValueError:
        return parts.hostname == "localhost"
