"""The virus scanner, a real clamd: what it finds, and that nothing counts as clean which it did not look at whole."""

from __future__ import annotations

import io
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.forms.attachments import LARGEST, LARGEST_PART, Scan
from domain.values.refusals import FileRefused, Unavailable
from gateways.files.scanner import UNANSWERED, Scanner, Verdict
from tests.gateways.documents import archive
from tests.gateways.file_servers import VIRUS, VIRUS_NAME, clamd
from tests.waiting import SOON

CLEAN, NOT_WHOLE = Verdict(scan=Scan.CLEAN), Verdict(scan=Scan.NOT_SCANNED)
FOUND = Verdict(scan=Scan.INFECTED, name=VIRUS_NAME)


@pytest.fixture(scope="module")
def scanner() -> Iterator[Scanner]:
    """A scanner with the limits that the guide names."""
    with tempfile.TemporaryDirectory(prefix="av-") as folder, clamd(Path(folder)) as address:
        yield Scanner(address)


def test_a_virus_is_found_at_the_end_of_the_largest_file_and_inside_an_archive(scanner: Scanner) -> None:
    assert scanner.scan(io.BytesIO(b"nothing in it")) == CLEAN
    assert scanner.scan(io.BytesIO(VIRUS)) == FOUND
    assert scanner.scan(io.BytesIO(bytes(LARGEST - len(VIRUS)) + VIRUS)) == FOUND
    assert scanner.scan(io.BytesIO(archive({"1": bytes(LARGEST_PART - 99), "2": VIRUS}))) == FOUND
    assert scanner.scan(io.BytesIO(archive({"1": bytes(LARGEST_PART - 99) + VIRUS}))) == FOUND


def test_what_is_larger_than_the_scanner_takes_is_not_scanned(scanner: Scanner) -> None:
    """It closes the connection early; its reason is read all the same."""
    assert scanner.scan(io.BytesIO(bytes(27_000_000) + VIRUS)) == NOT_WHOLE


def test_a_file_is_read_from_its_beginning(scanner: Scanner) -> None:
    file = io.BytesIO(VIRUS)
    file.read()
    assert scanner.scan(file) == FOUND


def test_a_scanner_with_the_limits_of_the_guide_is_taken(scanner: Scanner) -> None:
    scanner.check()


@pytest.mark.parametrize(
    "limit",
    [
        {"AlertExceedsMax": "no"},
        {"StreamMaxLength": "20M"},
        {"MaxFileSize": "20M"},
        {"MaxScanSize": "60M"},
    ],
    ids=lambda limit: next(iter(limit)),
)
def test_a_scanner_that_would_pass_over_parts_is_refused_with_what_to_set(limit: dict[str, str]) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="av-") as folder,
        clamd(Path(folder), tcp=True, **limit) as address,
        pytest.raises(FileRefused, match="MaxScanSize 100M") as refusal,
    ):
        Scanner(address).check()
    assert next(iter(limit)) in str(refusal.value)


@contextmanager
def saying(answer: bytes) -> Iterator[str]:
    """A server that answers every file with the same, and reads none of it to its end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SOON)

        def speak() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(10)
                connection.sendall(answer)

        thread = threading.Thread(target=speak)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join(SOON)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (b"stream: OK\0", CLEAN),
        (b"stream: Win.Test.One FOUND\0", Verdict(scan=Scan.INFECTED, name="Win.Test.One")),
        (b"stream: Heuristics.Limits.Exceeded.MaxScanTime FOUND\0", NOT_WHOLE),
        (b"stream: Heuristics.Encrypted.Zip FOUND\0", NOT_WHOLE),
        (b"stream: Can't allocate memory ERROR\0", NOT_WHOLE),
        (b"INSTREAM size limit exceeded. ERROR\0", NOT_WHOLE),
        (b"stream: OK and more\0", NOT_WHOLE),
        (b"", UNANSWERED),
    ],
)
def test_only_a_plain_ok_is_clean(answer: bytes, verdict: Verdict) -> None:
    with saying(answer) as address:
        assert Scanner(address, timeout=SOON).scan(io.BytesIO(b"-" * 100)) == verdict


def test_a_scanner_that_is_away_scans_nothing_and_says_so() -> None:
    scanner = Scanner("/no/such/clamd.ctl")

    assert scanner.scan(io.BytesIO(b"-")) == UNANSWERED
    with pytest.raises(Unavailable, match="start clamd"):
        scanner.check()


@pytest.mark.parametrize("address", ["clamav", "clamav:", ":3310", "clamav:99999", "clamav:x"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(FileRefused, match="CHALLENGES_FILES_SCANNER"):
        Scanner(address)
