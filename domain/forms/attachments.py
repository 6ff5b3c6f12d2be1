"""Attachments: files that answer a question of a form. Which files are taken, and why another is not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated

from pydantic import AfterValidator, Field
from whenever import Instant

from domain.values.model import Value
from domain.values.text import on_one_line
from domain.values.wording import either

LARGEST = 25_000_000
"""The most bytes that a file may have, whatever a programme says."""
LARGEST_PART = 24_000_000
"""The most bytes that one part of an Office file may unpack to. A scanner passes over larger parts."""
LARGEST_UNPACKED = 72_000_000
"""The most bytes that an Office file may unpack to."""
MOST_FILES = 20
"""The most files that answer one question, whatever a programme says."""

_LONGEST_NAME = 200
_SIZE = re.compile(r"([1-9]\d{0,4}) (kB|MB)")
_UNITS = {"kB": 1000, "MB": 1_000_000}


class FileKind(StrEnum):
    """What a file can be."""

    PDF = "pdf"
    DOCX = "docx"
    XLSX = "xlsx"
    PPTX = "pptx"
    ODT = "odt"
    ODS = "ods"
    ODP = "odp"
    PNG = "png"
    JPG = "jpg"
    GIF = "gif"
    WEBP = "webp"
    CSV = "csv"
    TXT = "txt"


_ENDINGS = {"jpeg": FileKind.JPG, "text": FileKind.TXT}
"""Other endings of names than the kinds themselves."""
_PLAIN = (FileKind.TXT, FileKind.CSV)
"""Kinds that only the name tells apart."""


class FileFault(StrEnum):
    """What keeps a file from being of any kind."""

    PASSWORD = "password"
    MACROS = "macros"
    UNPACKS = "unpacks"
    OLD_OFFICE = "old-office"
    DAMAGED = "damaged"
    UNKNOWN = "unknown"


_FAULTS = {
    FileFault.PASSWORD: "has a password: save it without one",
    FileFault.MACROS: "has macros: save it without them",
    FileFault.UNPACKS: "unpacks to more than can be looked at: save it with smaller pictures or fewer rows",
    FileFault.OLD_OFFICE: "has an old format of Office: save it as docx, xlsx or pptx, or as a PDF",
    FileFault.DAMAGED: "cannot be read to its end: save it again, and attach the new file",
    FileFault.UNKNOWN: "is of no kind that can be attached",
}


class Scan(StrEnum):
    """What a virus scanner has said of a file."""

    CLEAN = "clean"
    INFECTED = "infected"
    NOT_SCANNED = "not scanned"
    """There is no scanner, or it did not look at the whole file."""


class Content(Value):
    """What a file is by its content.

    Args:
        kind: its kind. A table of text is `txt`, too: only the file's name says that it is a table.
        fault: what keeps it from being of any kind.
    """

    kind: FileKind | None = None
    fault: FileFault | None = None


def _readable(size: str) -> str:
    bytes_in(size)
    return size


def bytes_in(size: str) -> int:
    """The bytes in a size such as "10 MB". A kB is 1,000 bytes, an MB 1,000,000.

    Raises:
        ValueError: the text is no size, or more than any file may have.
    """
    found = _SIZE.fullmatch(size)
    if found is None:
        raise ValueError(f"write {size!r} as a number with kB or MB, such as 10 MB")
    number = int(found[1]) * _UNITS[found[2]]
    if number > LARGEST:
        raise ValueError(f"{size} is more than any file may have: the most is {spoken_size(LARGEST)}")
    return number


FileSize = Annotated[
    str,
    AfterValidator(_readable),
    Field(
        description="the most that one file may have, such as 500 kB or 10 MB; 25 MB at most",
        json_schema_extra={"pattern": "^[1-9][0-9]{0,4} (kB|MB)$"},
    ),
]


class Attachment(Value):
    """A file that was attached.

    Args:
        id: its own id, which the answer to the question names.
        application: id of the application or draft that it belongs to.
        stage: whose further proposal it belongs to; empty for the application itself.
        question: id of the question that it answers.
        name: the file's name, as it was attached.
        kind: what the content is.
        size: in bytes.
        scan: what a virus scanner said.
        attached: when.
    """

    id: str
    application: str
    stage: str
    question: str
    name: str
    kind: FileKind
    size: int
    scan: Scan
    attached: Instant


def spoken_size(size: int) -> str:
    """A size in words: "4.2 MB". Never less than it is."""
    for unit, bytes_ in (("MB", _UNITS["MB"]), ("kB", _UNITS["kB"])):
        if size >= bytes_:
            tenths = -(-size * 10 // bytes_)
            return f"{tenths // 10}{f'.{tenths % 10}' if tenths % 10 else ''} {unit}"
    return f"{size} byte{'' if size == 1 else 's'}"


def plain_name(name: str) -> str:
    """A file's name without folders, on one line, and not too long; its ending stays."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    cleaned = on_one_line("".join(each if each.isprintable() else " " for each in last)).strip(". ") or "file"
    stem, dot, ending = cleaned.rpartition(".")
    if not dot or len(ending) > 10:
        return cleaned[:_LONGEST_NAME]
    return f"{stem[: _LONGEST_NAME - len(ending) - 1]}.{ending}"


def kind_by(name: str, content: Content) -> FileKind | None:
    """The kind of a file by its content, and between kinds of plain text by its name."""
    named = _named(name)
    return named if named in _PLAIN and content.kind is FileKind.TXT else content.kind


def faults_of(title: str, types: Sequence[FileKind], name: str, content: Content) -> Iterator[str]:
    """Why a file cannot be attached, in words that do not repeat its name. Nothing if it can.

    Args:
        title: how the refusal names the question.
        types: the kinds that the question takes.
        name: the file's name.
        content: what the file is.
    """
    kind = kind_by(name, content)
    if kind is None:
        yield f"{title}: the file {_FAULTS[content.fault or FileFault.UNKNOWN]}."
    elif kind not in types:
        yield f"{title}: the file is of kind {kind}, and the question takes {either(types)}: attach one of these."
    elif _named(name) is not kind:
        yield f"{title}: the file is of kind {kind}, and its name does not end so: end it in .{kind}."


def _named(name: str) -> FileKind | None:
    ending = name.rpartition(".")[2].lower()
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    return FileKind(ending) if ending in set(FileKind) else None
