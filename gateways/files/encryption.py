"""How the content of a file is encrypted: in records, so that no file is ever in memory whole.

Every file has a key of its own, which encrypts nothing else. A record says by its nonce which record of the file it is
and whether it is the last. So a record that was changed, moved, left out, or cut off at the end does not open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.values.refusals import Unavailable

KEY_BYTES = 32
_RECORD = 64 * 1024
_TAG = 16
_RECORDS_IN_A_PART = 64
PART = _RECORD * _RECORDS_IN_A_PART
"""Bytes of a file that are kept together, as one object in the store. All parts but the last have exactly so many."""


def number_of_parts(size: int) -> int:
    """How many parts a file has.

    Args:
        size: of the file, in bytes; at least 1.
    """
    return -(-size // PART)


def encrypted_parts(key: bytes, file: IO[bytes], size: int) -> Iterator[bytes]:
    """The encrypted parts of a file, in their order.

    The same file under the same key gives the same bytes: whoever stores a part twice changes nothing.

    Args:
        key: of this file alone, `KEY_BYTES` long.
        file: is read from its beginning.
        size: of the file, in bytes; at least 1.
    """
    cipher = AESGCM(key)
    file.seek(0)
    last = _last_record(size)
    for first in range(0, last + 1, _RECORDS_IN_A_PART):
        numbers = range(first, min(first + _RECORDS_IN_A_PART, last + 1))
        yield b"".join(cipher.encrypt(_nonce(each, last), file.read(_RECORD), None) for each in numbers)


def decrypted_part(key: bytes, part: bytes, number: int, size: int) -> bytes:
    """The content of one part of a file.

    Args:
        key: of the file.
        part: as it was encrypted.
        number: of the part in the file, from 0.
        size: of the whole file, in bytes.

    Raises:
        Unavailable: the part is not what was encrypted: it was changed or cut off, or is another.
    """
    cipher, last, first = AESGCM(key), _last_record(size), number * _RECORDS_IN_A_PART
    records = [part[start : start + _RECORD + _TAG] for start in range(0, len(part), _RECORD + _TAG)]
    if len(records) != min(last + 1 - first, _RECORDS_IN_A_PART):
        raise _damaged()
    try:
        return b"".join(
            cipher.decrypt(_nonce(each, last), record, None) for each, record in enumerate(records, start=first)
        )
    except InvalidTag:
        raise _damaged() from None


def _last_record(size: int) -> int:
    return (size - 1) // _RECORD


def _nonce(number: int, last: int) -> bytes:
    return number.to_bytes(11) + (b"\x01" if number == last else b"\x00")


def _damaged() -> Unavailable:
    return Unavailable(
        "The file is damaged in the store: what is kept there is not what was put there. Restore the store from its "
        "backup, or ask the applicant for the file again."
    )
