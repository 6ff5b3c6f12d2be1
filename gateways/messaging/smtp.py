"""Notices as plain letters over SMTP, through the mail server that the operators name.

A mail server cannot say later whether it took a letter. If the answer to a letter is lost, the service sends the letter
again with the same Message-ID, so that mail programs show it once. The service waits for an answer as long as RFC 5321
(4.5.3.2.6) asks, because a server may examine a letter for minutes before it says that it has taken the letter.
"""

from __future__ import annotations

import hashlib
import re
import smtplib
import ssl
import threading
from contextlib import suppress
from email.errors import MessageError, ObsoleteHeaderDefect
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from ipaddress import ip_address
from typing import Literal

from whenever import Instant

from domain.values.addresses import in_ascii
from domain.values.refusals import Unavailable

from .channels import Delivery, Message, PermanentFailure, Progress, TemporaryFailure

Security = Literal["starttls", "tls", "none"]

# Seven bits, because some mail servers do not take eight.
_POLICY = SMTP.clone(cte_type="7bit")

_REFUSED = {
    "5.1": "the address does not exist: ask for another one",
    "5.2": "the mailbox is full or closed: ask for another address",
    "5.7": "mail to this address is not allowed: see whether the mail server relays for this service",
}
"""What a mail server says about a recipient, by the beginning of its enhanced status code (RFC 3463)."""
_SURELY_THE_RECIPIENT = ("5.1.", "5.2.")
_SURELY_THE_LETTER = ("5.1.", "5.2.", "5.3.4", "5.6.")
"""Answers about one letter, by the beginning of the enhanced status code. Other answers may be about this service: the
server does not let the service send at all, or under this sender, or without a login."""
_SOON_THE_LETTER = ("4.1.", "4.2.", "4.6.", "4.7.")
_FULL = ("5.2.0", "5.2.2")
"""The mailbox is full. Or, after the server has the letter, this service has reached its limit for a while."""
_QUOTA = "5.4.5"
_SENDER = ("5.1.7", "5.1.8")
_HOUR = 3600.0

_BROKEN_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
_NO_ADDRESS = (ValueError, IndexError, MessageError)
"""What the parser of addresses raises when a text is not an address."""


