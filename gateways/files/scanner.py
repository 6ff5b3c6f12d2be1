"""Asks clamd whether it knows a file as a virus.

The file goes through clamd's own socket (its command INSTREAM), so clamd need not see our disk. The clients in the
package index lose clamd's reason when it closes the connection early, which is how it says that a file is too large.
"""

from __future__ import annotations

import io
import re
import socket
import struct
import zipfile
from contextlib import suppress
from typing import IO

from domain.forms.attachments import LARGEST, LARGEST_PART, LARGEST_UNPACKED, Scan
from domain.values.model import Value
from domain.values.refusals import FileRefused, Unavailable

SETTING = "CHALLENGES_FILES_SCANNER"
_CHUNK = 64 * 1024
_ANSWER = 4096
_CONNECT_SECONDS = 10
_FOUND = re.compile(r"stream: (?P<name>\S+) FOUND")
_OVER_LIMITS = ("Heuristics.Limits", "Heuristics.Encrypted")
"""What clamd finds where it did not look at everything."""
_DEEPER_THAN_ANY_LIMIT = 120
"""ClamAV takes no limit over 100 for how deeply archives lie in each other."""


class Verdict(Value):
    """What a scanner says of a file.

    Args:
        scan: whether the file was scanned, and whether it is clean.
        name: of the virus that was found.
        answered: whether a scanner answered at all. If not, another try may succeed.
    """

    scan: Scan
    name: str = ""
    answered: bool = True


UNANSWERED = Verdict(scan=Scan.NOT_SCANNED, answered=False)
"""What is said where no scanner answers."""


class Scanner:
    """A clamd.

    Args:
        address: the path of its socket, or host:port.
        timeout: seconds that clamd may be silent.

    Raises:
        FileRefused: the address cannot be one.
    """

    def __init__(self, address: str, timeout: float = 150) -> None:
        host, _, port = address.rpartition(":")
        if not address.startswith("/") and not (host and port.isdecimal() and 0 < int(port) < 65536):
            raise FileRefused(
                f"{SETTING} cannot be used: write the path of clamd's socket, such as /run/clamav/clamd.ctl, or its "
                "host and port, such as clamav:3310."
            )
        self._address: str | tuple[str, int] = address if address.startswith("/") else (host.strip("[]"), int(port))
        self._timeout = timeout

    def scan(self, file: IO[bytes]) -> Verdict:
        """What clamd says of a file. A file that clamd did not look at whole was not scanned.

        Args:
            file: is read from its beginning.
        """
        try:
            answer = self._ask(file)
        except OSError:
            return UNANSWERED
        if answer == "stream: OK":
            return Verdict(scan=Scan.CLEAN)
        found = _FOUND.fullmatch(answer)
        if found and not found["name"].startswith(_OVER_LIMITS):
            return Verdict(scan=Scan.INFECTED, name=found["name"])
        # Without a word, the connection broke; every error and every limit is an answer.
        return Verdict(scan=Scan.NOT_SCANNED) if answer else UNANSWERED

    def check(self) -> None:
        """Finds out whether clamd looks at all that the largest files hold, and says so when it does not.

        Raises:
            FileRefused: clamd's limits are below ours, or it passes over its limits without a word.
            Unavailable: clamd cannot be reached.
        """
        try:
            answers = [self._ask(io.BytesIO(file)) for file in (bytes(LARGEST), _full_archive(), _deep_archive())]
        except OSError as error:
            raise Unavailable(
                f"clamd does not answer at the address in {SETTING} ({error.strerror or type(error).__name__}): start "
                "clamd, or correct the address."
            ) from None
        *within, over = answers
        if any(answer != "stream: OK" for answer in within) or "Heuristics.Limits" not in over:
            raise FileRefused(
                f"The clamd that {SETTING} names would pass over parts of files that we take: set StreamMaxLength 25M, "
                "MaxFileSize 25M, MaxScanSize 100M (or more, in this order) and AlertExceedsMax yes in its clamd.conf, "
                "and start clamd again."
            )

    def _ask(self, file: IO[bytes]) -> str:
        """clamd's answer to one file.

        Raises:
            OSError: clamd cannot be reached.
        """
        file.seek(0)
        with self._connected() as connection:
            # clamd stops reading when a file is too large, and says so in an answer that can still be read.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(b"zINSTREAM\0")
                while chunk := file.read(_CHUNK):
                    connection.sendall(struct.pack("!L", len(chunk)) + chunk)
                connection.sendall(struct.pack("!L", 0))
            return _answer(connection)

    def _connected(self) -> socket.socket:
        if isinstance(self._address, tuple):
            connection = socket.create_connection(self._address, min(self._timeout, _CONNECT_SECONDS))
            connection.settimeout(self._timeout)
            return connection
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self._timeout)
            connection.connect(self._address)
        except OSError:
            connection.close()
            raise
        return connection


def _answer(connection: socket.socket) -> str:
    answer = b""
    while len(answer) < _ANSWER and not answer.endswith(b"\0") and (more := connection.recv(_ANSWER)):
        answer += more
    return answer.rstrip(b"\0").decode("utf-8", errors="replace").strip()


def _full_archive() -> bytes:
    """An archive as full as we take one."""
    return _archive([bytes(LARGEST_PART)] * (LARGEST_UNPACKED // LARGEST_PART))


def _deep_archive() -> bytes:
    """An archive in an archive, and so on, more deeply than clamd looks."""
    content = b"-"
    for _ in range(_DEEPER_THAN_ANY_LIMIT):
        content = _archive([content])
    return content


def _archive(contents: list[bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}.zip", content)
    return file.getvalue()
