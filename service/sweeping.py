"""The worker's sweep, which nobody has to ask for: attached files, and rows of sign-in that are over for long."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import structlog
from whenever import Instant

from domain.values.refusals import Refused, Unavailable
from gateways.files.encryption import number_of_parts
from gateways.files.place import FilePlace
from gateways.files.scanner import Scanner, Verdict
from store.database.database import Database
from store.files import sweeping
from store.files.keys import FileKeys
from store.identity import sweeping as sign_ins

from .files import file_keys_of, place_of, scanner_of
from .settings import Settings

_logger = structlog.get_logger("files")
_sign_in_logger = structlog.get_logger("sign-in")
_EVERY = 15 * 60
"""Seconds from the end of a sweep to the next."""


def check_scanner(options: Settings) -> None:
    """Checks that the scanner looks at all that we take.

    Raises:
        FileRefused: it would pass over parts of files.
    """
    scanner = scanner_of(options)
    if scanner is None:
        return
    try:
        scanner.check()
    except Unavailable as unavailable:
        # It can take minutes to read its signatures. Until then files are not scanned, and are scanned later.
        _logger.warning("the virus scanner cannot be reached", reason=str(unavailable))


@asynccontextmanager
async def swept(database: Database, options: Settings) -> AsyncIterator[None]:
    """While the block runs, what nobody needs any more is removed, now and again, in a thread."""
    sweeps = asyncio.create_task(_for_ever(database, options))
    try:
        yield
    finally:
        sweeps.cancel()
        with suppress(asyncio.CancelledError):
            await sweeps


async def _for_ever(database: Database, options: Settings) -> None:
    while True:
        await asyncio.to_thread(sweep_and_log, database, options)
        await asyncio.to_thread(sweep_sign_ins_and_log, database)
        await asyncio.sleep(_EVERY)


def sweep_and_log(database: Database, options: Settings, clock: Callable[[], Instant] = Instant.now) -> None:
    """Sweeps once, and has scanned what was not. What goes wrong is logged, and goes on with the next sweep."""
    try:
        if not sweeping.is_needed(database):
            return  # nothing is made where nobody attaches files
        place = place_of(options)
        removed = sweeping.sweep(database, clock, place.remove)
        if removed:
            _logger.info("files that nothing had attached are removed", files=removed)
        scanner = scanner_of(options)
        if scanner is not None and sweeping.are_kept(database):
            _scan(database, place, file_keys_of(options, database), scanner, clock)
    except Refused as refusal:
        _logger.warning("files were not swept", reason=str(refusal))
    except Exception:
        _logger.exception("files were not swept")


def sweep_sign_ins_and_log(database: Database, clock: Callable[[], Instant] = Instant.now) -> None:
    """Removes links, sign-ins and sessions that are over for long. What goes wrong is logged, like above."""
    try:
        removed = sign_ins.sweep(database, clock())
        if removed:
            _sign_in_logger.info("sign-ins that are over are removed", rows=removed)
    except Refused as refusal:
        _sign_in_logger.warning("sign-ins were not swept", reason=str(refusal))
    except Exception:
        _sign_in_logger.exception("sign-ins were not swept")


def _scan(database: Database, place: FilePlace, keys: FileKeys, scanner: Scanner, clock: Callable[[], Instant]) -> None:
    """Has files scanned that were attached when no scanner was there."""
    for each in sweeping.not_scanned(database):
        try:
            verdict = _scanned(each, place, keys, scanner)
        except Unavailable as refusal:  # it holds up no other file
            _logger.warning("a file was not scanned", file=each.file, reason=str(refusal))
            continue
        if not verdict.answered:
            return
        sweeping.note_scan(database, each.file, verdict.scan, clock())


def _scanned(file: sweeping.Waiting, place: FilePlace, keys: FileKeys, scanner: Scanner) -> Verdict:
    key = keys.open(file.key, file.file)
    with tempfile.TemporaryFile() as content:
        for number in range(number_of_parts(file.size)):
            content.write(place.part(file.file, key, number, file.size))
        return scanner.scan(content)