class SmtpChannel:
    """Hands letters to a mail server, one at a time, and keeps the connection for the next letter.

    Args:
        host: the mail server's name or address.
        port: usually 587 for STARTTLS and 465 for TLS.
        sender: the address that letters come from, alone or with a name, such as `Challenges <post@scheme.example>`.
        user: the user for the login. Empty for a server that asks for no login.
        password: the user's password.
        security: how the connection is encrypted; "none" only for a mail server on this machine.
        timeout: seconds to wait for each answer of the server.
        patience: seconds to wait for the answer after the server has the letter.

    Raises:
        Unavailable: the sender is not an address, or letters would go to another machine unencrypted.
    """

    name = "smtp"
    asks_again = False

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        user: str = "",
        password: str = "",
        security: Security = "starttls",
        timeout: float = 30,
        patience: float = 600,
    ) -> None:
        if security == "none" and not _is_this_machine(host):
            raise Unavailable(
                f"The mail server {host} is not on this machine, and security none would send letters and password "
                "unencrypted: set its security to starttls or tls."
            )
        self._server_name = f"The mail server {host}:{port}"
        self._host, self._port, self._timeout, self._patience = host, port, timeout, patience
        self._user, self._password, self._security = user, password, security
        self._from = _sender(sender)
        self._server: smtplib.SMTP | None = None
        # An smtplib connection serves one thread at a time, and the service sends from several.
        self._speaking = threading.Lock()

    def find(self, key: str) -> Delivery | None:  # noqa: ARG002
        """Always None: a mail server cannot say what it has taken."""
        return None

    def send(self, message: Message) -> Delivery:
        """See `Channel`. The reference is the letter's Message-ID."""
        address = _recipient(message.address)
        letter = self._letter(message, address)
        with self._speaking:
            trouble: Exception | None = None
            taken = False
            try:
                trouble = self._hand_over(address, letter.as_bytes())
                taken = trouble is None
            finally:
                if not taken:
                    # What was sent so far must not become part of the next letter, even after an interruption.
                    self._hang_up()
        if trouble is not None:
            # Raised outside the `except`, because the mail server's own words name the address.
            raise trouble
        return Delivery(reference=letter["Message-ID"], progress=Progress.SENT)

    def progress(self, reference: str) -> Delivery:
        """Always sent: bounces come back as letters to the sender's address."""
        return Delivery(reference=reference, progress=Progress.SENT)

    def close(self) -> None:
        """Ends the connection to the mail server. The channel can be used again."""
        with self._speaking:
            if self._server is not None:
                # The server may have closed the connection already.
                with suppress(OSError):
                    self._server.quit()
                self._hang_up()

    def _letter(self, message: Message, address: str) -> EmailMessage:
        letter = EmailMessage(policy=_POLICY)
        letter["Message-ID"] = f"<{hashlib.sha256(message.key.encode()).hexdigest()[:32]}@{self._from.domain}>"
        letter["Date"] = Instant.now().format_rfc2822()
        letter["From"] = self._from
        letter["To"] = Address(addr_spec=address)
        letter["Subject"] = _one_line(message.subject)
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(message.body, charset="utf-8")
        return letter

    def _hand_over(self, address: str, letter: bytes) -> Exception | None:
        """Why the server did not take the letter. None if it did."""
        try:
            server = self._connected()
        except OSError as error:  # all of smtplib's errors are OSErrors
            return self._no_connection(error)
        handed = False
        try:
            sized = [f"size={len(letter)}"] if server.has_extn("size") else []
            code, said = server.mail(self._from.addr_spec, sized)
            if code != 250:
                return self._sender_refused(code, said)
            code, said = server.rcpt(address)
            if code not in (250, 251):
                return self._recipient_refused(code, said)
            handed = True
            _wait_for_words_of(server, self._patience)
            code, said = server.data(letter)
            _wait_for_words_of(server, self._timeout)
            return None if code == 250 else self._letter_refused(code, said)
        except smtplib.SMTPDataError as error:  # the server refused the letter before seeing it
            return self._letter_refused(error.smtp_code, error.smtp_error)
        except OSError:
            where = "after it was given a letter" if handed else "before it was given the letter"
            return TemporaryFailure(f"{self._server_name} stopped answering {where}.", unknown=handed)

    def _connected(self) -> smtplib.SMTP:
        """The open connection if the server still answers on it, or else a new one."""
        if self._server is not None:
            if _listens(self._server):
                return self._server
            self._hang_up()
        if self._security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._timeout, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        self._server = server
        if self._security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if self._user:
            server.login(self._user, self._password)
        server.ehlo_or_helo_if_needed()
        return server

    def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _no_connection(self, error: Exception) -> Exception:
        code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0
        if 400 <= code < 500:
            return TemporaryFailure(f"{self._server_name} asks to try again later ({code}).")
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return Unavailable(f"{self._server_name} does not accept the user and password ({code}): check both.")
        if code:
            return Unavailable(f"{self._server_name} will not serve this machine ({code}): ask who runs it.")
        if isinstance(error, ssl.SSLCertVerificationError):
            return Unavailable(
                f"{self._server_name} shows a certificate that is not trusted ({error.verify_message}): "
                "check the server's name and its certificate."
            )
        # Any other error comes from the connection below TLS, which broke off.
        if isinstance(error, ssl.SSLError) and not isinstance(error, _BROKEN_OFF) and error.library == "SSL":
            return Unavailable(f"{self._server_name} uses TLS differently: check its port and security.")
        if isinstance(error, smtplib.SMTPServerDisconnected) or not isinstance(error, smtplib.SMTPException):
            return TemporaryFailure(
                f"{self._server_name} cannot be reached, or closed the connection: check that it runs."
            )
        if self._security == "starttls" and self._server is not None and not self._server.has_extn("starttls"):
            return Unavailable(f"{self._server_name} does not offer STARTTLS: check its port and security.")
        return Unavailable(f"{self._server_name} offers no suitable login: check its port, security and user.")

    def _sender_refused(self, code: int, said: bytes) -> Exception:
        if code == 552:
            return PermanentFailure(
                f"{self._server_name} does not take a letter as long as this one (552): send a shorter one."
            )
        if 500 <= code < 600:
            return self._said_of_all(code, _enhanced(said)) or self._no_sender(code)
        return self._later(code)

    def _recipient_refused(self, code: int, said: bytes) -> Exception:
        status = _enhanced(said)
        of_all = self._said_of_all(code, status)
        if of_all is not None:
            return of_all
        if 500 <= code < 600:
            why = _REFUSED.get(
                status[:3], "it takes no letters for this address: check the address, or ask for another one"
            )
            return PermanentFailure(
                f"{self._server_name} refuses the recipient ({code}{status and ' ' + status}): {why}.",
                doubtful=not status.startswith(_SURELY_THE_RECIPIENT),
            )
        return TemporaryFailure(f"{self._server_name} cannot take a letter to this recipient now ({code}).", alone=True)

    def _letter_refused(self, code: int, said: bytes | str) -> Exception:
        status = _enhanced(said)
        of_all = self._said_of_all(code, status)
        if of_all is not None:
            return of_all
        if status in _FULL or (code == 552 and not status):
            return TemporaryFailure(
                f"{self._server_name} takes no more letters for this recipient or from this service now ({code}).",
                after=_HOUR,
                alone=True,
            )
        if 500 <= code < 600:
            return PermanentFailure(
                f"{self._server_name} refuses the letter itself ({code}{status and ' ' + status}): "
                "ask the people who run the mail server why.",
                doubtful=not status.startswith(_SURELY_THE_LETTER),
            )
        if 400 <= code < 500:
            return self._later(code, alone=status.startswith(_SOON_THE_LETTER))
        return TemporaryFailure(f"{self._server_name} gave no clear answer to the letter.", unknown=True)

    def _said_of_all(self, code: int, status: str) -> Exception | None:
        """The failure if the answer concerns all letters, whenever the server gives it. None if it may concern one."""
        if code == 421:  # the server is about to close the connection
            return self._later(code)
        if code == 530:
            return Unavailable(f"{self._server_name} asks for a login (530): set its user and password.")
        if status == _QUOTA:
            return Unavailable(
                f"{self._server_name} takes no more of this service's letters for now ({code} {status}): "
                "ask the people who run it for a higher limit, or wait."
            )
        return self._no_sender(code) if status in _SENDER else None

    def _no_sender(self, code: int) -> Unavailable:
        return Unavailable(
            f"{self._server_name} takes no letters from this service's sender ({code}): check the sender's address."
        )

    def _later(self, code: int, *, alone: bool = False) -> TemporaryFailure:
        return TemporaryFailure(f"{self._server_name} cannot take the letter now ({code}).", alone=alone)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _sender(text: str) -> Address:
    """The address in a sender such as `Challenges <post@scheme.example>`."""
    parsed = EmailMessage(policy=_POLICY)
    try:
        parsed["From"] = text
        header = parsed["From"]
        [found] = header.addresses
        address = Address(found.display_name, found.username, _in_ascii(found.domain))
        # A name with a full stop and no quotes is an obsolete form, but it works.
        good = all(isinstance(defect, ObsoleteHeaderDefect) for defect in header.defects)
    except _NO_ADDRESS:
        good = False
    if not good:
        raise Unavailable("The sender of letters is not an e-mail address: write one such as post@scheme.example.")
    return address


def _recipient(text: str) -> str:
    """The address as mail servers take it: a single address, without a name, in ASCII."""
    address = ""
    with suppress(ValueError):
        address = in_ascii(text)
    if not address:
        raise PermanentFailure(
            "The recipient's address is not an e-mail address that letters can go to: ask for another one."
        )
    return address


def _in_ascii(domain: str) -> str:
    return domain.encode("idna").decode()


def _one_line(text: str) -> str:
    """The text on one line, without characters that reverse the line or hide a part of it."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _enhanced(said: bytes | str) -> str:
    """The enhanced status code at the beginning of an answer. Empty if the answer has none."""
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    found = re.match(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)", text)
    return found[0] if found else ""


def _wait_for_words_of(server: smtplib.SMTP, seconds: float) -> None:
    if server.sock is not None:
        server.sock.settimeout(seconds)


def _listens(server: smtplib.SMTP) -> bool:
    try:
        code, _ = server.noop()
    except OSError:
        return False
    return code == 250
